"""Monotone descent on bowls, where the largest steady learning rate is known, and with a wrong gradient."""

import math

import numpy as np
import pytest

from goodfit.checks.descent import Step, check_descent, follow
from goodfit.checks.gradients import check_gradients

STEEP = 4.0  # the largest eigenvalue of J's Hessian: below a rate of 2 / STEEP = 0.5 J never rises, above it always


def objective(p):
    """A cost ½((x − 3)² + 3y²) and the penalty ½(x² + y²)."""
    return cost(p) + (p**2).sum() / 2


def cost(p):
    return ((p[0] - 3) ** 2 + 3 * p[1] ** 2) / 2


def gradient(p):
    return np.array([2 * p[0] - 3, STEEP * p[1]])


def stepping(gradient):
    return lambda p, rate: Step(objective(p), cost(p), p - rate * gradient(p))


def checking(gradient):
    return lambda p: check_gradients(objective, p, gradient)


START = np.array([3.0, 0.02])


def test_below_the_limit_j_never_rises_though_the_cost_without_penalty_does():
    result = check_descent(stepping(gradient), START, 0.1, checking(gradient), iterations=50)
    assert (result.first_rise, result.cause, result.good_rate, result.gradients) == (None, None, 0.1, None)
    assert len(result.objective) == 51
    assert np.diff(result.objective).max() <= 0
    # J's lowest point is x = 1.5, where J is 9/4 and the cost alone 9/8
    assert result.objective[-1] == pytest.approx(9 / 4)
    assert result.cost[-1] == pytest.approx(9 / 8, rel=1e-4)
    assert np.diff(result.cost).max() > 0
    assert result.reason == "J never rose in 50 iterations at learning rate 0.1"


def test_above_the_limit_the_first_rise_is_named_and_halving_removes_it():
    """At 0.6, y² grows by (1 − 4·0.6)² = 1.96 an iteration, and x comes to its end at once: J falls, then rises."""
    result = check_descent(stepping(gradient), START, 0.6, checking(gradient), iterations=50)
    x, y = START
    expected = []
    for _ in range(6):
        expected.append(objective(np.array([x, y])))
        x, y = x - 0.6 * (2 * x - 3), y - 0.6 * STEEP * y
    assert result.objective[:6] == pytest.approx(expected)
    assert result.first_rise == next(i for i in range(1, 6) if expected[i] > expected[i - 1])
    assert (result.cause, result.good_rate) == ("learning rate", 0.3)
    assert result.gradients is not None
    assert result.gradients.verdict == "great"
    assert len(result.objective) == 51  # shown to the end
    assert "the learning rate is too high; at 0.3 J never rises" in result.reason


def test_as_many_halvings_as_it_takes():
    assert check_descent(stepping(gradient), START, 3.9, checking(gradient)).good_rate == 3.9 / 8


def test_a_gradient_at_fault_is_told_by_the_check():
    def uphill(p):
        return gradient(p) * np.array([1.0, -1.0])

    result = check_descent(stepping(uphill), START, 0.1, checking(uphill), iterations=100)
    assert (result.cause, result.good_rate) == ("gradient", None)
    assert result.gradients is not None
    assert result.gradients.verdict == "wrong"
    assert "the gradient is wrong (relative error" in result.reason


def test_where_neither_is_to_blame_that_is_told():
    """A jump in the cost, which a gradient knows nothing of, is met at every rate."""

    def jumping(p, rate):
        return Step(-p[0] + 1000 * (p[0] > 1), -p[0], p + rate)

    def check(p):
        return check_gradients(lambda p: -p.sum(), p, -np.ones_like(p))

    result = check_descent(jumping, np.array([0.999]), 1.0, check)
    assert (result.first_rise, result.cause, result.good_rate) == (1, "unknown", None)
    assert "still rises" in result.reason


def test_a_descent_that_leaves_all_numbers_ends_there():
    result = check_descent(
        lambda p, rate: Step(math.exp(min(p, 710)) if p < 710 else math.inf, p, p + 100),
        0.0,
        1.0,
        lambda p: check_gradients(lambda p: p * 1.0, np.array(1.0), np.array(1.0)),
    )
    assert result.first_rise == 1
    assert len(result.objective) == 9
    nan = follow(lambda p, rate: Step(math.nan if p > 2 else -p, 0.0, p + 1), 0.0, 1.0, 10)
    assert nan.first_rise == 3


def test_rounding_at_the_lowest_point_is_no_rise():
    result = follow(lambda p, rate: Step(5.0 + 1e-15 * (p % 2), 0.0, p + 1), 0, 1.0, 20)
    assert result.first_rise is None
