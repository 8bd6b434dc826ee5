"""The optimizers against sums written out, on gradients that are known; and L1's step against scikit-learn's Lasso."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso

from goodfit.textbook.optimizers import adam, momentum, rmsprop, soft_threshold, zeros_like
from goodfit.textbook.propagation import add_l1, backward_prop, forward_prop

STEPS = 12
GRADIENTS = np.random.default_rng(0).standard_normal((STEPS, 2, 3))
START = {"W1": np.array([[1.0, -2.0, 3.0], [0.0, 5.0, -6.0]])}


def _average(values: np.ndarray, beta: float, t: int) -> np.ndarray:
    """(1 − β)·Σ βⁿ·value(t − n), all at once."""
    weights = (1 - beta) * beta ** np.arange(t - 1, -1, -1)
    return np.tensordot(weights, values[:t], axes=1)


def test_momentum_steps_by_an_average_of_gradients():
    parameters, v, moved = START, zeros_like(START), START["W1"]
    for t, g in enumerate(GRADIENTS, start=1):
        parameters, v = momentum(parameters, {"W1": g}, v, 0.1, beta=0.8)
        moved = moved - 0.1 * _average(GRADIENTS, 0.8, t)
        np.testing.assert_allclose(parameters["W1"], moved, rtol=1e-12)


@pytest.mark.parametrize("epsilon", [1e-8, 0.5])
def test_rmsprop_divides_by_the_root_of_the_average_square(epsilon):
    parameters, s, moved = START, zeros_like(START), START["W1"]
    for t, g in enumerate(GRADIENTS, start=1):
        parameters, s = rmsprop(parameters, {"W1": g}, s, 0.1, beta=0.8, epsilon=epsilon)
        moved = moved - 0.1 * g / (np.sqrt(_average(GRADIENTS**2, 0.8, t)) + epsilon)
        np.testing.assert_allclose(parameters["W1"], moved, rtol=1e-12)


def test_adam_corrects_the_averages_for_the_update_only():
    """Were v̂ written back into v, as the seed's lines have it, the second step would already differ."""
    parameters, v, s, moved = START, zeros_like(START), zeros_like(START), START["W1"]
    for t, g in enumerate(GRADIENTS, start=1):
        parameters, v, s = adam(parameters, {"W1": g}, v, s, t, 0.1, 0.8, 0.95, 1e-3)
        v_hat = _average(GRADIENTS, 0.8, t) / (1 - 0.8**t)
        s_hat = _average(GRADIENTS**2, 0.95, t) / (1 - 0.95**t)
        moved = moved - 0.1 * v_hat / (np.sqrt(s_hat) + 1e-3)
        np.testing.assert_allclose(parameters["W1"], moved, rtol=1e-12)


def test_under_a_constant_gradient_adam_always_moves_by_alpha():
    """v̂ = g and ŝ = g², whatever t; Kingma & Ba 2015, section 2.1."""
    g = {"W1": np.array([[1e-4, -3.0, 700.0], [1.0, -1.0, 2.0]])}
    parameters, v, s = START, zeros_like(START), zeros_like(START)
    for t in range(1, 30):
        parameters, v, s = adam(parameters, g, v, s, t, 0.01, epsilon=0.0)
        np.testing.assert_allclose(START["W1"] - parameters["W1"], 0.01 * t * np.sign(g["W1"]), rtol=1e-9)


def test_epsilon_keeps_a_gradient_of_zero_from_moving_anything():
    zero = zeros_like(START)
    for moved, *_ in (rmsprop(START, zero, zero, 0.1), adam(START, zero, zero, zero, 1, 0.1)):
        np.testing.assert_array_equal(moved["W1"], START["W1"])


def test_nothing_is_changed_in_place():
    before = {name: value.copy() for name, value in START.items()}
    v, s = zeros_like(START), zeros_like(START)
    adam(START, {"W1": GRADIENTS[0]}, v, s, 1, 0.1)
    np.testing.assert_array_equal(START["W1"], before["W1"])
    assert not v["W1"].any()
    assert not s["W1"].any()


def test_l1s_proximal_step_finds_the_lasso_where_the_subgradient_hovers():
    """scikit-learn's Lasso is (1/2m)·Σ(ŷ − y)² + alpha·Σ|w|, so its alpha is λ/2m."""
    rng, m, lambd, rate = np.random.default_rng(1), 60, 24.0, 0.1
    X = rng.standard_normal((8, m))
    Y = np.array([[2.0, -1.0, 0, 0, 0, 0, 0, 0]]) @ X + 0.3 * rng.standard_normal((1, m))
    lasso = Lasso(alpha=lambd / (2 * m), tol=1e-12).fit(X.T, Y[0])
    proximal = hovering = {"W1": np.zeros((1, 8)), "b1": np.zeros((1, 1))}
    for _ in range(600):
        AL, caches = forward_prop(X, proximal, output="linear")
        grads = backward_prop(AL, Y, caches)
        proximal = {name: proximal[name] - rate * grads[name] for name in proximal}
        proximal["W1"] = soft_threshold(proximal["W1"], rate * lambd / (2 * m))
        AL, caches = forward_prop(X, hovering, output="linear")
        grads = add_l1(backward_prop(AL, Y, caches), hovering, lambd, m)
        hovering = {name: hovering[name] - rate * grads[name] for name in hovering}
    np.testing.assert_allclose(proximal["W1"][0], lasso.coef_, atol=1e-8)
    np.testing.assert_array_equal(proximal["W1"][0] == 0, lasso.coef_ == 0)
    assert (proximal["W1"] == 0).sum() >= 4
    assert (hovering["W1"] == 0).sum() == 0
    assert np.abs(hovering["W1"] - proximal["W1"]).max() < 0.05
