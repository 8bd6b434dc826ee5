"""Divide rows into pieces of about one size: at random, stratified by class, by whole groups, or by time."""

import warnings

import numpy as np
from jaxtyping import Float, Int
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

from goodfit.data.dataset import Dataset
from goodfit.errors import InputError

# Beyond, scikit-learn's group stratification takes minutes, and many groups balance each other out anyway.
MOST_STRATIFIED_GROUPS = 20_000


def divide(
    dataset: Dataset, rows: Int[np.ndarray, "rows"], k: int, seed: int, fewest: int
) -> list[Int[np.ndarray, "_"]]:
    """Divide rows into k pieces of about one size, or fewer where groups or moments do not suffice.

    Args:
        dataset: its times, groups and classes decide how.
        rows: what to divide.
        k: number of pieces.
        seed: of the draw; a division by time is not drawn.
        fewest: pieces that are needed at least.

    Returns:
        The pieces, each sorted; those of time from the earliest to the latest.

    Raises:
        InputError: too few groups or moments.
    """
    if dataset.times is not None:
        return _by_time(dataset.times[rows], rows, k, fewest)
    if dataset.groups is not None:
        return _by_group(dataset, dataset.groups[rows], rows, k, seed, fewest)
    kind = StratifiedKFold if dataset.schema.classes else KFold
    splitter = kind(n_splits=k, shuffle=True, random_state=seed)
    return _pieces(splitter, rows, _strata(dataset, rows, k))


def _by_group(
    dataset: Dataset,
    groups: Int[np.ndarray, "rows"],
    rows: Int[np.ndarray, "rows"],
    k: int,
    seed: int,
    fewest: int,
) -> list[Int[np.ndarray, "_"]]:
    names = np.unique(groups)
    if len(names) < fewest:
        raise InputError(f"the group column has {len(names)} different values; at least {fewest} are needed")
    if len(names) <= k:
        return [rows[groups == name] for name in np.random.default_rng(seed).permutation(names)]
    kind = StratifiedGroupKFold if len(names) <= MOST_STRATIFIED_GROUPS else GroupKFold
    return _pieces(kind(n_splits=k, shuffle=True, random_state=seed), rows, _strata(dataset, rows, k), groups)


def _by_time(
    times: Float[np.ndarray, "rows"], rows: Int[np.ndarray, "rows"], k: int, fewest: int
) -> list[Int[np.ndarray, "_"]]:
    """Consecutive pieces, cut where a new moment begins, so that the rows of one moment stay together."""
    order = np.argsort(times, kind="stable")
    begins = np.flatnonzero(np.diff(times[order])) + 1
    if len(begins) + 1 < fewest:
        raise InputError(f"the time column has {len(begins) + 1} different values; at least {fewest} are needed")
    cuts: list[int] = []
    for earlier in reversed(range(k - 1)):
        choices = begins[earlier:]  # moments enough are left for the cuts before this one
        if len(choices):
            wanted = (earlier + 1) * len(rows) / k
            cuts.insert(0, int(choices[np.abs(choices - wanted).argmin()]))
            begins = begins[begins < cuts[0]]
    return [np.sort(rows[piece]) for piece in np.split(order, cuts)]


def _strata(dataset: Dataset, rows: Int[np.ndarray, "rows"], k: int) -> Int[np.ndarray, "rows"]:
    """The classes, those with fewer than k examples together as one; all alike for regression."""
    if not dataset.schema.classes:
        return np.zeros(len(rows), np.int64)
    target = dataset.target[rows]
    return np.where(np.bincount(target)[target] < k, -1, target)


def _pieces(
    splitter: KFold | StratifiedKFold | GroupKFold | StratifiedGroupKFold,
    rows: Int[np.ndarray, "rows"],
    strata: Int[np.ndarray, "rows"],
    groups: Int[np.ndarray, "rows"] | None = None,
) -> list[Int[np.ndarray, "_"]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that the rare classes together are fewer than the pieces
        return [np.sort(rows[piece]) for _, piece in splitter.split(np.zeros(len(rows)), strata, groups)]
