"""Numbers as people write them: read as what they mean, or refused; never bent."""

import datetime
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest

from goodfit.data.formats import NumberFormat
from goodfit.data.open import open_data, open_new_rows
from goodfit.data.tables.columns import infer_type, type_column
from goodfit.data.tables.numbers import Surroundings
from goodfit.errors import InputError

FORMATS = {
    "thousands": (["3,630", "519", "-1,200"], [3630, 519, -1200]),
    "millions": (["1,234,567", "2"], [1234567, 2]),
    "lakhs": (["12,34,567", "1,200"], [1234567, 1200]),
    "German": (["1.234,56", "-2,5", "1.234.567"], [1234.56, -2.5, 1234567]),
    "French": (["1 234,56", "1\u202f000", "7\xa0000,5"], [1234.56, 1000, 7000.5]),
    "Swiss": (["1'234.5", "12\u2019000", "9"], [1234.5, 12000, 9]),
    "decimal commas": (["1,5e3", "2,5", "0,519"], [1500, 2.5, 0.519]),
    "dollars": (["$1,234.50", "-$5", "$-3.00", "0"], [1234.5, -5, -3, 0]),
    "euros after": (["1.234,50 €", "6,50 €", "7 €"], [1234.5, 6.5, 7]),
    "a code before": (["EUR 5,00", "EUR 1.006,50"], [5, 1006.5]),
    "percent": (["5%", "7.5 %", "-1%"], [5, 7.5, -1]),
    "a unit": (["12 kg", "13.5kg", "1,200 kg"], [12, 13.5, 1200]),
    "a compound unit": (["5 km/h", "6.5 km/h"], [5, 6.5]),
    "accounting": (["(1,200)", "300", "(4.5)"], [-1200, 300, -4.5]),
    "real minus": (["\u22125", "6.5", "\u20131e3"], [-5, 6.5, -1000]),
    "trailing minus": (["100-", "5.5"], [-100, 5.5]),
    "Fortran": (["1.5D+03", "2.5d-01"], [1500, 0.25]),
    "bounds": (["<0.4", "1.5", "≤ 2", "7", ">9", "8"], [0.4, 1.5, 2, 7, 9, 8]),
    "huge": (["51234567890123456789", "-1e300"], [51234567890123456789, -1e300]),
    "infinite": (["∞", "1.5", "-Infinity"], [math.inf, 1.5, -math.inf]),
}


@pytest.mark.parametrize("case", FORMATS)
def test_numbers_as_people_write_them(case):
    words, numbers = FORMATS[case]
    # Infinite words are few among numbers.
    column = type_column(pl.Series(words + ["1"] * 60 if case == "infinite" else words))
    assert column.kind == "number"
    assert column.values.to_list()[: len(words)] == pytest.approx(numbers, rel=1e-15)


@pytest.mark.parametrize(
    "words",
    [
        ["12 kg", "500 g"],
        ["town 0", "town 1"],
        ["Q1", "Q2"],
        ["1.5K", "2M"],
        ["<18", ">60"],
        ["5-10", "10-20"],
        ["(5", "6)"],
        ["1.2.3", "1.2.4"],
        ["1,23,4", "2,34,5"],
        ["$5", "6 €"],
        ["1st", "2nd"],
    ],
)
def test_what_is_no_column_of_numbers_stays_words(words):
    assert type_column(pl.Series(words)).kind == "category"


PLAIN, COMMA, GROUPED = NumberFormat(), NumberFormat(","), NumberFormat(thousands=",")
GERMAN = NumberFormat(",", ".")
FRACTIONS, PRICES = pl.Series("a", ["0.5", "1.25"]), pl.Series("a", ["0,5", "1,25"])


@pytest.mark.parametrize(
    ("words", "around", "separator", "style"),
    [
        (["3,630", "519"], None, "\t", GROUPED),
        (["3,630", "519"], None, ";", GROUPED),
        (["3,630", "519"], PRICES, ";", COMMA),
        (["3,630", "2,519"], None, ";", COMMA),
        (["3,630", "2,519"], FRACTIONS, ";", GROUPED),
        (["3,630", "2,519"], None, ",", GROUPED),
        (["1.234", "519"], None, ";", PLAIN),
        (["1.234", "519"], PRICES, ";", GERMAN),
        ([f"{i}.234" for i in range(1, 20)] + ["519"], None, ";", GERMAN),
        ([f"{i}.234" for i in range(1, 20)] + ["519"], FRACTIONS, ";", PLAIN),
        ([f"{i}.234" for i in range(20)] + ["519"], None, ";", PLAIN),
        ([f"{i}.234" for i in range(1, 20)] + ["5190"], None, ";", PLAIN),
    ],
)
def test_a_mark_is_decided_by_the_column_and_the_table_around_it(words, around, separator, style):
    columns = [pl.Series("words", words), *([] if around is None else [around.extend_constant("1", len(words) - 2)])]
    found = infer_type(columns[0], surroundings=Surroundings(pl.DataFrame(columns), separator))
    assert found.kind == "number"
    assert (found.format or PLAIN) == style


def table(numbers, name="t.csv"):
    lines = [f"{number};{i % 13};{'pq'[i % 2]}" for i, number in enumerate(numbers)]
    return "\n".join(["wert;z;gut", *lines])


@pytest.mark.parametrize("word", ["k.A.", "#DIV/0!", "<0,5", "1,5e3", "-"])
def test_one_marker_among_decimal_commas(word, tmp_path):
    path = tmp_path / "t.csv"
    numbers = [f"{i * 0.25:.2f}".replace(".", ",") for i in range(60)]
    path.write_text(table([word, *numbers[1:]]))
    dataset = open_data(path, target="gut")[0]
    assert dataset.schema.columns[0].format == COMMA
    expected = {"<0,5": 0.5, "1,5e3": 1500.0}.get(word, np.nan)
    found = dataset.features.numbers[:, 0]
    assert np.array_equal(found, [expected, *np.arange(1, 60) * 0.25], equal_nan=True)
    path.write_text(table([*numbers[:30], word]))
    assert np.isnan(open_new_rows(path, dataset.schema).features.numbers[30, 0]) == np.isnan(expected)


@pytest.mark.parametrize(
    ("trained", "new", "row"),
    [
        ([str(i * 7 % 50) for i in range(60)], [f"{i + 1},{i:03d}" for i in range(30)], 1),
        ([f"{i}.5" for i in range(60)], ["1.5", *(f"{i},5" for i in range(30))], 2),
        ([f"{i},5" for i in range(60)], [f"{i}.5" for i in range(30)], 1),
        ([f"{i * 7 % 50} kg" for i in range(60)], [f"{i} g" for i in range(30)], 1),
        ([str(i * 7 % 50) for i in range(60)], ["519", *(f"{i + 1}.{i + 100}" for i in range(30))], 2),
    ],
)
def test_a_file_in_another_format_is_told_not_bent(trained, new, row, tmp_path):
    (tmp_path / "train.csv").write_text(table(trained))
    (tmp_path / "new.csv").write_text(table(new))
    schema = open_data(tmp_path / "train.csv", target="gut")[0].schema
    with pytest.raises(InputError, match=rf"column 'wert' of .*new\.csv .*row {row} has '"):
        open_new_rows(tmp_path / "new.csv", schema)


def test_thousands_are_read_in_further_files_as_in_the_first(tmp_path):
    (tmp_path / "train.csv").write_text(table([f"{i * 70:,}" for i in range(60)]))
    (tmp_path / "new.csv").write_text(table(["1,234", "5"]))
    schema = open_data(tmp_path / "train.csv", target="gut")[0].schema
    assert open_new_rows(tmp_path / "new.csv", schema).features.numbers[:, 0].tolist() == [1234, 5]


def test_unsigned_and_huge_numbers_are_features_and_targets():
    big = [2**63 + 2**20 * i for i in range(60)]
    frame = pl.DataFrame({"hash": pl.Series(big, dtype=pl.UInt64), "x": [i % 7 for i in range(60)]})
    dataset = open_data(frame.with_columns(y=pl.Series([1e20 * (i % 11 + i / 100) for i in range(60)])), target="y")[0]
    assert dataset.schema.columns[0].name == "hash"
    assert dataset.features.numbers[:, 0].tolist() == [float(number) for number in big]
    assert dataset.target.max() == 1e20 * (10 + 54 / 100)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_durations_and_times_are_seconds_from_any_source(unit, tmp_path):
    spans = [datetime.timedelta(minutes=i, milliseconds=5) for i in range(60)]
    times = [datetime.time(i % 24, 30) for i in range(60)]
    frame = pl.DataFrame(
        {"span": pl.Series(spans, dtype=pl.Duration(unit)), "time": times, "y": [i % 2 for i in range(60)]}
    )
    frame.write_parquet(tmp_path / "t.parquet")
    pandas = pd.DataFrame({"span": pd.to_timedelta(spans).as_unit(unit), "time": times, "y": frame["y"].to_list()})
    expected = [[i * 60 + 0.005, (i % 24) * 3600 + 1800] for i in range(60)]
    for data in (frame, pandas, tmp_path / "t.parquet"):
        dataset = open_data(data, target="y")[0]
        assert [column.kind for column in dataset.schema.columns] == ["number", "number"]
        assert np.allclose(dataset.features.numbers, expected, rtol=1e-12)
