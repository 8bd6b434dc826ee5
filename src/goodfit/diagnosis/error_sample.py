"""The errors of networks on one set, their mean, and the gap between two sets, with intervals."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from goodfit.diagnosis.intervals import (
    Interval,
    bootstrap_difference,
    bootstrap_mean,
    difference,
    effective_size,
    rmse_parts,
    shared_seed_variance,
    widened,
    wilson,
)
from goodfit.diagnosis.resampling import Groups, enough_groups, permutation_p_value, seed_parts

_LEVEL = 0.05  # as the intervals have


@dataclass(frozen=True)
class ErrorSample:
    """The errors on one set.

    Attributes:
        errors: 0 or 1 for each example by each seed's network, or values whose mean is the RMSE over the spread.
        groups: of each example.
        rates: True if errors are 0 or 1.
        misses: of each example, averaged over the seeds: errors, or squared misses.
    """

    errors: Float[np.ndarray, "seeds examples"]
    groups: Groups
    rates: bool
    misses: Float[np.ndarray, "examples"]

    @property
    def mean(self) -> float:
        """Mean error."""
        return float(self.errors.mean())

    def wilson(self) -> Interval:
        """Return the interval of the mean over new examples, with these seeds."""
        return wilson(min(self.mean, 1.0), effective_size(self.errors, self.groups))


def error_sample(misses: Float[np.ndarray, "seeds examples"], groups: Groups, rates: bool) -> ErrorSample:
    """Return the errors that gaps are measured in: the misses, or of a regression parts of the RMSE."""
    misses = misses.astype(np.float64)
    return ErrorSample(misses if rates else rmse_parts(misses), enough_groups(groups), rates, misses.mean(axis=0))


def mean_interval(sample: ErrorSample) -> Interval:
    """Return the interval of the mean error of one set."""
    if not sample.rates:
        return bootstrap_mean(sample.errors, groups=sample.groups)
    between_seeds = seed_parts([sample.errors], sample.groups).variance / len(sample.errors)
    return widened(sample.wilson(), between_seeds)


def gap_between(upper: ErrorSample, lower: ErrorSample) -> Interval:
    """Return the interval of one set's mean error above another's.

    The bootstrap does not see the tail that a small set happens to lack: where a few huge misses decide an RMSE, its
    interval excluded 0 in a third of equal pairs (lognormal, σ = 1.7). So it includes 0 unless an exact test finds a
    difference as well.
    """
    arms = (upper.errors, lower.errors)
    if not upper.rates:
        gap = bootstrap_difference(*arms, groups_a=upper.groups, groups_b=lower.groups)
        excludes_zero = gap.low > 0 or gap.high < 0
        if excludes_zero and permutation_p_value(upper.misses, lower.misses, upper.groups, lower.groups) > _LEVEL:
            return Interval(gap.value, min(gap.low, 0.0), max(gap.high, 0.0))
        return gap
    between_seeds = shared_seed_variance(*arms, upper.groups, lower.groups)
    return widened(difference(upper.wilson(), lower.wilson()), between_seeds)


def seeds_dominate(dev: ErrorSample, train: ErrorSample, variance: Interval) -> bool:
    """True if more than half of the squared width of the variance's interval comes from the seeds."""
    between_seeds = shared_seed_variance(dev.errors, train.errors, dev.groups, train.groups)
    standard_error = (variance.high - variance.low) / (2 * 1.96)  # a normal 95 % interval reaches 1.96 to each side
    return between_seeds > standard_error**2 / 2
