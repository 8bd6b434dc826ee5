"""Dialects: the same table however a program writes it, and a sentence for what was guessed."""

import csv

import polars as pl
import pytest

from goodfit.data.open import open_data
from goodfit.data.sources import open_source
from goodfit.errors import InputError

ROWS = {"size, m": ["1.5", "2", "-3"], "name": ["a", "b", "c"], "count": ["4", "5", "6"]}


def read(tmp_path, text, name="t.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return open_source(path, images=False)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "size, m;name;count\n1.5;a;4\n2;b;5\n-3;c;6\n"),
        ("t.csv", "size, m\tname\tcount\n1.5\ta\t4\n2\tb\t5\n-3\tc\t6\n"),
        ("t.txt", "size, m|name|count\n1.5|a|4\n2|b|5\n-3|c|6\n"),
        ("t.csv", "sep=;\nsize, m;name;count\n1.5;a;4\n2;b;5\n-3;c;6\n"),
        ("t.csv", '"sep=|"\r\nsize, m|name|count\r\n1.5|a|4\r\n2|b|5\r\n-3|c|6\r\n'),
        ("t.csv", '"size, m", "name", "count"\n1.5, "a", 4\n2, "b", 5\n-3, "c", 6\n'),
        ("t.csv", '"size, m"|"name"|"count"\n"1.5"|"a"|"4"\n"2"|"b"|"5"\n"-3"|"c"|"6"\n'),
        ("t.csv", "'size, m','name','count'\n'1.5','a','4'\n'2','b','5'\n'-3','c','6'\n"),
        ("t.csv", "'size, m', 'name', 'count'\n1.5, 'a', 4\n2, 'b', 5\n-3, 'c', 6\n"),
        ("t.csv", "size, m;name;count\n1.5;'a';4\n2;'b';5\n-3;'c';6\n"),
        ("t.csv", "# written 2024\n# by hand\nsize, m;name;count\n1.5;a;4\n2;b;5\n# half\n-3;c;6\n"),
        ("t.csv", "#size, m;name;count\n1.5;a;4\n2;b;5\n-3;c;6\n"),
        ("t.csv", "Sales\nof 2024, all stores\n\nsize, m;name;count\n1.5;a;4\n2;b;5\n-3;c;6\n"),
    ],
)
def test_one_table_in_many_dialects(name, text, tmp_path):
    assert read(tmp_path, text, name).columns.to_dict(as_series=False) == ROWS


@pytest.mark.parametrize(
    "names", [["O'Brien", "d'Arc", "Smith"], ["'tis", "'twas", "rock 'n' roll"], ["5'", "6'", "7'"]]
)
def test_apostrophes_inside_values_are_no_quotes(names, tmp_path):
    rows = "".join(f"{name},{place}\n" for place, name in enumerate(names))
    assert read(tmp_path, f"name,y\n{rows}").columns["name"].to_list() == names


def test_quoted_by_apostrophes_a_value_may_hold_separators_and_newlines(tmp_path):
    source = read(tmp_path, "'x','y'\n'a, b','it''s'\n'c\nd','e'\n")
    assert source.columns.to_dict(as_series=False) == {"x": ["a, b", "c\nd"], "y": ["it's", "e"]}
    assert [note.text for note in source.notes if "apostrophes" in note.text] != []


def test_the_separator_that_leaves_numbers_is_taken_where_two_divide_alike(tmp_path):
    frame = read(tmp_path, "Distance, km;Speed, km/h;ok\n0,34;-1,20;yes\n1,5;2,25;no\n").columns
    assert frame.columns == ["Distance, km", "Speed, km/h", "ok"]
    assert frame["ok"].to_list() == ["yes", "no"]


@pytest.mark.parametrize("value", ["108.994,76 €", "55,6 %", "-1,5 kg", "3,5"])
def test_decimal_commas_make_no_column_without_a_name(value, tmp_path):
    frame = read(tmp_path, "size;ok\n" + f"{value};yes\n" * 5).columns
    assert frame.columns == ["size", "ok"]
    assert frame["size"].to_list() == [value] * 5


def test_row_names_as_r_writes_them(tmp_path):
    source = read(tmp_path, '"size" "x"\n"1" 2 3\n'.replace(" ", ",") + '"2",4,5\n')
    assert source.columns.to_dict(as_series=False) == {"column 1": ["1", "2"], "size": ["2", "4"], "x": ["3", "5"]}
    assert [note.severity for note in source.notes] == ["guess"]
    assert "names one column less" in source.notes[0].text


def test_an_empty_last_column_needs_no_name(tmp_path):
    source = read(tmp_path, "a,b\n1,2,\n3,4,\n")
    assert source.columns.select("a", "b").rows() == [("1", "2"), ("3", "4")]
    assert source.columns["column 3"].null_count() == 2


def test_lines_before_the_table_are_told(tmp_path):
    source = read(
        tmp_path, "Data Source,World Bank\n\nLast Updated,2020-05-01\n\nname,code,2019,2020\nA,a,1.5,2\nB,b,2.5,3\n"
    )
    assert source.columns.columns == ["name", "code", "2019", "2020"]
    assert source.notes[0].text.startswith("The first 4 lines of ")
    assert "'Data Source,World Bank'" in source.notes[0].text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title\na,b,c\n1,2\n3,4,5\n", "3 values in line 2 where its first line has 1"),
        ("a,b\n1,2,3,4\n5,6,7,8\n", "4 values in line 2 where its first line has 2"),
        ("a;b\n1;2\n3;4;5\n6;7\n", "3 values in line 3 where its first line has 2"),
    ],
)
def test_a_broken_table_is_not_taken_for_one_with_a_preamble(text, sentence, tmp_path):
    with pytest.raises(InputError, match=sentence):
        read(tmp_path, text)


UMLAUTS = "größe,wort\n1,Füße\n2,naïve\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings(encoding, tmp_path):
    source = read(tmp_path, UMLAUTS, encoding=encoding)
    assert source.columns.to_dict(as_series=False) == {"größe": ["1", "2"], "wort": ["Füße", "naïve"]}
    sentences = {
        "utf-16-le": "is text in UTF-16 without a mark",
        "utf-16-be": "is text in UTF-16 without a mark",
        "cp1252": "is read as Windows-1252, in which line 1 has 'größe'",
    }
    assert len(source.notes) == (encoding in sentences)
    assert all(sentences[encoding] in note.text for note in source.notes)


@pytest.mark.parametrize("mark", ["NA", "None", "<NA>", "N.A.", "-", "--", ".", "#DIV/0!", "(null)", "\\N", "NaT", "?"])
def test_marks_of_text_files_are_missing_and_counted(mark, tmp_path):
    numbers = [mark if i % 10 == 0 else str(0.5 * i) for i in range(100)]
    words = [mark if i % 20 == 1 else "ab"[i % 2] for i in range(100)]
    lines = [f"{number},{word},{'pq'[i % 2]}" for i, (number, word) in enumerate(zip(numbers, words, strict=True))]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["number,word,target", *lines]))
    dataset = open_data(path, target="target")[0]
    assert [(column.kind, column.missing) for column in dataset.schema.columns] == [
        ("number", True),
        ("category", True),
    ]
    assert dataset.schema.columns[1].categories == ("a", "b")
    note = next(note for note in dataset.notes if note.severity == "guess")
    assert note.text == f"Taken for missing values: 'number' ('{mark}' 10), 'word' ('{mark}' 5)."


@pytest.mark.parametrize("word", ["NA", "null", "nan", "?", "None", "-"])
def test_in_a_frame_or_in_selective_quotes_a_mark_is_a_word(word, tmp_path):
    words = [("a", "b", word)[i % 3] for i in range(90)]
    frame = pl.DataFrame({"x": [0.5 * (i % 17) for i in range(90)], "word": words, "target": words})
    frame.write_parquet(tmp_path / "t.parquet")
    with (tmp_path / "t.csv").open("w") as file:
        csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerows([frame.columns, *frame.rows()])
    for data in (frame, frame.to_pandas(), tmp_path / "t.parquet", tmp_path / "t.csv"):
        schema = open_data(data, target="target")[0].schema
        assert set(schema.classes) == {"a", "b", word}
        assert set(schema.columns[1].categories) == {"a", "b", word}


def test_a_mark_as_frequent_as_a_class_is_asked_about(tmp_path):
    path = tmp_path / "t.csv"
    rows = [f"{i % 7},{('EU', 'AS', 'NA')[i % 3]}" for i in range(90)]
    path.write_text("\n".join(["x,continent", *rows]))
    with pytest.raises(InputError, match="'continent' has 'NA' in 30 of 90 rows: is it a class, or missing"):
        open_data(path, target="continent")
    rows = [f"{i % 7},{'NA' if i == 3 else ('EU', 'AS')[i % 2]}" for i in range(190)]
    path.write_text("\n".join(["x,continent", *rows]))
    dataset = open_data(path, target="continent")[0]
    assert dataset.notes[0].text == "1 row has no value in 'continent' ('NA' 1) and is left out."
    numbers = [f"{i % 7},{'-' if i % 3 else 2.5 * i}" for i in range(120)]
    path.write_text("\n".join(["x,y", *numbers]))
    assert open_data(path, target="y")[0].notes[0].text == "80 rows have no value in 'y' ('-' 80) and are left out."
