"""Notes on how columns were read: values that are no numbers, and words taken for missing values."""

from collections.abc import Iterable

import polars as pl

from goodfit.data.notes import Note, guess, loss
from goodfit.data.tables.columns import TypedColumn

_MOST_WORDS = 3  # of a sentence
_MOST_COLUMNS = 5
_LONGEST_WORD = 40


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
