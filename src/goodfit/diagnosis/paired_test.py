"""Whether a prescription helped: a paired test on the dev examples, and Holm's correction for having tried many."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from goodfit.diagnosis.resampling import Groups, enough_groups, resampled_means, seed_parts


@dataclass(frozen=True)
class PairedEffect:
    """The change that a treatment made to the mean dev cost (negative is better).

    Attributes:
        effect: mean cost treated − mean cost of the reference.
        low: lower limit of its 95 % interval.
        high: upper limit.
        p: one-sided, that the treatment is not better.
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
    """Compare the per-example costs of two arms, each trained with several seeds, on the same examples.

    The examples (or groups; a single group counts as none) are resampled by their differences of seed means. Two to
    five seeds are too few to be resampled: their bootstrap has (S−1)/S of the variance and takes it as known. Theirs is
    a parametric bootstrap, normal with a redrawn variance. With one seed an arm only the examples count.

    Args:
        reference: cost of each example by each of the reference's seeds.
        treated: the same of the treatment's seeds.
        groups: the group of each example, where whole groups were drawn.
        seed: of the resampling.
        resamples: at least 1/p of the smallest p to be told apart.

    Raises:
        InputError: fewer than two examples.
    """
    rng = np.random.default_rng(seed)
    groups = enough_groups(groups)
    reference, treated = reference.astype(np.float64), treated.astype(np.float64)
    differences = treated.mean(axis=0) - reference.mean(axis=0)
    draws = resampled_means(differences, groups, rng, resamples)
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
    """What other seeds would add to the difference.

    The variance between seeds beyond what the examples explain is known by few degrees of freedom. Even draws take it
    as measured and divide it by χ² (Student's t); odd draws divide all that was measured before taking off the
    examples' share (Weerahandi 1993). Simulated without effect at .05 with two seeds an arm, the first alone adopted up
    to .08 (where both shares are alike), the second down to .015 (where seeds make no difference), both .02 to .06.
    """
    parts = seed_parts([reference, treated], groups)
    if parts.freedom == 0:
        return np.zeros(resamples)
    redrawn = rng.chisquare(parts.freedom, resamples) / parts.freedom
    variance = np.maximum(parts.between / redrawn - parts.own, 0)
    variance[::2] = parts.variance / redrawn[::2]
    return rng.normal(size=resamples) * np.sqrt(variance * (1 / len(reference) + 1 / len(treated)))


def holm(p_values: Float[np.ndarray, "tests"]) -> Float[np.ndarray, "tests"]:
    """p-values adjusted for all of them having been tried (Holm 1979), in the order given.

    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    factors = len(order) - np.arange(len(order))
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p_values[order]), 1)
    return adjusted
