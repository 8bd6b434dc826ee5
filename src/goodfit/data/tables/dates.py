"""Dates, times of day and durations as people write them."""

from collections.abc import Sequence
from typing import Literal

import polars as pl

from goodfit.data.formats import DateFormat
from goodfit.data.tables.numbers import READABLE_SHARE, Surroundings

_DIGITS = r"^(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})$"
# Of random numbers of eight digits 4 % are such dates, so that ten different ones are no chance.
_FEWEST_IN_DIGITS = 10
_SAMPLE = 1_000

Order = Literal["dmy", "mdy"]

_NAMES = (
    ("january", "jan", "januar", "jän", "jänner"),
    ("february", "feb", "februar"),
    ("march", "mar", "märz", "mär", "mrz"),
    ("april", "apr"),
    ("may", "mai"),
    ("june", "jun", "juni"),
    ("july", "jul", "juli"),
    ("august", "aug"),
    ("september", "sep", "sept"),
    ("october", "oct", "oktober", "okt"),
    ("november", "nov"),
    ("december", "dec", "dezember", "dez"),
)
_MONTHS = {name: str(month) for month, names in enumerate(_NAMES, 1) for name in names}
_NAME = rf"(?P<name>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? )?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?"
_ZONE = r"(?:z|utc|gmt|(?:utc|gmt)?(?P<zone>[+-]\d{2}(?::?\d{2})?))"
_CLOCK = (
    r"(?:(?:t|,? )(?P<hour>\d{1,2}):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d(?:[.,]\d+)?))?"
    rf" ?(?P<half>[ap]\.?m\.?)? ?{_ZONE}?)?$"
)
# What can be read in one way alone: the year first, a month and its year, or the month's name.
_STYLES = (
    rf"^(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}}){_CLOCK}",
    r"^(?P<year>\d{4})[-/](?P<month>\d{1,2})$",
    r"^(?P<month>\d{1,2})[-/](?P<year>\d{4})$",
    rf"^{_WEEKDAY}{_DAY}[-/ ]{_NAME},?[-/ ](?P<year>\d{{4}}|\d{{2}}){_CLOCK}",
    rf"^{_WEEKDAY}{_NAME}[-/ ]{_DAY},?[-/ ](?P<year>\d{{4}}){_CLOCK}",
    rf"^{_NAME}[-/ ](?P<year>\d{{4}})$",
    rf"^(?P<year>\d{{4}})[-/ ]{_NAME}(?:[-/ ](?P<day>\d{{1,2}}))?{_CLOCK}",
)
# A year of two digits needs days and months of two, or 3.11.12 would be a date.
_NUMERIC = (
    rf"^{_WEEKDAY}(?P<first>\d{{1,2}})[-/.] ?(?P<next>\d{{1,2}})[-/.] ?(?P<year>\d{{4}}){_CLOCK}",
    rf"^(?P<first>\d{{2}})[-/.](?P<next>\d{{2}})[-/.](?P<year>\d{{2}}){_CLOCK}",
)
_TIME = (
    r"^(?:(?P<days>-?\d+) days?,? ?\+?)?(?P<minus>-)?(?P<hour>\d{1,4}):(?P<minute>[0-5]\d)"
    r"(?::(?P<second>[0-5]\d(?:[.,]\d+)?))? ?(?P<half>[ap]\.?m\.?)?$"
)
_GROUPS = ("word", "year", "month", "name", "day", "first", "next")
_GROUPS += ("hour", "minute", "second", "half", "zone", "days", "minus")
_CENTURY = 69  # POSIX: 69 to 99 are years of the 20th century, 00 to 68 of the 21st


def infer_date_format(words: pl.Series, surroundings: Surroundings | None = None) -> DateFormat | None:
    """Return the format by which nearly all words are dates or times; None if none does.

    Args:
        words: of the training source, without missing ones.
        surroundings: the table around them, whose other columns tell if days or months come first; None to look at the
            words alone.
    """
    present = words.drop_nulls()
    if len(present) == 0:
        return None
    orders: tuple[Literal["ymd", "dmy", "mdy", "time"], ...] = ("ymd", "dmy", "mdy", "time")
    counts = {order: read_dates(present, DateFormat(order)).count() for order in orders}
    best = max(orders, key=lambda order: counts[order])
    if counts[best] < READABLE_SHARE * len(present):
        return None
    if best == "dmy" and counts["mdy"] == counts["dmy"]:
        return DateFormat(_usual_order(present, surroundings))
    return DateFormat(best)


def are_dates_in_digits(column: pl.Series) -> bool:
    """Return True for words or whole numbers that are nearly all dates such as 20240131."""
    present = column.drop_nulls()
    if present.is_empty():
        return False
    sample = in_digits(present.head(_SAMPLE))
    if 2 * sample.str.contains(_DIGITS).sum() < len(sample):  # most columns end here
        return False
    dates = read_dates(in_digits(present), DateFormat("digits"))
    return dates.drop_nulls().n_unique() >= _FEWEST_IN_DIGITS and dates.count() >= READABLE_SHARE * len(present)


def in_digits(column: pl.Series) -> pl.Series:
    """Return words, and whole numbers as words; fractions are null."""
    if column.dtype.is_float():
        column = column.set(column % 1 != 0, None)
    return column if column.dtype == pl.String else column.cast(pl.Int64, strict=False).cast(pl.String)


def is_ambiguous(words: pl.Series) -> bool:
    """Return True if the dates can be read day first and month first alike, and differ."""
    day_first, month_first = read_dates(words, DateFormat("dmy")), read_dates(words, DateFormat("mdy"))
    return day_first.count() == month_first.count() and not day_first.equals(month_first)


def _usual_order(words: pl.Series, surroundings: Surroundings | None) -> Order:
    """Return the order where no day is above 12: that of other columns, else by the marks that countries use."""
    columns = [] if surroundings is None else surroundings.text()
    orders: set[Order] = {order for column in columns if (order := _definite_order(column)) is not None}
    if len(orders) == 1:
        return next(iter(orders))
    slashes = words.str.contains("/", literal=True).any() or words.str.contains(r"(?i)[ap]\.?m\.?$").any()
    return "mdy" if slashes else "dmy"


def _definite_order(words: pl.Series) -> Order | None:
    day_first = read_dates(words, DateFormat("dmy")).count()
    month_first = read_dates(words, DateFormat("mdy")).count()
    if day_first == month_first or max(day_first, month_first) < READABLE_SHARE * words.count():
        return None
    return "dmy" if day_first > month_first else "mdy"


def read_dates(words: pl.Series, style: DateFormat | None) -> pl.Series:
    """Return words as days since 1970, or times of day and durations in seconds; null where missing or unreadable."""
    different = words.drop_nulls().unique()
    if style is not None and style.order == "time":
        table = _times(different)
    else:
        table = _days(different, style.order if style else "ymd")
    return words.replace_strict(table["word"], table["value"], default=None, return_dtype=pl.Float64)


def _days(words: pl.Series, order: str) -> pl.DataFrame:
    """Return the dates among different words, with their days since 1970."""
    styles = {"ymd": _STYLES, "digits": (_DIGITS, *_STYLES)}.get(order, (*_STYLES, *_NUMERIC))
    parts = _extract(words, styles)
    day_first = order == "dmy"
    day, month = ("first", "next") if day_first else ("next", "first")
    names = pl.col("name").str.to_lowercase().replace_strict(_MONTHS, default=None, return_dtype=pl.String)
    short = pl.when(pl.col("year").cast(pl.Int32) < _CENTURY).then(pl.lit("20")).otherwise(pl.lit("19"))
    year = pl.when(pl.col("year").str.len_chars() == 2).then(short + pl.col("year")).otherwise(pl.col("year"))
    dates = pl.concat_str(
        year,
        pl.coalesce("month", names, month).str.zfill(2),
        pl.coalesce("day", day, pl.lit("1")).str.zfill(2),
        separator="-",
    ).str.to_date("%Y-%m-%d", strict=False)
    zone = pl.col("zone").str.replace(":", "")
    minutes = zone.str.slice(1, 2).cast(pl.Float64) * 60 + zone.str.slice(3, 2).replace("", "0").cast(pl.Float64)
    offset = minutes * pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    value = dates.cast(pl.Float64) + _seconds() / 86_400 - offset.fill_null(0.0) / 1440
    return parts.select("word", value=pl.when(_is_time_of_day()).then(value)).drop_nulls()


def _times(words: pl.Series) -> pl.DataFrame:
    """Return the times and durations among different words, in seconds."""
    parts = _extract(words, (_TIME,))
    seconds = _seconds() * pl.when(pl.col("minus").is_null()).then(1).otherwise(-1)
    value = pl.col("days").cast(pl.Float64).fill_null(0.0) * 86_400 + seconds
    whole = _is_time_of_day() | pl.col("half").is_null()
    return parts.select("word", value=pl.when(whole).then(value)).drop_nulls()


def _extract(words: pl.Series, styles: Sequence[str]) -> pl.DataFrame:
    """Return the groups of the first style that each word has; words without one are left out."""
    parts = [pl.DataFrame(schema=dict.fromkeys(_GROUPS, pl.String))]
    rest = words.rename("word")
    for style in styles:
        fits = rest.str.contains(f"(?i){style}")
        if fits.any():
            groups = rest.filter(fits).str.extract_groups(f"(?i){style}").struct.unnest()
            parts.append(groups.with_columns(word=rest.filter(fits)))
            rest = rest.filter(~fits)
    return pl.concat(parts, how="diagonal")


def _seconds() -> pl.Expr:
    """Return the seconds since midnight."""
    hour = pl.col("hour").cast(pl.Float64)
    half = pl.col("half").str.to_lowercase()
    hour = (
        pl.when(half.is_null())
        .then(hour)
        .otherwise(hour % 12 + pl.when(half.str.starts_with("p")).then(12).otherwise(0))
    )
    second = pl.col("second").str.replace(",", ".").cast(pl.Float64)
    return hour.fill_null(0.0) * 3600 + pl.col("minute").cast(pl.Float64).fill_null(0.0) * 60 + second.fill_null(0.0)


def _is_time_of_day() -> pl.Expr:
    hour = pl.col("hour").cast(pl.Int32).fill_null(0)
    return (hour < 24) & (pl.col("half").is_null() | hour.is_between(1, 12))
