"""The engine's network as something to check: its J, its steps, its gradients, and its signals by layer."""

from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest
from scipy.special import log_softmax

from goodfit.checks.gradients import check_gradients
from goodfit.checks.network import Network, open_network
from goodfit.data.splits import open_splits
from goodfit.diagnosis.growth import growth
from goodfit.plan import Plan

SMOOTH = Plan(hidden_units=(7, 7), activation="tanh", keep_prob=1.0, preparation="standard")


@pytest.fixture(scope="module")
def splits():
    return {name: open_splits(name) for name in ("iris", "breast_cancer", "diabetes")}


def in_64_bits(function: Any, *args: Any) -> Any:
    with jax.enable_x64(True):
        return jax.tree.map(np.array, jax.jit(function)(*args))


def wide(params: Any) -> Any:
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)


def test_j_is_the_cost_and_the_penalties_with_m_of_all_training_examples(splits):
    plan = SMOOTH.with_(hidden_units=(5,), l2=0.7, l1=0.3)
    network = open_network(plan, splits["iris"], seed=1, most=32)
    assert (network.rows, len(network.inputs), len(network.targets)) == (90, 32, 32)
    first, last = wide(network.fresh)["layers"]
    a = np.tanh(network.inputs.astype(np.float64) @ first["W"] + first["b"])
    logits = a @ last["W"] + last["b"]
    cost = -log_softmax(logits, axis=1)[np.arange(32), network.targets].mean()
    weights = [first["W"], last["W"]]
    squares, sizes = (sum(f(w).sum() for w in weights) for f in (np.square, np.abs))
    assert in_64_bits(network.cost, wide(network.fresh)) == pytest.approx(cost, rel=1e-12)
    expected = cost + (0.7 * squares + 0.3 * sizes) / 180
    assert in_64_bits(network.objective, wide(network.fresh)) == pytest.approx(expected, rel=1e-7)  # λ has 32 bits


@pytest.mark.parametrize(
    ("data", "changes"),
    [
        ("iris", {}),
        ("iris", {"l2": 3.0, "l1": 2.0, "label_smoothing": 0.2, "class_balance": 1.0}),
        ("iris", {"batch_norm": "before", "keep_prob": 0.6, "input_keep_prob": 0.8}),
        ("breast_cancer", {"batch_norm": "after", "activation": "silu", "l2": 1.0}),
        ("diabetes", {"architecture": "residual", "activation": "softplus", "keep_prob": (0.5, 0.9)}),
        ("diabetes", {"hidden_units": ()}),
    ],
)
def test_the_engines_gradients_are_great(splits, data, changes):
    network = open_network(SMOOTH.with_(**changes), splits[data], seed=2, most=64)
    check = check_gradients(network.objective, network.fresh)
    assert check.verdict == "great", check
    # and by hand one layer's may be wrong: that of the last is named
    gradients = in_64_bits(jax.grad(network.objective), wide(network.fresh))
    gradients["layers"][-1]["W"][:] *= 1.1
    assert check_gradients(network.objective, network.fresh, gradients).latest_wrong == (
        f"layers.{len(network.fresh['layers']) - 1}.W",
    )


def test_dropouts_mask_is_fixed_and_can_be_turned_off(splits):
    network = open_network(SMOOTH.with_(keep_prob=0.5), splits["iris"], seed=0, most=64)
    bare = open_network(SMOOTH, splits["iris"], seed=0, most=64)
    fresh = wide(network.fresh)
    dropped = in_64_bits(network.cost, fresh)
    assert in_64_bits(network.cost, fresh) == dropped
    assert in_64_bits(network.without_dropout().cost, fresh) == in_64_bits(bare.cost, fresh) != dropped


def test_a_step_of_descent_is_that_of_the_penalties(splits):
    """L2 by its gradient (λ/m)·W; L1 by the proximal step of α·λ/2m, which leaves exact zeros."""
    network = open_network(SMOOTH.with_(l2=5.0), splits["iris"], seed=0, most=1000)
    fresh, rate = wide(network.fresh), 0.3
    gradients = in_64_bits(jax.grad(network.objective), fresh)
    moved = in_64_bits(network.descended, fresh, rate)
    for before, gradient, after in zip(fresh["layers"], gradients["layers"], moved["layers"], strict=True):
        for name in before:
            np.testing.assert_allclose(after[name], before[name] - rate * gradient[name], rtol=1e-6, atol=1e-9)
    sparse = open_network(SMOOTH.with_(l1=50.0), splits["iris"], seed=0, most=1000)
    plain = in_64_bits(jax.grad(sparse.cost), fresh)["layers"]
    for before, gradient, after in zip(
        fresh["layers"], plain, in_64_bits(sparse.descended, fresh, rate)["layers"], strict=True
    ):
        w = before["W"] - rate * gradient["W"]
        expected = np.sign(w) * np.maximum(np.abs(w) - rate * 50 / 180, 0)
        np.testing.assert_allclose(after["W"], expected, rtol=1e-6, atol=1e-9)
        assert (after["W"] == 0).any()


@pytest.mark.parametrize("rate", [1.5, 0.5])
def test_signals_of_the_notes_diagonal_network_grow_by_its_rate(splits, rate):
    """ReLU on positive signals is the notes' linear network: W = rate·I, b = 0, after a first layer that gives 1."""
    plan = SMOOTH.with_(hidden_units=(4,) * 10, activation="relu")
    network: Network = open_network(plan, splits["iris"], seed=0, most=50)
    layers = wide(network.fresh)["layers"]
    first = {"W": np.zeros((4, 4)), "b": np.ones(4)}
    layers = (first, *({"W": rate * np.eye(4), "b": np.zeros(4)} for _ in range(9)), layers[-1])
    with jax.enable_x64(True):
        outputs, derivatives = network.signals({"layers": layers})
    np.testing.assert_allclose(outputs, rate ** np.arange(10), rtol=1e-12)
    for sizes, expected in ((outputs, rate), (derivatives[::-1], rate)):
        trend = growth(sizes)
        assert trend is not None
        assert trend.rate == pytest.approx(expected, rel=1e-9)
    # the size of the last one, by hand: dJ/da = (ŷ − y) Wᵀ / m
    logits = np.full((50, 4), rate**9) @ layers[-1]["W"] + layers[-1]["b"]
    wrong = np.exp(log_softmax(logits, axis=1)) - np.eye(3)[network.targets]
    assert derivatives[-1] == pytest.approx(np.sqrt(np.square(wrong @ layers[-1]["W"].T / 50).mean()))


def test_signals_pass_batch_norm_residuals_and_no_dropout(splits):
    plan = SMOOTH.with_(batch_norm="before", architecture="residual", keep_prob=0.5, hidden_units=(6, 6, 6))
    network = open_network(plan, splits["iris"], seed=0, most=50)
    params = wide(network.fresh)
    with jax.enable_x64(True):
        outputs, derivatives = network.signals(params)
        bare = replace(network, program=replace(network.program, structure=plan.with_(keep_prob=1.0).structure))
        assert bare.signals(params) == (outputs, derivatives)
    assert len(outputs) == len(derivatives) == 3
    assert all(size > 0 for size in (*outputs, *derivatives))
