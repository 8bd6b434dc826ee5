"""The tail of a regression's target: outliers, and the share of the variance that the largest values hold."""

from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import spread
from goodfit.wording.numbers import number

_FEWEST = 20  # values; of fewer, no one is far from "all others"
_FAR = 10.0  # spreads from the median; of a normal target none in 10²³ is
_APART = 3.0  # times as far as the next value: the tail of a distribution has no such gap
_MOST_OUTLIERS = 0.01  # of the values; more of them are a part of the distribution
_LARGEST = 0.01  # of the values
_HEAVY = 1 / 3  # of the squared distances; 1 % of a normal target's hold 0.08, of an exponential one's 0.24
_MOST_LISTED = 3


class TargetValue(NamedTuple):
    """A value of the target and its row, counted from 1."""

    row: int
    value: float


class TargetTail(NamedTuple):
    """The tail of a regression's target in the training and dev sets.

    Attributes:
        outliers: values far from all others, the farthest first.
        largest: the values farthest from the median.
        share: of the squared distances from the median, what the farthest 1 % hold; outliers are left out.
        transform: that would tame a heavy tail; None if it is not heavy.
        lower: lower quartile.
        upper: upper quartile.
    """

    outliers: tuple[TargetValue, ...]
    largest: tuple[TargetValue, ...]
    share: float
    transform: Literal["log", "yeo-johnson"] | None
    lower: float
    upper: float

    @staticmethod
    def listed(values: tuple[TargetValue, ...]) -> str:
        """Return the first values with their rows: '9,000,000 (row 18)'."""
        texts = [f"{number(value)} (row {number(row)})" for row, value in values[:_MOST_LISTED]]
        more = len(values) - len(texts)
        return ", ".join(texts) + (f" and {number(more)} more" if more > 0 else "")


def target_tail(target: Float[np.ndarray, "rows"], rows: Int[np.ndarray, "rows"]) -> TargetTail | None:
    """Return the tail of these values; None for too few.

    Args:
        target: values of the target.
        rows: their places in the data, from 0.
    """
    if len(target) < _FEWEST:
        return None
    lower, median, upper = np.quantile(target, [0.25, 0.5, 0.75])
    distances = np.abs(target - median)
    order = np.argsort(-distances, kind="stable")
    # Farthest first: the outliers end at the last gap that is wide enough.
    sizes = distances[order[: max(1, int(_MOST_OUTLIERS * len(target))) + 1]]
    gaps = (sizes[:-1] > _FAR * spread(target)) & (sizes[:-1] > _APART * sizes[1:])
    count = int(np.flatnonzero(gaps)[-1]) + 1 if gaps.any() else 0
    values = tuple(TargetValue(int(rows[place]) + 1, float(target[place])) for place in order[: count + _MOST_LISTED])
    # In shares of the farthest, so that the squares of huge values stay finite.
    others = np.square(distances[order[count:]] / (distances[order[count]] or 1.0))
    share = float(others[: int(np.ceil(_LARGEST * len(others)))].sum() / (others.sum() or 1.0))
    transform = None
    if share >= _HEAVY and len(others) >= 1 / _LARGEST:
        transform = "log" if target[order[count:]].min() > 0 else "yeo-johnson"
    return TargetTail(values[:count], values[count:], share, transform, float(lower), float(upper))
