"""The gradient of every parameter against differences of the cost, in every combination of what a network can be."""

from typing import Any

import numpy as np
import pytest

from goodfit.textbook import costs
from goodfit.textbook.activations import ACTIVATIONS
from goodfit.textbook.averages import exponentially_weighted_averages
from goodfit.textbook.dropout import draw_mask
from goodfit.textbook.gradient_checking import numerical_gradient, relative_error, to_parameters, to_vector, verdict
from goodfit.textbook.initialization import initialize_parameters
from goodfit.textbook.propagation import add_l1, add_l2, backward_prop, forward_prop, moments
from goodfit.textbook.softmax import one_hot

M = 6


def _targets(output: str, rng: np.random.Generator) -> np.ndarray:
    if output == "linear":
        return rng.standard_normal((2, M))
    classes = one_hot(rng.integers(0, 3, M), 3)
    return classes if output == "softmax" else classes[:1]


def _network(output: str, batch_norm: str, seed: int = 0) -> tuple:
    """Two hidden layers, with every parameter at a value of its own."""
    rng = np.random.default_rng(seed)
    Y = _targets(output, rng)
    parameters = initialize_parameters([3, 4, 3, len(Y)], "tanh", seed, batch_norm=batch_norm != "none")
    if batch_norm == "after":  # there b counts
        parameters |= {"b1": np.zeros((4, 1)), "b2": np.zeros((3, 1))}
    parameters = {name: value + 0.3 * rng.standard_normal(value.shape) for name, value in parameters.items()}
    masks = {0: draw_mask((3, M), 0.8, rng), 1: draw_mask((4, M), 0.5, rng), 2: draw_mask((3, M), 0.7, rng)}
    return rng.standard_normal((3, M)), Y, parameters, masks


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "linear"])
@pytest.mark.parametrize("batch_norm", ["none", "before", "after"])
@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_gradient_is_the_slope_of_the_cost(output, batch_norm, dropout, activation):
    X, Y, parameters, masks = _network(output, batch_norm)
    settings: dict[str, Any] = {"activation": activation, "output": output, "batch_norm": batch_norm, "epsilon": 1e-3}
    if dropout:
        settings |= {"masks": masks, "keep_probs": {0: 0.8, 1: 0.5, 2: 0.7}}

    def cost(theta):
        return costs.compute_cost(forward_prop(X, to_parameters(theta, shapes), **settings)[0], Y, output)

    AL, caches = forward_prop(X, parameters, **settings)
    grads = backward_prop(AL, Y, caches)
    assert grads.keys() == parameters.keys()
    theta, shapes = to_vector(parameters)
    ours, _ = to_vector({name: grads[name] for name in parameters})
    slopes = numerical_gradient(cost, theta, 1e-5)
    assert verdict(relative_error(ours, slopes)) == "great"
    np.testing.assert_allclose(ours, slopes, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "linear"])
def test_without_hidden_layers_it_is_regression(output):
    X, Y, *_ = _network(output, "none")
    parameters = initialize_parameters([3, len(Y)])
    AL, caches = forward_prop(X, parameters, output=output)
    grads = backward_prop(AL, Y, caches)
    np.testing.assert_allclose(grads["W1"], (AL - Y) @ X.T / M, rtol=1e-13)
    np.testing.assert_allclose(grads["b1"][:, 0], (AL - Y).mean(axis=1), rtol=1e-13)


@pytest.mark.parametrize(("add", "penalty"), [(add_l2, costs.l2_penalty), (add_l1, costs.l1_penalty)], ids=["L2", "L1"])
def test_what_a_penalty_adds_is_its_slope(add, penalty):
    """The seed: dW = dW_old + (λ/m)·W; and (λ/2m)·sign(W) for L1. Biases, γ and β are left alone."""
    *_, parameters, _ = _network("softmax", "after")
    theta, shapes = to_vector(parameters)
    zero = {name: np.zeros_like(value) for name, value in parameters.items()}
    slopes = numerical_gradient(lambda theta: penalty(to_parameters(theta, shapes), 3.0, 50), theta, 1e-5)
    np.testing.assert_allclose(to_vector(add(zero, parameters, 3.0, 50))[0], slopes, atol=1e-9)


@pytest.mark.parametrize("batch_norm", ["before", "after"])
def test_at_test_time_examples_are_predicted_one_by_one(batch_norm):
    """With running averages equal to a batch's own moments, each example alone gets its outputs in the batch."""
    X, _, parameters, _ = _network("softmax", batch_norm)
    AL, caches = forward_prop(X, parameters, "tanh", batch_norm=batch_norm)
    running = moments(caches)
    assert running.keys() == {"mean1", "variance1", "mean2", "variance2"}
    for i in range(M):
        one, _ = forward_prop(X[:, i : i + 1], parameters, "tanh", batch_norm=batch_norm, running=running)
        np.testing.assert_allclose(one, AL[:, i : i + 1], rtol=1e-12)


def test_averages_of_moments_with_their_bias_corrected_serve_at_test_time():
    X, _, parameters, _ = _network("softmax", "before")
    _, caches = forward_prop(X, parameters, "tanh", batch_norm="before")
    each = moments(caches)
    averages = {
        name: exponentially_weighted_averages(np.array([value] * 3), 0.9, bias_correction=True)[-1]
        for name, value in each.items()
    }
    for name, value in each.items():
        np.testing.assert_allclose(averages[name], value, rtol=1e-12)


def test_caches_of_test_time_do_not_lead_back():
    X, Y, parameters, _ = _network("softmax", "before")
    _, caches = forward_prop(X, parameters, batch_norm="before")
    AL, of_test_time = forward_prop(X, parameters, batch_norm="before", running=moments(caches))
    np.testing.assert_allclose(AL.sum(axis=0), 1)
    with pytest.raises(ValueError, match="test time"):
        backward_prop(AL, Y, of_test_time)
