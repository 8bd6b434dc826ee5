"""Hyperparameters on their proper scale: r from 0 to 1 becomes a value from low to high.

log: 10^(a + r·(b − a)) with a = log₁₀ low, b = log₁₀ high, so that every power of ten gets the same share; for α and λ.
1 − log: 1 − β is on a log scale, because β averages 1/(1 − β) values; half of the draws from 0.9…0.999 are above 0.99.
Draw r at random, not on a grid. Source: the course notes, "Using an appropriate scale to pick hyperparameters";
Bergstra & Bengio 2012. The form that a search uses is in `search/scales.py`.

The course notes' r = (a_log − b_log)·rand + b_log runs backwards, from high at 0 to low at 1; for random draws that
does not matter. Its log must be log₁₀, as 10^r undoes it. From β = 0.9 to 0.9005 the average grows by 0.05 values to
10.05 (not by 10); from 0.999 to 0.9995 it grows by 1000.
"""

import math


def linear(low: float, high: float, r: float) -> float:
    """Return low + r·(high − low), for settings whose differences matter, such as the number of layers.

    >>> linear(2.0, 4.0, 0.25)
    2.5
    """
    return low + r * (high - low)


def log_scale(low: float, high: float, r: float) -> float:
    """Return 10^(a + r·(b − a)), where 10^a is low and 10^b is high; both are above 0.

    >>> [round(log_scale(0.0001, 1.0, r), 12) for r in (0.0, 0.25, 0.5, 1.0)]
    [0.0001, 0.001, 0.01, 1.0]
    """
    return 10 ** linear(math.log10(low), math.log10(high), r)


def one_minus_log(low: float, high: float, r: float) -> float:
    """Return 1 minus a draw on the log scale, from low to high; both are below 1.

    >>> [round(one_minus_log(0.9, 0.999, r), 12) for r in (0.0, 0.5, 1.0)]
    [0.9, 0.99, 0.999]
    """
    return 1 - log_scale(1 - low, 1 - high, r)
