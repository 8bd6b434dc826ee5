"""Vanishing and exploding signals: how much they grow from layer to layer (notes: vanishing / exploding gradients)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from goodfit.wording.numbers import times

Trend = Literal["vanishing", "steady", "exploding"]

# Less than a factor of 10 over all layers hardly slows a descent, whatever the rate; the seed's 1.5^L passes at L = 7.
_FACTOR = 10.0


@dataclass(frozen=True)
class Growth:
    """How a signal's size changes with depth.

    Attributes:
        rate: the factor per layer: 1.5 for the seed's 1.5^L.
        factor: what that amounts to from the first to the last layer.
        trend: exploding or vanishing where the factor is more than 10 or less than 1/10.
    """

    rate: float
    factor: float
    trend: Trend


def growth(sizes: Sequence[float]) -> Growth | None:
    """The trend of sizes by layer, in the signal's own direction: least squares of their logarithm on depth.

    Args:
        sizes: of the signal at each layer; root mean squares, so that a layer's width does not count.

    Returns:
        None where fewer than two layers have a finite size, since then there is no trend.

    Example:
        >>> growth([1.5**layer for layer in range(1, 21)]).trend
        'exploding'
        >>> round(growth([0.5**layer for layer in range(1, 21)]).rate, 6)
        0.5
    """
    values = np.asarray(sizes, np.float64)
    known = np.isfinite(values) & (values >= 0)
    depth, values = np.flatnonzero(known), values[known]
    if len(values) < 2:
        return None
    if not values.all():  # a signal that is gone is no longer told from one that is nearly gone
        return Growth(0.0, 0.0, "vanishing")
    slope = float(np.polyfit(depth, np.log(values), 1)[0])
    last = float(depth[-1] - depth[0])
    factor = math.exp(min(slope * last, 700.0))
    trend = "exploding" if factor > _FACTOR else "vanishing" if factor < 1 / _FACTOR else "steady"
    return Growth(math.exp(min(slope, 700.0)), factor, trend)


def growth_words(what: str, found: Growth | None) -> str:
    """A sentence on it.

    >>> growth_words("activations", growth([1.0, 3.0, 9.0, 27.0]))
    'activations are exploding: 3 times per layer, 27 times over all'
    """
    if found is None:
        return f"{what}: fewer than two hidden layers, so there is no trend"
    if found.rate == 0:
        return f"{what} are vanishing: in a layer nothing is left of them"
    return f"{what} are {found.trend}: {times(found.rate)} per layer, {times(found.factor)} over all"
