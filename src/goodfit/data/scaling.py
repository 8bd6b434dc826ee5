"""Scaling of one column of numbers: fitted on its present values, one function for each kind."""

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

PIECES = 16  # 16 and 32 did about as well on phoneme and segment
_SQUARE_OVERFLOWS = 1e150  # so large are fill values alone
_MOST_KNOTS = 1000  # of a quantile transformation, as scikit-learn's has


def standard(values: Float[np.ndarray, "present"]) -> tuple[float, float]:
    """Return the mean, and one over the standard deviation."""
    if len(values) == 0 or values.min() == values.max():
        return 0.0, 0.0
    unit = np.abs(values).max() if np.abs(values).max() > _SQUARE_OVERFLOWS else 1.0
    values = values / unit
    return float(np.mean(values) * unit), float(1 / np.std(values) / unit)


def robust(values: Float[np.ndarray, "present"]) -> tuple[float, float]:
    """Return the median, and one over the distance of the quartiles, or over half of the range if they are equal."""
    if len(values) == 0 or values.min() == values.max():
        return 0.0, 0.0
    lowest, low, median, high, highest = np.quantile(values, [0, 0.25, 0.5, 0.75, 1])
    spread = high - low if high > low else (highest - lowest) / 2
    return float(median), float(1 / spread)


# By kind: the center to subtract, and the factor to multiply with.
MOMENTS = {
    "standard": standard,
    "robust": robust,
    "quantile": lambda values: (0.0, 1.0),
    "piecewise": robust,
}


def normal_scores(
    values: Float[np.ndarray, "present"],
) -> tuple[Float[np.ndarray, "knots"], Float[np.ndarray, "knots"]]:
    """Return rising values and the normal scores of their mid-ranks; one knot at 0 if the values are constant."""
    if len(values) == 0 or values.min() == values.max():
        return np.zeros(1), np.zeros(1)
    count = min(_MOST_KNOTS, len(values))
    ranks = ((np.arange(count) + 0.5) * len(values) / count).astype(np.int64)  # the middle of each of `count` parts
    # Equal values share one knot, at the middle of their ranks; so no score is that of rank 0 or 1, which is infinite.
    knots, first, times = np.unique(np.sort(values)[ranks], return_index=True, return_counts=True)
    return knots, ndtri((first + times / 2) / count)


def pieces(
    values: Float[np.ndarray, "present"],
) -> tuple[Float[np.ndarray, "pieces"], Float[np.ndarray, "pieces"]]:
    """Return the start of each piece between two quantiles, and one over its length; 0 for pieces beyond the last."""
    starts, steepness = np.zeros(PIECES), np.zeros(PIECES)
    if len(values) and values.min() < values.max():
        # Values of the data, not between them: a frequent value takes several quantiles, and leaves fewer pieces.
        ends = np.unique(np.quantile(values, np.linspace(0, 1, PIECES + 1), method="inverted_cdf"))
        starts[: len(ends) - 1] = ends[:-1]
        steepness[: len(ends) - 1] = 1 / np.diff(ends)
    return starts, steepness


# By kind: the two arrays that `Preparation` keeps for each column, for kinds that are more than center and factor.
KNOTS = {"quantile": normal_scores, "piecewise": pieces}
