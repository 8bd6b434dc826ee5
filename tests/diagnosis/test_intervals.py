import numpy as np
import pytest
from scipy import stats

from goodfit.diagnosis.intervals import (
    Interval,
    bootstrap_difference,
    bootstrap_mean,
    effective_size,
    newcombe,
    shared_seed_variance,
    widened,
    wilson,
)
from goodfit.errors import InputError


@pytest.mark.parametrize(("wrong", "size"), [(0, 30), (1, 30), (220, 2000), (30, 30), (7, 11)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_wilson_is_scipys(wrong, size, confidence):
    theirs = stats.binomtest(wrong, size).proportion_ci(confidence, method="wilson")
    interval = wilson(wrong / size, size, confidence)
    assert (interval.value, interval.low, interval.high) == pytest.approx(
        (wrong / size, theirs.low, theirs.high), abs=1e-12
    )


# Newcombe 1998, Interval estimation for the difference between independent proportions, table II, method 10
@pytest.mark.parametrize(
    ("a", "of_a", "b", "of_b", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (0, 10, 0, 10, -0.2775, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0000),
        (10, 10, 0, 10, 0.6075, 1.0000),
    ],
)
def test_newcombe_as_published(a, of_a, b, of_b, low, high):
    interval = newcombe(a / of_a, of_a, b / of_b, of_b)
    assert interval.value == pytest.approx(a / of_a - b / of_b)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("rate", "size", "message"), [(11, 100, "0.11"), (-0.1, 100, "between 0 and 1"), (0.1, 0, "at least 1")]
)
def test_no_interval_of_what_is_no_rate(rate, size, message):
    with pytest.raises(InputError, match=message):
        wilson(rate, size)


def test_widening_adds_a_normal_variance_in_squares():
    wide = widened(Interval(0.5, 0.2, 0.9), (0.3 / 1.959964) ** 2)
    assert (wide.low, wide.high) == pytest.approx((0.5 - 0.3 * np.sqrt(2), 0.5 + 0.5))


def test_one_seed_of_wrong_answers_is_worth_its_own_size():
    errors = np.zeros((1, 200))
    errors[0, :17] = 1
    assert effective_size(errors) == pytest.approx(200)
    assert effective_size(np.zeros((1, 200))) == pytest.approx(200)
    assert effective_size(np.ones((3, 50))) == pytest.approx(50)


def test_seeds_that_err_on_different_examples_are_worth_more():
    rng = np.random.default_rng(0)
    errors = (rng.random((4, 5000)) < 0.1).astype(float)
    assert effective_size(errors) == pytest.approx(4 * 5000, rel=0.05)
    assert effective_size(np.repeat(errors[:1], 4, axis=0)) == pytest.approx(5000, rel=0.01)


def test_groups_of_like_examples_are_worth_their_number():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(400), 10)
    errors = (rng.random(400) < 0.2).astype(float)[groups][None]
    assert effective_size(errors, groups) == pytest.approx(400, rel=0.02)
    assert effective_size(np.zeros((1, 4000)), groups) == pytest.approx(4000)


def test_the_bootstrapped_mean_of_one_seed_is_students_interval():
    errors = np.random.default_rng(2).normal(5, 2, (1, 40))
    interval = bootstrap_mean(errors, resamples=20_000)
    low, high = stats.t.interval(0.95, 39, errors.mean(), stats.sem(errors[0]))
    assert interval.value == pytest.approx(errors.mean())
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.06)


def test_the_bootstrapped_difference_of_one_seed_is_welchs_interval():
    rng = np.random.default_rng(3)
    a, b = rng.normal(5, 2, (1, 60)), rng.normal(4, 1, (1, 90))
    interval = bootstrap_difference(a, b, resamples=20_000)
    welch = stats.ttest_ind(a[0], b[0], equal_var=False).confidence_interval(0.95)
    assert interval.value == pytest.approx(a.mean() - b.mean())
    assert (interval.low, interval.high) == pytest.approx((welch.low, welch.high), abs=0.05)


def test_groups_widen_the_bootstrap():
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(30), 20)
    errors = rng.exponential(size=30)[groups][None]
    independent, grouped = bootstrap_mean(errors), bootstrap_mean(errors, groups=groups)
    assert (grouped.high - grouped.low) / (independent.high - independent.low) == pytest.approx(np.sqrt(20), rel=0.15)
    second = rng.exponential(size=(1, 600))
    difference = bootstrap_difference(errors, second, groups_a=groups)
    assert difference.high - difference.low > 0.95 * (grouped.high - grouped.low)


@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize(("between_seeds", "within_seeds"), [(0.0, 1.0), (0.1, 0.3), (0.1, 1.0)])
def test_the_bootstrapped_mean_covers_new_examples_and_seeds(seeds, between_seeds, within_seeds):
    rng = np.random.default_rng(seeds)
    covered = []
    for _ in range(250):
        of_seeds, of_examples = between_seeds * rng.normal(size=(seeds, 1)), rng.exponential(size=(1, 100)) - 1
        interval = bootstrap_mean(of_seeds + of_examples + within_seeds * rng.normal(size=(seeds, 100)), resamples=300)
        covered.append(interval.low <= 0 <= interval.high)
    assert 0.89 <= np.mean(covered) <= 0.99


def test_shared_seeds_cancel_in_a_difference():
    rng = np.random.default_rng(5)
    shift = np.array([[0.0], [3.0], [6.0]])
    train, dev = rng.normal(size=(3, 2000)) + shift, rng.normal(size=(3, 2000)) + shift
    assert shared_seed_variance(dev, train) < 0.001
    assert shared_seed_variance(dev, train - shift) == pytest.approx(9 / 3, rel=0.1)
    assert shared_seed_variance(dev[:1], train[:1]) == 0
