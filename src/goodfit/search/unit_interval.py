"""The values of an Optuna distribution on the interval from 0 to 1, uniform as its random sampler draws them."""

import math
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

NumberDistribution = FloatDistribution | IntDistribution


def cell(distribution: NumberDistribution, value: float) -> tuple[float, float]:
    """Return the ends of the part of 0 to 1 that gives this value: equal for real numbers, apart for whole ones.

    >>> cell(IntDistribution(1, 4), 2)
    (0.25, 0.5)
    """
    if distribution.single():
        return 0.0, 1.0
    if distribution.log:
        low, high = _log_ends(distribution)
        half = 0.5 if isinstance(distribution, IntDistribution) else 0.0
        ends = [(math.log(value + side) - low) / (high - low) for side in (-half, half)]
        return ends[0], ends[1]
    if distribution.step is None:
        place = (value - distribution.low) / (distribution.high - distribution.low)
        return place, place
    index = round((value - distribution.low) / distribution.step)  # rounded, as steps such as 0.1 are not exact
    return index / _count(distribution), (index + 1) / _count(distribution)


def value_at(distribution: BaseDistribution, place: float) -> Any:
    """Return the value at this place from 0 to 1; each choice has an equal part.

    >>> round(value_at(FloatDistribution(1e-4, 1e-2, log=True), 0.5), 12)
    0.001
    """
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[min(int(place * len(distribution.choices)), len(distribution.choices) - 1)]
    assert isinstance(distribution, NumberDistribution), "Optuna has no other distributions"
    kind = int if isinstance(distribution, IntDistribution) else float
    if distribution.single():
        value = distribution.low
    elif distribution.log:
        low, high = _log_ends(distribution)
        value = math.exp(low + place * (high - low))
        value = round(value) if kind is int else value
    elif distribution.step is None:
        value = distribution.low + place * (distribution.high - distribution.low)
    else:
        value = distribution.low + min(int(place * _count(distribution)), _count(distribution) - 1) * distribution.step
    return kind(min(max(value, distribution.low), distribution.high))


def _log_ends(distribution: NumberDistribution) -> tuple[float, float]:
    """Return the ends' logarithms; whole numbers reach half a step farther, so that ends are drawn as often."""
    half = 0.5 if isinstance(distribution, IntDistribution) else 0.0
    return math.log(distribution.low - half), math.log(distribution.high + half)


def _count(distribution: NumberDistribution) -> int:
    """Return the number of values that a distribution with steps has."""
    assert distribution.step is not None
    return round((distribution.high - distribution.low) / distribution.step) + 1
