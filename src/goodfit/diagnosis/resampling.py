"""The mean of per-example costs over seeds: the variance that examples and seeds bring, and its bootstrap."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from goodfit.errors import InputError

BLOCKS = 2000  # a variance from 2,000 blocks is known to 3 %, so that more would only cost time
CHUNK = 500  # resamples drawn at once

Groups = Int[np.ndarray, "examples"] | None


def enough_groups(groups: Groups) -> Groups:
    """The groups, or None where there is only one: it says nothing about how groups differ."""
    return groups if groups is not None and (groups != groups[0]).any() else None


def mean_variance(costs: Float[np.ndarray, "rows examples"], groups: Groups = None) -> Float[np.ndarray, "rows"]:
    """The variance of each row's mean if its examples (its groups, where given) were drawn anew.

    A mean over groups of unequal size is a ratio of two sums; its variance is that of the linearized ratio
    (Cochran 1977, Sampling Techniques, 6.3).

    Raises:
        InputError: fewer than two examples or groups.
    """
    deviations = costs - costs.mean(axis=1, keepdims=True)
    if groups is not None:
        deviations = _sums(deviations, groups)
    parts = deviations.shape[1]
    if parts < 2:
        raise _too_few(parts, groups)
    return parts / (parts - 1) * np.square(deviations).sum(axis=1) / costs.shape[1] ** 2


class SeedParts(NamedTuple):
    """What makes the mean costs of seeds differ, each as a variance of one seed's mean.

    Attributes:
        between: of the seeds' mean costs, as measured.
        own: the share of it that new examples would redraw, as each seed errs on examples of its own.
        freedom: degrees of freedom of `between`; 0 when no arm has two seeds.
    """

    between: float
    own: float
    freedom: int

    @property
    def variance(self) -> float:
        """What the examples do not explain (two-way analysis of variance), never below 0."""
        return max(self.between - self.own, 0.0)


def seed_parts(arms: Sequence[Float[np.ndarray, "_ examples"]], groups: Groups = None) -> SeedParts:
    """The variance parts of a seed's mean cost, pooled over arms that were measured on the same examples."""
    freedom = sum(len(arm) - 1 for arm in arms)
    if freedom == 0:
        return SeedParts(0.0, 0.0, 0)
    between = own = 0.0
    for arm in arms:
        deviations = arm - arm.mean(axis=0)
        between += float(np.square(deviations.mean(axis=1)).sum())
        own += float(mean_variance(deviations, groups).sum())
    return SeedParts(between / freedom, own / freedom, freedom)


def resampled_means(
    costs: Float[np.ndarray, "examples"], groups: Groups, rng: np.random.Generator, resamples: int
) -> Float[np.ndarray, "resamples"]:
    """Bootstrapped means over examples, or over groups; many examples are first merged into random blocks.

    The bootstrap of n parts has (n−1)/n of the variance, and treats it as known: each resample's deviation is
    stretched by √(n/χ²) with n−1 degrees of freedom, which makes of the normal distribution Student's.

    Raises:
        InputError: fewer than two examples or groups.
    """
    sums, counts = _blocks(costs, groups, rng)
    parts = len(sums)
    if parts < 2:
        raise _too_few(parts, groups)
    means = np.empty(resamples)
    for start in range(0, resamples, CHUNK):
        drawn = rng.integers(0, parts, (min(CHUNK, resamples - start), parts), dtype=np.int32)
        means[start : start + CHUNK] = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    mean = sums.sum() / counts.sum()
    return mean + (means - mean) * np.sqrt(parts / rng.chisquare(parts - 1, resamples))


def _blocks(
    costs: Float[np.ndarray, "examples"], groups: Groups, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "blocks"], Float[np.ndarray, "blocks"]]:
    """Sum and count of each group (or example), of random unions of them where there are more than BLOCKS."""
    sums, counts = costs, np.ones(len(costs))
    if groups is not None:
        sums, counts = _sums(np.stack([sums, counts]), groups)
    if len(sums) > BLOCKS:
        block = rng.permutation(len(sums)) % BLOCKS
        sums, counts = _sums(np.stack([sums, counts]), block)
    return sums, counts


def _too_few(parts: int, groups: Groups) -> InputError:
    name = "examples" if groups is None else "groups"
    return InputError(f"an interval needs at least two {name}, not {parts}; give a larger set")


def _sums(
    values: Float[np.ndarray, "rows examples"], groups: Int[np.ndarray, "examples"]
) -> Float[np.ndarray, "rows groups"]:
    """Each row's sum in each group."""
    number = np.unique(groups, return_inverse=True)[1]
    return np.stack([np.bincount(number, weights=row) for row in values])
