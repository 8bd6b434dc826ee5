"""Columns that only number the rows: found by what they hold, by what they tell of the target, and then by name."""

import re
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Num
from scipy.stats import kruskal, pearsonr, rankdata

from goodfit.data.tables.columns import TypedColumn

# Names that pandas and R give to an index when they write it, beside the name of a column that has none in its file.
_INDEX = re.compile(
    r"|index|level_\d+|unnamed: \d+(\.\d+)*|(__)?index_level_\d+(__)?|row[ _.]?names?|row|column 1", re.I
)
_IDENTIFIER = re.compile(r"(?i:(^|[_ .-])id$)|[a-z](Id|ID)$")
_MOST_GAPS = 1.5  # numbers per row up to which a column counts: an index of which a third of the rows was dropped
_COUNTING_SHARE = 0.9
_LEVEL = 0.001  # of the test that a column tells something of the target
_MOST_ROWS = 20_000  # that the test looks at; what needs more to be seen tells little
_SLICES = 10
_FEWEST_IN_SLICE = 5


class RowNumbers(NamedTuple):
    """Columns that count the rows or name them by numbers.

    Attributes:
        idle: those that tell nothing else, with True for those that are used if no other column is left.
        sequences: those that count the rows and tell something of the target.
    """

    idle: dict[str, bool]
    sequences: list[str]


def row_numbers(
    columns: Mapping[str, TypedColumn], labeled: Bool[np.ndarray, "rows"], target: Num[np.ndarray, "labeled"]
) -> RowNumbers:
    """Find the columns that number the rows.

    They hold whole numbers, all different. An index that a program wrote is one by its name. Numbers with few gaps
    number the rows unless they tell something of the target, as years and doses do. An identifier may have gaps, and
    does not count as telling something where the rows were only sorted by the target before they were numbered.

    Args:
        columns: the features in the training source.
        labeled: True for its rows with a target.
        target: of these rows, numbers or codes of classes.
    """
    row_numbers = RowNumbers({}, [])
    for name, column in columns.items():
        index = bool(_INDEX.fullmatch(name))
        if not _is_whole(column) or not (_all_different(column) or (index and _counts_up(column))):
            continue
        numbers = column.values.to_numpy()
        tells, dense = _tells(numbers[labeled], target), np.ptp(numbers) < _MOST_GAPS * len(numbers)
        if index:
            row_numbers.idle[name] = tells
        elif _IDENTIFIER.search(name) and (not tells or _sorted_by(target, numbers[labeled])):
            row_numbers.idle[name] = False
        elif dense and not tells:
            row_numbers.idle[name] = True
        elif dense:
            row_numbers.sequences.append(name)
    return row_numbers


def _is_whole(column: TypedColumn) -> bool:
    return column.kind == "number" and column.values.null_count() == 0 and bool((column.values % 1 == 0).all())


def _all_different(column: TypedColumn) -> bool:
    return column.values.n_unique() == len(column.values)


def _counts_up(column: TypedColumn) -> bool:
    """Return True if nearly every number is the next one, as in tables one below the other with their own indices."""
    steps = np.diff(column.values.to_numpy())
    return len(steps) > 0 and bool(np.mean(steps == 1) > _COUNTING_SHARE)


def _tells(numbers: Float[np.ndarray, "labeled"], target: Num[np.ndarray, "labeled"]) -> bool:
    """Return True if the target rises or falls with the numbers, or differs between ten slices of them.

    Both are tests of ranks; the codes of more than two classes are taken as they come, and each class beside the rest.
    """
    order = np.argsort(numbers, kind="stable")
    target = target[order][:: 1 + len(order) // _MOST_ROWS]
    codes = np.unique(target)
    several = np.issubdtype(target.dtype, np.integer) and 2 < len(codes) <= _SLICES
    levels = [target, *((target == code).astype(float) for code in codes)] if several else [target]
    slices = min(_SLICES, len(target) // _FEWEST_IN_SLICE)
    smallest = 1.0
    for values in levels:
        if len(np.unique(values)) > 1:
            trend = pearsonr(np.arange(len(values)), rankdata(values))[1]
            smallest = min(smallest, trend, kruskal(*np.array_split(values, slices)).pvalue if slices > 1 else 1.0)
    return bool(smallest * 2 * len(levels) < _LEVEL)


def _sorted_by(target: Num[np.ndarray, "labeled"], numbers: Float[np.ndarray, "labeled"]) -> bool:
    """Return True if the target, in the order of the numbers, has each class in one run, or never falls or rises."""
    steps = np.diff(target[np.argsort(numbers, kind="stable")])
    if np.issubdtype(target.dtype, np.integer):
        return bool(np.count_nonzero(steps) < len(np.unique(target)))
    return bool((steps >= 0).all() or (steps <= 0).all())
