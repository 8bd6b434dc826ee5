"""Confidence intervals of an error and of the difference of two: Wilson, Newcombe, and the percentile bootstrap.

Rates of wrong answers get Wilson's and Newcombe's intervals, which stay honest if nobody errs. Other errors are
bootstrapped over examples; the contribution of the seeds is added as a normal variable. An RMSE and 1 − R² are no means
over examples: they are bootstrapped as the means that they follow to first order (the delta method).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import norm

from goodfit.data.dataset import target_variance
from goodfit.diagnosis.resampling import Groups, mean_variance, resampled_means, seed_parts
from goodfit.errors import InputError


@dataclass(frozen=True)
class Interval:
    """An estimate and the limits of its confidence interval.

    Attributes:
        value: the estimate.
        low: lower limit.
        high: upper limit.
    """

    value: float
    low: float
    high: float


def wilson(rate: float, size: float, confidence: float = 0.95) -> Interval:
    """Return Wilson's score interval of an error rate p measured on n examples (Wilson 1927).

    It holds every true rate π whose score test does not reject p: (p − π)² ≤ z²·π(1 − π)/n. Unlike p ± z·√(p(1−p)/n),
    it has a width at p = 0 and stays within 0 and 1.

    SciPy's `binomtest(k, n).proportion_ci(method="wilson")` takes whole counts only; effective sizes are fractions.

    >>> round(wilson(0.05, 100).high, 4)
    0.1118

    Args:
        rate: share of wrong answers.
        size: number of examples, or their effective number.
        confidence: probability that such an interval covers the true rate.

    Raises:
        InputError: the rate is outside 0 to 1, or the size is below 1.
    """
    if not 0 <= rate <= 1:
        raise InputError(f"an error of {rate:g} is not an error rate; give a share between 0 and 1 (11 % is 0.11)")
    if not size >= 1:
        raise InputError(f"a set of {size:g} examples measures nothing; give a size of at least 1")
    z2 = norm.ppf((1 + confidence) / 2) ** 2
    # The limits are the two solutions π of the quadratic equation (p − π)² = z²·π(1 − π)/n.
    center = (rate + z2 / (2 * size)) / (1 + z2 / size)
    half_width = np.sqrt(z2 * (rate * (1 - rate) / size + z2 / (4 * size**2))) / (1 + z2 / size)
    # Rounding may put a limit on the wrong side of the rate when nobody errs, or everybody does.
    low, high = max(center - half_width, 0.0), min(center + half_width, 1.0)
    return Interval(rate, float(min(low, rate)), float(max(high, rate)))


def newcombe(rate_a: float, size_a: float, rate_b: float, size_b: float, confidence: float = 0.95) -> Interval:
    """Return the interval of rate_a − rate_b, measured on different examples (Newcombe 1998, method 10).

    Args:
        rate_a: the first error rate.
        size_a: number of examples that it was measured on.
        rate_b: the second error rate.
        size_b: number of examples that it was measured on.
        confidence: probability that such an interval covers the true difference.

    Raises:
        InputError: a rate is outside 0 to 1, or a size is below 1.
    """
    return difference(wilson(rate_a, size_a, confidence), wilson(rate_b, size_b, confidence))


def difference(a: Interval, b: Interval) -> Interval:
    """Return the interval of a − b from those of two independent estimates (Newcombe 1998, "square and add").

    The difference is lowest if a is at its lower limit and b at its upper one; the two distances are independent, so
    their squares add: low = (a − b) − √((a − a_low)² + (b_high − b)²), and the same for the upper limit.
    """
    value = a.value - b.value
    below = np.hypot(a.value - a.low, b.high - b.value)
    above = np.hypot(a.high - a.value, b.value - b.low)
    return Interval(value, float(value - below), float(value + above))


def widened(interval: Interval, variance: float, confidence: float = 0.95) -> Interval:
    """Return the interval with an independent normal source of variance added, by squares as in `difference`."""
    distance = norm.ppf((1 + confidence) / 2) * np.sqrt(variance)
    below = np.hypot(interval.value - interval.low, distance)
    above = np.hypot(interval.high - interval.value, distance)
    return Interval(interval.value, float(interval.value - below), float(interval.value + above))


def effective_size(errors: Float[np.ndarray, "seeds examples"], groups: Groups = None) -> float:
    """Return the number of independent examples that would measure the mean error rate as precisely as these do.

    It is the number of examples over the design effect (Kish 1965, Survey Sampling), the variance of the mean error as
    a multiple of that of as many independent answers. Seeds that err on different examples make the effective size
    larger than the number of examples; groups of similar examples make it smaller.

    Args:
        errors: 0 or 1.
        groups: of each example, if whole groups were drawn.
    """
    means = errors.mean(axis=0)
    # One imagined example that is always right and one that is always wrong keep the variance above 0 if nobody errs.
    imagined = np.append(means, [0.0, 1.0])
    effect = _design_effect(imagined)
    if groups is not None and 0 < means.mean() < 1:
        effect = max(effect, _design_effect(means, groups))
    return max(len(means) / effect, 1.0)


def _design_effect(means: Float[np.ndarray, "examples"], groups: Groups = None) -> float:
    """Return the variance of the mean as a multiple of that of as many independent right-or-wrong answers."""
    rate = means.mean()
    # n − 1, not n, as `mean_variance` divides the squares by it: then independent answers have an effect of exactly 1.
    return float(mean_variance(means[None], groups)[0] * (len(means) - 1) / (rate * (1 - rate)))


def bootstrap_mean(
    errors: Float[np.ndarray, "seeds examples"],
    *,
    groups: Groups = None,
    confidence: float = 0.95,
    seed: int = 0,
    resamples: int = 2000,
) -> Interval:
    """Return the interval of the mean error over new examples (new groups, if given) and new seeds.

    Percentile bootstrap over examples (Efron & Tibshirani 1993, chapter 13), of the errors averaged over seeds. Few
    seeds cannot be resampled well (of two, one resample in two takes the same seed twice). Their part is a parametric
    bootstrap: normal, with the variance between seeds that the examples do not explain.

    Args:
        errors: of each example by each seed's network.
        groups: of each example, if whole groups were drawn.
        confidence: probability that such an interval covers the true mean.
        seed: of the bootstrap's random numbers.
        resamples: number of bootstrap samples.

    Raises:
        InputError: there are fewer than two examples or groups.
    """
    rng = np.random.default_rng(seed)
    draws = resampled_means(errors.mean(axis=0), groups, rng, resamples)
    draws += rng.normal(0, np.sqrt(seed_parts([errors], groups).variance / len(errors)), resamples)
    return _percentile_interval(float(errors.mean()), draws, confidence)


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
    """Return the interval of mean error a − mean error b, of the same seeds on two different sets of examples.

    The two sets are resampled independently of each other; see `bootstrap_mean` for the method. For two measurements
    of the same examples take `bootstrap_mean(errors_a − errors_b)`.

    Args:
        errors_a: of each example of the first set by each seed's network.
        errors_b: the same of the second set.
        groups_a: of each example of the first set, if whole groups were drawn.
        groups_b: of each example of the second set.
        confidence: probability that such an interval covers the true difference.
        seed: of the bootstrap's random numbers.
        resamples: number of bootstrap samples.

    Raises:
        InputError: there are fewer than two examples or groups.
    """
    rng = np.random.default_rng(seed)
    draws = resampled_means(errors_a.mean(axis=0), groups_a, rng, resamples)
    draws -= resampled_means(errors_b.mean(axis=0), groups_b, rng, resamples)
    variance = shared_seed_variance(errors_a, errors_b, groups_a, groups_b)
    draws += rng.normal(0, np.sqrt(variance), resamples)
    return _percentile_interval(float(errors_a.mean() - errors_b.mean()), draws, confidence)


def rmse_parts(misses: Float[np.ndarray, "seeds examples"]) -> Float[np.ndarray, "seeds examples"]:
    """Return values whose mean is each seed's RMSE, and follows it to first order when the examples change.

    The root of a mean changes with an example's square s by (s − mean)/(2·root): its influence function (Hampel 1974).

    Args:
        misses: squared misses.
    """
    means = misses.mean(axis=1, keepdims=True)
    roots = np.sqrt(means)
    return roots + (misses - means) / np.where(roots > 0, 2 * roots, 1)


def unexplained_interval(
    errors: Float[np.ndarray, "seeds examples"], truth: Float[np.ndarray, "examples"], groups: Groups = None
) -> Interval:
    """Return the 95 % interval of 1 − R², whose denominator, the variance of the target, is drawn with the examples.

    A ratio a/b changes with an example's terms by (a_i − (a/b)·b_i)/b; b is 1 here (Cochran 1977, section 6.3).

    Args:
        errors: squared misses over the variance of the target.
        truth: values of the target.
        groups: of each example, if whole groups were drawn.

    Raises:
        InputError: there are fewer than two examples or groups.
    """
    deviation = target_variance(truth) ** 0.5
    shares = np.square((truth - truth.mean()) / deviation) if deviation else np.ones(len(truth))
    means = errors.mean(axis=1, keepdims=True)
    interval = bootstrap_mean(errors - means * (shares - 1), groups=groups)
    return Interval(interval.value, max(interval.low, 0.0), interval.high)


def shared_seed_variance(
    errors_a: Float[np.ndarray, "seeds examples_a"],
    errors_b: Float[np.ndarray, "seeds examples_b"],
    groups_a: Int[np.ndarray, "examples_a"] | None = None,
    groups_b: Int[np.ndarray, "examples_b"] | None = None,
) -> float:
    """Return the variance that new seeds bring to mean a − mean b, if each seed was measured on both sets.

    The gap is taken seed by seed, so that what a seed does to both sets cancels. From the variance of these gaps the
    part is taken off that the finite sets explain: a seed errs on examples of its own (two-way analysis of variance).
    """
    seeds = len(errors_a)
    if seeds < 2:
        return 0.0
    within = sum(
        mean_variance(errors - errors.mean(axis=0), groups).sum()
        for errors, groups in ((errors_a, groups_a), (errors_b, groups_b))
    )
    gap_by_seed = errors_a.mean(axis=1) - errors_b.mean(axis=1)
    between = np.square(gap_by_seed - gap_by_seed.mean()).sum()
    # Over its degrees of freedom this is the variance of one seed's gap; over the seeds, that of their mean.
    return float(max(between - within, 0.0) / (seeds - 1) / seeds)


def _percentile_interval(value: float, draws: Float[np.ndarray, "resamples"], confidence: float) -> Interval:
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(value, float(min(low, value)), float(max(high, value)))
