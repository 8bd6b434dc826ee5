"""Batch norm: what it makes of z, its gradients against differences, and its averages at test time."""

from typing import Any

import numpy as np
import pytest

from goodfit.textbook.batch_norm import batch_norm_backward, batch_norm_forward, batch_norm_test, running_average

RNG = np.random.default_rng(0)
Z = 5 + 2 * RNG.standard_normal((3, 6))
GAMMA, BETA = RNG.standard_normal((3, 1)), RNG.standard_normal((3, 1))
UPSTREAM = RNG.standard_normal((3, 6))


def test_the_outputs_mean_is_beta_and_its_deviation_gamma():
    Z_tilde, cache = batch_norm_forward(Z, GAMMA, BETA, epsilon=1e-12)
    np.testing.assert_allclose(Z_tilde.mean(axis=1, keepdims=True), BETA, rtol=1e-12)
    np.testing.assert_allclose(Z_tilde.std(axis=1, keepdims=True), abs(GAMMA), rtol=1e-11)
    np.testing.assert_allclose(cache.mean[:, 0], Z.mean(axis=1))
    np.testing.assert_allclose(cache.variance[:, 0], Z.var(axis=1))  # divided by m, not m − 1


def test_a_bias_before_it_changes_nothing():
    """Why batch norm's layers have no b (course notes: fitting batch norm into a network)."""
    moved, _ = batch_norm_forward(Z + 100.0, GAMMA, BETA)
    np.testing.assert_allclose(moved, batch_norm_forward(Z, GAMMA, BETA)[0], rtol=1e-11)


@pytest.mark.parametrize("epsilon", [1e-5, 0.5])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_the_gradients_are_slopes(which, epsilon):
    names = ("Z", "gamma", "beta")
    arguments: dict[str, Any] = {"Z": Z, "gamma": GAMMA, "beta": BETA, "epsilon": epsilon}
    ours = batch_norm_backward(UPSTREAM, batch_norm_forward(**arguments)[1])[which]

    def J(value):
        return (UPSTREAM * batch_norm_forward(**(arguments | {names[which]: value}))[0]).sum()

    for place in np.ndindex(ours.shape):
        step = np.zeros(ours.shape)
        step[place] = 1e-5
        slope = (J(arguments[names[which]] + step) - J(arguments[names[which]] - step)) / 2e-5
        assert ours[place] == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_a_unit_that_never_changes_does_no_harm():
    Z_tilde, cache = batch_norm_forward(np.full((1, 4), 7.0), np.array([[2.0]]), np.array([[3.0]]))
    np.testing.assert_array_equal(Z_tilde, 3.0)
    assert all(np.isfinite(each).all() for each in batch_norm_backward(np.ones((1, 4)), cache))


def test_at_test_time_one_example_gets_what_it_got_among_many():
    Z_tilde, cache = batch_norm_forward(Z, GAMMA, BETA)
    one = batch_norm_test(Z[:, 2:3], GAMMA, BETA, cache.mean, cache.variance)
    np.testing.assert_allclose(one, Z_tilde[:, 2:3], rtol=1e-12)


def test_the_running_average_comes_to_the_mean_of_the_mini_batches():
    average = np.zeros((1, 1))
    values = 3 + RNG.standard_normal((4000, 1, 1))
    for value in values:
        average = running_average(average, value, beta=0.999)
    weights = 0.001 * 0.999 ** np.arange(3999, -1, -1)
    np.testing.assert_allclose(average[0, 0], (weights * values[:, 0, 0]).sum(), rtol=1e-12)
    assert average[0, 0] / (1 - 0.999**4000) == pytest.approx(3, abs=4 / np.sqrt(2000))
