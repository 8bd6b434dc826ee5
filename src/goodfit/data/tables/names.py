"""Whole numbers that are names, such as those of stores: found by what they tell of the target."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from jaxtyping import Float, Num

from goodfit.data.notes import Note, guess
from goodfit.data.tables.columns import TypedColumn

_LEVELS = (30, 1_000)  # different numbers: fewer are as well learned from as amounts, more are no category
_ROWS_OF_LEVEL = 8  # on average, so that a mean of them says something
_GAIN = 0.1  # of the target's variance, that names must explain beyond amounts
_MOST_CLASSES = 10  # that are looked at, the most frequent


def number_names(columns: Mapping[str, TypedColumn], target: Num[np.ndarray, "rows"]) -> dict[str, Note]:
    """Return the columns of whole numbers that are names, each with a note that says so.

    A row's target is predicted from the other rows with its number, and from those with the next number on either side.
    Amounts are predicted by their neighbors, too: a store's number says nothing of that of the next store.

    Args:
        columns: the features.
        target: numbers or codes of classes.
    """
    responses = responses_of(target)
    notes = {}
    for name, column in columns.items():
        if _may_be_names(column):
            present = column.values.is_not_null().to_numpy()
            if _gain(column.values.to_numpy()[present], responses[present]) > _GAIN:
                notes[name] = guess(
                    f"Column '{name}' holds {column.values.drop_nulls().n_unique():,} different whole numbers that say "
                    "more of the target as names than as amounts, so it is read as a category."
                )
    return notes


def responses_of(target: Num[np.ndarray, "rows"]) -> Float[np.ndarray, "rows responses"]:
    """Return numbers as they are; of codes of classes 1 for the rows of each of the most frequent ones."""
    if not np.issubdtype(target.dtype, np.integer):
        return target[:, None]
    frequent = np.argsort(-np.bincount(target), kind="stable")[:_MOST_CLASSES]
    return (target[:, None] == frequent).astype(np.float64)


def _may_be_names(column: TypedColumn) -> bool:
    values = column.values
    if column.kind != "number" or column.type.format is not None or values.dtype != pl.Float64:
        return False
    distinct = values.drop_nulls().n_unique()
    few, many = _LEVELS
    enough = few <= distinct <= many and values.count() >= _ROWS_OF_LEVEL * distinct
    return enough and bool((values.drop_nulls() % 1 == 0).all())


def _gain(numbers: Float[np.ndarray, "rows"], responses: Float[np.ndarray, "rows responses"]) -> float:
    """Return the share of the variance that the rows of a number explain beyond those of its neighbors."""
    levels = np.unique(numbers, return_inverse=True)[1]
    # `own` leaves the row itself out, or a number of one row would explain it perfectly: (Σ − y)/(n − 1).
    counts = np.bincount(levels)[:, None]
    sums = np.stack([np.bincount(levels, response) for response in responses.T], axis=1)
    level_means = (sums[levels] - responses) / np.maximum(counts[levels] - 1, 1)
    # `around` is the mean over the next smaller and the next larger number; beyond the ends there is none.
    around_sums, around_counts = (np.pad(part, ((1, 1), (0, 0))) for part in (sums, counts))
    around = (around_sums[:-2] + around_sums[2:]) / (around_counts[:-2] + around_counts[2:])
    variance = np.sum((responses - responses.mean(axis=0)) ** 2)
    level_error, around_error = (np.sum((responses - guesses) ** 2) for guesses in (level_means, around[levels]))
    # Where neighbors predict worse than the mean of all does, the mean is what names must beat.
    return float((min(around_error, variance) - level_error) / variance) if variance > 0 else 0.0
