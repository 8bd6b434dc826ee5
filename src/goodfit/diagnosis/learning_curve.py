"""The learning curve: dev error by size of the training set, extrapolated to twice that size."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import t as student

from goodfit.errors import InputError
from goodfit.record.learning_curve import LearningCurve
from goodfit.record.values import Estimate
from goodfit.wording.numbers import percent

_POWERS = np.geomspace(0.05, 2, 40)  # exponents that are tried; measured ones are 0.07 to 0.35 (Hestness et al. 2017)
_RESAMPLES = 2000
_LEAST_MISFIT = 0.02  # of the error: no learning curve fits a power law better (`benchmarks/learning_curve.py`)
_MISFITS = np.geomspace(_LEAST_MISFIT, 0.5, 15)
_ALIKE = 0.75  # share of the training set from which random subsets overlap too much
_TINY = 1e-9
_WORTH = 0.1  # of the dev error: a smaller gain hardly pays for collecting as many examples again


class _Laws(NamedTuple):
    """Fitted laws a + b·m^(−c), m in units of the largest size.

    Attributes:
        floor: a of each law.
        slope: b.
        power: c.
        misfit: sum of the squared residuals over the squared deviations.
    """

    floor: Float[np.ndarray, "laws"]
    slope: Float[np.ndarray, "laws"]
    power: Float[np.ndarray, "laws"]
    misfit: Float[np.ndarray, "laws"]

    def errors_at(self, size: float) -> Float[np.ndarray, "laws"]:
        """Return the errors at a size."""
        return self.floor + self.slope * size**-self.power


def learning_curve(
    sizes: Int[np.ndarray, "sizes"],
    dev_errors: Float[np.ndarray, "sizes subsets"],
    dev_deviation: float,
    *,
    confidence: float = 0.9,
    seed: int = 0,
) -> LearningCurve:
    """Fit error(m) = a + b·m^(−c), and extrapolate it to twice the largest size.

    A power law above a floor describes networks over orders of magnitude (Hestness et al. 2017, Deep learning scaling
    is predictable, empirically). The law is fitted by weighted least squares; its interval is a parametric bootstrap
    over the scatter of the subsets, the misfit of the law, the exponents that fit about as well, and the sampling error
    of the dev set. `benchmarks/learning_curve.py` checks its coverage.

    Args:
        sizes: numbers of training examples, rising; the last is the whole training set.
        dev_errors: of networks trained on several random subsets of each size.
        dev_deviation: standard error of the dev error over its examples, at the largest size; if the error is 0, one
            over the number of dev examples.
        confidence: of all intervals.
        seed: of the random numbers of the bootstrap.

    Returns:
        The measured curve, the law, and the error to expect with twice the data.

    Raises:
        InputError: there are fewer than four sizes, the sizes do not rise, or each has a single subset.
    """
    subsets = dev_errors.shape[1]
    if len(sizes) < 4 or subsets < 2 or (np.diff(sizes) <= 0).any():
        raise InputError(
            f"a learning curve needs at least two subsets of each of at least four rising sizes, not {subsets} of "
            f"{sizes.tolist()}; train on more subsets"
        )
    rng = np.random.default_rng(seed)
    dev_errors = _tamed(dev_errors)
    units, means = sizes / sizes[-1], dev_errors.mean(axis=1)
    scatter, freedom = _scatter(units, dev_errors)
    mean_deviations = np.sqrt(scatter * means / subsets)
    misfit, deviations, best = _fit_loosely(units, means, mean_deviations)
    # Each resample draws other means around the measured ones (Student's t, since the scatter is estimated), and a law.
    noise = np.sqrt(freedom / rng.chisquare(freedom, _RESAMPLES))[:, None] * rng.normal(size=(_RESAMPLES, len(means)))
    laws = _fit(units, np.maximum(means + deviations * noise, 0), deviations, rng)
    current, doubled = laws.errors_at(1), laws.errors_at(2)
    # Measured at twice the size, a mean would scatter around the law, and the law would be as wrong as it is here.
    beyond_law = np.hypot(np.sqrt(scatter * doubled / subsets), misfit * doubled)
    draws = np.maximum(doubled + beyond_law * rng.normal(size=_RESAMPLES), 0)
    # The sampling error of the dev set comes on top: in full for the error, only by the difference for the gain, since
    # the same dev examples measure both sizes.
    unit = dev_deviation**2 / means[-1] if means[-1] > 0 else dev_deviation
    expected = _interval(_sampled(draws, unit, rng), float(best.errors_at(2)[0]), confidence)
    sampling = np.sqrt(unit * np.abs(current - draws)) * rng.normal(size=_RESAMPLES)
    gain = _interval(current - draws + sampling, float(best.errors_at(1)[0] - best.errors_at(2)[0]), confidence)
    margin = student.ppf((1 + confidence) / 2, freedom) * mean_deviations
    return LearningCurve(
        sizes=tuple(sizes.tolist()),
        dev_error=tuple(means.tolist()),
        low=tuple(np.maximum(means - margin, 0).tolist()),
        high=tuple((means + margin).tolist()),
        doubled=expected,
        gain=gain,
        floor=float(best.floor[0]),
        slope=float(best.slope[0]),
        power=float(best.power[0]),
        sentence=_sentence(float(best.errors_at(1)[0]), expected, gain),
    )


def _tamed(dev_errors: Float[np.ndarray, "sizes subsets"]) -> Float[np.ndarray, "sizes subsets"]:
    """Return the errors, clipped to four robust deviations from the median of their size, against outliers.

    The deviation is in proportion to the root of the error, as for counts (see `_scatter`).
    """
    medians = np.median(dev_errors, axis=1, keepdims=True)
    roots = np.sqrt(np.maximum(medians, _TINY))
    deviation = 1.4826 * np.median(np.abs(dev_errors - medians) / roots)  # σ of a normal distribution is 1.4826 MAD
    limit = 4 * deviation * roots if deviation > 0 else np.inf
    return np.clip(dev_errors, medians - limit, medians + limit)


def _scatter(units: Float[np.ndarray, "sizes"], dev_errors: Float[np.ndarray, "sizes subsets"]) -> tuple[float, int]:
    """Return the variance between subsets over the error, pooled over sizes, and its degrees of freedom.

    Counts of errors have a variance in proportion to their mean, as Poisson counts do. Subsets that hold most of the
    training set overlap too much to count.
    """
    distinct = units < _ALIKE
    means = np.maximum(dev_errors[distinct].mean(axis=1), _TINY)
    variances = dev_errors[distinct].var(axis=1, ddof=1)
    return float((variances / means).mean()), int(distinct.sum()) * (dev_errors.shape[1] - 1)


def _fit_loosely(
    units: Float[np.ndarray, "sizes"], means: Float[np.ndarray, "sizes"], mean_deviations: Float[np.ndarray, "sizes"]
) -> tuple[float, Float[np.ndarray, "sizes"], _Laws]:
    """Return the smallest relative misfit that explains the residuals, the deviations with it, and the best law.

    The misfit grows until the squared residuals are no larger than their degrees of freedom, sizes − 3. Since the law
    only has to hold near the largest size, at half of the size it may be wrong by twice as much.
    """
    fits = []
    for misfit in _MISFITS:
        deviations = np.maximum(np.hypot(mean_deviations, misfit * means / units), _TINY)
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
    """Return the law that fits each row of errors, by weighted least squares with a ≥ 0 and b ≥ 0.

    Args:
        units: sizes over the largest.
        errors: rows to fit.
        deviations: of the errors of each size.
        rng: if given, the exponent is drawn by its likelihood; otherwise the best is taken.
    """
    weights = deviations**-2.0
    powers = units ** -_POWERS[:, None]
    # For a fixed exponent the law is a line in m^(−c): the normal equations of all rows and exponents at once.
    total, first, second = weights.sum(), powers @ weights, powers**2 @ weights
    straight, crossed = (errors @ weights)[:, None], (errors * weights) @ powers.T
    slope = (total * crossed - first * straight) / (total * second - first**2)
    falling = slope > 0
    floor = np.where(falling, (straight - slope * first) / total, straight / total)
    # A rising law becomes flat; a floor below 0 becomes 0, with the slope fitted again.
    positive = floor > 0
    slope = np.where(positive, np.where(falling, slope, 0.0), crossed / second)
    floor = np.maximum(floor, 0.0)
    residuals = errors[:, None] - floor[..., None] - slope[..., None] * powers
    misfit = np.square(residuals) @ weights
    score = -misfit / 2 if rng is None else -misfit / 2 + rng.gumbel(size=misfit.shape)  # the Gumbel-max trick draws
    place = np.arange(len(errors)), score.argmax(axis=1)
    return _Laws(floor[place], slope[place], _POWERS[place[1]], misfit[place])


def _sampled(
    errors: Float[np.ndarray, "resamples"], unit: float, rng: np.random.Generator
) -> Float[np.ndarray, "resamples"]:
    """Return draws of the true errors, given those on the dev set, where one wrong example adds `unit`.

    They follow Jeffreys' posterior of a Poisson rate, Γ(count + ½), which also holds if few or no examples are wrong.
    """
    return errors if unit == 0 else rng.gamma(errors / unit + 0.5) * unit


def _interval(draws: Float[np.ndarray, "resamples"], value: float, confidence: float) -> Estimate:
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(value, float(min(low, value)), float(max(high, value)))


def _sentence(current: float, doubled: Estimate, gain: Estimate) -> str:
    change = f"from {percent(current)} to about {percent(doubled.value, doubled.low, doubled.high)}"
    if current <= 10 * _TINY:
        return "Twice the data would hardly help: no dev example is wrong."
    if gain.high < _WORTH * current:
        return f"Twice the data would hardly help: the dev error would go {change}."
    if gain.low > 0 and gain.value >= _WORTH * current:
        return f"Twice the data would lower the dev error {change}; it is worth collecting."
    return f"Twice the data might lower the dev error {change}; it is unclear if that is worth collecting."
