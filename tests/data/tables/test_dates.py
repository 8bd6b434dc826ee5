"""Dates, times and durations as people write them: the moment that Python's own parser reads."""

import datetime

import polars as pl
import pytest

from goodfit.data.formats import DateFormat
from goodfit.data.open import open_data, open_new_rows
from goodfit.data.tables.columns import infer_type, type_column
from goodfit.data.tables.numbers import Surroundings
from goodfit.errors import InputError

EPOCH = datetime.datetime(1970, 1, 1)
MOMENTS = [datetime.datetime(2019, 1, 3, 9, 5) + datetime.timedelta(days=37 * i, minutes=97 * i) for i in range(40)]
DAYS = [
    "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y.%m.%d", "%d-%b-%Y", "%d %B %Y", "%B %d, %Y",
    "%b %d, %Y", "%a, %d %b %Y", "%d.%m.%y", "%Y-%b-%d", "%A, %B %d, %Y",
]  # fmt: skip
CLOCKS = ["", " %H:%M", " %H:%M:%S", " %I:%M %p", "T%H:%M:%SZ", " %H:%M:%S UTC", ", %I:%M:%S%p"]


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("day", DAYS)
def test_dates_in_every_usual_format(day, clock):
    column = type_column(pl.Series([moment.strftime(day + clock) for moment in MOMENTS]))
    moments = MOMENTS if clock else [moment.replace(hour=0, minute=0) for moment in MOMENTS]
    assert column.kind == "date"
    assert column.values.to_list() == pytest.approx([(moment - EPOCH).total_seconds() / 86_400 for moment in moments])


@pytest.mark.parametrize("style", ["%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%B %Y", "%Y-%b"])
def test_months_begin_on_their_first_day(style):
    column = type_column(pl.Series([moment.strftime(style) for moment in MOMENTS]))
    assert column.kind == "date"
    assert column.values.to_list() == [(moment.replace(day=1) - EPOCH).days for moment in MOMENTS]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-03-31T01:30:00+01:00", "2024-03-31T00:30"),
        ("2024-03-31 03:30:00-0230", "2024-03-31T06:00"),
        ("31/03/2024 03:30 UTC+02:00", "2024-03-31T01:30"),
        ("2024-03-31 03:30 GMT", "2024-03-31T03:30"),
        ("Sun, 31 Mar 2024 03:30:00 +05", "2024-03-30T22:30"),
        ("31. März 2024", "2024-03-31T00:00"),
        ("2024-03-31T12:00:00.250Z", "2024-03-31T12:00:00.250"),
    ],
)
def test_zones_and_other_spellings(text, utc):
    days = (datetime.datetime.fromisoformat(utc) - EPOCH) / datetime.timedelta(days=1)
    assert type_column(pl.Series([text])).values.item() == pytest.approx(days, abs=1e-9)


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        (["10:30", "23:05"], [37800, 83100]),
        (["10:30 AM", "12:05 am", "12:00 pm"], [37800, 300, 43200]),
        (["1:02:03.5", "40:15:00"], [3723.5, 144900]),
        (["3 days 05:00:00", "0 days 10:30:00", "-1 days +23:00:00"], [277200, 37800, -3600]),
    ],
)
def test_times_and_durations_are_seconds(words, seconds):
    column = type_column(pl.Series(words))
    assert column.kind == "number"
    assert column.values.to_list() == seconds


@pytest.mark.parametrize(
    "words",
    [
        ["2024-13-01"],
        ["13/13/2024"],
        ["marble 5 2024"],
        ["3.11.12", "3.12.1"],
        ["1970-01-01T25:00"],
        ["31/12/2024", "12/31/2024"],
        ["25:61"],
        ["2024-02-30"],
    ],
)
def test_what_is_no_date_stays_words(words):
    assert type_column(pl.Series(words)).kind == "category"


def test_years_are_numbers():
    assert type_column(pl.Series(["2019", "2020"])).kind == "number"


@pytest.mark.parametrize(
    ("words", "around", "order"),
    [
        (["05/03/2024", "31/03/2024"], None, "dmy"),
        (["05/03/2024", "03/31/2024"], None, "mdy"),
        (["05/03/2024", "06/04/2024"], None, "mdy"),
        (["05/03/2024", "06/04/2024"], ["31/01/2024", "01/02/2024"], "dmy"),
        (["05.03.2024", "06.04.2024"], None, "dmy"),
        (["05-03-2024", "06-04-2024"], ["01-31-2024", "01-02-2024"], "mdy"),
    ],
)
def test_days_or_months_first_is_decided_by_the_columns(words, around, order):
    columns = [pl.Series("words", words), *([pl.Series("around", around)] if around else [])]
    found = infer_type(columns[0], surroundings=Surroundings(pl.DataFrame(columns), ","))
    assert found == ("date", DateFormat(order))


def table(dates):
    lines = [f"{date},{i % 13},{'pq'[i % 2]}" for i, date in enumerate(dates)]
    return "\n".join(["hired,z,y", *lines])


def test_an_order_that_nobody_can_tell_is_said(tmp_path):
    (tmp_path / "t.csv").write_text(table([f"0{2 + i % 7}/0{1 + i % 5}/2024" for i in range(60)]))
    note = next(note for note in open_data(tmp_path / "t.csv", target="y")[0].notes if note.severity == "warning")
    assert note.text == (
        "Column 'hired': days and months cannot be told apart in its dates; they are read month first "
        "('02/01/2024' is 2024-02-01). If that is wrong, write them as 2024-01-31."
    )


def test_later_files_are_read_as_the_first(tmp_path):
    (tmp_path / "train.csv").write_text(table([f"{1 + i % 28:02d}/03/2024" for i in range(60)]))
    (tmp_path / "new.csv").write_text(table(["05/03/2024", "06/04/2024"]))
    (tmp_path / "other.csv").write_text(table(["05/03/2024", "03/31/2024", "04/30/2024"]))
    schema = open_data(tmp_path / "train.csv", target="y")[0].schema
    days = [(datetime.datetime(2024, 3, 5) - EPOCH).days, (datetime.datetime(2024, 4, 6) - EPOCH).days]
    assert open_new_rows(tmp_path / "new.csv", schema).features.numbers[:, 0].tolist() == days
    with pytest.raises(InputError, match=r"column 'hired' of .*other\.csv should hold dates .*row 2 has '03/31/2024'"):
        open_new_rows(tmp_path / "other.csv", schema)


@pytest.mark.parametrize("kind", [pl.String, pl.Int32, pl.Int64, pl.Float64])
def test_eight_digits_are_dates(kind):
    digits = [int(f"{moment:%Y%m%d}") for moment in MOMENTS] + [None]
    column = type_column(pl.Series(digits).cast(kind))
    assert column.type == ("date", DateFormat("digits"))
    midnights = [moment.replace(hour=0, minute=0) for moment in MOMENTS]
    assert column.values.to_list() == [*((moment - EPOCH).days for moment in midnights), None]


@pytest.mark.parametrize(
    "numbers",
    [
        [20200101 + 37 * i for i in range(40)],  # days beyond 31
        [20200101, 20200102, 20200103] * 20,  # too few to be no chance
        [10_000_000 + i for i in range(40)],
        [30120101 + i for i in range(28)],
    ],
    ids=["amounts", "few", "identifiers", "far"],
)
def test_other_numbers_of_eight_digits_are_numbers(numbers):
    assert infer_type(pl.Series(numbers)).kind == "number"


@pytest.mark.parametrize(
    "later",
    [[20240131], ["20240131"], [datetime.date(2024, 1, 31)], ["2024-01-31"]],
    ids=["int", "text", "date", "iso"],
)
def test_dates_in_digits_are_known_later_in_any_type(later):
    days = [int(f"{moment:%Y%m%d}") for moment in MOMENTS]
    dataset, _ = open_data(pl.DataFrame({"day": days, "y": [0.1 * i for i in range(40)]}), target="y")
    expected = (datetime.date(2024, 1, 31) - datetime.date(1970, 1, 1)).days
    assert open_new_rows(pl.DataFrame({"day": later}), dataset.schema).features.numbers.item() == expected
