"""Growth of signals from layer to layer (course notes: vanishing / exploding gradients)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from goodfit.wording.numbers import times

Trend = Literal["vanishing", "steady", "exploding"]

# A smaller factor over all layers hardly slows a descent; the 1.5^L of the course notes passes it at L = 7.
_FACTOR = 10.0


@dataclass(frozen=True)
class Growth:
    """Growth of a signal's size with depth.

    Attributes:
        rate: factor per layer: 1.5 for the 1.5^L of the course notes.
        factor: rate^(layers − 1), the growth from the first to the last layer.
        trend: exploding if the factor is above 10, vanishing if it is below 1/10.
    """

    rate: float
    factor: float
    trend: Trend


def growth(sizes: Sequence[float]) -> Growth | None:
    """Return the growth of sizes by layer, by least squares of their logarithm on depth.

    Args:
        sizes: of the signal at each layer, in the direction of the signal; root mean squares, so that the width of a
            layer does not matter.

    Returns:
        The growth; None if fewer than two layers have a finite size.

    Example:
        >>> growth([1.5**layer for layer in range(1, 21)]).trend
        'exploding'
        >>> round(growth([0.5**layer for layer in range(1, 21)]).rate, 6)
        0.5
    """
    values = np.asarray(sizes, np.float64)
    measured = np.isfinite(values) & (values >= 0)
    depth, values = np.flatnonzero(measured), values[measured]
    if len(values) < 2:
        return None
    if not values.all():  # the logarithm of a vanished signal has no slope
        return Growth(0.0, 0.0, "vanishing")
    slope = float(np.polyfit(depth, np.log(values), 1)[0])
    steps = float(depth[-1] - depth[0])
    factor = math.exp(min(slope * steps, 700.0))  # e^700 is close to the largest float
    trend = "exploding" if factor > _FACTOR else "vanishing" if factor < 1 / _FACTOR else "steady"
    return Growth(math.exp(min(slope, 700.0)), factor, trend)


def growth_words(signal: str, growth: Growth | None) -> str:
    """Return a clause on the growth of a signal; `signal` is its name.

    >>> growth_words("activations", growth([1.0, 3.0, 9.0, 27.0]))
    'activations are exploding: 3 times per layer, 27 times over all layers'
    """
    if growth is None:
        return f"{signal}: fewer than two hidden layers, so there is no trend"
    if growth.rate == 0:
        return f"{signal} are vanishing: in some layer nothing is left of them"
    return f"{signal} are {growth.trend}: {times(growth.rate)} per layer, {times(growth.factor)} over all layers"
