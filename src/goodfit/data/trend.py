"""The line that a regression's target follows in time, which goes on beyond the rows that it was fitted on."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Trend(NamedTuple):
    """The time of the rows, and the line that a regression's target follows in it, beyond the fitted rows too.

    Attributes:
        place: of the time among the numbers, and among a network's inputs.
        center: its mean.
        scale: one over its standard deviation.
        slope: of the standardized (and transformed) target by the standardized time; 0 if the target follows no line.
    """

    place: int
    center: float
    scale: float
    slope: float = 0.0

    def scaled(self, numbers: Float[np.ndarray, "rows numbers"]) -> Float[np.ndarray, "rows"]:
        """Return the standardized time."""
        return (numbers[:, self.place] - self.center) * self.scale

    def line(self, inputs: Float[np.ndarray, "rows width"]) -> Float[np.ndarray, "rows"]:
        """Return the height of the line at these inputs of a network."""
        return self.slope * inputs[:, self.place].astype(np.float64)


def slope_of(time: Float[np.ndarray, "rows"], target: Float[np.ndarray, "rows"]) -> float:
    """Return the least squares slope of a target by time, if a line predicts; else 0.

    It does if the line through the first three quarters is nearer to the last quarter than their mean is.
    """
    order = np.argsort(time, kind="stable")
    early, late = np.split(order, [len(order) * 3 // 4])
    if len(early) < 2 or len(late) == 0 or np.ptp(time[early]) == 0:
        return 0.0
    line, mean = np.polynomial.Polynomial.fit(time[early], target[early], 1), target[early].mean()
    if np.square(target[late] - line(time[late])).sum() >= np.square(target[late] - mean).sum():
        return 0.0
    return float(np.polynomial.Polynomial.fit(time, target, 1).convert().coef[1])
