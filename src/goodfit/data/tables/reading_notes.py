"""Notes on how columns were read: what was guessed, what may be meant otherwise, and what could not be read."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from goodfit.data.formats import DateFormat, NumberFormat
from goodfit.data.notes import Note, guess, loss, warning
from goodfit.data.tables.columns import FEWEST_NUMBERS, TypedColumn
from goodfit.data.tables.dates import is_ambiguous
from goodfit.data.tables.numbers import READABLE_SHARE, bounds, divide
from goodfit.wording import numbers

_ORDERS = {"dmy": "day", "mdy": "month"}
_EPOCH = date(1970, 1, 1)
_MOST_ARE_NUMBERS = 0.5  # of the words of a column that one would expect to be of numbers
_HUGE = 1e15  # from which one value is enough to be a fill value
# Fill values of netCDF, C and R, the largest floats and whole numbers, and the nines of statistical files.
_SENTINELS = (1.7976931348623157e308, -1.7976931348623157e308, 3.4028235e38, -3.4028235e38, 9.96921e36, 1e20, -1e20)
_SENTINELS += (2.0**63, -(2.0**63), 2.0**31 - 1, -(2.0**31), -(2.0**15))
_SENTINELS += tuple(sign * (10.0**digits - 1) for digits in range(6, 0, -1) for sign in (1, -1))

_MOST_WORDS = 3  # of a sentence
_MOST_COLUMNS = 5
_LONGEST_WORD = 40


def reading_notes(columns: Sequence[TypedColumn]) -> list[Note]:
    """Return all notes on columns that are learned from."""
    return [
        *(
            note
            for column in columns
            for note in (
                _undecided_dates(column),
                _undecided_numbers(column),
                _unknown_word(column),
                _almost_numbers(column),
                _sentinel(column),
            )
            if note
        ),
        *unreadable_values(columns),
        *format_notes(columns),
        *missing_marks(columns),
    ]


def _undecided_dates(column: TypedColumn) -> Note | None:
    """Return a warning about dates that may be written day first or month first."""
    style = column.type.format
    if not isinstance(style, DateFormat) or style.order not in _ORDERS or not is_ambiguous(column.raw):
        return None
    row = int(column.values.is_not_null().arg_true()[0])
    day = _EPOCH + timedelta(days=math.floor(column.values[row]))
    return warning(
        f"Column '{column.name}': days and months cannot be told apart in its dates; they are read "
        f"{_ORDERS[style.order]} first ('{column.raw[row]}' is {day}). If that is wrong, write them as 2024-01-31."
    )


def _undecided_numbers(column: TypedColumn) -> Note | None:
    """Return a warning about numbers such as 1,234, which are read with a fraction but may be whole."""
    style = column.type.format if column.kind == "number" else None
    if column.raw.dtype != pl.String or isinstance(style, DateFormat) or (style and style.thousands):
        return None
    mark = style.decimal if style else "."
    words = column.raw.filter(column.values.is_not_null())
    marked = words.filter(words.str.contains(mark, literal=True))
    whole = words.filter(~words.str.contains(mark, literal=True))
    grouped = rf"^\D*[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}}\D*$"
    # With a point in all of them, as in a table of 1.234 and 5.678, they are what programs write.
    if marked.is_empty() or not marked.str.contains(grouped).all() or (mark == "." and whole.is_empty()):
        return None
    word = marked[0]
    plain = word.replace(mark, "")
    return warning(
        f"Column '{column.name}': '{word}' may be read in two ways; it is read as {word.replace(mark, '.')}, not as "
        f"{plain}. If that is wrong, write such numbers as {plain}."
    )


def _unknown_word(column: TypedColumn) -> Note | None:
    """Return a warning about a frequent word in place of numbers."""
    style = column.type.format
    if not isinstance(style, NumberFormat) or not style.unknown:
        return None
    rows = int((column.raw == style.unknown).sum())
    return warning(
        f"Column '{column.name}' is read as numbers; '{style.unknown}' in {rows:,} of {len(column.raw):,} rows counts "
        "as missing. If the word means more, put it into a column of its own."
    )


def _almost_numbers(column: TypedColumn) -> Note | None:
    """Return a warning about words most of which are numbers, so that one would expect a column of numbers."""
    if column.kind != "category" or column.raw.dtype != pl.String:
        return None
    parts, total = divide(column.raw)
    digits = parts.filter(pl.col("digits").is_not_null())
    rows = int(digits["rows"].sum())
    if rows < _MOST_ARE_NUMBERS * total or len(digits) < FEWEST_NUMBERS:
        return None
    if rows >= READABLE_SHARE * total:
        units = digits.select((pl.col("before").fill_null("") + pl.col("after").fill_null("")).alias("unit"), "rows")
        counts = units.group_by("unit").sum().sort("rows", "unit", descending=[True, False])
        listing = ", ".join(f"'{unit or 'none'}' {count:,}" for unit, count in counts.head(_MOST_WORDS).iter_rows())
        reason = f"its numbers have different units ({listing}) or spellings; write them in one"
    else:
        others = column.raw.filter(~column.raw.is_in(digits["word"].implode())).drop_nulls()
        reason = f"only {rows:,} of {total:,} rows are numbers (others: {words_in_order([others])})"
    return warning(f"Column '{column.name}' is read as words, not as numbers: {reason}.")


def _sentinel(column: TypedColumn) -> Note | None:
    """Return a warning about a number such as -999 that may stand for a missing value: far from all others."""
    if column.kind != "number":
        return None
    values = column.values.drop_nulls().to_numpy()
    values = values[np.isfinite(values)]
    for sentinel in _SENTINELS:
        hits = np.isclose(values, sentinel, rtol=1e-6, atol=0)
        others = values[~hits]
        if not hits.any() or len(np.unique(others)) < FEWEST_NUMBERS or (hits.sum() < 2 and abs(sentinel) < _HUGE):
            continue
        low, high = others.min(), others.max()
        # Among values that are never negative a repeated -999 is no measurement, however far the others reach.
        lonely = sentinel < 0 <= low and hits.sum() > 1
        far = min(abs(sentinel - low), abs(sentinel - high)) > high - low and not low <= sentinel <= high
        if far or lonely:
            span = f"{numbers.number(float(low))} to {numbers.number(float(high))}"
            word = numbers.scientific(sentinel) if abs(sentinel) >= _HUGE else numbers.number(sentinel)
            rows = "1 row" if hits.sum() == 1 else f"{hits.sum():,} rows"
            return warning(
                f"Column '{column.name}' has {word} in {rows}, apart from its other values ({span}). It is read as a "
                "number; if it stands for a missing value, empty these cells."
            )
    return None


def format_notes(columns: Sequence[TypedColumn]) -> list[Note]:
    """Return a note on the columns whose numbers or dates are not written as programs write them, and one on bounds."""
    notes = []
    examples = [example for column in columns if (example := _example(column))]
    if examples:
        more = f" and {len(examples) - _MOST_COLUMNS} more columns" if len(examples) > _MOST_COLUMNS else ""
        notes.append(guess(f"Read as numbers and dates: {', '.join(examples[:_MOST_COLUMNS])}{more}."))
    for column in columns:
        if column.kind != "number" or column.raw.dtype != pl.String:
            continue
        found = bounds(column.raw)
        if len(found):
            notes.append(guess(f"Column '{column.name}' has bounds ({words_in_order([found])}), read as their values."))
    return notes


def _example(column: TypedColumn) -> str | None:
    """Return a value of a column that has a format, and what it is read as."""
    style = column.type.format
    readable = column.values.is_not_null()
    plain = isinstance(style, NumberFormat) and replace(style, unknown="") == NumberFormat()
    if style is None or plain or not readable.any():
        return None
    words = column.words
    longest = words.set(~readable, None).str.len_chars().arg_max() or 0
    word, value = words[longest], float(column.values[longest])
    if column.kind == "date":
        return f"'{column.name}' ('{word}' is {_EPOCH + timedelta(days=math.floor(value))})"
    unit = " seconds" if isinstance(style, DateFormat) else ""
    return f"'{column.name}' ('{word}' is {numbers.literal(value)}{unit})"


def unreadable_values(columns: Iterable[TypedColumn]) -> list[Note]:
    """Return a note for each column of numbers or dates that holds other words, the most frequent column first."""
    lost = [(column, column.unreadable) for column in columns if column.kind not in ("category", None)]
    lost = sorted(((column, words) for column, words in lost if len(words)), key=lambda pair: -len(pair[1]))
    notes = []
    for column, words in lost:
        count = len(words) + (0 if column.marks is None else column.marks.count())
        listing = words_in_order([words, *([] if column.marks is None else [column.marks])])
        kind = "true or false" if column.kind == "boolean" else f"{column.kind}s"
        rows = f"{count:,} of {len(column.raw):,} rows could not be read as {kind} ({listing})"
        notes.append(loss(f"Column '{column.name}': {rows} and count{'s' if count == 1 else ''} as missing."))
    return notes


def missing_marks(columns: Iterable[TypedColumn]) -> list[Note]:
    """Return a note on the columns whose words stand for missing values; those with unreadable words have their own."""
    listing = []
    for column in columns:
        readable = column.kind in ("category", None) or not len(column.unreadable)
        if column.marks is not None and column.marks.count() and readable:
            listing.append(f"'{column.name}' ({words_in_order([column.marks])})")
    more = f" and {len(listing) - _MOST_COLUMNS} more columns" if len(listing) > _MOST_COLUMNS else ""
    return [guess(f"Taken for missing values: {', '.join(listing[:_MOST_COLUMNS])}{more}.")] if listing else []


def words_in_order(parts: Iterable[pl.Series]) -> str:
    """Return the most frequent words with their counts, such as "'-' 307, 'k.A.' 1"; empty without words."""
    words = pl.concat([pl.Series("word", [], pl.String), *(part.rename("word") for part in parts)]).drop_nulls()
    counts = words.value_counts(name="rows").sort(["rows", "word"], descending=[True, False])
    listing = [f"'{word[:_LONGEST_WORD]}' {rows:,}" for word, rows in counts.head(_MOST_WORDS).iter_rows()]
    return ", ".join([*listing, "…"] if len(counts) > _MOST_WORDS else listing)
