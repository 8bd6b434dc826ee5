import csv
import io

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from goodfit.data.sources import open_source
from goodfit.data.tables.missing import MARKS
from goodfit.errors import InputError

SIMPLE = pl.DataFrame({"a": ["1", "2"], "b": ["x", None]})


def read_frame(path):
    return open_source(path, images=False).columns


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "a,b\n1,x\n2,\n"),
        ("t.csv", "a,b\r\n1,x\r\n2,?"),
        ("t.csv", "a,b\r1,x\r2,NA\r"),
        ("t.csv", "\ufeffa,b\n1,x\n2,null\n"),
        ("t.csv", "\n\n a , b\n\n 1 ,x \n\n2, NaN\n\n"),
        ("t.csv", 'a;"b"\n1;x\n2;\n'),
        ("t.csv", '"a","b"\n"1","x"\n"2",""\n'),
        ("t.csv", "a;b\n1;x\n2;\n"),
        ("t.txt", "a\tb\n1\tx\n2\tn/a\n"),
        ("t.tsv", "a\tb\n1\tx\n2\t\n"),
        ("T.CSV", "a,b\n1,x\n2,#N/A\n"),
    ],
)
def test_the_same_table_in_many_spellings(name, text, tmp_path):
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    assert_frame_equal(read_frame(tmp_path / name), SIMPLE)


def test_tabs_in_a_tsv_file_are_the_only_separators(tmp_path):
    (tmp_path / "t.tsv").write_text("a,b\tc\n1,x\t3\n")
    assert read_frame(tmp_path / "t.tsv").to_dict(as_series=False) == {"a,b": ["1,x"], "c": ["3"]}


def test_separators_inside_quoted_names_do_not_count(tmp_path):
    (tmp_path / "t.csv").write_text('"a,b,c";d\n1;2\n')
    assert read_frame(tmp_path / "t.csv").to_dict(as_series=False) == {"a,b,c": ["1"], "d": ["2"]}


def test_columns_without_a_name_get_one(tmp_path):
    (tmp_path / "t.csv").write_text(",a,\n0,5,7\n")
    assert read_frame(tmp_path / "t.csv").columns == ["column 1", "a", "column 3"]


def test_quotes_inside_words_are_read_as_the_csv_module_reads_them(tmp_path):
    text = 'a,b\n5" pipe,2\n"say ""hi"", then, go",3\n'
    (tmp_path / "t.csv").write_text(text)
    assert read_frame(tmp_path / "t.csv").rows() == [('5" pipe', "2"), ('say "hi", then, go', "3")]


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('",;\n\t'), max_size=8)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.integers(2, 4).flatmap(lambda width: st.lists(st.tuples(*[words] * width), min_size=1, max_size=6)),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_output_of_the_csv_module_is_read_back(rows, quoting, tmp_path):
    path = tmp_path / "t.csv"
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting, lineterminator="\n")
    writer.writerows([[f"c{place}" for place in range(len(rows[0]))], *rows])
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    # Where everything is in quotes they say nothing; else a mark in quotes is a word, and here none is.
    expected = [tuple(None if word.strip() in {"", *MARKS} else word.strip() for word in row) for row in rows]
    assert read_frame(path).rows() == expected


def test_npz_as_examples_and_as_columns(tmp_path):
    images = np.arange(12.0).reshape(3, 2, 2)
    np.savez(tmp_path / "images.npz", X=images, y=np.array(["a", "b", "a"]))
    frame = read_frame(tmp_path / "images.npz")
    assert frame.columns == ["x0", "x1", "x2", "x3", "y"]
    assert frame.row(1) == (4.0, 5.0, 6.0, 7.0, "b")
    np.savez(
        tmp_path / "columns.npz", size=np.array([1, 2]), when=np.array(["2024-01-31", "1970-01-01"], "datetime64[D]")
    )
    columns = read_frame(tmp_path / "columns.npz")
    assert columns["size"].to_list() == [1, 2]
    assert columns["when"].dt.strftime("%Y-%m-%d").to_list() == ["2024-01-31", "1970-01-01"]
    np.savez(tmp_path / "one.npz", table=np.array([[1, 2], [3, 4]], np.float16))
    assert read_frame(tmp_path / "one.npz").rows() == [(1.0, 2.0), (3.0, 4.0)]


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("t.csv.gz", b"\x1f\x8b\x08\0", "unpack it"),
        ("t.csv", b"\x1f\x8b\x08\0", "unpack it"),
        ("t.csv", b"PK\3\4\0", "save the sheet as CSV"),
        ("t.xlsx", b"PK\3\4\0", "save the sheet as CSV"),
        ("t.jsonl", b'{"x": 1}\n', "read_json"),
        ("t.csv", b'{"x": 1}\n', "convert it"),
        ("t.feather", b"ARROW1\0", "read_feather"),
        ("t.dta", b"stata", "read_stata"),
        ("t.csv", b"x y z\n1 2 3\n", "save it with one of these"),
    ],
)
def test_other_kinds_of_file_are_refused_with_what_to_do(tmp_path, name, content, advice):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=advice):
        open_source(path)


@pytest.mark.parametrize("separator", [",", ";", "|"])
def test_a_tsv_file_without_tabs_is_divided_by_what_it_has(tmp_path, separator):
    path = tmp_path / "t.tsv"
    path.write_text(separator.join("xyz") + "\n" + separator.join("123") + "\n")
    assert open_source(path).columns.shape == (1, 3)


def test_a_first_line_of_values_is_said(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("5.1,3.5,setosa\n4.9,3.0,setosa\n")
    assert any("'5.1' in it looks like a value" in note.text for note in open_source(path).notes)
