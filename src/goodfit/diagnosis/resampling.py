"""The mean of per-example costs over seeds: the variance that examples and seeds bring to it, and its bootstrap."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from goodfit.errors import InputError

BLOCKS = 2000  # a variance from 2,000 blocks is known to 3 % (√(2/2000)); more blocks would only cost time
CHUNK = 500  # resamples drawn at once, so that their indices take 4 MB

Groups = Int[np.ndarray, "examples"] | None


def enough_groups(groups: Groups) -> Groups:
    """Return the groups, or None if there is only one: it does not show how groups differ."""
    return groups if groups is not None and (groups != groups[0]).any() else None


def mean_variance(costs: Float[np.ndarray, "rows examples"], groups: Groups = None) -> Float[np.ndarray, "rows"]:
    """Return the variance of each row's mean if its examples (or its groups, if given) were drawn again.

    Without groups this is s²/n. A mean over groups of unequal size is a ratio of two sums; its variance is that of
    the linearized ratio (Cochran 1977, Sampling Techniques, section 6.3).

    Args:
        costs: of each example, several rows of them.
        groups: of each example, if whole groups were drawn.

    Raises:
        InputError: there are fewer than two examples or groups.
    """
    deviations = costs - costs.mean(axis=1, keepdims=True)
    if groups is not None:
        deviations = _group_sums(deviations, groups)
    parts = deviations.shape[1]
    if parts < 2:
        raise _too_few(parts, groups)
    return parts / (parts - 1) * np.square(deviations).sum(axis=1) / costs.shape[1] ** 2


class SeedParts(NamedTuple):
    """The variance of one seed's mean cost, divided by its sources.

    Attributes:
        between: variance of the seeds' mean costs, as measured.
        within: the part of it that comes from the finite examples, as each seed errs on examples of its own.
        freedom: degrees of freedom of `between`; 0 if no arm has two seeds.
    """

    between: float
    within: float
    freedom: int

    @property
    def variance(self) -> float:
        """The part that the examples do not explain (two-way analysis of variance), never below 0."""
        return max(self.between - self.within, 0.0)


def seed_parts(arms: Sequence[Float[np.ndarray, "_ examples"]], groups: Groups = None) -> SeedParts:
    """Return the variance parts of a seed's mean cost, pooled over arms that were measured on the same examples.

    Args:
        arms: the costs `[seeds, examples]` of each arm; the arms may have different numbers of seeds.
        groups: of each example, if whole groups were drawn.
    """
    freedom = sum(len(arm) - 1 for arm in arms)
    if freedom == 0:
        return SeedParts(0.0, 0.0, 0)
    between = within = 0.0
    for arm in arms:
        deviations = arm - arm.mean(axis=0)
        between += float(np.square(deviations.mean(axis=1)).sum())
        within += float(mean_variance(deviations, groups).sum())
    return SeedParts(between / freedom, within / freedom, freedom)


def resampled_means(
    costs: Float[np.ndarray, "examples"], groups: Groups, rng: np.random.Generator, resamples: int
) -> Float[np.ndarray, "resamples"]:
    """Return bootstrapped means over examples, or over groups; many examples are first merged into random blocks.

    The plain bootstrap of n parts has only (n−1)/n of the variance, and treats that variance as known. So the deviation
    of each resample from the mean is multiplied by √(n/χ²), χ² having n−1 degrees of freedom: for normal costs the
    result follows Student's t distribution, as it should.

    Args:
        costs: of each example.
        groups: of each example, if whole groups were drawn.
        rng: source of the random numbers.
        resamples: number of bootstrap samples.

    Raises:
        InputError: there are fewer than two examples or groups.
    """
    sums, counts = _blocks(costs, groups, rng)
    parts = len(sums)
    if parts < 2:
        raise _too_few(parts, groups)
    means = np.empty(resamples)
    for start in range(0, resamples, CHUNK):
        places = rng.integers(0, parts, (min(CHUNK, resamples - start), parts), dtype=np.int32)
        # Parts differ in size, so a resample's mean is a ratio of two sums.
        means[start : start + CHUNK] = sums[places].sum(axis=1) / counts[places].sum(axis=1)
    mean = sums.sum() / counts.sum()
    return mean + (means - mean) * np.sqrt(parts / rng.chisquare(parts - 1, resamples))


def _blocks(
    costs: Float[np.ndarray, "examples"], groups: Groups, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "blocks"], Float[np.ndarray, "blocks"]]:
    """Return sum and count of each group (or example); if there are more than BLOCKS, of random unions of them."""
    sums, counts = costs, np.ones(len(costs))
    if groups is not None:
        sums, counts = _group_sums(np.stack([sums, counts]), groups)
    if len(sums) > BLOCKS:
        block = rng.permutation(len(sums)) % BLOCKS
        sums, counts = _group_sums(np.stack([sums, counts]), block)
    return sums, counts


def _too_few(parts: int, groups: Groups) -> InputError:
    name = "examples" if groups is None else "groups"
    return InputError(f"an interval needs at least two {name}, not {parts}; give a larger set")


def _group_sums(
    values: Float[np.ndarray, "rows examples"], groups: Int[np.ndarray, "examples"]
) -> Float[np.ndarray, "rows groups"]:
    """Return the sum of each row in each group."""
    number = np.unique(groups, return_inverse=True)[1]
    return np.stack([np.bincount(number, weights=row) for row in values])
