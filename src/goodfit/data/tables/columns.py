"""One column at a time: its kind, and its values as numbers or category codes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import polars as pl
from jaxtyping import Float, Int

from goodfit.data.dataset import Column, Kind
from goodfit.data.formats import ColumnFormat, DateFormat, NumberFormat
from goodfit.data.tables.dates import are_dates_in_digits, in_digits, infer_date_format, read_dates
from goodfit.data.tables.labels import respell
from goodfit.data.tables.missing import MARKS
from goodfit.data.tables.numbers import (
    READABLE_SHARE,
    Surroundings,
    are_plain,
    divide,
    infer_number_format,
    read_numbers_of_text,
)
from goodfit.errors import InputError

BOOLEAN_WORDS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "1": 1.0, "0": 0.0}
_LARGEST_WHOLE = 2**53  # beyond, float64 skips whole numbers
FEWEST_NUMBERS = 10  # different numbers, fewer of which may be names of classes
_BOOLEAN_SAMPLE = 10_000  # rows whose words decide if it is worth reading all as true or false


class ColumnType(NamedTuple):
    """The kind of a column's values, and how they are written.

    Attributes:
        kind: None for nested or binary values, which are not learned from.
        format: of numbers and dates; None for plain numbers and ISO 8601 dates.
    """

    kind: Kind | None
    format: ColumnFormat | None = None


@dataclass(frozen=True, eq=False)
class TypedColumn:
    """A column and the kind that its values have.

    Attributes:
        raw: the column as it stands in the table.
        type: kind and format of its values.
        values: numbers, null where missing or unreadable; of other kinds the same as `raw`.
        marks: the words of a text file that stand for missing values, null in other rows; None if there are none.
    """

    raw: pl.Series
    type: ColumnType
    values: pl.Series
    marks: pl.Series | None = None

    @property
    def name(self) -> str:
        """The column's name."""
        return self.raw.name

    @property
    def kind(self) -> Kind | None:
        """The kind of its values."""
        return self.type.kind

    @cached_property
    def words(self) -> pl.Series:
        """The values as text, whole numbers without a decimal point."""
        return as_words(self.raw)

    @property
    def unreadable(self) -> pl.Series:
        """The words in place of numbers or dates."""
        words = self.raw.filter(self.raw.is_not_null() & self.values.is_null()).cast(pl.String)
        return words.filter(words != unknown_word(self.type.format))

    @property
    def first_word(self) -> str | None:
        """The first value that is not a number."""
        values = self.values if self.kind == "number" else as_numbers(self.words)
        words = self.words.filter(values.is_null())
        return None if words.is_empty() else words[0]

    def take(self, rows: Int[np.ndarray, "selection"]) -> "TypedColumn":
        """Return the column of these rows."""
        marks = None if self.marks is None else self.marks[rows]
        return replace(self, raw=self.raw[rows], values=self.values[rows], marks=marks)


def infer_type(
    column: pl.Series, declared_category: bool = False, surroundings: Surroundings | None = None
) -> ColumnType:
    """Infer the kind of a column: by its type, and for text by the kind that nearly all values can be read as.

    Args:
        column: of the training source.
        declared_category: True if the column was one of categories before it became words or numbers.
        surroundings: the table around it, by default the column alone.
    """
    dtype = column.dtype
    if declared_category:
        return ColumnType("category")
    if dtype == pl.Boolean:
        return ColumnType("boolean")
    if dtype in (pl.Date, pl.Datetime):
        return ColumnType("date")
    if (dtype.is_numeric() or dtype == pl.String) and are_dates_in_digits(_unmarked(column)):
        return ColumnType("date", DateFormat("digits"))
    if dtype.is_numeric() or dtype in (pl.Duration, pl.Time, pl.Null):
        return ColumnType("number")
    if dtype != pl.String:
        return ColumnType(None)
    words = set(column.drop_nulls().head(_BOOLEAN_SAMPLE).str.to_lowercase().unique())
    if words in ({"true", "false"}, {"yes", "no"}) and as_booleans(column).count() == column.count():
        return ColumnType("boolean")
    present = _unmarked(column)
    if present.count() == 0 or are_plain(present):
        return ColumnType("number")
    surroundings = surroundings or Surroundings(column.to_frame(), None)
    style = infer_number_format(divide(present), surroundings) or _beside_a_word(present, surroundings)
    if style is not None:
        return ColumnType("number", None if style == NumberFormat() else style)
    dates = infer_date_format(present, surroundings)
    if dates is None:
        return ColumnType("category")
    if dates.order == "time":
        return ColumnType("number", dates)
    return ColumnType("date", None if dates.order == "ymd" else dates)


def _beside_a_word(words: pl.Series, surroundings: Surroundings) -> NumberFormat | None:
    """Return the format of numbers that one frequent word replaces, such as `unknown`; None without one."""
    counts = divide(words).parts.select("word", "rows", "digits").sort("rows", "word", descending=[True, False])
    others, numbers = counts.filter(pl.col("digits").is_null()), counts.filter(pl.col("digits").is_not_null())
    # Few different numbers may be levels of a category, as in 1, 2, 3, other.
    if others.is_empty() or len(numbers) < FEWEST_NUMBERS or 2 * numbers["rows"].sum() < counts["rows"].sum():
        return None
    word = others["word"][0]
    style = infer_number_format(divide(words.filter(words != word)), surroundings)
    return replace(style, unknown=word) if style else None


def unknown_word(style: ColumnFormat | None) -> str:
    """Return the word that stands in place of a number; empty if there is none."""
    return style.unknown if isinstance(style, NumberFormat) else ""


def _unmarked(column: pl.Series) -> pl.Series:
    """Return the values that are no marks of missing ones: null in a text file, in a frame they may be words."""
    return column.filter(~column.is_in(MARKS)) if column.dtype == pl.String else column


def type_column(
    column: pl.Series, column_type: ColumnType | None = None, marks: pl.Series | None = None
) -> TypedColumn:
    """Read a column as the type that its training source has, by default as the one that its values look like."""
    column_type = column_type or infer_type(column)
    values = column
    if column_type.kind in READERS:
        contents = _other_contents(column, column_type.kind, column_type.format)
        nothing = pl.Series(column.name, [None] * len(column), pl.Float64)
        values = nothing if contents else READERS[column_type.kind](column, column_type.format)
    return TypedColumn(column, column_type, values, marks)


def type_columns(frame: pl.DataFrame, types: Mapping[str, ColumnType] | None = None) -> dict[str, TypedColumn]:
    """Read each column of a table; by their names."""
    return {column.name: type_column(column, types[column.name] if types else None) for column in frame}


def is_nested(column: pl.Series) -> bool:
    """Return True for lists, structures, bytes and the like, which are not learned from."""
    flat = (pl.Boolean, pl.String, pl.Date, pl.Datetime, pl.Duration, pl.Time, pl.Null)
    return not (column.dtype.is_numeric() or column.dtype in flat)


def as_numbers(column: pl.Series, style: ColumnFormat | None = None) -> pl.Series:
    """Return the values as numbers, times of day and durations in seconds; null where missing or unreadable."""
    if column.dtype == pl.String:
        if isinstance(style, DateFormat):
            return read_dates(column, style)
        return read_numbers_of_text(column, style)
    if column.dtype in (pl.Time, pl.Duration):
        return column.cast(pl.Duration("ns")).cast(pl.Float64) / 1e9
    return column.cast(pl.Float64, strict=False)


def as_booleans(column: pl.Series, style: ColumnFormat | None = None) -> pl.Series:
    """Return the values as 0 and 1; null where missing or unreadable."""
    if column.dtype == pl.String:
        return column.str.to_lowercase().replace_strict(BOOLEAN_WORDS, default=None, return_dtype=pl.Float64)
    numbers = as_numbers(column)
    return numbers.set(~numbers.is_in([0.0, 1.0]), None)


def as_days(column: pl.Series, style: ColumnFormat | None = None) -> pl.Series:
    """Return dates as days since 1970, also text and times of day; null where missing or unreadable."""
    if column.dtype == pl.String or column.dtype.is_numeric():
        return read_dates(in_digits(column), style if isinstance(style, DateFormat) else None)
    if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone:
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return column.cast(pl.Datetime("us"), strict=False).cast(pl.Float64) / 86_400e6


def as_words(column: pl.Series) -> pl.Series:
    """Return the values as text, whole numbers without a decimal point."""
    if column.dtype.is_float():
        present = column.drop_nulls()
        if ((present % 1 == 0) & (present.abs() < _LARGEST_WHOLE)).all():
            column = column.cast(pl.Int64)
    if column.dtype == pl.Duration:
        column = column.cast(pl.Int64)
    return column.cast(pl.String)


READERS = {"number": as_numbers, "boolean": as_booleans, "date": as_days}


def read_numbers(column: TypedColumn, meaning: Column, place: str) -> Float[np.ndarray, "rows"]:
    """Return the column as numbers, NaN where missing; a few unreadable values count as missing.

    Args:
        column: of a table.
        meaning: the number, boolean or date that its values should be.
        place: name of the table in an error.

    Raises:
        InputError: another kind of column, too many unreadable values, or an infinite one.
    """
    _refuse_other_kind(column.raw, meaning, place)
    raw, values = column.raw, column.values
    words = raw.is_not_null()
    if raw.dtype == pl.String:
        words &= ~raw.is_in(MARKS) & (raw != unknown_word(meaning.format))
    unreadable = words & values.is_null()
    if np.count_nonzero(unreadable) > (1 - READABLE_SHARE) * np.count_nonzero(words):
        row = unreadable.arg_true()[0]
        raise InputError(
            f"column '{meaning.name}' of {place} should hold {_PLURAL[meaning.kind]}, "
            f"but row {row + 1} has '{str(raw[row])[:40]}'"
        )
    array = values.to_numpy().astype(np.float64)
    infinite = np.flatnonzero(np.isinf(array))
    if len(infinite):
        raise InputError(
            f"column '{meaning.name}' of {place} has an infinite value in row {infinite[0] + 1}; "
            "put a number there, or leave it empty for missing"
        )
    return array


def read_codes(column: TypedColumn, meaning: Column, place: str) -> Int[np.ndarray, "rows"]:
    """Return the column as indices into its categories; -1 where missing or never seen.

    Args:
        column: of a table.
        meaning: the category that its values should be.
        place: name of the table in an error.

    Raises:
        InputError: a column that holds neither words nor numbers.
    """
    _refuse_other_kind(column.raw, meaning, place)
    codes = {level: code for code, level in enumerate(meaning.categories)}
    # A mark in a text file may be a level of the table that was learned from, where it was a word.
    words = column.words if column.marks is None else column.words.fill_null(column.marks)
    return (
        respell(words, meaning.categories)
        .replace_strict(codes, default=-1, return_dtype=pl.Int32)
        .fill_null(-1)
        .to_numpy()
    )


def _refuse_other_kind(column: pl.Series, meaning: Column, place: str) -> None:
    contents = _other_contents(column, meaning.kind, meaning.format)
    if contents:
        raise InputError(f"column '{meaning.name}' of {place} should hold {_PLURAL[meaning.kind]} but holds {contents}")


def _other_contents(column: pl.Series, kind: Kind, style: ColumnFormat | None) -> str | None:
    """Return the plural of what a column holds by its type, where that cannot be of this kind."""
    dtype = column.dtype
    if is_nested(column) or (kind == "date" and dtype in (pl.Time, pl.Duration)):
        return f"values of type {dtype}"
    if kind in ("number", "boolean") and dtype in (pl.Date, pl.Datetime):
        return "dates"
    return "numbers" if kind == "date" and dtype.is_numeric() and style != DateFormat("digits") else None


_PLURAL = {
    "number": "numbers",
    "boolean": "true or false",
    "date": "dates (like 2024-01-31)",
    "category": "words",
}
