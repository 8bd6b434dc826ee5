"""Columns with a role of their own: the target, the group of a row, and its time; none is learned from."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from jaxtyping import Float, Int

from goodfit.data.dataset import Column
from goodfit.data.notes import Note
from goodfit.data.tables.columns import as_words, infer_kind, read_numbers
from goodfit.errors import InputError, nearest

FEWEST_ROWS = 20


def target_column(columns: Sequence[str], place: str, asked: str | int | None, own: str | None) -> str:
    """The target's name: as asked, by its place, or what the source itself says.

    Raises:
        InputError: nobody says it, or there is no such column.
    """
    if not columns:  # of images: their paths are no column any more
        raise InputError(f"{place} has paths of images and no other column; add one with the label of each image")
    if isinstance(asked, int):
        if not -len(columns) <= asked < len(columns):
            raise InputError(f"{place} has {len(columns)} columns, so none at place {asked} to be the target")
        return columns[asked]
    if asked is None and own is None:
        shown = ", ".join(columns[:12]) + (", …" if len(columns) > 12 else "")
        raise InputError(f"say which column of {place} is the target; it has {shown}")
    name = str(asked or own)
    if name not in columns:
        raise InputError(f"{place} has no column '{name}' to be the target: {nearest(name, columns)}")
    return name


def missing_values(count: int, column: str) -> list[Note]:
    """Return a note on rows that cannot be learned from, or none."""
    if count == 0:
        return []
    rows = "1 row has" if count == 1 else f"{count:,} rows have"
    return [Note(f"{rows} no value in '{column}' and {'is' if count == 1 else 'are'} left out.")]


def role_column(columns: Sequence[str], place: str, role: str, name: str, target: str) -> str:
    """The name of the group or time column again.

    Raises:
        InputError: there is no such column, or it is the target.
    """
    if name not in columns:
        raise InputError(f"{place} has no {role} column '{name}': {nearest(name, columns)}")
    if name == target:
        raise InputError(f"'{name}' is the target, so it cannot be the {role} column as well")
    return name


def read_groups(column: pl.Series) -> Int[np.ndarray, "rows"]:
    """The group of every row, from 0.

    Raises:
        InputError: a row has none.
    """
    _refuse_missing(column, "group")
    return np.unique(as_words(column).to_numpy().astype(str), return_inverse=True)[1].astype(np.int64)


def read_times(column: pl.Series) -> Float[np.ndarray, "rows"]:
    """The time of every row.

    Raises:
        InputError: the column holds no times, or not for every row.
    """
    kind = infer_kind(column)
    if kind not in ("number", "date"):
        raise InputError(f"time column '{column.name}' holds neither numbers nor dates (like 2024-01-31)")
    _refuse_missing(column, "time")
    times = read_numbers(column, Column(column.name, kind))
    unreadable = np.flatnonzero(np.isnan(times))
    if len(unreadable):
        word = column[int(unreadable[0])]
        raise InputError(f"time column '{column.name}' has '{word}', which is not a {kind}; mend it or leave it out")
    return times


def _refuse_missing(column: pl.Series, role: str) -> None:
    count = column.null_count()
    if count:
        raise InputError(f"{role} column '{column.name}' is empty in {count:,} rows; fill it or leave them out")
