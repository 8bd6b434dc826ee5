import math

import numpy as np
import pytest
from scipy import stats

from goodfit.diagnosis.resampling import (
    enough_groups,
    mean_variance,
    permutation_p_value,
    resampled_means,
    seed_parts,
)
from goodfit.errors import InputError


def test_the_variance_of_a_mean_over_examples_is_scipys_squared_standard_error():
    costs = np.random.default_rng(0).exponential(size=(3, 50))
    assert mean_variance(costs) == pytest.approx(stats.sem(costs, axis=1) ** 2)


def test_equal_groups_count_like_their_means():
    costs = np.random.default_rng(1).normal(size=(2, 60))
    groups = np.tile(np.arange(15), 4)
    means = costs.reshape(2, 4, 15).mean(axis=1)
    assert mean_variance(costs, groups) == pytest.approx(stats.sem(means, axis=1) ** 2)


def test_unequal_groups_have_the_variance_of_a_ratio():
    rng = np.random.default_rng(2)
    means = []
    estimates = []
    for _ in range(1000):
        sizes = rng.integers(1, 8, 40)
        groups = np.repeat(np.arange(40), sizes)
        costs = rng.normal(size=40)[groups] + 0.1 * rng.normal(size=len(groups))
        means.append(costs.mean())
        estimates.append(mean_variance(costs[None], groups)[0])
    assert np.mean(estimates) == pytest.approx(np.var(means), rel=0.08)


def test_one_example_or_one_group_has_no_variance_to_measure():
    with pytest.raises(InputError, match="at least two examples, not 1"):
        mean_variance(np.ones((2, 1)))
    with pytest.raises(InputError, match="at least two groups, not 1"):
        mean_variance(np.ones((2, 4)), np.zeros(4, dtype=int))
    assert enough_groups(np.zeros(4, dtype=int)) is None
    assert enough_groups(None) is None
    assert enough_groups(np.array([0, 0, 3])) is not None


def test_seed_parts_are_those_of_a_two_way_analysis_of_variance():
    costs = np.random.default_rng(3).normal(size=(4, 30)) + np.array([[0.0], [1.0], [2.0], [4.0]])
    parts = seed_parts([costs])
    residuals = costs - costs.mean(axis=0) - costs.mean(axis=1, keepdims=True) + costs.mean()
    mean_square = np.square(residuals).sum() / (3 * 29)
    assert parts.freedom == 3
    assert parts.between == pytest.approx(costs.mean(axis=1).var(ddof=1))
    assert parts.within == pytest.approx(mean_square / 30)
    assert parts.variance == pytest.approx(costs.mean(axis=1).var(ddof=1) - mean_square / 30)


def test_seed_variance_is_found_where_there_is_some_and_not_where_each_seed_errs_on_its_own_examples():
    rng = np.random.default_rng(4)

    def of(deviation):
        costs = [rng.normal(size=(3, 100)) + deviation * rng.normal(size=(3, 1)) for _ in range(2)]
        parts = seed_parts(costs)
        return parts.between - parts.within

    assert np.mean([of(0.0) for _ in range(600)]) == pytest.approx(0, abs=0.0012)
    assert np.mean([of(0.3) for _ in range(600)]) == pytest.approx(0.09, rel=0.12)
    assert seed_parts([np.ones((1, 5)), np.ones((1, 5))]) == (0.0, 0.0, 0)


def test_resampled_means_of_few_examples_are_students():
    costs = np.array([1.0, 2.0, 4.0, 8.0, 9.0, 3.0, 5.0, 7.0])
    draws = resampled_means(costs, None, np.random.default_rng(0), 40_000)
    inside = stats.t.interval(0.9, 7, costs.mean(), stats.sem(costs))
    assert np.quantile(draws, [0.05, 0.95]) == pytest.approx(np.array(inside), abs=0.12)
    normal = stats.norm.interval(0.9, costs.mean(), costs.std() / np.sqrt(8))  # the plain bootstrap
    assert np.quantile(draws, 0.05) < normal[0] - 0.2


def test_resampling_draws_whole_groups():
    rng = np.random.default_rng(5)
    groups = np.repeat(np.arange(50), 40)
    costs = rng.normal(size=50)[groups]
    independent = resampled_means(costs, None, np.random.default_rng(0), 2000).std()
    grouped = resampled_means(costs, groups, np.random.default_rng(0), 2000).std()
    assert grouped == pytest.approx(costs.std() / np.sqrt(49), rel=0.08)
    assert grouped / independent == pytest.approx(np.sqrt(40), rel=0.1)


def test_many_examples_keep_their_variance_when_merged_into_blocks():
    costs = np.random.default_rng(6).exponential(size=100_000)
    draws = resampled_means(costs, None, np.random.default_rng(0), 2000)
    assert draws.std() == pytest.approx(stats.sem(costs), rel=0.08)
    assert draws.mean() == pytest.approx(costs.mean(), abs=4 * stats.sem(costs) / np.sqrt(2000))


@pytest.mark.parametrize("shift", [0.0, 1.0, 1.6])
def test_the_permutation_test_is_scipys(shift):
    rng = np.random.default_rng(int(10 * shift))
    a, b = np.exp(rng.normal(shift, 1, 20)), np.exp(rng.normal(size=30))

    def difference(a, b, axis):
        return np.sqrt(a.mean(axis=axis)) - np.sqrt(b.mean(axis=axis))

    theirs = stats.permutation_test((a, b), difference, n_resamples=20_000, rng=np.random.default_rng(0)).pvalue
    assert permutation_p_value(a, b) == pytest.approx(theirs, abs=3 * math.sqrt(theirs * (1 - theirs) / 399) + 1 / 400)


def test_groups_are_permuted_whole():
    """Of ten groups on each side one has all the misses: by chance it falls on either side."""
    groups = np.repeat(np.arange(10), 50)
    misses = np.where(groups == 3, 9.0, 0.01)
    rest = np.full(500, 0.01)
    assert permutation_p_value(misses, rest, groups, groups) > 0.5
    assert permutation_p_value(misses, rest) < 0.01
