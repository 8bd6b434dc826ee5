import datetime
import decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse

from goodfit.data.notes import warning
from goodfit.data.open import open_data, open_new_rows
from goodfit.errors import InputError

ROWS = 60
SIDES = np.array(["p", "q"] * 30)
VALUES = np.random.default_rng(0).normal(size=(ROWS, 2))
INPUTS = pd.DataFrame(VALUES, columns=["a", "b"])


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (pd.DataFrame({"side": SIDES}), "side"),
        (pl.DataFrame({"side": SIDES}), "side"),
        (pl.DataFrame({"side": SIDES}).lazy(), "side"),
        (pd.Series(SIDES, name="side", index=range(100, 160)), "side"),
        (pd.Series(SIDES, name=3), "3"),
        (pl.Series("side", SIDES), "side"),
        (pd.Index(SIDES, name="side"), "side"),
        (pd.Categorical(SIDES), "y"),
        (pd.array(SIDES, dtype="string"), "y"),
        (pd.array(SIDES, dtype="string[pyarrow]"), "y"),
        (SIDES[:, None], "y"),
        (np.ma.masked_array(SIDES, mask=False), "y"),
        (SIDES.tolist(), "y"),
        (tuple(SIDES), "y"),
        (dict(enumerate(SIDES)).values(), "y"),
    ],
    ids=lambda value: type(value).__module__ + "." + type(value).__name__,
)
def test_a_target_of_any_library_is_one_value_a_row(target, name):
    dataset, _ = open_data((INPUTS, target))
    assert (dataset.schema.target, dataset.schema.classes) == (name, ("p", "q"))
    assert dataset.target.tolist() == [0, 1] * 30
    assert np.array_equal(dataset.features.numbers, VALUES)


@pytest.mark.parametrize(
    "target",
    [np.eye(3)[np.arange(ROWS) % 3], pd.DataFrame(VALUES), pl.DataFrame(VALUES), "word", 3, None],
    ids=lambda value: type(value).__name__,
)
def test_a_target_of_another_shape_is_refused(target):
    with pytest.raises(InputError, match="one value a row"):
        open_data((INPUTS, target))


@pytest.mark.parametrize("name", ["a", "b", " a "])
def test_a_target_named_like_a_feature_gets_another_name(name):
    dataset, _ = open_data((INPUTS, pd.Series(SIDES, name=name)))
    clean = name.strip()
    assert dataset.schema.target == f"{clean} (target)"
    assert [column.name for column in dataset.schema.columns] == ["a", "b"]
    assert dataset.notes[1] == warning(
        f"X has a column named as y is, '{clean}'; the target is called '{clean} (target)' here."
    )
    assert open_data((INPUTS.rename(columns={"a": "y"}), SIDES))[0].schema.target == "y (target)"


SPARSE = scipy.sparse.random(ROWS, 4, 0.5, rng=0)


@pytest.mark.parametrize("kind", ["csr_matrix", "csc_array", "coo_matrix", "lil_matrix"])
def test_sparse_matrices_are_read_with_their_zeros(kind):
    matrix = getattr(scipy.sparse, kind)(SPARSE)
    assert np.array_equal(open_data((matrix, SIDES))[0].features.numbers, SPARSE.toarray())
    assert np.array_equal(open_data(matrix, target=-1)[0].features.numbers, SPARSE.toarray()[:, :3])
    frame = pd.DataFrame.sparse.from_spmatrix(SPARSE)
    assert np.array_equal(open_data((frame, SIDES))[0].features.numbers, SPARSE.toarray())


def test_a_sparse_matrix_too_large_is_refused():
    matrix: Any = scipy.sparse.csr_matrix((10**6, 10**5))
    with pytest.raises(InputError, match=r"sparse matrix of 1,000,000 rows and 100,000 columns.*reduce it to 268 col"):
        open_data((matrix, np.zeros(10**6)))


def test_masked_values_are_missing():
    mask = VALUES > 1
    dataset, _ = open_data((np.ma.masked_array(VALUES, mask), np.ma.masked_array(VALUES[:, 0] ** 3, mask[:, 1])))
    present = ~mask[:, 1]
    assert np.array_equal(dataset.features.numbers, np.where(mask, np.nan, VALUES)[present], equal_nan=True)
    assert np.array_equal(dataset.target, VALUES[present, 0] ** 3)


HOURS = [i % 7 for i in range(ROWS)]
DAYS = [datetime.date(2020, 1, 1 + i % 9) for i in range(ROWS)]
TIMES = [datetime.time(i % 24, 5) for i in range(ROWS)]
COLUMNS = {
    "timedelta64": pd.to_timedelta(HOURS, unit="h"),
    "duration of Arrow": pd.Series(pd.to_timedelta(HOURS, unit="h")).astype("duration[ns][pyarrow]"),
    "timedelta objects": pd.Series([datetime.timedelta(hours=h) for h in HOURS], dtype=object),
    "NumPy timedeltas": np.array(HOURS, "timedelta64[h]"),
    "Polars duration": (pl.Series(HOURS) * 3_600_000_000).cast(pl.Duration("us")),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_durations_are_the_same_numbers_from_every_library(name):
    dataset, _ = open_data({"x": COLUMNS[name], "y": SIDES}, target="y")
    expected, _ = open_data({"x": COLUMNS["Polars duration"], "y": SIDES}, target="y")
    assert dataset.schema.columns[0].kind == "number"
    assert np.array_equal(dataset.features.numbers, expected.features.numbers)
    assert np.allclose(np.diff(dataset.features.numbers[:7, 0]), dataset.features.numbers[1, 0])


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pd.Series(TIMES), "number"),
        (pd.Series(TIMES).astype("time64[us][pyarrow]"), "number"),
        (pd.period_range("2020-01", periods=ROWS, freq="M"), "date"),
        (pd.Series(DAYS), "date"),
        (pd.Series(DAYS).astype("date32[pyarrow]"), "date"),
        (pd.date_range("2020-01-01", periods=ROWS, tz="Europe/Paris"), "date"),
        (pd.Series([decimal.Decimal(h) for h in HOURS]).astype(pd.ArrowDtype(pa.decimal128(9, 2))), "number"),
        (pd.cut(VALUES[:, 0], 3), "category"),
        (pd.Series([b"ab", b"c"] * 30), "category"),
        (pd.Series([1, "a", None] * 20), "category"),
    ],
    ids=lambda value: str(getattr(value, "dtype", value)),
)
def test_kinds_of_pandas_columns(column, kind):
    dataset, _ = open_data(pd.DataFrame({"x": column, "y": SIDES}), target="y")
    assert dataset.schema.columns[0].kind == kind


def test_periods_and_times_have_the_values_of_their_dates():
    frame = pd.DataFrame({"month": pd.period_range("1970-01", periods=ROWS, freq="M"), "time": TIMES, "y": SIDES})
    polars = pl.DataFrame({"time": TIMES, "y": SIDES})
    numbers = open_data(frame, target="y")[0].features.numbers
    assert numbers[:4, 0].tolist() == [0, 31, 59, 90]
    assert np.array_equal(numbers[:, 1], open_data(polars, target="y")[0].features.numbers[:, 0])


@pytest.mark.parametrize("dtype", ["Int64", "UInt8", "int64[pyarrow]", "Float32", "boolean", "Sparse[float]"])
def test_missing_values_of_every_type(dtype):
    column = pd.Series([1, None, 0] * 20).astype(dtype)
    dataset, _ = open_data(pd.DataFrame({"x": column, "y": SIDES}), target="y")
    assert dataset.schema.columns[0].missing
    assert np.array_equal(dataset.features.numbers[:3, 0], [1, np.nan, 0], equal_nan=True)


def test_columns_of_lists_are_left_out():
    frame = pd.DataFrame({"x": HOURS, "l": [[1, 2]] * ROWS, "d": [{"a": 1}] * ROWS, "y": SIDES})
    assert open_data(frame, target="y")[0].schema.left_out == ("l", "d")


FRAME = pd.DataFrame({0: VALUES[:, 0], 2: VALUES[:, 1], 3: SIDES, 4: SIDES[::-1]})


@pytest.mark.parametrize(
    ("frame", "target", "name"),
    [
        (FRAME, 3, "3"),
        (FRAME, 4, "4"),
        (FRAME, "3", "3"),
        (FRAME, 1, "2"),
        (FRAME, -1, "4"),
        (FRAME.set_axis([10, 20, 30, 40], axis=1), 30, "30"),
        (FRAME.set_axis([10, 20, 30, 40], axis=1), 2, "30"),
        (FRAME.set_axis(pd.MultiIndex.from_product([["a", "b"], ["x", "y"]]), axis=1), ("b", "x"), "('b', 'x')"),
        (FRAME.set_axis([" a", "b ", " c d ", ""], axis=1), "c d", "c d"),
        (FRAME.set_axis([" a", "b ", " c d ", ""], axis=1), " c d ", "c d"),
        (FRAME.set_axis([" a", "b ", " c d ", ""], axis=1), "column 4", "column 4"),
    ],
)
def test_the_target_by_name_or_position(frame, target, name):
    assert open_data(frame, target=target)[0].schema.target == name


def test_a_name_that_is_also_a_position_is_noted():
    notes = open_data(FRAME, target=3)[0].notes
    assert notes[1] == warning("The target is the column named 3, not the one at position 3, which is '4'.")
    for target in (4, 1):  # no position, no name
        assert not any("position" in note.text for note in open_data(FRAME, target=target)[0].notes)


def test_names_with_spaces_around_are_the_same_in_files_and_frames(tmp_path):
    frame = INPUTS.rename(columns={"a": " a "}).assign(**{" side": SIDES})
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    schemas = [
        open_data(data, target="side")[0].schema
        for data in (frame, pl.from_pandas(frame), tmp_path / "t.csv", tmp_path / "t.parquet")
    ]
    assert all(schema == schemas[0] for schema in schemas)
    assert open_new_rows(frame, schemas[0]).features.numbers.tolist() == VALUES.tolist()
    with pytest.raises(InputError, match="two columns named 'a'"):
        open_data(frame.assign(a=1.0), target="side")
