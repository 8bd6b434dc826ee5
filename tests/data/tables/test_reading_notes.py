"""What was guessed or could not be read is said, with the values and their number."""

import numpy as np
import polars as pl
import pytest

from goodfit.data.open import open_data, open_new_rows
from goodfit.data.tables.columns import type_column
from goodfit.data.tables.reading_notes import reading_notes

N = 60


def notes(values, name="size"):
    return [(note.severity, note.text) for note in reading_notes([type_column(pl.Series(name, values))])]


def test_clean_columns_need_no_note():
    clean = {
        "number": [0.5 * i for i in range(N)],
        "text": [str(i % 9) for i in range(N)],
        "word": ["a", "b"] * 30,
        "day": ["2024-01-31"] * N,
        "few codes": ["1", "2", "x"] * 20,
        "heavy tail": [float(np.exp(i / 6)) for i in range(N)],
        "ages": [float(i % 100) for i in range(N - 1)] + [99.0],
    }
    assert {name: notes(values) for name, values in clean.items()} == {name: [] for name in clean}


@pytest.mark.parametrize(
    ("sentinel", "count", "words"),
    [
        (-999.0, 3, "-999 in 3 rows"),
        (9999.0, 2, "9,999 in 2 rows"),
        (1.7976931348623157e308, 1, "in 1 row"),
        (-1e20, 4, "in 4 rows"),
        (9.969209968386869e36, 2, "in 2 rows"),
        (-2147483648.0, 2, "in 2 rows"),
    ],
)
def test_fill_values_are_asked_about(sentinel, count, words):
    values = [0.5 * i for i in range(N)] + [sentinel] * count
    [(severity, text)] = notes(values)
    assert severity == "warning"
    assert words.replace("-", "−") in text.replace("-", "−")
    assert "apart from its other values (0 to 29.5)" in text


def test_a_repeated_fill_value_below_zero_is_asked_about_however_far_the_others_reach():
    [(severity, text)] = notes([-999.0, -999.0, *(float(i) ** 3 for i in range(N))])
    assert (severity, "999 in 2 rows" in text) == ("warning", True)


@pytest.mark.parametrize("values", [[-9.0, -9.0, *range(-20, 40)], [999.0, *range(N)], [99.0, 99.0, *range(50, 100)]])
def test_numbers_among_others_are_no_fill_values(values):
    assert notes([float(value) for value in values]) == []


def test_numbers_that_cannot_be_read_as_such_are_told():
    numbers = [f"{i}.5" for i in range(N)]
    assert notes([*numbers[:50], *["k.A.", "low"] * 5]) == [
        (
            "warning",
            "Column 'size' is read as words, not as numbers: only 50 of 60 rows are numbers "
            "(others: 'k.A.' 5, 'low' 5).",
        )
    ]
    [(severity, text)] = notes([f"{word} kg" if i % 3 else f"{word} g" for i, word in enumerate(numbers)])
    assert severity == "warning"
    assert "different units ('kg' 40, 'g' 20)" in text
    assert notes([*numbers, "big"]) == [
        ("loss", "Column 'size': 1 of 61 rows could not be read as numbers ('big' 1) and counts as missing.")
    ]


def test_formats_and_bounds_are_told_with_an_example():
    assert notes([f"{i % 7},5" for i in range(N)] + ["1.234,5"]) == [
        ("guess", "Read as numbers and dates: 'size' ('1.234,5' is 1234.5).")
    ]
    assert notes([f"{i}.000.123" for i in range(10, N)])[0] == (
        "guess",
        "Read as numbers and dates: 'size' ('10.000.123' is 10000123).",
    )
    assert notes(["31/01/2024"] * N) == [("guess", "Read as numbers and dates: 'size' ('31/01/2024' is 2024-01-31).")]
    assert notes(["10:30"] * N) == [("guess", "Read as numbers and dates: 'size' ('10:30' is 37800 seconds).")]
    assert notes([*(f"{i}.5" for i in range(N)), "<0.4", "<0.4"]) == [
        ("guess", "Column 'size' has bounds ('<0.4' 2), read as their values.")
    ]


@pytest.mark.parametrize(
    ("spelling", "example"),
    [
        ("${:,.2f}", "'$1,012.50' is 1012.5"),
        ("{:.1f} %", "'1012.5 %' is 1012.5"),
        ("({:,.1f})", "'(1,012.5)' is -1012.5"),
    ],
)
def test_the_format_of_a_target_is_told(spelling, example):
    target = [spelling.format(1012.5 + 1700 * i) for i in range(N // 10)] * 10
    frame = pl.DataFrame({"x": [i % 7 for i in range(N)], "y": target})
    texts = [note.text for note in open_data(frame, target="y", task="regression")[0].notes]
    assert any(example in text for text in texts)


@pytest.mark.parametrize("word", ["unknown", "keine Angabe", "below range", "refused"])
def test_one_frequent_word_among_numbers_is_missing(tmp_path, word):
    values = [word if i % 8 == 0 else f"{i * 1.25}" for i in range(80)]
    path = tmp_path / "data.csv"
    path.write_text("v,y\n" + "".join(f"{value},{'ab'[i % 2]}\n" for i, value in enumerate(values)))
    dataset, _ = open_data(path, target="y")
    expected = [np.nan if i % 8 == 0 else i * 1.25 for i in range(80)]
    np.testing.assert_array_equal(dataset.features.numbers[:, 0], expected)
    assert any(
        f"'{word}' in 10 of 80 rows counts as missing" in n.text for n in dataset.notes if n.severity == "warning"
    )
    later = open_new_rows(pl.DataFrame({"v": [word, word, "2.5"]}), dataset.schema)
    np.testing.assert_array_equal(later.features.numbers[:, 0], [np.nan, np.nan, 2.5])


@pytest.mark.parametrize(
    ("words", "warned"),
    [
        ([f"{1 + i % 9},{100 + i}" for i in range(40)], True),
        ([f"{1 + i % 9},{100 + i}" if i % 2 else str(i) for i in range(40)], True),
        ([f"{i % 9},{100 + i}" for i in range(40)], False),
        ([f"{i},5" for i in range(40)], False),
    ],
    ids=["all", "beside whole numbers", "below one", "one digit"],
)
def test_a_comma_that_may_be_of_thousands_is_said(tmp_path, words, warned):
    path = tmp_path / "data.csv"
    path.write_text("v;w;y\n" + "".join(f"{word};{i},25;{'ab'[i % 2]}\n" for i, word in enumerate(words)))
    dataset, _ = open_data(path, target="y")
    assert any("may be read in two ways" in note.text for note in dataset.notes) == warned
