"""Views of saved predictions: confusion of classes, calibration of probabilities, residuals and the worst mistakes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int

from goodfit.diagnosis.intervals import Interval, bootstrap_mean, effective_size, rmse_parts, wilson
from goodfit.diagnosis.resampling import enough_groups

BINS = 10  # of the calibration curve: tenths are what people read off easily
MOST_POINTS = 1500  # of a residual plot: more cannot be told apart, and the page stays small
MOST_MISTAKES = 20
MOST_PAIRS = 8
_RUNGS = 8  # groups of equal size along which the mean residual is shown


@dataclass(frozen=True)
class Confusion:
    """The number of examples of each true class (row) and prediction (column), and the pairs most often confused."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    pairs: tuple[tuple[str, str, int, int], ...]  # truth, prediction, times, examples of the true class


@dataclass(frozen=True)
class CalibrationBin:
    """Examples with about the same predicted probability: its mean, and how often it came true."""

    place: int  # which tenth of the probabilities, from 0
    predicted: float
    observed: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Residuals:
    """Truth minus prediction against the prediction, thinned, and its mean in groups of equal size."""

    rows: tuple[int, ...]
    predictions: tuple[float, ...]
    residuals: tuple[float, ...]
    shown_of: int
    trend: tuple[tuple[float, float, float], ...]  # prediction, mean residual, half the width of its 95 % interval


@dataclass(frozen=True)
class Mistake:
    """One example that was badly wrong."""

    row: int
    truth: str | float
    prediction: str | float
    certainty: float | None  # the probability given to the prediction
    truth_probability: float | None
    cost: float | None


@dataclass(frozen=True)
class SetView:
    """The predictions of one set of rows."""

    name: str  # "dev" or "test"
    rows: int
    confusion: Confusion | None
    calibration: tuple[CalibrationBin, ...]
    residuals: Residuals | None
    mistakes: tuple[Mistake, ...]
    wrong: int | None


def set_view(name: str, frame: pl.DataFrame, classes: tuple[str, ...]) -> SetView:
    """One set's predictions, ready to show; `classes` is empty for regression."""
    if not classes:
        return SetView(name, len(frame), None, (), _residuals(frame), _largest_misses(frame), None)
    frame = frame.with_columns(pl.col("truth", "prediction").cast(pl.String))
    wrong = frame.filter(pl.col("truth") != pl.col("prediction"))
    return SetView(
        name, len(frame), _confusion(frame, classes), _calibration(frame, classes), None, _costliest(wrong), len(wrong)
    )


def error_interval(frame: pl.DataFrame, error: float, *, is_regression: bool) -> Interval | None:
    """The 95 % interval of the error (of a regression the RMSE), over new groups where known; None for too few."""
    if len(frame) < 2:
        return None
    groups = enough_groups(frame["group"].to_numpy()) if "group" in frame.columns else None
    if not is_regression:
        wrong = (frame["truth"] != frame["prediction"]).to_numpy().astype(float)
        size = len(frame) if groups is None else effective_size(wrong[None], groups)
        return wilson(min(max(error, 0.0), 1.0), size)
    squares = (frame["truth"] - frame["prediction"]).to_numpy().astype(float) ** 2
    return bootstrap_mean(rmse_parts(squares[None]), groups=groups) if squares.any() else None


def _confusion(frame: pl.DataFrame, classes: tuple[str, ...]) -> Confusion:
    place = {name: i for i, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), dtype=int)
    for truth, prediction, n in frame.group_by("truth", "prediction").len().iter_rows():
        counts[place[truth], place[prediction]] = n
    mistakes = [
        (classes[i], classes[j], int(counts[i, j]), int(counts[i].sum())) for i, j in np.argwhere(counts) if i != j
    ]
    pairs = sorted(mistakes, key=lambda pair: -pair[2])[:MOST_PAIRS]
    return Confusion(classes, tuple(tuple(row) for row in counts.tolist()), tuple(pairs))


def _calibration(frame: pl.DataFrame, classes: tuple[str, ...]) -> tuple[CalibrationBin, ...]:
    """Binary: the probability of the second class. More classes: that of the predicted one, against being right."""
    columns = [f"p:{name}" for name in classes]
    if not frame.columns or any(column not in frame.columns for column in columns):
        return ()
    chances = frame.select(columns).to_numpy().astype(float)
    if len(classes) == 2:
        return _bins(chances[:, 1], (frame["truth"] == classes[1]).to_numpy())
    return _bins(chances.max(axis=1), (frame["truth"] == frame["prediction"]).to_numpy())


def _bins(chances: Float[np.ndarray, "rows"], true: Bool[np.ndarray, "rows"]) -> tuple[CalibrationBin, ...]:
    places: Int[np.ndarray, "rows"] = np.clip(np.ceil(chances * BINS).astype(int) - 1, 0, BINS - 1)
    bins = []
    for place in np.unique(places):
        inside = places == place
        observed = wilson(float(true[inside].mean()), int(inside.sum()))
        predicted = float(chances[inside].mean())
        bins.append(
            CalibrationBin(int(place), predicted, observed.value, observed.low, observed.high, int(inside.sum()))
        )
    return tuple(bins)


def _residuals(frame: pl.DataFrame) -> Residuals:
    predictions = frame["prediction"].to_numpy().astype(float)
    residuals = frame["truth"].to_numpy().astype(float) - predictions
    order = np.argsort(predictions, kind="stable")
    trend = []
    for rung in np.array_split(order, min(_RUNGS, max(len(order) // 10, 1))):
        spread = residuals[rung].std(ddof=1) if len(rung) > 1 else 0.0
        half = 1.96 * spread / np.sqrt(len(rung))
        trend.append((float(predictions[rung].mean()), float(residuals[rung].mean()), float(half)))
    sample = np.unique(np.linspace(0, len(order) - 1, min(MOST_POINTS, len(order))).round().astype(int))
    selection = order[sample]
    return Residuals(
        tuple(frame["row"].to_numpy()[selection].tolist()),
        tuple(predictions[selection].tolist()),
        tuple(residuals[selection].tolist()),
        len(frame),
        tuple(trend),
    )


def _costliest(wrong: pl.DataFrame) -> tuple[Mistake, ...]:
    """Wrong classes, the most confidently wrong first."""
    worst = wrong.sort("cost", descending=True, nulls_last=True).head(MOST_MISTAKES)
    return tuple(
        Mistake(
            row["row"],
            row["truth"],
            row["prediction"],
            row.get(f"p:{row['prediction']}"),
            row.get(f"p:{row['truth']}"),
            row["cost"],
        )
        for row in worst.iter_rows(named=True)
    )


def _largest_misses(frame: pl.DataFrame) -> tuple[Mistake, ...]:
    miss = (pl.col("truth") - pl.col("prediction")).abs()
    worst: list[dict[str, Any]] = frame.sort(miss, descending=True).head(MOST_MISTAKES).to_dicts()
    return tuple(Mistake(row["row"], row["truth"], row["prediction"], None, None, row["cost"]) for row in worst)
