"""Which columns are worth learning from, what each of them holds, and sentences that say so."""

import re
from collections.abc import Collection, Sequence

import numpy as np
import polars as pl

from goodfit.data.dataset import Column, Kind
from goodfit.data.notes import Note
from goodfit.data.tables.columns import READERS, as_numbers, infer_kind
from goodfit.errors import InputError

MOST_LEVELS = 50  # of a category; rarer ones count as unknown
IDENTIFIER_SHARE = 0.9  # words of which this share is distinct name the rows
_IDENTIFIER = re.compile(r"(?i:(^|[_ .-])(id|index|row)$)|[a-z](Id|ID)$")
_SHOWN = 5
# why columns are left out: (of one column, of several)
_EMPTY = ("is empty", "are empty")
_NESTED = ("holds lists or bytes", "hold lists or bytes")
_CONSTANT = ("is constant", "are constant")
_DIFFERENT = (
    "differs in nearly every row, as identifiers and free text do",
    "differ in nearly every row, as identifiers and free text do",
)
_NUMBERING = ("only numbers the rows", "only number the rows")


def infer_columns(
    frame: pl.DataFrame, numbering: Collection[str] = ()
) -> tuple[tuple[Column, ...], tuple[str, ...], list[Note]]:
    """The columns to learn from, the names of those left out, and notes on both.

    Args:
        frame: the features alone.
        numbering: columns that only number the rows.

    Raises:
        InputError: no column is left.
    """
    kept: list[Column] = []
    left_out: dict[str, tuple[str, str]] = {}
    notes: list[Note] = []
    for column in frame:
        kind = infer_kind(column)
        reason = _NUMBERING if column.name in numbering else _why_left_out(column, kind)
        if reason or kind is None:
            left_out[column.name] = reason or _NESTED
        else:
            meaning, told = _words(column) if kind == "category" else _numbers(column, kind)
            kept.append(meaning)
            notes += told
    sentences = [
        _sentence(reason, [name for name, its in left_out.items() if its == reason])
        for reason in dict.fromkeys(left_out.values())
    ]
    if not kept:
        raise InputError(f"no column is left to learn from: {'; '.join(sentences) or 'there is only the target'}")
    return tuple(kept), tuple(left_out), [*(Note(f"Left out: {sentence}.") for sentence in sentences), *notes]


def _why_left_out(column: pl.Series, kind: Kind | None) -> tuple[str, str] | None:
    present = column.drop_nulls()
    if present.is_empty():
        return _EMPTY
    if kind is None:
        return _NESTED
    values = present if kind == "category" else READERS[kind](column)
    if values.null_count() == 0 and len(values) == len(column) and values.min() == values.max():
        return _CONSTANT
    if kind == "category" and 1 < present.n_unique() > IDENTIFIER_SHARE * len(present):
        return _DIFFERENT
    return None


def _sentence(reason: tuple[str, str], names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"column {names[0]} {reason[0]}"
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    return f"{len(names)} columns {reason[1]} ({shown})"


def _words(column: pl.Series) -> tuple[Column, list[Note]]:
    """A category: its most frequent levels, in the order of the alphabet."""
    words = column.drop_nulls().rename("word")
    counts = words.value_counts(name="rows").sort("rows", "word", descending=[True, False])
    levels = counts["word"].to_list()
    meaning = Column(column.name, "category", tuple(sorted(levels[:MOST_LEVELS])), column.null_count() > 0)
    if len(levels) <= MOST_LEVELS:
        return meaning, []
    rest = counts["rows"][MOST_LEVELS:].sum()
    return meaning, [
        Note(
            f"Column '{column.name}' has {len(levels):,} different words; all but the {MOST_LEVELS} most frequent "
            f"({rest:,} rows) count as unknown."
        )
    ]


def _numbers(column: pl.Series, kind: Kind) -> tuple[Column, list[Note]]:
    """A number, date or boolean: whether values are missing, and which cannot be read."""
    missing = READERS[kind](column).is_null()
    meaning = Column(column.name, kind, missing=bool(missing.any()))
    unreadable = column.filter(missing & column.is_not_null())
    if unreadable.is_empty():
        return meaning, []
    first, count = unreadable[0][:40], len(unreadable)
    values = f"{count:,} values" if count > 1 else "1 value"
    return meaning, [
        Note(
            f"Column '{column.name}' holds {kind}s, but {values} cannot be read and "
            f"{'count' if count > 1 else 'counts'} as missing (the first is '{first}')."
        )
    ]


def row_numbers(frame: pl.DataFrame) -> list[str]:
    """The columns that only number the rows: whole numbers, all different, without a gap or named as identifiers."""
    return [column.name for column in frame if _numbers_rows(column)]


def _numbers_rows(column: pl.Series) -> bool:
    if column.null_count() or infer_kind(column) != "number":
        return False
    values = as_numbers(column)
    if values.null_count() or (values % 1 != 0).any() or values.n_unique() < len(values):
        return False
    return bool(_IDENTIFIER.search(column.name)) or float(np.ptp(values.to_numpy())) == len(values) - 1
