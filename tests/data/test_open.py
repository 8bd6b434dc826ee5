import datetime
import decimal
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import datasets

from goodfit.data.dataset import Column, Schema
from goodfit.data.formats import DateFormat, NumberFormat
from goodfit.data.notes import guess, loss
from goodfit.data.open import open_data, open_new_rows
from goodfit.data.sources import open_source
from goodfit.errors import InputError

ROWS = 60
COLUMNS = {
    "size": [None if i % 11 == 0 else i * 0.5 for i in range(ROWS)],
    "rooms": [i % 9 for i in range(ROWS)],
    "sold": [i % 3 == 0 for i in range(ROWS)],
    "built": [datetime.date(2000 + i % 20, 1 + i % 12, 1) for i in range(ROWS)],
    "town": [None if i % 13 == 0 else f"town {i % 5}" for i in range(ROWS)],
    "price": [100.25 * i for i in range(ROWS)],
}


def written(kind, folder):
    frame = pl.DataFrame(COLUMNS)
    path = folder / f"houses.{kind}"
    match kind:
        case "csv":
            frame.write_csv(path)
        case "tsv":
            frame.write_csv(path, separator="\t")
        case "parquet":
            frame.write_parquet(path)
        case "polars":
            return frame
        case "lazy polars":
            return frame.lazy()
        case "mapping":
            return COLUMNS
        case "pandas":
            return pd.DataFrame(COLUMNS)
        case "pandas with its own types":
            return pd.DataFrame(
                {
                    "size": pd.array(COLUMNS["size"], dtype="Float64"),
                    "rooms": pd.array(COLUMNS["rooms"], dtype="Int32"),
                    "sold": pd.array(COLUMNS["sold"], dtype="boolean"),
                    "built": pd.DatetimeIndex(COLUMNS["built"]).tz_localize("UTC"),
                    "town": pd.Categorical(COLUMNS["town"]),
                    "price": [decimal.Decimal(str(value)) for value in COLUMNS["price"]],
                },
                index=range(100, 100 + ROWS),
            )
        case "objects":
            return pl.DataFrame(COLUMNS, schema_overrides={"town": pl.Categorical, "built": pl.Datetime("ms")})
    return path


KINDS = ["csv", "tsv", "parquet", "polars", "lazy polars", "mapping", "pandas", "pandas with its own types", "objects"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_table_is_the_same_data_however_it_comes(kind, tmp_path):
    dataset, parts = open_data(written(kind, tmp_path), target="price")
    assert dataset.schema == Schema(
        columns=(
            Column("size", "number", missing=True),
            Column("rooms", "number"),
            Column("sold", "boolean"),
            Column("built", "date"),
            Column("town", "category", tuple(f"town {i}" for i in range(5)), missing=True),
        ),
        target="price",
        task="regression",
        classes=(),
        left_out=(),
    )
    days = [(day - datetime.date(1970, 1, 1)).days for day in COLUMNS["built"]]
    sizes = [np.nan if size is None else size for size in COLUMNS["size"]]
    expected = np.column_stack([sizes, COLUMNS["rooms"], COLUMNS["sold"], days])
    assert np.array_equal(dataset.features.numbers, expected, equal_nan=True)
    assert dataset.features.codes[:, 0].tolist() == [-1 if i % 13 == 0 else i % 5 for i in range(ROWS)]
    assert dataset.target.tolist() == COLUMNS["price"]
    assert parts["data"].tolist() == list(range(ROWS))
    assert dataset.fingerprint == open_data(pl.DataFrame(COLUMNS), target="price")[0].fingerprint


def test_npz_of_columns(tmp_path):
    rooms, sold, price = (np.array(COLUMNS[name]) for name in ("rooms", "sold", "price"))
    np.savez(tmp_path / "t.npz", rooms=rooms, sold=sold, price=price)
    dataset, _ = open_data(tmp_path / "t.npz", target="price")
    assert [column.kind for column in dataset.schema.columns] == ["number", "boolean"]
    assert dataset.features.numbers[:, 0].tolist() == COLUMNS["rooms"]


@pytest.mark.parametrize("name", ["digits", "wine", "breast_cancer", "iris", "diabetes"])
def test_built_in_data_is_scikit_learns(name):
    bunch = getattr(datasets, f"load_{name}")(**({"scaled": False} if name == "diabetes" else {}))
    dataset, _ = open_data(name)
    places = [list(bunch.feature_names).index(column.name) for column in dataset.schema.columns]
    assert np.array_equal(dataset.features.numbers, bunch.data[:, places])
    assert {bunch.feature_names[i] for i in range(bunch.data.shape[1])} - set(dataset.schema.left_out) == {
        bunch.feature_names[i] for i in places
    }
    if name == "diabetes":
        assert np.array_equal(dataset.target, bunch.target)
    else:
        names = [str(bunch.target_names[code]) for code in bunch.target]
        assert [dataset.schema.classes[code] for code in dataset.target] == names
    assert dataset.name == name
    assert dataset.origin.source == name


def test_names_and_notes_of_the_built_in_targets():
    assert [open_data(name)[0].schema.target for name in ("digits", "wine", "breast_cancer", "iris", "diabetes")] == [
        "digit",
        "cultivar",
        "diagnosis",
        "species",
        "progression",
    ]
    digits = open_data("digits")[0]
    assert digits.schema.left_out == ("pixel_0_0", "pixel_4_0", "pixel_4_7")
    assert digits.notes == (
        guess(
            "Target 'digit' has 10 distinct numbers (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), so the task is a choice between 10 "
            "classes (change it with --task regression)."
        ),
        loss("Left out: 3 columns are constant (pixel_0_0, pixel_4_0, pixel_4_7)."),
    )
    assert open_data("iris", target="petal width (cm)")[0].schema.task == "regression"


def test_arrays():
    values = np.random.default_rng(0).normal(size=(30, 3))
    dataset, _ = open_data(values, target=-1)
    assert dataset.schema.target == "x2"
    assert np.array_equal(dataset.features.numbers, values[:, :2])
    assert np.array_equal(open_data(values, target="x0")[0].features.numbers, values[:, 1:])
    pair, _ = open_data((values, np.arange(30) % 2))
    assert pair.schema.target == "y"
    assert pair.schema.classes == ("0", "1")
    assert np.array_equal(pair.features.numbers, values)
    named, _ = open_data((pd.DataFrame(values, columns=["a", "b", "c"]), pd.Series(["u", "v"] * 15, name="side")))
    assert named.schema.target == "side"
    assert [column.name for column in named.schema.columns] == ["a", "b", "c"]
    words, _ = open_data((np.array([["a", 1.5], ["b", None]] * 15, object), [True, False] * 15))
    assert [column.kind for column in words.schema.columns] == ["category", "number"]
    assert words.schema.columns[1].missing


def test_pandas_columns_with_missing_values_of_every_sort():
    frame = pd.DataFrame(
        {
            "whole": pd.array([1, None] * 15, dtype="Int64"),
            "truth": pd.array([True, None, False] * 10, dtype="boolean"),
            "word": pd.array(["a", pd.NA, "b"] * 10, dtype="string"),
            "mixed": [datetime.date(1970, 1, 2), None, float("nan")] * 10,
            "when": [pd.Timestamp("1970-01-03"), pd.NaT] * 15,
            7: [1, 2] * 15,
        }
    )
    dataset, _ = open_data(frame, target="7")
    assert [(column.kind, column.missing) for column in dataset.schema.columns] == [
        ("number", True),
        ("boolean", True),
        ("category", True),
        ("date", True),
        ("date", True),
    ]
    assert np.array_equal(dataset.features.numbers[:3], [[1, 1, 1, 2], [np.nan] * 4, [1, 0, np.nan, 2]], equal_nan=True)
    assert dataset.features.codes[:3, 0].tolist() == [0, -1, 1]


def test_rows_without_a_target_are_left_out_and_counted():
    columns = COLUMNS | {"price": [None, *COLUMNS["price"][1:58], None, None]}
    dataset, parts = open_data(pl.DataFrame(columns), target="price")
    assert len(dataset) == 57
    assert dataset.notes[0] == loss("3 rows have no value in 'price' and are left out.")
    assert dataset.features.numbers[:, 1].tolist() == COLUMNS["rooms"][1:58]
    assert parts["data"].tolist() == list(range(57))
    single = open_data(pl.DataFrame(COLUMNS | {"price": [None, *COLUMNS["price"][1:]]}), target="price")[0]
    assert single.notes[0] == loss("1 row has no value in 'price' and is left out.")


@pytest.mark.parametrize("role", [{}, {"group": "town"}, {"time": "rooms"}])
def test_rows_of_a_class_with_one_example_are_set_aside_in_every_array(role):
    frame = pl.DataFrame(COLUMNS).with_columns(pl.col("town").fill_null("none"), kind=pl.Series(["a", "b"] * 30))
    alone = frame.with_row_index().with_columns(kind=pl.when(pl.col("index") == 7).then(pl.lit("c")).otherwise("kind"))
    dataset, parts = open_data(alone.drop("index"), target="kind", **role)
    without, _ = open_data(frame.filter(pl.Series(range(60)) != 7), target="kind", **role)
    assert dataset.fingerprint == without.fingerprint
    assert parts["data"].tolist() == list(range(59))
    for name in ("groups", "times"):
        assert np.array_equal(getattr(dataset, name), getattr(without, name))


def test_a_group_is_not_learned_from_and_a_time_is():
    frame = pl.DataFrame(COLUMNS)
    grouped, _ = open_data(frame.with_columns(pl.col("town").fill_null("none")), target="price", group="town")
    assert grouped.schema.left_out == ("town",)
    assert grouped.groups is not None
    same_town = np.equal.outer(np.array(COLUMNS["town"], object), np.array(COLUMNS["town"], object))
    assert np.array_equal(np.equal.outer(grouped.groups, grouped.groups), same_town)
    timed, _ = open_data(frame, target="price", time="built")
    assert timed.schema.left_out == ()
    assert [column.name for column in timed.schema.columns if column.trend] == ["built"]
    assert Schema.from_dict(timed.schema.to_dict()) == timed.schema
    assert timed.times is not None
    assert timed.times[0] == (datetime.date(2000, 1, 1) - datetime.date(1970, 1, 1)).days


def test_further_data_is_appended_whatever_the_order_and_types_of_its_columns(tmp_path):
    frame = pl.DataFrame(COLUMNS)
    frame.head(10).select(reversed(frame.columns)).write_csv(tmp_path / "more.csv")
    dataset, parts = open_data(frame, target="price", dev=tmp_path / "more.csv", test=frame.tail(5))
    assert parts["dev"].tolist() == list(range(60, 70))
    assert parts["test"].tolist() == list(range(70, 75))
    numbers, codes, _ = dataset.features
    assert np.array_equal(numbers[60:70], numbers[:10], equal_nan=True)
    assert np.array_equal(codes[60:], codes[[*range(10), *range(55, 60)]])
    assert dataset.target[60:].tolist() == [*COLUMNS["price"][:10], *COLUMNS["price"][55:]]
    assert dataset.origin.dev == str((tmp_path / "more.csv").resolve())
    assert dataset.origin.test is None


def test_the_origin_opens_the_same_data_again(tmp_path, monkeypatch):
    pl.DataFrame(COLUMNS).write_csv(tmp_path / "houses.csv")
    monkeypatch.chdir(tmp_path)
    dataset, _ = open_data("houses.csv", target="price", task="regression", group="rooms")
    origin = json.loads(json.dumps(dataset.origin.to_dict()))
    assert origin.pop("kind") == "file"
    assert not origin.pop("no_test")
    monkeypatch.chdir("/")
    again, _ = open_data(origin.pop("source"), **origin)
    assert again.fingerprint == dataset.fingerprint
    assert dataset.name == "houses"


def test_encode_takes_columns_by_name_and_passes_over_others():
    dataset, _ = open_data(pl.DataFrame(COLUMNS), target="price")
    new = pl.DataFrame(
        {
            "town": ["town 4", "elsewhere"],
            "more": [1, 2],
            "built": ["1970-01-02", None],
            "rooms": ["3", "4"],
            "sold": ["yes", "no"],
            "size": [None, 2],
        }
    )
    features = open_new_rows(new, dataset.schema).features
    assert np.array_equal(features.numbers, [[np.nan, 3, 1, 1], [2, 4, 0, np.nan]], equal_nan=True)
    assert features.codes.tolist() == [[4], [-1]]


def test_a_few_unreadable_numbers_are_missing_in_training_and_prediction():
    columns = COLUMNS | {"rooms": ["many", *map(str, COLUMNS["rooms"][1:])]}
    dataset, _ = open_data(pl.DataFrame(columns), target="price")
    assert np.isnan(dataset.features.numbers[0, 1])
    again = open_new_rows(pl.DataFrame(columns), dataset.schema).features
    assert np.array_equal(again.numbers, dataset.features.numbers, equal_nan=True)


def test_the_schema_survives_json():
    schema = open_data(pl.DataFrame(COLUMNS), target="price")[0].schema
    assert Schema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema
    classes = open_data("iris")[0].schema
    assert Schema.from_dict(json.loads(json.dumps(classes.to_dict()))) == classes


def test_the_fingerprint_is_the_same_in_another_process_and_changes_with_the_data():
    code = "from goodfit.data.open import open_data; print(open_data('iris')[0].fingerprint)"
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    iris = open_data("iris")[0]
    assert outcome.stdout.strip() == iris.fingerprint
    assert len(iris.fingerprint) == 64
    frame = open_source("iris").columns
    first = frame.columns[0]
    changed = frame.with_columns(frame[first].scatter(7, 9.9))
    assert open_data(changed, target="species")[0].fingerprint != iris.fingerprint
    assert open_data(frame.rename({first: "a"}), target="species")[0].fingerprint != iris.fingerprint
    assert open_data(frame, target="species")[0].fingerprint == iris.fingerprint


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.none() | st.floats(-1e6, 1e6),
            st.none() | st.sampled_from("abc"),
            st.none() | st.dates(),
            st.booleans(),
        ),
        min_size=30,
        max_size=60,
    )
)
def test_csv_and_frame_open_as_the_same_data(rows, tmp_path_factory):
    columns = dict(zip(("number", "word", "day", "truth"), map(list, zip(*rows, strict=True)), strict=True))
    types = {"number": pl.Float64, "word": pl.String, "day": pl.Date, "truth": pl.Boolean}
    frame = pl.DataFrame(columns | {"varied": [i % 7 for i in range(len(rows))]}, schema_overrides=types)
    frame = frame.with_columns(pl.Series("target", [i % 2 for i in range(len(rows))]))
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    frame.write_csv(path)
    from_file, from_memory = (open_data(source, target="target")[0] for source in (path, frame))
    assert from_file.schema == from_memory.schema
    assert from_file.fingerprint == from_memory.fingerprint


@pytest.mark.parametrize(
    "spelling", [NumberFormat(",", "."), NumberFormat(thousands=" ", after="kg"), DateFormat("dmy"), None]
)
def test_formats_survive_json_and_do_not_count_in_the_fingerprint(spelling):
    dataset = open_data("iris")[0]
    columns = tuple(replace(column, format=spelling) for column in dataset.schema.columns)
    schema = replace(dataset.schema, columns=columns)
    assert Schema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema
    assert replace(dataset, schema=schema).fingerprint == dataset.fingerprint


def test_a_schema_saved_before_there_were_formats_is_read():
    facts = {"name": "size", "kind": "number", "categories": [], "missing": True}
    assert Column.from_dict(facts) == Column("size", "number", missing=True)


def test_the_training_source_decides_how_a_column_is_read(tmp_path):
    frame = pl.DataFrame(COLUMNS)
    words = frame.head(10).with_columns(rooms=pl.Series(["many"] * 10))
    words.write_csv(tmp_path / "dev.csv")
    with pytest.raises(InputError, match=r"column 'rooms' of .*dev\.csv should hold numbers, but row 1 has 'many'"):
        open_data(frame, target="price", dev=tmp_path / "dev.csv")
