"""Bad input: one clear sentence each, whatever the reader underneath says."""

import contextlib
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from goodfit.data.open import open_data, open_new_rows
from goodfit.data.sources import open_source
from goodfit.data.splits import open_splits
from goodfit.errors import InputError

ROWS = 30


def read_frame(data):
    return open_source(data, images=False).columns


def table(**columns):
    return {
        "size": [i % 7 for i in range(ROWS)],
        "color": ["red", "blue"] * 15,
        "kind": ["a", "b", "c"] * 10,
    } | columns


def csv_of(columns):
    lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    return "\n".join(lines) + "\n"


def changed(values, row, value):
    return [*values[:row], value, *values[row + 1 :]]


GOOD = csv_of(table())
LINES = GOOD.splitlines()

FILES = {
    "empty": ("", "data.csv is empty"),
    "white space alone": ("\n  \n", "data.csv is empty"),
    "names alone": ("size,kind\n", "data.csv has a first line with column names but no rows"),
    "ragged, too many": (
        "\n".join([*LINES[:4], "1,red,a,b", *LINES[4:]]),
        "data.csv has 4 values in line 5 where its first line has 3; every row needs one value for each column",
    ),
    "ragged, too few": (
        "\n".join([*LINES[:9], "1", *LINES[9:]]),
        "data.csv has 1 value in line 10 where its first line has 3; every row needs one value for each column",
    ),
    "ragged after quoted line ends": (
        "\n".join([LINES[0], '1,"two\nlines",a', *LINES[1:3], '1,"x"']),
        "data.csv has 2 values in line 6 where its first line has 3; every row needs one value for each column",
    ),
    "ragged after blank lines": (
        "\n\n" + "\n".join([*LINES[:2], "", "1,red"]),
        "data.csv has 2 values in line 6 where its first line has 3; every row needs one value for each column",
    ),
    "a quote never closed": (
        GOOD.replace("red", '"red', 1) + "1,blue,a\n" * 20_000,
        "data.csv cannot be read as a table (field larger than field limit (131072)); is a quote in it never closed?",
    ),
    "a quote never closed in a short file": (
        GOOD.replace("red", '"red', 1),
        "data.csv has 2 values in line 2 where its first line has 3; every row needs one value for each column",
    ),
    "duplicate names": (
        GOOD.replace("color", "size", 1),
        "data.csv has two columns named 'size' (columns 1 and 2); give each column its own name",
    ),
    "binary": (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "data.csv is not a table: it holds binary data"),
    "in no usual encoding": (
        GOOD.replace("red", "ros\x81").encode("latin-1"),
        "data.csv is not text in UTF-8: line 2 has the byte 0x81; save it as UTF-8",
    ),
    "half of UTF-16": (
        GOOD.encode("utf-16")[:-1],
        "data.csv begins as text in UTF-16 but is damaged; save it as UTF-8",
    ),
    "target all one class": (
        csv_of(table(kind=["a"] * ROWS)),
        "target 'kind' is the same in every row (a); there is nothing to learn",
    ),
    "target all one number": (
        csv_of(table(kind=[1.5] * ROWS)),
        "target 'kind' is the same in every row (1.5); there is nothing to learn",
    ),
    "one class with two examples": (
        csv_of(table(kind=["lonely", *["a"] * 29])),
        "target 'kind' has fewer than two classes with two examples or more; add examples, or ask for --task "
        "regression if its values are amounts",
    ),
    "too few rows without classes of one example": (
        csv_of(table(kind=[*"cdefghijklm", *["a", "b"] * 9, "a"])),
        "data.csv has 19 rows with a kind; at least 20 are needed",
    ),
    "too few rows": ("\n".join(LINES[:20]), "data.csv has 19 rows with a kind; at least 20 are needed"),
    "too few targets": (
        csv_of(table(kind=[""] * 11 + ["a", "b"] * 9 + ["a"])),
        "data.csv has 19 rows with a kind; at least 20 are needed",
    ),
    "infinite feature": (
        csv_of(table(size=changed(list(range(ROWS)), 16, "-inf"))),
        "column 'size' of data.csv has an infinite value in row 17; put a number there, or leave it empty for missing",
    ),
    "infinite target": (
        csv_of(table(kind=changed(changed([0.5 * i for i in range(ROWS)], 0, "NA"), 4, "Infinity"))),
        "column 'kind' of data.csv has an infinite value in row 5; put a number there, or leave it empty for missing",
    ),
    "all columns constant": (
        csv_of(table(size=[1] * ROWS, color=["red"] * ROWS)),
        "no column is left to learn from: 2 columns are constant (size, color)",
    ),
    "identifiers alone": (
        csv_of({"id": range(5, 5 + ROWS), "name": [f"n{i}" for i in range(ROWS)], "kind": ["a", "b"] * 15}),
        "no column is left to learn from: column id only numbers the rows; column name differs in nearly every row, as "
        "identifiers and free text do",
    ),
    "the target alone": (
        "\n".join(["kind", *["a", "b"] * 15]),
        "no column is left to learn from: there is only the target",
    ),
    "words all different": (
        csv_of(table(kind=["words", *range(ROWS - 1)])),
        "target 'kind' has 30 different values in 30 rows, too many for classes, and they are not all numbers, as "
        "--task regression needs: one is 'words'",
    ),
    "dates as target": (
        csv_of(table(kind=[f"2024-01-{i + 1:02d}" for i in range(ROWS)])),
        "target 'kind' holds dates; it must hold numbers or classes",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_cannot_be_learned_from(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content, sentence = FILES[case]
    path = tmp_path / "data.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as refusal:
        open_data("data.csv", target="kind")
    assert str(refusal.value) == sentence


OPTIONS = {
    "no target": ({}, "say which column of data.csv is the target; it has size, color, kind"),
    "target misspelt": (
        {"target": "kidn"},
        "data.csv has no column 'kidn' to be the target: did you mean 'kind'?",
    ),
    "target far off": (
        {"target": "zzz"},
        "data.csv has no column 'zzz' to be the target: known names: size, color, kind",
    ),
    "target's place": (
        {"target": 3},
        "data.csv has 3 columns, so none at position 3 to be the target",
    ),
    "no such group": (
        {"target": "kind", "group": "colr"},
        "data.csv has no group column 'colr': did you mean 'color'?",
    ),
    "no such time": (
        {"target": "kind", "time": "when"},
        "data.csv has no time column 'when': known names: size, color, kind",
    ),
    "group is the target": (
        {"target": "kind", "group": "kind"},
        "'kind' is the target, so it cannot be the group column as well",
    ),
    "time in words": (
        {"target": "kind", "time": "color"},
        "time column 'color' holds neither numbers nor dates (like 2024-01-31)",
    ),
    "two groups for three sets in time": (
        {"target": "kind", "group": "color", "time": "size"},
        "the group column has 2 different values; at least 3 are needed",
    ),
    "two groups for three sets": (
        {"target": "kind", "group": "color"},
        "the group column has 2 different values; at least 3 are needed",
    ),
    "regression on words": (
        {"target": "kind", "task": "regression"},
        "target 'kind' holds words such as 'a', so it cannot be regression",
    ),
    "binary with three classes": (
        {"target": "kind", "task": "binary"},
        "target 'kind' has 3 classes, so it cannot be binary; ask for --task classes",
    ),
    "a test file and none": (
        {"target": "kind", "test": "data.csv", "no_test": True},
        "both a test source and no test set were requested; leave one of them out",
    ),
    "negative seed": ({"target": "kind", "seed": -1}, "the seed is -1; it must be a whole number from 0 to 4294967295"),
    "dev file lacks a column": (
        {"target": "kind", "dev": "other.csv"},
        "other.csv lacks color and adds colr; it needs the same columns as data.csv",
    ),
    "test file missing": (
        {"target": "kind", "test": "oter.csv"},
        "there is no file or built-in data 'oter.csv': did you mean 'other.csv'?",
    ),
    "groups shared with the test file": (
        {"target": "kind", "group": "size", "test": "data.csv"},
        "5 values of the group column 'size' are in both the training and the test set; leave their rows out of one of "
        "them",
    ),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_options_that_do_not_fit_the_data(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text(GOOD)
    (tmp_path / "other.csv").write_text(GOOD.replace("color", "colr"))
    options, sentence = OPTIONS[case]
    with pytest.raises(InputError) as refusal:
        open_splits("data.csv", **options)
    assert str(refusal.value) == sentence


def test_an_infinite_value_in_a_dev_file_names_that_file_and_its_own_row(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text(GOOD)
    (tmp_path / "new.csv").write_text("\n".join(["kind,size,color", "a,1,red", "a,inf,red"]))
    with pytest.raises(InputError, match=r"^column 'size' of new\.csv has an infinite value in row 2;"):
        open_splits("data.csv", target="kind", dev="new.csv")


@pytest.mark.parametrize(
    ("group", "time", "sentence"),
    [
        ("when", None, "group column 'when' is empty in 2 rows; fill them in or leave the rows out"),
        (None, "when", "time column 'when' is empty in 2 rows; fill them in or leave the rows out"),
    ],
)
def test_missing_groups_and_times(group, time, sentence):
    frame = pl.DataFrame(table(when=[None, None, *range(28)]))
    with pytest.raises(InputError) as refusal:
        open_data(frame, target="kind", group=group, time=time)
    assert str(refusal.value) == sentence


def test_one_moment_that_cannot_be_read():
    frame = pl.DataFrame(table(when=["noon", *(f"2024-01-{day:02d}" for day in range(1, 30))]))
    with pytest.raises(InputError) as refusal:
        open_data(frame, target="kind", time="when")
    assert str(refusal.value) == "time column 'when' has 'noon', which is not a date; correct it or leave it out"


PLACES = {
    "misspelt built-in": ("digist", "there is no file or built-in data 'digist': did you mean 'digits'?"),
    "misspelt file": ("hoses.csv", "there is no file or built-in data 'hoses.csv': did you mean 'houses.csv'?"),
    "no such folder": (
        "nowhere/zzzz.csv",
        "there is no file or built-in data 'nowhere/zzzz.csv': known names: digits, wine, breast_cancer, iris, "
        "diabetes",
    ),
    "longer than any name": (
        "x" * 300,
        f"there is no file or built-in data '{'x' * 300}': known names: digits, wine, breast_cancer, iris, diabetes, "
        "bad.npz, bad.parquet, houses.csv",
    ),
    "directory": ("folder", "folder is a directory; name a file in it"),
    "unknown ending": (
        "photo.png",
        "photo.png ends in '.png', so it is not a table that can be read: use .csv, .tsv, .tab, .txt, .parquet, .npz",
    ),
    "no ending": (
        "notes",
        "notes has no extension, so it is not a table that can be read: use .csv, .tsv, .tab, .txt, .parquet, .npz",
    ),
    "damaged Parquet": (
        "bad.parquet",
        "bad.parquet is not a readable Parquet file: it is damaged or of another kind",
    ),
    "damaged NPZ": (
        "bad.npz",
        "bad.npz is not a readable NPZ file: write it with numpy.savez, its arrays without Python objects",
    ),
}


@pytest.mark.parametrize("case", PLACES)
def test_places_without_a_table(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for name in ("photo.png", "notes", "bad.parquet", "bad.npz"):
        (tmp_path / name).write_bytes(b"PAR1 and then some PK\x03\x04")
    (tmp_path / "houses.csv").write_text(GOOD)
    source, sentence = PLACES[case]
    with pytest.raises(InputError) as refusal:
        read_frame(source)
    assert str(refusal.value) == sentence


MEMORY = {
    "a list": (
        [1, 2],
        "data of type list cannot be opened: give a file, a built-in name, a data frame, a mapping of columns, (X, y) "
        "or an array",
    ),
    "one dimension": (np.zeros(30), "the array has shape (30,); it needs rows and columns"),
    "no rows": (np.zeros((0, 3)), "the array is empty: its shape is (0, 3)"),
    "X and y of different lengths": (
        (np.zeros((30, 2)), np.zeros(29)),
        "(X, y) has 30 rows in X but 29 in y; the numbers must match",
    ),
    "y of two columns": (
        (np.zeros((30, 2)), np.zeros((30, 2))),
        "y of (X, y) has shape (30, 2); it needs one value a row",
    ),
    "ragged X": (([[1, 2], [3]], [0, 1]), "X of (X, y) is ragged: its rows have different lengths"),
    "complex": (
        np.zeros((30, 2), complex),
        "the array holds complex numbers; give real and imaginary parts as two columns",
    ),
    "pandas duplicate names": (
        pd.DataFrame(np.zeros((30, 3)), columns=["a", "b", "a"]),
        "the pandas frame has two columns named 'a' (columns 1 and 3); give each column its own name",
    ),
    "pandas without columns": (pd.DataFrame(), "the pandas frame has no columns"),
    "mapping without columns": ({}, "the mapping has no columns"),
    "mapping of different lengths": (
        {"a": [1, 2], "b": [1]},
        "the mapping has columns of different lengths: 'a' has 2 rows, 'b' has 1",
    ),
    "Polars without rows": (pl.DataFrame({"a": []}), "the polars frame has no rows"),
}


@pytest.mark.parametrize("case", MEMORY)
def test_memory_without_a_table(case):
    source, sentence = MEMORY[case]
    with pytest.raises(InputError) as refusal:
        read_frame(source)
    assert str(refusal.value) == sentence


def test_npz_without_a_table(tmp_path):
    path = tmp_path / "arrays.npz"
    np.savez(path, first=np.zeros(3), second=np.zeros((3, 2)))
    with pytest.raises(InputError, match=r"arrays\.npz needs arrays X and y, or one array with one dimension for each"):
        read_frame(path)
    np.savez(path, first=np.zeros(3), second=np.zeros(4))
    with pytest.raises(InputError, match=r"columns of different lengths: 'first' has 3 rows, 'second' has 4$"):
        read_frame(path)
    np.savez(path, X=np.array([{}]), y=np.zeros(1))
    with pytest.raises(InputError, match="its arrays without Python objects"):
        read_frame(path)


PREDICT = {
    "missing column": (
        {"sizes": [1], "color": ["red"]},
        "the polars frame has no column 'size': did you mean 'sizes'?",
    ),
    "words for numbers": (
        {"size": ["1", "big"], "color": ["red", "red"]},
        "column 'size' of the polars frame should hold numbers, but row 2 has 'big'",
    ),
    "dates for numbers": (
        {"size": pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 1, 2), eager=True), "color": ["red", "red"]},
        "column 'size' of the polars frame should hold numbers but holds dates",
    ),
    "lists for words": (
        {"size": [1], "color": [["red"]]},
        "column 'color' of the polars frame should hold words but holds values of type List(String)",
    ),
    "infinite": (
        {"size": [1.0, math.inf], "color": ["red", "red"]},
        "column 'size' of the polars frame has an infinite value in row 2; put a number there, or leave it empty "
        "for missing",
    ),
}


@pytest.mark.parametrize("case", PREDICT)
def test_rows_that_do_not_fit_the_schema(case):
    columns, sentence = PREDICT[case]
    dataset, _ = open_data(pl.DataFrame(table()), target="kind")
    with pytest.raises(InputError) as refusal:
        open_new_rows(pl.DataFrame(columns), dataset.schema)
    assert str(refusal.value) == sentence


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | st.text("ab1\",;\n\r\t '", max_size=60).map(str.encode))
@example(content=b'a,b\n5" pipe,2\n3,4\n')
@example(content=b'a,b\n"open,2\n3,4\n')
@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "npz"])
def test_no_bytes_raise_anything_but_our_own_error(ending, content, tmp_path):
    path = tmp_path / f"data.{ending}"
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        assert len(read_frame(path)) > 0
