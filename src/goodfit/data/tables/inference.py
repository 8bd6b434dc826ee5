"""The columns worth learning from, what they hold, and notes that say so."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import polars as pl

from goodfit.data.dataset import Column
from goodfit.data.notes import Note, loss
from goodfit.data.tables.columns import TypedColumn
from goodfit.data.tables.reading_notes import reading_notes
from goodfit.errors import InputError

MOST_LEVELS = 1_000  # of a category
_FREQUENT_LEVELS = 50  # are learned however rare they are
# Rows of any further level. With 1,000 levels of 2 rows and effects half as large as the noise, the dev error was the
# same without the column; with 4 and more rows it was lower with it, and without effects hardly higher.
_FEWEST_ROWS = 4
IDENTIFIER_SHARE = 0.9  # words of which this share is distinct name the rows
_NAMES_IN_NOTE = 5


class _Reason(NamedTuple):
    """Reason to leave out columns: the predicate of a sentence about one column, and about several."""

    singular: str
    plural: str


_EMPTY = _Reason("is empty", "are empty")
_NESTED = _Reason("holds lists or bytes", "hold lists or bytes")
_CONSTANT = _Reason("is constant", "are constant")
_IDENTIFYING = _Reason(
    "differs in nearly every row, as identifiers and free text do",
    "differ in nearly every row, as identifiers and free text do",
)
_NUMBERING = _Reason("only numbers the rows", "only number the rows")
_INDEX = _Reason("is the index of the frame that was saved", "are the index of the frame that was saved")


class Inference(NamedTuple):
    """The columns to learn from, those left out with the reason as a predicate, and notes on both."""

    columns: tuple[Column, ...]
    left_out: dict[str, str]
    notes: list[Note]


def infer_columns(
    columns: Mapping[str, TypedColumn],
    numbering: Mapping[str, bool] | None = None,
    index: Sequence[str] = (),
    time: str | None = None,
) -> Inference:
    """Choose the columns to learn from.

    Args:
        columns: the features alone.
        numbering: names of columns that only number the rows, with True for those that are used if no other column
            is left.
        index: names of the columns that pandas wrote as the index of a frame.
        time: name of the column that orders the rows, whose trend is learned even if it is such an index.

    Raises:
        InputError: no column is left.
    """
    numbering = numbering or {}
    reasons: dict[str, _Reason] = {}
    for name, column in columns.items():
        is_index = name in index and name != time
        reason = _INDEX if is_index else _NUMBERING if name in numbering else _reason_to_leave_out(column)
        if reason is not None:
            reasons[name] = reason
    if len(reasons) == len(columns):
        reasons = {name: reason for name, reason in reasons.items() if not numbering.get(name)}
    sentences = [
        _sentence(reason, [name for name in reasons if reasons[name] == reason])
        for reason in dict.fromkeys(reasons.values())
    ]
    if len(reasons) == len(columns):
        raise InputError(f"no column is left to learn from: {'; '.join(sentences) or 'there is only the target'}")
    notes: list[Note] = []
    learned = [column for name, column in columns.items() if name not in reasons]
    features = [_category(column.words, notes) if column.kind == "category" else _number(column) for column in learned]
    features = [replace(column, trend=True) if column.name == time else column for column in features]
    notes += reading_notes(learned)
    return Inference(
        tuple(features),
        {name: reason.singular for name, reason in reasons.items()},
        [*(loss(f"Left out: {sentence}.") for sentence in sentences), *notes],
    )


def _reason_to_leave_out(column: TypedColumn) -> _Reason | None:
    present = column.raw.drop_nulls()
    values = column.values
    if present.is_empty():
        return _EMPTY
    if column.kind is None:
        return _NESTED
    # A single value beside missing ones tells the rows apart, so it is no constant.
    if values.null_count() == 0 and values.min() == values.max():
        return _CONSTANT
    if column.kind == "category" and 1 < present.n_unique() > IDENTIFIER_SHARE * len(present):
        return _IDENTIFYING
    return None


def _sentence(reason: _Reason, names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"column {names[0]} {reason.singular}"
    more = f" and {len(names) - _NAMES_IN_NOTE} more" if len(names) > _NAMES_IN_NOTE else ""
    return f"{len(names)} columns {reason.plural} ({', '.join(names[:_NAMES_IN_NOTE])}{more})"


def _category(column: pl.Series, notes: list[Note]) -> Column:
    """Return a category of the words frequent enough to learn, in alphabetical order; rarer ones add a note."""
    words = column.drop_nulls().rename("word")
    counts = words.value_counts(name="rows").sort("rows", "word", descending=[True, False])
    count = min(max(_FREQUENT_LEVELS, int((counts["rows"] >= _FEWEST_ROWS).sum())), MOST_LEVELS)
    levels, rare = counts["word"].to_list(), counts["rows"][count:].sum()
    if len(levels) > count:
        notes.append(
            loss(
                f"Column '{column.name}' has {len(levels):,} different words; all but the {count:,} most frequent "
                f"({rare:,} rows) count as unknown."
            )
        )
    # In alphabetical order, so that the codes do not depend on how frequent the words are in this file.
    return Column(column.name, "category", tuple(sorted(levels[:count])), missing=column.null_count() > 0)


def _number(column: TypedColumn) -> Column:
    missing = column.values.null_count() > 0
    return Column(column.name, column.kind or "number", missing=missing, format=column.type.format)
