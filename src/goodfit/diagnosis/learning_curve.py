"""Would more data help? The dev error by the size of the training set, continued to twice that size."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import t as student

from goodfit.diagnosis.intervals import Interval
from goodfit.errors import InputError
from goodfit.wording.numbers import percent

_POWERS = np.geomspace(0.05, 2, 40)
_RESAMPLES = 2000
_LEAST_MISFIT = 0.02  # of the error: no learning curve follows a power law more closely
_MISFITS = np.geomspace(_LEAST_MISFIT, 0.5, 15)
_ALIKE = 0.75  # share of the training set from which subsets are too much the same
_TINY = 1e-9
_WORTH = 0.1  # of the dev error: a smaller gain hardly pays for collecting as many examples again


@dataclass(frozen=True)
class LearningCurve:
    """Dev error by size of the training set.

    Attributes:
        sizes: training examples, rising.
        dev_error: mean over the subsets of each size.
        low: lower limit of its interval, over subsets.
        high: upper limit.
        doubled: dev error expected with twice the largest size.
        gain: by how much the error is expected to fall; positive is better.
        floor: the a of error(m) = a + b·m^(−c), with the largest size as the unit of m.
        slope: the b.
        power: the c.
        sentence: what that means.
    """

    sizes: tuple[int, ...]
    dev_error: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    doubled: Interval
    gain: Interval
    floor: float
    slope: float
    power: float
    sentence: str


class _Laws(NamedTuple):
    """Fitted laws a + b·m^(−c), m in units of the largest size, and their squared misfits in deviations."""

    floor: Float[np.ndarray, "laws"]
    slope: Float[np.ndarray, "laws"]
    power: Float[np.ndarray, "laws"]
    misfit: Float[np.ndarray, "laws"]

    def at(self, size: float) -> Float[np.ndarray, "laws"]:
        return self.floor + self.slope * size**-self.power


def learning_curve(
    sizes: Int[np.ndarray, "sizes"],
    dev_errors: Float[np.ndarray, "sizes subsets"],
    dev_deviation: float,
    *,
    confidence: float = 0.9,
    seed: int = 0,
) -> LearningCurve:
    """Fit error(m) = a + b·m^(−c), and continue it to twice the largest size.

    A power law above a floor describes networks over orders of magnitude (Hestness et al. 2017, Deep learning scaling
    is predictable, empirically). The interval holds the scatter of the subsets, how badly the law fits, the exponents
    that fit about as well, and the dev set's sampling error; `benchmarks/learning_curve.py` checks how often it holds.

    Args:
        sizes: training examples, rising; the last is the whole training set.
        dev_errors: of networks trained on several random subsets of each size.
        dev_deviation: standard error of the dev error over its examples, at the largest size; one over the number of
            dev examples where the error is 0.
        confidence: of all intervals.
        seed: of the bootstrap.

    Raises:
        InputError: fewer than four sizes, sizes that do not rise, or a single subset of each.
    """
    subsets = dev_errors.shape[1]
    if len(sizes) < 4 or subsets < 2 or (np.diff(sizes) <= 0).any():
        raise InputError(
            f"a learning curve needs two subsets or more of each of four rising sizes or more, not {subsets} of "
            f"{sizes.tolist()}; train on more subsets"
        )
    rng = np.random.default_rng(seed)
    dev_errors = _tamed(dev_errors)
    units, means = sizes / sizes[-1], dev_errors.mean(axis=1)
    scatter, freedom = _scatter(units, dev_errors)
    of_means = np.sqrt(scatter * means / subsets)
    misfit, deviations, best = _fit_loosely(units, means, of_means)
    redrawn = np.sqrt(freedom / rng.chisquare(freedom, _RESAMPLES))[:, None] * rng.normal(size=(_RESAMPLES, len(means)))
    laws = _fit(units, np.maximum(means + deviations * redrawn, 0), deviations, rng)
    now, doubled = laws.at(1), laws.at(2)
    missed = np.hypot(np.sqrt(scatter * doubled / subsets), misfit * doubled)
    drawn = np.maximum(doubled + missed * rng.normal(size=_RESAMPLES), 0)
    unit = dev_deviation**2 / means[-1] if means[-1] > 0 else dev_deviation
    expected = _interval(_sampled(drawn, unit, rng), float(best.at(2)[0]), confidence)
    differing = np.sqrt(unit * np.abs(now - drawn)) * rng.normal(size=_RESAMPLES)
    gain = _interval(now - drawn + differing, float(best.at(1)[0] - best.at(2)[0]), confidence)
    margin = student.ppf((1 + confidence) / 2, freedom) * of_means
    return LearningCurve(
        tuple(sizes.tolist()),
        tuple(means.tolist()),
        tuple(np.maximum(means - margin, 0).tolist()),
        tuple((means + margin).tolist()),
        expected,
        gain,
        float(best.floor[0]),
        float(best.slope[0]),
        float(best.power[0]),
        _sentence(float(best.at(1)[0]), expected, gain),
    )


def _tamed(dev_errors: Float[np.ndarray, "sizes subsets"]) -> Float[np.ndarray, "sizes subsets"]:
    """Errors at most four robust deviations from their size's median, so that a network gone astray counts little."""
    medians = np.median(dev_errors, axis=1, keepdims=True)
    roots = np.sqrt(np.maximum(medians, _TINY))
    deviation = 1.4826 * np.median(np.abs(dev_errors - medians) / roots)  # of a normal distribution
    limit = 4 * deviation * roots if deviation > 0 else np.inf
    return np.clip(dev_errors, medians - limit, medians + limit)


def _scatter(units: Float[np.ndarray, "sizes"], dev_errors: Float[np.ndarray, "sizes subsets"]) -> tuple[float, int]:
    """The variance between subsets as a multiple of the error, pooled, and its degrees of freedom.

    Counted errors vary in proportion to their number. Subsets of most of the training set are too alike to count.
    """
    apart = units < _ALIKE
    means = np.maximum(dev_errors[apart].mean(axis=1), _TINY)
    variances = dev_errors[apart].var(axis=1, ddof=1)
    return float((variances / means).mean()), int(apart.sum()) * (dev_errors.shape[1] - 1)


def _fit_loosely(
    units: Float[np.ndarray, "sizes"], means: Float[np.ndarray, "sizes"], of_means: Float[np.ndarray, "sizes"]
) -> tuple[float, Float[np.ndarray, "sizes"], _Laws]:
    """The least relative misfit that explains what the scatter does not, the deviations that hold both, the best law.

    The law only has to hold near the largest size: half of the examples may miss it by twice as much.
    """
    fits = []
    for misfit in _MISFITS:
        deviations = np.maximum(np.hypot(of_means, misfit * means / units), _TINY)
        fits.append((float(misfit), deviations, _fit(units, means[None], deviations)))
        if fits[-1][2].misfit[0] <= len(means) - 3:
            break
    return fits[-1]


def _fit(
    units: Float[np.ndarray, "sizes"],
    errors: Float[np.ndarray, "laws sizes"],
    deviations: Float[np.ndarray, "sizes"],
    rng: np.random.Generator | None = None,
) -> _Laws:
    """Weighted least squares, a ≥ 0 and b ≥ 0, for every exponent; then the best, or one drawn by its likelihood."""
    weights = deviations**-2.0
    powers = units ** -_POWERS[:, None]
    total, first, second = weights.sum(), powers @ weights, powers**2 @ weights
    straight, crossed = (errors @ weights)[:, None], (errors * weights) @ powers.T
    slope = (total * crossed - first * straight) / (total * second - first**2)
    falling = slope > 0
    floor = np.where(falling, (straight - slope * first) / total, straight / total)
    above = floor > 0
    slope = np.where(above, np.where(falling, slope, 0.0), crossed / second)
    floor = np.maximum(floor, 0.0)
    residuals = errors[:, None] - floor[..., None] - slope[..., None] * powers
    misfit = np.square(residuals) @ weights
    score = -misfit / 2 if rng is None else -misfit / 2 + rng.gumbel(size=misfit.shape)  # the Gumbel-max trick draws
    chosen = np.arange(len(errors)), score.argmax(axis=1)
    return _Laws(floor[chosen], slope[chosen], _POWERS[chosen[1]], misfit[chosen])


def _sampled(
    errors: Float[np.ndarray, "resamples"], unit: float, rng: np.random.Generator
) -> Float[np.ndarray, "resamples"]:
    """The errors on all examples that go with these on the dev set, where one error adds `unit`.

    Jeffreys' posterior of a Poisson rate, a gamma distribution: right where few examples are wrong, or none.
    """
    return errors if unit == 0 else rng.gamma(errors / unit + 0.5) * unit


def _interval(draws: Float[np.ndarray, "resamples"], value: float, confidence: float) -> Interval:
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(value, float(min(low, value)), float(max(high, value)))


def _sentence(now: float, doubled: Interval, gain: Interval) -> str:
    to = f"from {percent(now)} to about {percent(doubled.value, doubled.low, doubled.high)}"
    if now <= 10 * _TINY:
        return "Twice the data would hardly help: no dev example is wrong."
    if gain.high < _WORTH * now:
        return f"Twice the data would hardly help: the dev error would go {to}."
    if gain.low > 0 and gain.value >= _WORTH * now:
        return f"Twice the data would lower the dev error {to}; worth collecting."
    return f"Twice the data might lower the dev error {to}; whether it is worth collecting is not clear."
