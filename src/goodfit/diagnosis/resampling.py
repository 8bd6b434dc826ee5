"""The mean of per-example costs over seeds: the variance that examples and seeds bring to it, and its bootstrap."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from goodfit.errors import InputError

BLOCKS = 2000  # a variance from 2,000 blocks is known to 3 % (√(2/2000)); more blocks would only cost time
_PERMUTATIONS = 399  # a p-value of 0.05 is the 20th of 400: known to 0.01, and a second for 100,000 examples
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


def permutation_p_value(
    misses_a: Float[np.ndarray, "examples_a"],
    misses_b: Float[np.ndarray, "examples_b"],
    groups_a: Groups = None,
    groups_b: Groups = None,
    seed: int = 0,
) -> float:
    """Return the p-value of a difference of two RMSEs, if examples (or groups) had fallen into either set by chance.

    It holds its level whatever the tails of the misses (Fisher 1935; Phipson and Smyth 2010 for the 1 that is added).

    Args:
        misses_a: squared misses of the first set.
        misses_b: squared misses of the second set.
        groups_a: of each example of the first set, if whole groups were drawn.
        groups_b: of each example of the second set.
        seed: of the permutations.
    """
    parts = [
        _group_sums(np.stack([misses, np.ones(len(misses))]), np.arange(len(misses)) if groups is None else groups)
        for misses, groups in ((misses_a, groups_a), (misses_b, groups_b))
    ]
    pooled, first = np.concatenate(parts, axis=1), parts[0].shape[1]
    totals = pooled.sum(axis=1)
    rng = np.random.default_rng(seed)

    def difference(places: Int[np.ndarray, "first"]) -> float:
        inside = pooled[:, places].sum(axis=1)
        # Rounding may leave less than nothing outside.
        outside = np.maximum(totals - inside, [0.0, 1.0])
        return abs(float(np.sqrt(inside[0] / inside[1]) - np.sqrt(outside[0] / outside[1])))

    measured = difference(np.arange(first)) * (1 - 1e-9)  # ties count, and rounding must not break them
    draws = [difference(rng.permutation(pooled.shape[1])[:first]) for _ in range(_PERMUTATIONS)]
    return (1 + sum(draw >= measured for draw in draws)) / (1 + _PERMUTATIONS)


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
