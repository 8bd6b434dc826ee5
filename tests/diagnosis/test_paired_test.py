import time
from typing import Any

import numpy as np
import pytest
from scipy import stats

from goodfit.diagnosis.paired_test import holm, paired_test
from goodfit.errors import InputError


def test_a_single_seed_is_the_paired_t_test():
    rng = np.random.default_rng(0)
    control = rng.exponential(size=(1, 80))
    treated = control + rng.normal(-0.06, 0.3, (1, 80))
    effect = paired_test(control, treated, resamples=40_000)
    theirs = stats.ttest_rel(treated[0], control[0], alternative="less")
    limits = stats.ttest_rel(treated[0], control[0]).confidence_interval(0.95)
    assert effect.effect == pytest.approx((treated - control).mean())
    assert effect.p == pytest.approx(theirs.pvalue, abs=0.006)
    assert (effect.low, effect.high) == pytest.approx((limits.low, limits.high), abs=0.006)


def test_seeds_that_alone_differ_are_the_t_test_of_their_means():
    rng = np.random.default_rng(1)
    control, treated = rng.normal(0, 1, (3, 1)) * np.ones((3, 500)), rng.normal(-2, 1, (4, 1)) * np.ones((4, 500))
    effect = paired_test(control, treated, resamples=40_000)
    theirs: Any = stats.ttest_ind(treated[:, 0], control[:, 0], alternative="less")
    limits = stats.ttest_ind(treated[:, 0], control[:, 0]).confidence_interval(0.95)
    assert effect.p == pytest.approx(theirs.pvalue, abs=0.006)
    assert (effect.low, effect.high) == pytest.approx((limits.low, limits.high), rel=0.05)


# Variance between seeds' means in units of a seed's own sampling variance: none, alike, more, nothing else
@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize(("between_seeds", "of_examples"), [(0.0, 0.0), (0.1, 1.0), (0.14, 0.0), (1.0, 0.0)])
def test_without_an_effect_few_are_adopted(seeds, between_seeds, of_examples):
    rng = np.random.default_rng(10 * seeds)
    simulations, adopted = 500, 0
    for simulation in range(simulations):
        easy = rng.normal(size=100)

        def arm(easy=easy):
            noise = rng.normal(size=(seeds, 100)) + between_seeds * rng.normal(size=(seeds, 1))
            return easy + noise

        treated = arm() + of_examples * rng.normal(size=100)
        adopted += paired_test(arm(), treated, seed=simulation, resamples=400).p <= 0.05
    # .02 to .065, and two standard errors of the simulation
    assert 0.02 - 0.013 <= adopted / simulations <= 0.065 + 0.022


def test_a_large_effect_is_found_and_its_opposite_is_not():
    rng = np.random.default_rng(2)
    easy = rng.exponential(size=400)
    control, treated = easy + 0.3 * rng.normal(size=(3, 400)), easy - 0.1 + 0.3 * rng.normal(size=(3, 400))
    effect, opposite = paired_test(control, treated), paired_test(treated, control)
    assert effect.p < 0.001
    assert effect.low < -0.1 < effect.high < 0
    assert opposite.p > 0.99
    assert opposite.effect == pytest.approx(-effect.effect)


def test_groups_are_drawn_as_wholes():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(40), 25)
    control = rng.exponential(size=(3, 1000))
    treated = control + rng.normal(-0.2, 1, 40)[groups]
    independent, grouped = paired_test(control, treated), paired_test(control, treated, groups)
    assert (grouped.high - grouped.low) / (independent.high - independent.low) == pytest.approx(5, rel=0.1)
    single = paired_test(control, treated, np.zeros(1000, dtype=int))
    assert single == independent


def test_the_same_seed_gives_the_same_test():
    rng = np.random.default_rng(4)
    control, treated = rng.exponential(size=(2, 60)), rng.exponential(size=(3, 60))
    assert paired_test(control, treated, seed=5) == paired_test(control, treated, seed=5)
    assert paired_test(control, treated, seed=5) != paired_test(control, treated, seed=6)


def test_many_examples_take_no_longer_and_one_is_refused():
    rng = np.random.default_rng(5)
    control, treated = rng.normal(size=(1, 200_000)), rng.normal(-0.004, 1, (1, 200_000))
    start = time.process_time()
    result = paired_test(control.astype(np.float32), treated.astype(np.float32))
    assert time.process_time() - start < 2
    assert result.high - result.low == pytest.approx(2 * 1.96 * np.sqrt(2 / 200_000), rel=0.06)
    with pytest.raises(InputError, match="at least two examples"):
        paired_test(np.ones((2, 1)), np.ones((2, 1)))


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),  # Holm's steps: 4·.005, 3·.01, 2·.03, then not below
        ([0.5, 0.6], [1.0, 1.0]),
        ([0.02], [0.02]),
        ([0.01, 0.01], [0.02, 0.02]),
        ([], []),
    ],
)
def test_holm_by_hand(p_values, adjusted):
    assert holm(np.array(p_values)) == pytest.approx(np.array(adjusted))
