"""Columns with a role: the target, the group of each row, and its time; none of them is a feature."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from jaxtyping import Float, Int

from goodfit.data.data_source import ColumnName
from goodfit.data.dataset import TaskKind
from goodfit.data.notes import Note, loss, warning
from goodfit.data.source import Source
from goodfit.data.tables.columns import TypedColumn
from goodfit.data.tables.reading_notes import format_notes, words_in_order
from goodfit.data.tables.target import Target, read_target
from goodfit.errors import InputError, nearest

FEWEST_ROWS = 20
_COLUMNS_IN_ERROR = 12
_CLASS_SHARE = 0.01  # of the rows from which a mark of missing values may be a class


class Roles(NamedTuple):
    """Names of the columns with a role; None where a role has no column."""

    target: str
    group: str | None
    time: str | None

    @property
    def named(self) -> dict[str, str]:
        """The columns that have a role, by it."""
        return {role: name for role, name in self._asdict().items() if name is not None}

    @property
    def names(self) -> list[str]:
        """The columns that have a role."""
        return list(self.named.values())


class Labels(NamedTuple):
    """The columns with a role, read: one value for each usable row.

    Attributes:
        target: values and task, and which rows are usable.
        notes: on rows without a target, and on the task.
        groups: the group of each row, from 0; None without a group column.
        times: the time of each row, days since 1970 for dates; None without a time column.
    """

    target: Target
    notes: list[Note]
    groups: Int[np.ndarray, "rows"] | None
    times: Float[np.ndarray, "rows"] | None


def find_roles(source: Source, target: ColumnName | None, group: ColumnName | None, time: ColumnName | None) -> Roles:
    """Return the names of the columns with a role.

    Args:
        source: whose columns they are.
        target: name of the target, or its position where no column has this number for a name; None to take the one
            that the source itself names.
        group, time: names; None without such a column.

    Raises:
        InputError: a column does not exist, or has two roles.
    """
    columns = source.columns.columns
    target = _target_name(columns, source, target)
    names = {role: None if name is None else _text(name) for role, name in (("group", group), ("time", time))}
    for role, name in names.items():
        if name is not None and name not in columns:
            raise InputError(f"{source.place} has no {role} column '{name}': {nearest(name, columns)}")
        if name == target:
            raise InputError(f"'{name}' is the target, so it cannot be the {role} column as well")
    return Roles(target, **names)


def target_notes(source: Source, target: ColumnName | None) -> list[Note]:
    """Return a note if the requested target is the name of one column and the position of another."""
    columns = source.columns.columns
    if not isinstance(target, int) or _text(target) not in columns or not -len(columns) <= target < len(columns):
        return []
    other_name = columns[target]
    if other_name == _text(target):
        return []
    sentence = f"The target is the column named {target}, not the one at position {target}, which is '{other_name}'."
    return [warning(sentence)]


def _text(name: Any) -> str:
    """Return the text that stands for a column's name: those of pandas may be numbers and tuples (in JSON, lists)."""
    return str(tuple(name) if isinstance(name, list) else name).strip()


def _target_name(columns: Sequence[str], source: Source, target: ColumnName | None) -> str:
    place = source.place
    if not columns:  # a table of images whose paths were its only column
        raise InputError(f"{place} has paths of images and no other column; add one with the label of each image")
    if isinstance(target, int) and _text(target) not in columns:
        if not -len(columns) <= target < len(columns):
            raise InputError(f"{place} has {len(columns)} columns, so none at position {target} to be the target")
        return columns[target]
    if target is None or target == "":
        target = source.target
    if target is None:
        listing = ", ".join(columns[:_COLUMNS_IN_ERROR]) + (", …" if len(columns) > _COLUMNS_IN_ERROR else "")
        raise InputError(f"say which column of {place} is the target; it has {listing}")
    name = _text(target)
    if name not in columns:
        raise InputError(f"{place} has no column '{name}' to be the target: {nearest(name, columns)}")
    return name


def read_labels(
    sources: Sequence[Source],
    columns: Mapping[str, TypedColumn],
    rows: Int[np.ndarray, "rows"],
    roles: Roles,
    task: TaskKind | None,
) -> Labels:
    """Read the columns with a role.

    Args:
        sources: where the rows came from.
        columns: of the rows that have a target.
        rows: positions of these rows among those of all sources.
        roles: names of the columns.
        task: binary, classes or regression; None to infer it.

    Raises:
        InputError: too few rows, or values that do not fit the role.
    """
    source = sources[0]
    _refuse_few(len(rows), source, roles.target)
    marks = [part.marks[roles.target] for part in sources if roles.target in part.marks]
    _refuse_frequent_marks(columns[roles.target], marks)
    _refuse_infinite(columns[roles.target], sources, rows)
    target = read_target(columns[roles.target], task, whole_classes=source.whole_classes)
    _refuse_few(len(target.rows), source, roles.target)
    missing = sum(part.columns[roles.target].null_count() for part in sources)
    notes = [*missing_values(missing, roles.target, marks), *target.notes, *format_notes([columns[roles.target]])]
    groups = None if roles.group is None else _groups(columns[roles.group])[target.rows]
    times = None if roles.time is None else _times(columns[roles.time])[target.rows]
    return Labels(target, notes, groups, times)


def _refuse_few(count: int, source: Source, target: str) -> None:
    if count < FEWEST_ROWS:
        unit = "rows" if source.images is None else "images"
        raise InputError(f"{source.place} has {count} {unit} with a {target}; at least {FEWEST_ROWS} are needed")


def _refuse_infinite(target: TypedColumn, sources: Sequence[Source], rows: Int[np.ndarray, "rows"]) -> None:
    if target.kind != "number":
        return
    infinite = np.flatnonzero(np.isinf(target.values.to_numpy()))
    if len(infinite) == 0:
        return
    # The row in its own file is the one that people can find.
    ends = np.cumsum([len(source) for source in sources])
    row = int(rows[infinite[0]])
    index = int(np.searchsorted(ends, row, side="right"))
    row -= int(ends[index]) - len(sources[index])
    raise InputError(
        f"column '{target.name}' of {sources[index].place} has an infinite value in row {row + 1}; put a number there, "
        "or leave it empty for missing"
    )


def _groups(column: TypedColumn) -> Int[np.ndarray, "rows"]:
    _refuse_missing(column.raw, "group")
    return np.unique(column.words.to_numpy().astype(str), return_inverse=True)[1].astype(np.int64)


def _times(column: TypedColumn) -> Float[np.ndarray, "rows"]:
    if column.kind not in ("number", "date"):
        raise InputError(f"time column '{column.name}' holds neither numbers nor dates (like 2024-01-31)")
    _refuse_missing(column.raw, "time")
    times = column.values.to_numpy().astype(np.float64)
    unreadable = np.flatnonzero(~np.isfinite(times))
    if len(unreadable):
        word = column.raw[int(unreadable[0])]
        raise InputError(
            f"time column '{column.name}' has '{word}', which is not a {column.kind}; correct it or leave it out"
        )
    return times


def _refuse_missing(column: pl.Series, role: str) -> None:
    count = column.null_count()
    if count:
        raise InputError(
            f"{role} column '{column.name}' is empty in {count:,} rows; fill them in or leave the rows out"
        )


def missing_values(count: int, column: str, marks: Sequence[pl.Series] = ()) -> list[Note]:
    """Return a note on rows that cannot be learned from, or none.

    Args:
        count: number of these rows.
        column: name of the column that they need.
        marks: words in it that stand for missing values.
    """
    if count == 0:
        return []
    rows = "1 row has" if count == 1 else f"{count:,} rows have"
    words = f" ({words_in_order(marks)})" if marks else ""
    return [loss(f"{rows} no value in '{column}'{words} and {'is' if count == 1 else 'are'} left out.")]


def _refuse_frequent_marks(target: TypedColumn, marks: Sequence[pl.Series]) -> None:
    """Ask about a word such as NA that may be a class: it is as frequent as one, and the target holds no numbers.

    Raises:
        InputError: the word, its count, and how to say what it is.
    """
    if not marks or target.kind == "number" or len(target.raw) == 0:
        return
    counts = pl.concat([words.rename("word") for words in marks]).drop_nulls().value_counts(sort=True, name="rows")
    word, rows = counts.row(0)
    rarest = int(target.words.value_counts(sort=True, name="rows")["rows"][-1])
    total = len(target.raw) + int(counts["rows"].sum())
    if rows >= max(rarest, _CLASS_SHARE * total):
        raise InputError(
            f"target '{target.name}' has '{word}' in {rows:,} of {total:,} rows: is it a class, or missing? If it is a "
            "class, write it otherwise in the file (such as its full name); if it is missing, leave those cells empty"
        )
