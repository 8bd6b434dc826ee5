import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goodfit.data.dataset import Column
from goodfit.data.tables import columns
from goodfit.data.tables.columns import ColumnType, as_days, as_words, type_column


def read_numbers(series, meaning):
    return columns.read_numbers(type_column(series, ColumnType(meaning.kind, meaning.format)), meaning, "a.csv")


def read_codes(series, meaning):
    return columns.read_codes(type_column(series, ColumnType("category")), meaning, "a.csv")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2.5", "1e3", None], "number"),
        ([1, 2], "number"),
        ([1.5, None], "number"),
        ([None, None], "number"),
        ([datetime.timedelta(1)], "number"),
        (["0", "1"], "number"),
        (["True", "false", "TRUE", None], "boolean"),
        (["yes", "No"], "boolean"),
        ([True, False], "boolean"),
        (["yes", "no", "maybe"], "category"),
        (["2024-01-31", "2024-01-31T12:00", None], "date"),
        ([datetime.date(2024, 1, 31)], "date"),
        ([datetime.datetime(2024, 1, 31)], "date"),
        (["31/01/2024"], "date"),
        (["2024-13-01"], "category"),
        ([[1, 2]], None),
        ([b"bytes"], None),
        (["1"] * 95 + ["x"] * 5, "number"),
        (["1"] * 94 + ["x"] * 6, "category"),
    ],
)
def test_kinds(values, kind):
    assert type_column(pl.Series(values)).kind == kind


zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes)))
first, last = datetime.datetime(1000, 1, 1), datetime.datetime(3000, 1, 1)


@given(
    st.datetimes(first, last) | st.datetimes(first, last, timezones=zones),
    st.sampled_from(["T", " "]),
)
def test_iso_text_is_as_many_days_as_python_says(moment, between):
    utc = moment.replace(tzinfo=moment.tzinfo or datetime.UTC)
    days = (utc - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) / datetime.timedelta(days=1)
    read = as_days(pl.Series([moment.isoformat(between)]))[0]
    assert read == pytest.approx(days, abs=1e-8)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1970-01-02", 1.0),
        ("1969-12-31", -1.0),
        ("1970-01-01T06:00", 0.25),
        ("1970-01-01 06:00:00Z", 0.25),
        ("1970-01-01T00:00:00-05:30", 5.5 / 24),
        ("1970-01-01T00:00:00-00:30", 0.5 / 24),
        ("1970-01-01T00:00:00+0200", -2 / 24),
        ("2024-02-29", 19782.0),
        ("2023-02-29", None),
        ("1970-01-01T25:00", None),
        ("soon", None),
    ],
)
def test_days_of_text(text, days):
    read = as_days(pl.Series([text]))[0]
    assert read == (days if days is None else pytest.approx(days, abs=1e-12))


def test_days_of_dates_with_and_without_a_zone():
    moments = pl.Series([datetime.datetime(1970, 1, 3, 12)])
    assert as_days(moments).to_list() == [2.5]
    assert as_days(moments.dt.replace_time_zone("Asia/Tokyo")).to_list() == [2.5 - 9 / 24]
    assert as_days(pl.Series([datetime.date(1970, 1, 3)])).to_list() == [2.0]


def test_numbers_booleans_and_dates_with_missing_values():
    assert np.array_equal(
        read_numbers(pl.Series(["1", None, "2.5"]), Column("a", "number")), [1.0, np.nan, 2.5], equal_nan=True
    )
    for values in (["Yes", "no", None], [True, False, None], ["1", "0", None], [1, 0, None]):
        read = read_numbers(pl.Series(values), Column("a", "boolean"))
        assert np.array_equal(read, [1.0, 0.0, np.nan], equal_nan=True)
    dates = read_numbers(pl.Series(["1970-01-11", None]), Column("a", "date"))
    assert np.array_equal(dates, [10.0, np.nan], equal_nan=True)


def test_codes_of_words_and_of_numbers_that_are_words():
    column = Column("a", "category", ("1", "2", "x"))
    assert read_codes(pl.Series(["x", None, "never", "1"]), column).tolist() == [2, -1, -1, 0]
    assert read_codes(pl.Series([2.0, None, 1.0]), column).tolist() == [1, -1, 0]
    assert read_codes(pl.Series([2, 7]), column).tolist() == [1, -1]
    assert read_codes(pl.Series([None, None]), column).tolist() == [-1, -1]


def test_whole_numbers_are_written_without_a_point_only_where_all_are_whole_and_exact():
    assert as_words(pl.Series([1.0, None, -3.0])).to_list() == ["1", None, "-3"]
    assert as_words(pl.Series([1.0, 2.5])).to_list() == ["1.0", "2.5"]
    assert float(as_words(pl.Series([1e300]))[0]) == 1e300
