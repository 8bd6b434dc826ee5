import numpy as np
import pandas as pd
import polars as pl
import pytest

from goodfit.data.open import open_data, open_new_rows
from goodfit.data.splits import open_splits
from goodfit.data.tables.labels import respell, typed_labels

ROWS = 60
SIDES = np.arange(ROWS) % 2
INPUTS = pl.DataFrame({"x": np.sin(np.arange(ROWS)), "z": np.cos(np.arange(ROWS))})


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (SIDES, [0, 1]),
        (SIDES.astype(np.uint8), [0, 1]),
        (SIDES == 1, [False, True]),
        (SIDES + 1.0, [1.0, 2.0]),
        (SIDES + 0.5, [0.5, 1.5]),
        (2**60 + SIDES, [2**60, 2**60 + 1]),
        (2**63 + SIDES.astype(np.uint64), [2**63, 2**63 + 1]),
        (np.where(SIDES, "2", "1"), ["1", "2"]),
        (pd.array(SIDES, dtype="Int64"), [0, 1]),
        (pd.array(SIDES == 1, dtype="boolean"), [False, True]),
        (pd.array(SIDES + 1.0, dtype="double[pyarrow]"), [1.0, 2.0]),
        (pd.array(np.where(SIDES, "2", "1"), dtype="string"), ["1", "2"]),
        (pd.Categorical(SIDES + 9), [9, 10]),
        (pd.Categorical(np.where(SIDES, "10", "9")), ["9", "10"]),
        (pl.Series(np.where(SIDES, "2", "1"), dtype=pl.Categorical), ["1", "2"]),
        (SIDES.astype(object), [0, 1]),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")),
)
def test_labels_in_memory_come_back_in_their_own_type(labels, expected):
    dataset, _ = open_data((INPUTS, labels))
    typed = typed_labels(dataset.schema).to_list()
    assert typed == expected
    assert [type(value) for value in typed] == [type(value) for value in expected]
    assert [typed[code] for code in dataset.target] == list(labels)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["1", "2"], [1, 2]),
        (["-1", "1"], [-1, 1]),
        (["1.0", "2.0"], [1.0, 2.0]),
        (["false", "true"], [False, True]),
        (["False", "True"], ["False", "True"]),
        (["007", "012"], ["007", "012"]),
        (["1E2", "1E3"], ["1E2", "1E3"]),
        (["-1", "+1"], ["-1", "+1"]),
        (["1.50", "2.50"], ["1.50", "2.50"]),
        (["no", "yes"], ["no", "yes"]),
        (["01", "1", "10"], ["01", "1", "10"]),
    ],
    ids=str,
)
def test_labels_of_a_file_are_written_as_they_are_spelled_there(words, expected, tmp_path):
    column = [words[i % len(words)] for i in range(ROWS)]
    INPUTS.with_columns(y=pl.Series(column)).write_csv(tmp_path / "t.csv")
    dataset, _ = open_data(tmp_path / "t.csv", target="y")
    typed = typed_labels(dataset.schema)
    assert typed.to_list() == expected
    assert [type(value) for value in typed] == [type(value) for value in expected]
    assert typed.to_frame("y").write_csv(include_header=False).split() == words
    assert [dataset.schema.classes[code] for code in dataset.target] == column


def test_a_file_of_types_keeps_them(tmp_path):
    INPUTS.with_columns(y=pl.Series(np.where(SIDES, "2", "1"))).write_parquet(tmp_path / "t.parquet")
    assert typed_labels(open_data(tmp_path / "t.parquet", target="y")[0].schema).to_list() == ["1", "2"]
    np.savez(tmp_path / "t.npz", X=INPUTS.to_numpy(), y=SIDES)
    assert typed_labels(open_data(tmp_path / "t.npz")[0].schema).to_list() == [0, 1]


@pytest.mark.parametrize(
    ("levels", "words", "expected"),
    [
        (["1", "2", "X"], ["1.0", "2.00", "1", "3.0", None], ["1", "2", "1", "3.0", None]),
        (["1", "01"], ["1.0", "01", "001", "01.0"], ["1", "01", "001", "01.0"]),
        (["01"], ["1", "1.0"], ["1", "1.0"]),
        (["1.50", "-2"], ["1.5", "-2.0", "+2.0"], ["1.50", "-2", "+2.0"]),
        (["true", "false"], ["True", "FALSE", "false"], ["true", "false", "false"]),
        (["True", "x"], ["true", "X"], ["True", "X"]),
        (["1.1", "1.10"], ["1.1", "1.10", "1.100"], ["1.1", "1.10", "1.100"]),  # versions: both mean 1.1
        (["1", "1.0"], ["1", "1.0", "1.00"], ["1", "1.0", "1.00"]),
    ],
    ids=str,
)
def test_words_that_mean_a_level_are_spelled_as_it_is(levels, words, expected):
    assert respell(pl.Series(words, dtype=pl.String), levels).to_list() == expected


def category_table(words):
    column = [words[i % len(words)] for i in range(ROWS)]
    return INPUTS.with_columns(plan=pl.Series(column, dtype=pl.String), y=pl.Series(np.where(SIDES, "a", "b")))


def levels_of(data, schema):
    rows = open_new_rows(data, schema)
    return [None if code < 0 else schema.columns[2].categories[code] for code in rows.features.codes[:, 0]], rows.notes


def test_levels_are_recognized_in_other_types():
    schema = open_data(category_table(["1", "2", "X", "true"]), target="y")[0].schema
    for plan, expected in (
        (["1.0", "2.0", None], ["1", "2", None]),
        ([1.0, 2.0, None], ["1", "2", None]),
        ([1.0, 2.0, 2.5], ["1", "2", None]),
        ([1, 2, 3], ["1", "2", None]),
        ([True, False, True], ["true", None, "true"]),
        (["01", "True", "x"], [None, "true", None]),
    ):
        assert levels_of(INPUTS.head(3).with_columns(plan=pl.Series(plan)), schema) == (expected, ())


@pytest.mark.parametrize("plan", [["zz", None, "q"], ["01", "02", "x"], [7, 8, 9]])
def test_a_column_of_unknown_levels_is_noted(plan):
    schema = open_data(category_table(["1", "2", "X", "true"]), target="y")[0].schema
    _, notes = levels_of(INPUTS.head(3).with_columns(plan=pl.Series(plan)), schema)
    (note,) = notes
    assert note.severity == "warning"
    assert "'plan'" in note.text
    assert f"'{plan[0]}'" in note.text


def test_a_dev_file_may_spell_labels_and_levels_in_another_way(tmp_path):
    data = category_table(["1", "2", "X"]).with_columns(y=pl.Series(SIDES))
    data.write_csv(tmp_path / "data.csv")
    data.with_columns(pl.col("plan").replace("1", "1.0"), y=pl.col("y").cast(pl.Float64)).write_csv(
        tmp_path / "dev.csv"
    )
    splits = open_splits(tmp_path / "data.csv", target="y", dev=tmp_path / "dev.csv")
    schema, features = splits.dataset.schema, splits.dataset.features
    assert schema.classes == ("0", "1")
    assert schema.columns[2].categories == ("1", "2", "X")
    assert splits.dataset.target[splits.dev].tolist() == SIDES.tolist()
    assert features.codes[splits.dev, 0].tolist() == [i % 3 for i in range(ROWS)]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(pd.Categorical(np.arange(ROWS) % 3 + 1)),
        pd.Series(pd.Categorical((np.arange(ROWS) % 3 + 1).astype(float))),
        pl.Series([str(i % 3 + 1) for i in range(ROWS)], dtype=pl.Categorical),
        pl.Series([str(i % 3 + 1) for i in range(ROWS)], dtype=pl.Enum(["1", "2", "3"])),
    ],
    ids=lambda column: str(column.dtype),
)
def test_a_declared_category_of_numbers_is_a_category(column):
    library = pd.DataFrame if isinstance(column, pd.Series) else pl.DataFrame
    columns = {"x": INPUTS["x"].to_numpy(), "k": column}
    for data in (columns | {"y": SIDES}, library(columns | {"y": SIDES}), (library(columns), SIDES)):
        dataset, _ = open_data(data, target="y")
        assert dataset.schema.columns[1].kind == "category"
        assert dataset.schema.columns[1].categories == ("1", "2", "3")
        assert dataset.features.codes[:, 0].tolist() == [i % 3 for i in range(ROWS)]
