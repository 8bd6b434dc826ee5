"""Residual blocks: their way back against differences, and growth by depth against closed forms."""

import numpy as np
import pytest

from goodfit.textbook.activations import ACTIVATIONS
from goodfit.textbook.costs import compute_cost
from goodfit.textbook.depth import growth_per_layer
from goodfit.textbook.gradient_checking import numerical_gradient, relative_error, to_parameters, to_vector, verdict
from goodfit.textbook.propagation import backward_prop, forward_prop
from goodfit.textbook.residual import (
    block_backward,
    block_forward,
    deep_backward,
    deep_forward,
    deep_parameters,
    likeness,
    sizes_by_layer,
    train_deep,
)

M = 5


def _block(seed: int = 0) -> tuple:
    """A block of three units and four within, with every parameter at a value of its own, and what comes in."""
    rng = np.random.default_rng(seed)
    shapes = {"W1": (4, 3), "b1": (4, 1), "W2": (3, 4), "b2": (3, 1)}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}, rng.standard_normal((3, M))


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_blocks_gradients_are_the_slopes_of_what_it_gives(residual, activation):
    own, A = _block()
    weights = np.random.default_rng(1).standard_normal((3, M))  # the cost is a weighted sum, so dout is they

    def cost(theta):
        every = to_parameters(theta, shapes)
        return float((weights * block_forward(every.pop("A"), every, residual, activation)[0]).sum())

    theta, shapes = to_vector({"A": A, **own})
    _, cache = block_forward(A, own, residual, activation)
    dA, grads = block_backward(weights, own, cache, residual, activation)
    ours, _ = to_vector({"A": dA, **{name: grads[name] for name in own}})
    assert verdict(relative_error(ours, numerical_gradient(cost, theta, 1e-6))) == "great"


def test_the_way_back_is_one_plus_the_blocks_own():
    """He et al. 2016, "Identity Mappings", equation 5: dJ/dA = (I + F′)ᵀ·dJ/dout, with F′ by differences."""
    own, A = _block()
    a, eps = A[:, :1], 1e-6
    _, cache = block_forward(a, own, activation="tanh")
    moved = [block_forward(a + eps * e[:, None], own, activation="tanh")[1].F for e in np.eye(3)]
    slope = np.hstack([(each - cache.F) / eps for each in moved])
    dout = np.array([[1.0], [-2.0], [0.5]])
    dA, _ = block_backward(dout, own, cache, activation="tanh")
    np.testing.assert_allclose(dA, (np.eye(3) + slope).T @ dout, atol=1e-5)


@pytest.mark.parametrize("residual", [True, False])
def test_a_deep_networks_gradients_are_the_slopes_of_its_cost(residual):
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((2, M)), rng.integers(0, 2, (1, M)).astype(float)
    start = deep_parameters(8, 2, 4, 1)
    start = {name: value + 0.2 * rng.standard_normal(value.shape) for name, value in start.items()}
    theta, shapes = to_vector(start)

    def cost(theta):
        return compute_cost(deep_forward(X, to_parameters(theta, shapes), residual, "tanh")[0], Y, "sigmoid")

    AL, signals, caches = deep_forward(X, start, residual, "tanh")
    grads, _ = deep_backward(AL, Y, X, start, signals, caches, residual, "tanh")
    assert list(grads) == list(start)
    assert verdict(relative_error(to_vector(grads)[0], numerical_gradient(cost, theta, 1e-6))) == "great"


def test_without_ways_around_it_is_the_textbooks_plain_network():
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((3, M)), rng.integers(0, 2, (1, M)).astype(float)
    parameters = deep_parameters(10, 3, 6, 1)
    AL, signals, caches = deep_forward(X, parameters, residual=False)
    grads, _ = deep_backward(AL, Y, X, parameters, signals, caches, residual=False)
    same, plain = forward_prop(X, parameters, output="sigmoid")
    np.testing.assert_allclose(AL, same, rtol=1e-12)
    for name, expected in backward_prop(same, Y, plain).items():
        np.testing.assert_allclose(grads[name], expected, rtol=1e-10)


@pytest.mark.parametrize(("weight", "branch"), [(1.0, 1.0), (0.5, 1.0), (1.0, 0.3)])
def test_a_block_multiplies_the_power_by_one_and_what_it_adds(weight, branch):
    """He's 2/n twice, and ReLU's half between: a branch of random weights adds 2·weight⁴·branch² of what came in."""
    expected = np.sqrt(1 + 2 * weight**4 * branch**2)
    found = [sizes_by_layer(32, 150, weight, branch, seed=seed) for seed in range(3)]
    for name in ("signal", "gradient"):
        rates = [growth_per_layer(getattr(each, name)) for each in found]
        rate = np.mean(rates) if name == "signal" else 1 / np.mean(rates)
        assert rate == pytest.approx(expected, rel=0.03)


def test_a_plain_network_multiplies_by_its_weights():
    """Two layers a block, and He's factor is 1."""
    found = sizes_by_layer(32, 200, 0.6, residual=False)
    assert growth_per_layer(found.signal) == pytest.approx(0.36, rel=0.05)
    assert 1 / growth_per_layer(found.gradient) == pytest.approx(0.36, rel=0.05)


def test_examples_grow_alike_as_the_arc_cosine_kernel_has_it():
    """Cho & Saul 2009: ρ becomes (√(1 − ρ²) + ρ·(π − arccos ρ))/π in a ReLU layer of He's weights."""

    def after(rho):
        return (np.sqrt(1 - rho**2) + rho * (np.pi - np.arccos(rho))) / np.pi

    plain = np.mean([sizes_by_layer(12, 200, residual=False, seed=seed).alike for seed in range(3)], axis=0)
    expected = [after(0.0)]
    for _ in plain[1:]:
        expected.append(after(after(expected[-1])))
    np.testing.assert_allclose(plain, expected, atol=0.02)


def test_the_likeness_is_the_mean_over_pairs():
    A = np.random.default_rng(0).standard_normal((3, 4))
    directions = A / np.linalg.norm(A, axis=0)
    pairs = [directions[:, i] @ directions[:, j] for i in range(4) for j in range(4) if i != j]
    assert likeness(A) == pytest.approx(np.mean(pairs))


def test_a_residual_network_of_110_layers_learns_what_a_plain_one_does_not():
    """A plain one gives every example the same answer, which costs ln 2 at best where the classes are equally many."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2, 60))
    Y = (X[:1] > np.median(X[0])).astype(float)
    ends = {}
    for residual, branch in ((True, 54**-0.5), (False, 1.0)):
        start = deep_parameters(110, 2, 10, 1, branch)
        ends[residual] = [cost for _, cost in train_deep(X, Y, start, residual, steps=40)][-1]
    assert ends[False] == pytest.approx(np.log(2), abs=0.01)
    assert ends[True] < 0.5 * np.log(2)
