"""The parameters of a network, and the connections between its layers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from goodfit.nets.architectures import Dropout, forward, init
from goodfit.nets.layers import Moments
from goodfit.plan import Plan

X = np.random.default_rng(0).standard_normal((16, 5)).astype(np.float32)


def _network(**settings):
    plan = Plan(**{"hidden_units": (5, 7), "keep_prob": 1.0, "activation": "tanh", **settings})
    return plan, *init(plan.structure, plan.initialization, 3, 5, 2)


def test_batch_norm_on_z_leaves_b_out_and_on_a_keeps_it():
    """Course notes, fitting batch norm into a network: the mean taken away eliminates b."""
    names = {where: set(_network(batch_norm=where)[1][0]) for where in ("none", "before", "after")}
    assert names["none"] == {"W", "b"}
    assert names["before"] == {"W", "gamma", "beta"}
    assert names["after"] == {"W", "b", "gamma", "beta"}


def test_shapes_and_first_values():
    _, params, averages = _network(batch_norm="before")
    assert [layer["W"].shape for layer in params] == [(5, 5), (5, 7), (7, 2)]
    assert set(params[-1]) == {"W", "b"}  # the output has no batch norm
    assert params[1]["gamma"].tolist() == [1] * 7
    assert params[1]["beta"].tolist() == [0] * 7
    assert [moment.mean.shape for moment in averages] == [(5,), (7,)]


def test_without_hidden_layers_it_is_regression():
    plan, params, _ = _network(hidden_units=())
    logits, used = forward(plan.structure, params, jnp.array(X), None, None)
    np.testing.assert_allclose(logits, X @ params[0]["W"] + params[0]["b"], rtol=1e-5, atol=1e-6)
    assert used == ()


@pytest.mark.parametrize("residual", [False, True])
def test_a_residual_layer_adds_its_input_where_widths_agree(residual):
    plan, params, _ = _network(architecture="residual" if residual else "plain")
    first = np.tanh(X @ params[0]["W"]) + (X if residual else 0)
    second = np.tanh(first @ params[1]["W"])  # 5 units to 7: no shortcut
    logits, _ = forward(plan.structure, params, jnp.array(X), None, None)
    np.testing.assert_allclose(logits, second @ params[2]["W"], rtol=1e-4, atol=1e-6)


def test_at_test_time_running_averages_are_used_one_example_at_a_time():
    plan, params, _ = _network(batch_norm="before", hidden_units=(5,))
    running = (Moments(jnp.full(5, 0.3), jnp.full(5, 4.0)),)
    z = X @ params[0]["W"]
    expected = np.tanh((z - 0.3) / np.sqrt(4 + 1e-5)) @ params[1]["W"]
    together, used = forward(plan.structure, params, jnp.array(X), running, None)
    np.testing.assert_allclose(together, expected, rtol=1e-4, atol=1e-6)
    alone, _ = forward(plan.structure, params, jnp.array(X[:1]), running, None)
    np.testing.assert_allclose(alone, expected[:1], rtol=1e-4, atol=1e-6)
    assert used[0] is running[0]


def test_in_training_the_mini_batch_is_normalized_by_itself():
    plan, params, _ = _network(batch_norm="before", hidden_units=(5,))
    logits, used = forward(plan.structure, params, jnp.array(X), None, None)
    z = X @ params[0]["W"]
    np.testing.assert_allclose(used[0].mean, z.mean(axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(used[0].variance, z.var(axis=0), rtol=1e-4)
    expected = np.tanh((z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5)) @ params[1]["W"]
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-5)


def test_each_layer_has_its_own_keep_prob_and_outputs_none():
    plan, params, _ = _network(hidden_units=(400, 300), keep_prob=(0.9, 0.4), input_keep_prob=0.5, activation="sigmoid")
    drop = Dropout(jnp.uint32(4), jax.tree.map(np.float32, plan.hyperparameters))
    eye = jnp.eye(300)
    # weights of zero: every unit is 1/2, dropped to 0 or raised to 1/2 divided by keep_prob
    params[0]["W"][:], params[1]["W"][:] = 0, 0
    layers = ({**params[0]}, {**params[1]}, {"W": eye, "b": jnp.zeros(300)})
    second, _ = forward(plan.structure, layers, jnp.ones((50, 5)), None, drop)
    assert set(np.unique(second)) == {np.float32(0), np.float32(0.5) / np.float32(0.4)}
    assert abs(np.mean(np.asarray(second) > 0) - 0.4) < 4 * np.sqrt(0.24 / second.size)
    undropped, _ = forward(plan.structure, layers, jnp.ones((50, 5)), None, None)
    np.testing.assert_array_equal(undropped, np.full((50, 300), 0.5, np.float32))
