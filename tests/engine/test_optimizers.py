"""The seed's optimizers on a gradient that is known: what differs from other libraries, shown; and the rest."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from goodfit.engine.optimizers import descend, optimizer, shrink, weights_only
from goodfit.plan import Plan
from goodfit.textbook import optimizers as textbook

GRADIENTS = np.random.default_rng(0).standard_normal((20, 3)).astype(np.float32)
PARAMS = ({"W": jnp.array([[1.0, -2.0, 3.0]]), "b": jnp.array([4.0, 5.0, 6.0])},)


def _directions(**settings) -> np.ndarray:
    """The direction at each of twenty steps, for weights that stay where they are."""
    plan = Plan(**{"weight_decay": 0.0, **settings})
    transform = optimizer(plan.structure, jax.tree.map(jnp.float32, plan.hyperparameters))
    state, found = transform.init(PARAMS), []
    update = jax.jit(transform.update)
    for g in GRADIENTS:
        direction, state = update(({"W": jnp.array(g[None]), "b": jnp.array(g)},), state, PARAMS)
        found.append(np.asarray(direction[0]["W"][0]))
        if settings.get("weight_decay", 0) == 0:
            np.testing.assert_array_equal(direction[0]["W"][0], direction[0]["b"])
    return np.array(found)


def test_momentum_is_an_average_not_a_sum():
    """Seed: v = βv + (1 − β)dW. PyTorch, and Optax's `trace`, take v = βv + dW, which is 1/(1 − β) times as long."""
    ours = _directions(optimizer="momentum", beta1=0.9)
    v = np.zeros(3)
    for g, direction in zip(GRADIENTS, ours, strict=True):
        v = 0.9 * v + 0.1 * g
        np.testing.assert_allclose(direction, v, rtol=1e-5, atol=1e-7)
    running_sum = optax.trace(0.9)
    state = running_sum.init(jnp.zeros(3))
    for g, direction in zip(GRADIENTS, ours, strict=True):
        theirs, state = running_sum.update(jnp.array(g), state)
        np.testing.assert_allclose(10 * direction, np.asarray(theirs), rtol=1e-4, atol=1e-6)


def test_adam_corrects_the_bias_without_overwriting_its_averages():
    """With the course notes' lines taken literally the corrected v and s would enter the next average."""
    v = s = np.zeros(3)
    for t, (g, direction) in enumerate(zip(GRADIENTS, _directions(epsilon=1e-8), strict=True), start=1):
        v, s = 0.9 * v + 0.1 * g, 0.999 * s + 0.001 * g**2
        hat_v, hat_s = v / (1 - 0.9**t), s / (1 - 0.999**t)
        np.testing.assert_allclose(direction, hat_v / (np.sqrt(hat_s) + 1e-8), rtol=2e-4, atol=1e-6)
        if t == 1:  # the first step is the sign of the gradient, whatever its size
            np.testing.assert_allclose(direction, np.sign(g), rtol=1e-3)


def test_rmsprop_adds_epsilon_outside_the_root():
    for epsilon in (1e-8, 0.5):
        s = np.zeros(3)
        for g, direction in zip(GRADIENTS, _directions(optimizer="rmsprop", epsilon=epsilon), strict=True):
            s = 0.999 * s + 0.001 * g**2
            np.testing.assert_allclose(direction, g / (np.sqrt(s) + epsilon), rtol=1e-4)


def test_the_defaults_are_the_seeds():
    """β₁ = 0.9, β₂ = 0.999, ε = 1e-8 (notes: hyperparameters recommended for Adam); the textbook has the same."""
    assert (Plan().beta1, Plan().beta2, Plan().epsilon) == (0.9, 0.999, 1e-8)
    defaults = {name: each.default for name, each in inspect.signature(textbook.adam).parameters.items()}
    assert (defaults["beta1"], defaults["beta2"], defaults["epsilon"]) == (0.9, 0.999, 1e-8)
    assert inspect.signature(textbook.momentum).parameters["beta"].default == 0.9


def test_gradient_descent_is_the_gradient():
    np.testing.assert_array_equal(_directions(optimizer="gradient_descent"), GRADIENTS)


def test_weight_decay_is_decoupled_and_leaves_biases_alone():
    """AdamW: the decay is added to Adam's direction, never to the gradient that Adam divides by its size."""
    difference = _directions(weight_decay=0.25) - _directions()
    np.testing.assert_allclose(difference, np.tile([0.25, -0.5, 0.75], (20, 1)), rtol=1e-4, atol=1e-6)
    layer = {"W": jnp.ones((1, 1)), "b": jnp.ones(1), "gamma": jnp.ones(1), "beta": jnp.ones(1)}
    assert weights_only((layer,)) == ({"W": True, "b": False, "gamma": False, "beta": False},)


@pytest.mark.parametrize("limit", [0.5, 100.0])
def test_clipping_shortens_a_long_gradient_and_keeps_its_direction(limit):
    ours = _directions(optimizer="gradient_descent", clip_norm=limit)
    norms = np.sqrt(2) * np.linalg.norm(GRADIENTS, axis=1)  # of W and b together
    np.testing.assert_allclose(ours, GRADIENTS * np.minimum(1, limit / norms)[:, None], rtol=1e-5)


def test_a_clip_norm_of_zero_leaves_gradients_alone_in_a_program_that_clips():
    plan = Plan(optimizer="gradient_descent", clip_norm=1.0, weight_decay=0.0)
    h = jax.tree.map(jnp.float32, plan.hyperparameters)._replace(clip_norm=jnp.float32(0))
    transform = optimizer(plan.structure, h)
    gradient = ({"W": jnp.array([[300.0]]), "b": jnp.array([400.0])},)
    direction, _ = transform.update(gradient, transform.init(gradient), gradient)
    assert [float(jnp.ravel(leaf)[0]) for leaf in jax.tree.leaves(direction)] == [300, 400]


def test_descend_and_shrink():
    moved = descend(PARAMS, PARAMS, jnp.float32(0.5))
    np.testing.assert_array_equal(moved[0]["W"], [[0.5, -1.0, 1.5]])
    shrunk = shrink(({"W": jnp.array([[1.0, -2.0, 0.25, -0.25, 0.5]]), "b": jnp.array([0.1])},), jnp.float32(0.5))
    assert np.asarray(shrunk[0]["W"]).tolist() == [[0.5, -1.5, 0, 0, 0]]
    assert shrunk[0]["b"].tolist() == pytest.approx([0.1])
