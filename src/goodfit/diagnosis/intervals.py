"""Intervals of an error and of the difference of two: Wilson, Newcombe, and the bootstrap over examples and seeds."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import norm

from goodfit.diagnosis.resampling import Groups, mean_variance, resampled_means, seed_parts
from goodfit.errors import InputError


@dataclass(frozen=True)
class Interval:
    """A value and the limits between which the truth lies with the confidence asked for."""

    value: float
    low: float
    high: float


def wilson(rate: float, size: float, confidence: float = 0.95) -> Interval:
    """Wilson's interval of an error rate measured on `size` examples (Wilson 1927).

    SciPy's `binomtest(k, n).proportion_ci(method="wilson")` takes whole counts only; rates and effective sizes are not.

    >>> round(wilson(0.05, 100).high, 4)
    0.1118

    Raises:
        InputError: a rate outside 0 to 1 or a size below 1.
    """
    if not 0 <= rate <= 1:
        raise InputError(f"an error of {rate:g} is no error rate; give a share between 0 and 1 (11 % is 0.11)")
    if not size >= 1:
        raise InputError(f"a set of {size:g} examples measures nothing; give a size of at least 1")
    z2 = norm.ppf((1 + confidence) / 2) ** 2
    center = (rate + z2 / (2 * size)) / (1 + z2 / size)
    half = np.sqrt(z2 * (rate * (1 - rate) / size + z2 / (4 * size**2))) / (1 + z2 / size)
    return Interval(rate, float(min(max(center - half, 0.0), rate)), float(max(min(center + half, 1.0), rate)))


def newcombe(rate_a: float, size_a: float, rate_b: float, size_b: float, confidence: float = 0.95) -> Interval:
    """The interval of rate_a − rate_b, rates of different examples (Newcombe 1998, method 10).

    Raises:
        InputError: a rate outside 0 to 1 or a size below 1.
    """
    return difference(wilson(rate_a, size_a, confidence), wilson(rate_b, size_b, confidence))


def difference(a: Interval, b: Interval) -> Interval:
    """The interval of a − b from the intervals of both, by their squared distances (Newcombe 1998)."""
    value = a.value - b.value
    below = np.hypot(a.value - a.low, b.high - b.value)
    above = np.hypot(a.high - a.value, b.value - b.low)
    return Interval(value, float(value - below), float(value + above))


def widened(interval: Interval, variance: float, confidence: float = 0.95) -> Interval:
    """The interval with an independent, normal source of variance added."""
    extra = norm.ppf((1 + confidence) / 2) * np.sqrt(variance)
    below = np.hypot(interval.value - interval.low, extra)
    above = np.hypot(interval.high - interval.value, extra)
    return Interval(interval.value, float(interval.value - below), float(interval.value + above))


def effective_size(errors: Float[np.ndarray, "seeds examples"], groups: Groups = None) -> float:
    """The number of independent examples that would measure the mean error rate as well as these do.

    Seeds that err on different examples make it larger, groups of like examples smaller (Kish 1965: the design effect).
    One imagined example that is always right and one that is always wrong keep it known when nobody erred.
    """
    means = errors.mean(axis=0)
    imagined = np.append(means, [0.0, 1.0])
    effect = _design_effect(imagined)
    if groups is not None and 0 < means.mean() < 1:
        effect = max(effect, _design_effect(means, groups))
    return max(len(means) / effect, 1.0)


def _design_effect(means: Float[np.ndarray, "examples"], groups: Groups = None) -> float:
    """The variance of the mean, as a multiple of that of as many independent right-or-wrong answers."""
    rate = means.mean()
    return float(mean_variance(means[None], groups)[0] * (len(means) - 1) / (rate * (1 - rate)))


def bootstrap_mean(
    errors: Float[np.ndarray, "seeds examples"],
    *,
    groups: Groups = None,
    confidence: float = 0.95,
    seed: int = 0,
    resamples: int = 2000,
) -> Interval:
    """The interval of the mean error over new examples (new groups, where given) and new seeds.

    Few seeds cannot be resampled well (of two, one in two resamples takes the same seed twice): theirs is a parametric
    bootstrap, normal with the variance between seeds that the examples do not explain.

    Raises:
        InputError: fewer than two examples or groups.
    """
    rng = np.random.default_rng(seed)
    draws = resampled_means(errors.mean(axis=0), groups, rng, resamples)
    draws += rng.normal(0, np.sqrt(seed_parts([errors], groups).variance / len(errors)), resamples)
    return _percentiles(float(errors.mean()), draws, confidence)


def bootstrap_difference(
    errors_a: Float[np.ndarray, "seeds examples_a"],
    errors_b: Float[np.ndarray, "seeds examples_b"],
    *,
    groups_a: Int[np.ndarray, "examples_a"] | None = None,
    groups_b: Int[np.ndarray, "examples_b"] | None = None,
    confidence: float = 0.95,
    seed: int = 0,
    resamples: int = 2000,
) -> Interval:
    """The interval of mean error a − mean error b: the same seeds, measured on two different sets of examples.

    For two measurements of the same examples take `bootstrap_mean(errors_a − errors_b)`.

    Raises:
        InputError: fewer than two examples or groups.
    """
    rng = np.random.default_rng(seed)
    draws = resampled_means(errors_a.mean(axis=0), groups_a, rng, resamples)
    draws -= resampled_means(errors_b.mean(axis=0), groups_b, rng, resamples)
    variance = shared_seed_variance(errors_a, errors_b, groups_a, groups_b)
    draws += rng.normal(0, np.sqrt(variance), resamples)
    return _percentiles(float(errors_a.mean() - errors_b.mean()), draws, confidence)


def shared_seed_variance(
    errors_a: Float[np.ndarray, "seeds examples_a"],
    errors_b: Float[np.ndarray, "seeds examples_b"],
    groups_a: Int[np.ndarray, "examples_a"] | None = None,
    groups_b: Int[np.ndarray, "examples_b"] | None = None,
) -> float:
    """The variance that the seeds bring to mean a − mean b, where each seed was measured on both sets."""
    seeds = len(errors_a)
    if seeds < 2:
        return 0.0
    own = sum(
        mean_variance(errors - errors.mean(axis=0), groups).sum()
        for errors, groups in ((errors_a, groups_a), (errors_b, groups_b))
    )
    per_seed = errors_a.mean(axis=1) - errors_b.mean(axis=1)
    between = np.square(per_seed - per_seed.mean()).sum()
    return float(max(between - own, 0.0) / (seeds - 1) / seeds)


def _percentiles(value: float, draws: Float[np.ndarray, "resamples"], confidence: float) -> Interval:
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(value, float(min(low, value)), float(max(high, value)))
