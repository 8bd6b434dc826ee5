"""Forecasts without a model, for data with a time: the last known value, and the value one season before."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Num

from goodfit.data.dataset import Splits

_LEAST_CORRELATION = 0.3  # of a series with itself one season before
_NEARLY = 0.95  # of the highest correlation: the shortest such lag is the season, the others are its multiples
_FEWEST_SEASONS = 3
_LONGEST_SEASON = 1_000  # moments; a year of days and a week of quarters of an hour are shorter
_NO_SPREAD = 1e-9  # of the largest value: what is left of a straight line


class _Series(NamedTuple):
    """The target of the training rows by moment: each group's, and the mean (or commonest class) of all."""

    moments: Float[np.ndarray, "moments"]
    values: Float[np.ndarray, "moments"]
    of_group: dict[tuple[int, int], float]  # by group and the moment's place


def last_values(
    splits: Splits, train: Int[np.ndarray, "train"], rows: Int[np.ndarray, "rows"]
) -> Float[np.ndarray, "rows"]:
    """Return the target at the last training moment before each row, of its own group where there are groups.

    Hyndman and Athanasopoulos 2021, Forecasting: principles and practice, section 5.2 (the naive method).
    """
    series = _series(splits, train)
    return _values_at(splits, rows, series, _last_places(splits, rows, series))


def seasonal_values(
    splits: Splits, train: Int[np.ndarray, "train"], rows: Int[np.ndarray, "rows"]
) -> tuple[int, Float[np.ndarray, "rows"]] | None:
    """Return the season in moments, and the target as many whole seasons before each row as training goes back.

    None where no season shows in the training rows (the seasonal naive method of the same section).
    """
    series = _series(splits, train)
    season = season_of(series.values)
    if season is None:
        return None
    times = splits.dataset.times
    assert times is not None, "only called for data with a time"
    all_moments = np.unique(np.concatenate([series.moments, times[rows]]))
    is_known = np.isin(all_moments, series.moments)
    places = np.searchsorted(all_moments, times[rows])
    while (later := (places >= 0) & ~is_known[places]).any():
        places = np.where(later, places - season, places)
    known_places = np.searchsorted(series.moments, all_moments[places])
    # A row whose seasons all lie before the first training moment gets the last value instead.
    chosen = np.where(places < 0, _last_places(splits, rows, series), known_places)
    return season, _values_at(splits, rows, series, chosen)


def season_of(values: Float[np.ndarray, "moments"]) -> int | None:
    """Return the number of moments after which a series repeats itself best, without its trend; None if it does not.

    >>> season_of(np.tile([1.0, 5.0, 3.0, 2.0], 10))
    4
    """
    longest = min(len(values) // _FEWEST_SEASONS, _LONGEST_SEASON)
    steps = np.arange(len(values))
    residuals = values - np.polyval(np.polyfit(steps, values, 1), steps) if longest >= 2 else np.zeros(1)
    if residuals.std() <= _NO_SPREAD * (np.abs(values).max() or 1.0):
        return None
    correlations = np.array([np.corrcoef(residuals[lag:], residuals[:-lag])[0, 1] for lag in range(1, longest + 2)])
    # A season is a peak: a smooth series is like itself after one moment, too, but more so than after two.
    inner = correlations[1:-1]
    peaks = (inner > correlations[:-2]) & (inner >= correlations[2:])
    # Chance exceeds ±2/√n at one lag in twenty (the bounds of a correlogram).
    peaks &= inner >= max(_LEAST_CORRELATION, 2 / len(values) ** 0.5)
    if not peaks.any():
        return None
    return 2 + int(np.flatnonzero(peaks & (inner >= _NEARLY * inner[peaks].max()))[0])  # `inner` begins at a lag of 2


def _series(splits: Splits, train: Int[np.ndarray, "train"]) -> _Series:
    dataset = splits.dataset
    assert dataset.times is not None, "only called for data with a time"
    times, target = dataset.times[train], dataset.target[train]
    moments, places = np.unique(times, return_inverse=True)
    if splits.regression:
        values = np.bincount(places, target) / np.bincount(places)
    else:
        counts = np.zeros((len(moments), len(dataset.schema.classes)))
        np.add.at(counts, (places, target), 1)
        values = counts.argmax(axis=1).astype(np.float64)
    order = np.argsort(times, kind="stable")
    groups = np.zeros(len(train), np.int64) if dataset.groups is None else dataset.groups[train]
    of_group = {} if dataset.groups is None else _by_group(groups[order], places[order], target[order])
    return _Series(moments, values, of_group)


def _by_group(
    groups: Int[np.ndarray, "train"], places: Int[np.ndarray, "train"], target: Num[np.ndarray, "train"]
) -> dict[tuple[int, int], float]:
    """Return the last target of each group at each moment."""
    return dict(zip(zip(groups.tolist(), places.tolist(), strict=True), target.tolist(), strict=True))


def _last_places(splits: Splits, rows: Int[np.ndarray, "rows"], series: _Series) -> Int[np.ndarray, "rows"]:
    """Return the place of the last training moment before each row; the first one where there is none before."""
    assert splits.dataset.times is not None, "only called for data with a time"
    return np.maximum(np.searchsorted(series.moments, splits.dataset.times[rows]) - 1, 0)


def _values_at(
    splits: Splits, rows: Int[np.ndarray, "rows"], series: _Series, places: Int[np.ndarray, "rows"]
) -> Float[np.ndarray, "rows"]:
    """Return the training target at these moments: of the row's own group where it has one there, else of all."""
    overall = series.values[places]
    if splits.dataset.groups is None:
        return overall
    keys = zip(splits.dataset.groups[rows].tolist(), places.tolist(), strict=True)
    return np.array([series.of_group.get(key, value) for key, value in zip(keys, overall.tolist(), strict=True)])
