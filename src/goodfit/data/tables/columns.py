"""One column at a time: which kind it is, and its values as numbers or category codes."""

import numpy as np
import polars as pl
from jaxtyping import Float, Int

from goodfit.data.dataset import Column, Kind
from goodfit.errors import InputError

MISSING_WORDS = ("", "na", "n/a", "#n/a", "null", "nan", "?")
BOOLEAN_WORDS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "1": 1.0, "0": 0.0}
READABLE_SHARE = 0.95  # of the values must read as numbers for the column to be one; the rest are missing
_LARGEST_WHOLE = 2**53  # beyond, float64 skips whole numbers
_DATE = (
    r"^(\d{4}-\d{2}-\d{2})(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?"
    r" ?(?:Z|([+-]\d{2}):?(\d{2}))?)?$"
)


def tidy(frame: pl.DataFrame) -> pl.DataFrame:
    """The same table with one sign for missing (null), no spaces around words, and words for enumerations."""
    words = [name for name, kind in frame.schema.items() if kind in (pl.Categorical, pl.Enum)]
    frame = frame.with_columns(pl.col(words).cast(pl.String)) if words else frame
    text = pl.col(pl.String).str.strip_chars()
    return frame.with_columns(
        pl.when(text.str.to_lowercase().is_in(MISSING_WORDS)).then(None).otherwise(text).name.keep(),
        pl.col(pl.Float32, pl.Float64).fill_nan(None),
    )


def as_numbers(column: pl.Series) -> pl.Series:
    """The values as numbers; null where there is none or it cannot be read."""
    return column.cast(pl.Float64, strict=False)


def as_booleans(column: pl.Series) -> pl.Series:
    """The values as 0 and 1; null where there is none or it cannot be read."""
    if column.dtype == pl.String:
        return column.str.to_lowercase().replace_strict(BOOLEAN_WORDS, default=None, return_dtype=pl.Float64)
    numbers = as_numbers(column)
    return numbers.set(~numbers.is_in([0.0, 1.0]), None)


def as_days(column: pl.Series) -> pl.Series:
    """Dates (also ISO 8601 text, also with a time of day) as days since 1970; null where none can be read."""
    if column.dtype == pl.String:
        return _days_of_text(column)
    if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone:
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return column.cast(pl.Datetime("us")).cast(pl.Float64) / 86_400e6


def _days_of_text(column: pl.Series) -> pl.Series:
    parts = [column.str.extract(_DATE, group) for group in range(1, 7)]
    days = parts[0].str.to_date("%Y-%m-%d", strict=False).cast(pl.Float64)
    hours, minutes, seconds, zone_hours, zone_minutes = (
        part.cast(pl.Float64, strict=False).fill_null(0.0) for part in parts[1:]
    )
    east = parts[4].str.starts_with("-").fill_null(False).cast(pl.Float64) * -2 + 1
    offset = zone_hours / 24 + east * zone_minutes / 1440
    return days + hours / 24 + minutes / 1440 + seconds / 86_400 - offset


def as_words(column: pl.Series) -> pl.Series:
    """The values as text, whole numbers without a decimal point."""
    if column.dtype.is_float():
        present = column.drop_nulls()
        if ((present % 1 == 0) & (present.abs() < _LARGEST_WHOLE)).all():
            column = column.cast(pl.Int64)
    return column.cast(pl.String)


READERS = {"number": as_numbers, "boolean": as_booleans, "date": as_days}


def infer_kind(column: pl.Series) -> Kind | None:
    """What the column holds; None for nested or binary values, which are not learned from."""
    dtype = column.dtype
    if dtype == pl.Boolean:
        return "boolean"
    if dtype in (pl.Date, pl.Datetime):
        return "date"
    if dtype.is_numeric() or dtype in (pl.Duration, pl.Time, pl.Null):
        return "number"
    if dtype != pl.String:
        return None
    present = column.drop_nulls()
    words = set(present.head(10_000).str.to_lowercase().unique())
    if words in ({"true", "false"}, {"yes", "no"}) and readable_share(present, "boolean") == 1:
        return "boolean"
    for kind in ("number", "date"):
        if readable_share(present, kind) >= READABLE_SHARE:
            return kind
    return "category"


def readable_share(column: pl.Series, kind: Kind) -> float:
    """The share of the column's values that can be read as this kind."""
    present = column.drop_nulls()
    return 1.0 if present.is_empty() else READERS[kind](present).count() / len(present)


def read_numbers(column: pl.Series, meaning: Column, where: str = "") -> Float[np.ndarray, "rows"]:
    """The column as numbers, NaN where missing; a few values that cannot be read count as missing.

    Raises:
        InputError: another kind of column, too many values that cannot be read, or an infinite one.
    """
    _refuse_other_kind(column, meaning, where)
    values = READERS[meaning.kind](column)
    unreadable = column.is_not_null() & values.is_null()
    if unreadable.sum() > (1 - READABLE_SHARE) * column.count():
        row = unreadable.arg_true()[0]
        raise InputError(
            f"column '{meaning.name}'{where} should hold {_PLURAL[meaning.kind]}, "
            f"but row {row + 1} has '{str(column[row])[:40]}'"
        )
    array = values.to_numpy().astype(np.float64)
    infinite = np.flatnonzero(np.isinf(array))
    if len(infinite):
        raise InputError(
            f"column '{meaning.name}'{where} has an infinite value in row {infinite[0] + 1}; "
            "put a number there, or leave it empty for missing"
        )
    return array


def read_codes(column: pl.Series, meaning: Column, where: str = "") -> Int[np.ndarray, "rows"]:
    """The column as indices into its categories; -1 where missing or never seen.

    Raises:
        InputError: a column that is neither words nor numbers.
    """
    _refuse_other_kind(column, meaning, where)
    codes = {level: code for code, level in enumerate(meaning.categories)}
    return as_words(column).replace_strict(codes, default=-1, return_dtype=pl.Int32).fill_null(-1).to_numpy()


def _refuse_other_kind(column: pl.Series, meaning: Column, where: str) -> None:
    dtype = column.dtype
    dates, numbers = dtype in (pl.Date, pl.Datetime), dtype.is_numeric()
    nested = not (dates or numbers or dtype in (pl.Boolean, pl.String, pl.Null, pl.Duration, pl.Time))
    if nested or (dates and meaning.kind in ("number", "boolean")) or (numbers and meaning.kind == "date"):
        found = "dates" if dates else "numbers" if numbers else f"values of type {dtype}"
        raise InputError(f"column '{meaning.name}'{where} should hold {_PLURAL[meaning.kind]} but holds {found}")


_PLURAL = {
    "number": "numbers",
    "boolean": "true or false",
    "date": "dates (like 2024-01-31)",
    "category": "words",
}
