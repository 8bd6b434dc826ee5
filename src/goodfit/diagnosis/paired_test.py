"""The paired test of an experiment on the dev examples, and Holm's correction for many experiments."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from goodfit.diagnosis.resampling import Groups, enough_groups, resampled_means, seed_parts


@dataclass(frozen=True)
class PairedEffect:
    """Effect of a treatment on the mean dev cost; negative is better.

    Attributes:
        effect: mean cost of the treatment − mean cost of the reference.
        low: lower limit of its 95 % interval.
        high: upper limit.
        p: one-sided p value of the hypothesis that the treatment is not better.
    """

    effect: float
    low: float
    high: float
    p: float

    @property
    def significant(self) -> bool:
        """True if the 95 % interval excludes zero."""
        return self.low > 0 or self.high < 0


def paired_test(
    reference: Float[np.ndarray, "seeds_c examples"],
    treated: Float[np.ndarray, "seeds_t examples"],
    groups: Groups = None,
    seed: int = 0,
    resamples: int = 10_000,
) -> PairedEffect:
    """Compare the costs of two arms on the same examples, each arm trained with several seeds.

    The estimate is E[treated − reference] over new examples and new seeds. The examples (or groups; a single group
    counts as none) are bootstrapped by their differences, each averaged over seeds. Two to five seeds are too few for
    that: the bootstrap of S seeds has (S−1)/S of the variance and takes it as known. Their part is a parametric
    bootstrap, normal with a variance that is itself redrawn. With one seed in each arm only the examples count.

    Args:
        reference: cost of each example by each of the reference's seeds.
        treated: the same by the treatment's seeds.
        groups: of each example, if whole groups were drawn.
        seed: of the random numbers of the resampling.
        resamples: at least 1/p for the smallest p that matters, since p is never below 1/(resamples + 1).

    Returns:
        The effect, its percentile interval (95 %), and the p value: the share of resamples at or above 0, counting one
        more (Davison & Hinkley 1997, section 4.2), so that it is never 0.

    Raises:
        InputError: there are fewer than two examples.
    """
    rng = np.random.default_rng(seed)
    groups = enough_groups(groups)
    reference, treated = reference.astype(np.float64), treated.astype(np.float64)
    differences = treated.mean(axis=0) - reference.mean(axis=0)
    draws = resampled_means(differences, groups, rng, resamples)
    # New examples and new seeds are independent sources, so that a draw of both is the sum of a draw of each.
    draws += _seed_draws(reference, treated, groups, rng, resamples)
    low, high = np.quantile(draws, [0.025, 0.975])
    p = (np.count_nonzero(draws >= 0) + 1) / (resamples + 1)
    return PairedEffect(float(differences.mean()), float(low), float(high), float(p))


def _seed_draws(
    reference: Float[np.ndarray, "seeds_c examples"],
    treated: Float[np.ndarray, "seeds_t examples"],
    groups: Groups,
    rng: np.random.Generator,
    resamples: int,
) -> Float[np.ndarray, "resamples"]:
    """Return draws of the amount that new seeds would add to the difference.

    The variance between seeds that the examples do not explain rests on few degrees of freedom, so it is redrawn by χ².
    Two ways of doing so are mixed. The first takes the unexplained part as measured and divides it by χ²/f, which gives
    Student's t. The second divides the whole variance between seeds and then takes off the examples' part (generalized
    inference, Weerahandi 1993). Simulated without any effect at a level of .05 with two seeds in each arm, the first
    alone rejects in up to .08 (if both parts are equal), the second alone in as few as .015 (if seeds make no
    difference), and the mixture in .02 to .06.
    """
    parts = seed_parts([reference, treated], groups)
    if parts.freedom == 0:
        return np.zeros(resamples)
    chi_square = rng.chisquare(parts.freedom, resamples) / parts.freedom
    variance = np.maximum(parts.between / chi_square - parts.within, 0)
    variance[::2] = parts.variance / chi_square[::2]  # every other draw by the first way: the mixture
    # The variance is that of one seed's mean cost; the arms are means over their seeds.
    return rng.normal(size=resamples) * np.sqrt(variance * (1 / len(reference) + 1 / len(treated)))


def holm(p_values: Float[np.ndarray, "tests"]) -> Float[np.ndarray, "tests"]:
    """Return p values adjusted for the number of tests (Holm 1979), in the order given.

    The i-th smallest of n is multiplied by n − i + 1 and is at least as large as the adjusted ones before it. Adopting
    what stays below α keeps the probability of a single false adoption below α, however the tests depend on each other.

    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    factors = len(order) - np.arange(len(order))  # n for the smallest p, 1 for the largest
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p_values[order]), 1)
    return adjusted
