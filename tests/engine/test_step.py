"""Twenty steps of the engine in float64 against the course notes' algorithms in NumPy."""

import functools
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from goodfit.engine.step import advance, epoch_order, first_state, predictive, recorded, settled, train_step
from goodfit.engine.task import Data, Program, Task
from goodfit.nets.architectures import init
from goodfit.nets.noise import fold, keep_mask
from goodfit.plan import Plan

M, FEATURES, STEPS, BATCH = 44, 5, 20, 8
PER_EPOCH = M // BATCH  # 5: the incomplete sixth batch is dropped

BASE = Plan(hidden_units=(6, 6), keep_prob=1.0, batch_size=BATCH)
PLANS = {
    "gradient descent, softmax, L2": (
        "softmax",
        BASE.with_(optimizer="gradient_descent", activation="relu", decay="constant", learning_rate=0.3, l2=2.0),
    ),
    "momentum, sigmoid, residual, class weights, inverse decay": (
        "sigmoid",
        BASE.with_(
            optimizer="momentum",
            activation="tanh",
            architecture="residual",
            decay="inverse",
            learning_rate=0.5,
            class_balance=1.0,
            label_smoothing=0.1,
        ),
    ),
    "RMSprop, regression, batch norm before, exponential decay": (
        "linear",
        BASE.with_(
            optimizer="rmsprop",
            activation="silu",
            batch_norm="before",
            decay="exponential",
            decay_rate=0.95,
            learning_rate=0.01,
            epsilon=1e-3,
        ),
    ),
    "AdamW, label smoothing, batch norm after, one cycle": (
        "softmax",
        BASE.with_(
            activation="elu",
            batch_norm="after",
            batch_norm_beta=0.8,
            decay="one_cycle",
            decay_rate=0.3,
            weight_decay=0.5,
            label_smoothing=0.2,
            class_balance=0.5,
            epochs=4,
            learning_rate=0.02,
        ),
    ),
    "Adam, dropout by layer, clipping, square-root decay": (
        "softmax",
        BASE.with_(
            activation="gelu",
            architecture="residual",
            decay="inverse_sqrt",
            decay_rate=1.0,
            keep_prob=(0.5, 0.9),
            input_keep_prob=0.7,
            clip_norm=0.2,
            learning_rate=0.01,
        ),
    ),
    "momentum with L1 and L2": (
        "linear",
        BASE.with_(optimizer="momentum", activation="selu", decay="constant", l1=8.0, l2=1.0, learning_rate=0.05),
    ),
    "regression without hidden layers": (
        "softmax",
        BASE.with_(hidden_units=(), optimizer="gradient_descent", decay="constant", keep_prob=1.0, learning_rate=0.2),
    ),
}


def _world(output: Any, plan: Plan, m: int = M, seed: int = 3):
    """Everything in float64: program, data, task, first state, and the NumPy view of data."""
    generator = np.random.default_rng(seed)
    classes = 3 if output == "softmax" else 2
    x = generator.standard_normal((m, FEATURES))
    y = generator.standard_normal(m) if output == "linear" else generator.integers(0, classes, m)
    weights = np.array([0.5, 2.0, 1.25])[: classes if output != "linear" else 1]
    program = Program(plan.structure, output, False, 16)
    watched = np.concatenate([np.arange(m), np.zeros(64)]).astype(np.int32)[:64]
    fields: Any = (
        jax.tree.map(np.float64, plan.hyperparameters),
        np.uint32(77),  # key
        np.int32(0),  # set
        np.concatenate([np.arange(m), np.zeros(7)]).astype(np.int32),  # rows
        np.int32(m),
        np.concatenate([watched, watched]),
        np.int32(m),  # watched of the training set
        np.int32(m),  # watched of the dev set
        weights,
        np.ones(2),  # variances
    )
    task = Task(*fields)
    model = init(plan.structure, plan.initialization, 5, FEATURES, classes if output == "softmax" else 1)
    params, averages = jax.tree.map(np.float64, model)
    state = first_state(program, task.hyperparameters, params, averages)
    return program, Data(jnp.array(x[None]), jnp.array(y[None])), task, state, (x, y, weights, params)


def _masks(plan: Plan, task: Task, step: int, batch: int) -> list:
    """The kept units of each layer, divided by keep_prob: the bits are the engine's, what is done with them is not."""
    if not plan.structure.dropout:
        return []
    key = fold(fold(jnp.asarray(task.key), 2), step)
    rates, widths = [plan.input_keep_prob, *plan.keep_probs], [FEATURES, *plan.hidden_units]
    return [
        np.asarray(keep_mask(fold(key, layer), (batch, width), jnp.float32(rate))) / rate
        for layer, (width, rate) in enumerate(zip(widths, rates, strict=True))
    ]


@pytest.mark.parametrize("name", PLANS)
def test_twenty_steps_are_the_seeds(name, oracle):
    output, plan = PLANS[name]
    with jax.enable_x64(True):
        program, data, task, state, (x, y, weights, params) = _world(output, plan)
        step = jax.jit(functools.partial(train_step, program))
        order = np.random.default_rng(1).permutation(M).astype(np.int32)
        memory, averages, total = {}, np.zeros(()), 0.0
        balance = weights**plan.class_balance if output != "linear" else 1.0
        for t in range(STEPS):
            state = step(data, task, state, order)
            rows = order[(t % PER_EPOCH) * BATCH :][:BATCH]
            masks = _masks(plan, task, t, BATCH)
            logits, caches, moments = oracle.forward(plan, params, x[rows], masks)
            batch_cost, dz = oracle.cost(output, logits, y[rows], plan.label_smoothing, balance)
            total += oracle.objective(plan, params, batch_cost, M)
            found = oracle.gradients(plan, params, dz, caches, masks, M)
            rate = oracle.learning_rate(plan, t // PER_EPOCH + 1, (t + 1) / (plan.epochs * PER_EPOCH + 1))
            params = oracle.update(plan, params, found, memory, t + 1, rate, M)
            flat = np.array(moments)
            averages = (1 - plan.batch_norm_beta) * flat + plan.batch_norm_beta * averages
        for ours, theirs in zip(state.model.params, params, strict=True):
            assert ours.keys() == theirs.keys()
            for leaf in ours:
                np.testing.assert_allclose(ours[leaf], theirs[leaf], rtol=1e-9, atol=1e-12, err_msg=leaf)
        np.testing.assert_allclose(state.objective_sum, total, rtol=1e-11)
        corrected = averages / (1 - plan.batch_norm_beta**STEPS)
        for ours, theirs in zip(settled(state).averages, corrected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-11)


def test_l1_reaches_exact_zeros_where_the_subgradient_only_hovers(oracle):
    output, plan = PLANS["momentum with L1 and L2"]
    plan = plan.with_(l1=40.0)
    with jax.enable_x64(True):
        program, data, task, state, (x, y, _, params) = _world(output, plan)
        step = jax.jit(functools.partial(train_step, program))
        order, memory = np.arange(M, dtype=np.int32), {}
        for t in range(60):
            state = step(data, task, state, order)
            rows = order[(t % PER_EPOCH) * BATCH :][:BATCH]
            logits, caches, _ = oracle.forward(plan, params, x[rows])
            found = oracle.gradients(plan, params, oracle.cost(output, logits, y[rows])[1], caches, None, M)
            found = [
                g | {"W": g["W"] + plan.l1 / (2 * M) * np.sign(p["W"])} for g, p in zip(found, params, strict=True)
            ]
            params = oracle.update(plan.with_(l1=0.0), params, found, memory, t + 1, plan.learning_rate, M)
        ours = np.concatenate([np.ravel(layer["W"]) for layer in state.model.params])
        hovering = np.concatenate([np.ravel(layer["W"]) for layer in params])
        assert np.mean(ours == 0) > 0.5
        assert np.mean(hovering == 0) == 0
        assert np.mean(np.abs(hovering) < 0.02) > 0.5  # near zero, and never there


@pytest.mark.parametrize("batch", [8, 44])
def test_the_l2_gradient_is_lambda_over_m_at_every_batch_size(batch):
    plan = PLANS["gradient descent, softmax, L2"][1].with_(batch_size=batch)
    with jax.enable_x64(True):
        program, data, task, state, (*_, params) = _world("softmax", plan)
        step = jax.jit(functools.partial(train_step, program))
        order = np.arange(M, dtype=np.int32)
        without = task._replace(hyperparameters=task.hyperparameters._replace(l2=np.float64(0)))
        moved = [step(data, each, state, order).model.params for each in (task, without)]
        for layer, plain, p in zip(*moved, params, strict=True):
            slope = (plain["W"] - layer["W"]) / plan.learning_rate
            np.testing.assert_allclose(slope, plan.l2 / M * p["W"], rtol=1e-9, atol=1e-14)
            np.testing.assert_array_equal(layer["b"], plain["b"])


def test_batch_norms_averages_survive_a_change_of_their_beta():
    """1 − β^t with the new β would be far from the weights that the averages really hold."""
    _, plan = PLANS["RMSprop, regression, batch norm before, exponential decay"]
    plan = plan.with_(batch_norm_beta=0.5)
    with jax.enable_x64(True):
        program, data, task, state, _ = _world("linear", plan)
        step = jax.jit(functools.partial(train_step, program))
        order = np.arange(M, dtype=np.int32)
        for _ in range(20):
            state = step(data, task, state, order)
        before = settled(state).averages
        slow = task._replace(hyperparameters=task.hyperparameters._replace(batch_norm_beta=np.float64(0.999)))
        after = settled(step(data, slow, state, order)).averages
        for was, now in zip(before, after, strict=True):
            np.testing.assert_allclose(now.variance, was.variance, rtol=0.05)


@pytest.mark.parametrize(
    ("balance", "rare"), [(1.0, 0.05), (0.5, 0.02), (1.0, 0.3)], ids=["balanced", "half balanced", "common"]
)
def test_probabilities_learned_under_class_weights_are_at_the_true_frequencies(balance, rare):
    """Without inputs the weighted optimum is known: odds p·w^balance, and p itself once the weights are taken off."""
    plan = BASE.with_(class_balance=balance)
    with jax.enable_x64(True):
        program, _, task, state, _ = _world("sigmoid", plan)
        weights = np.array([0.5 / (1 - rare), 0.5 / rare])
        odds = rare / (1 - rare) * (weights[1] / weights[0]) ** balance
        *hidden, last = state.model.params
        biased = {**last, "b": np.full_like(last["b"], np.log(odds))}
        state = state._replace(model=state.model._replace(params=(*hidden, biased)))
        model = predictive(program, task._replace(class_weights=weights), state)
        assert 1 / (1 + np.exp(-float(model.params[-1]["b"][0]))) == pytest.approx(rare, rel=1e-12)


def test_an_epoch_ends_with_a_look_in_evaluation_mode(oracle):
    """`advance` against NumPy: order, costs without dropout, smoothing, weights or penalty, errors, objective, rate."""
    output, plan = PLANS["Adam, dropout by layer, clipping, square-root decay"]
    plan = plan.with_(l2=3.0, label_smoothing=0.3, class_balance=1.0)
    with jax.enable_x64(True):
        program, data, task, start, (x, y, *_) = _world(output, plan)
        task = task._replace(watched_train=np.int32(30), watched_dev=np.int32(20))  # the second part begins at 32
        run = jax.jit(functools.partial(advance, program))
        records = np.full((3, recorded(plan.structure)), np.nan)
        state, records = run(data, task, start, np.int32(2 * PER_EPOCH), records)
        assert np.isnan(records[2]).all()
        assert int(state.step) == 2 * PER_EPOCH
        watched = np.asarray(task.watched)
        parts = watched[:30], watched[32:52]
        for place, rows in enumerate(parts):
            logits, *_ = oracle.forward(plan, jax.tree.map(np.asarray, state.model.params), x[rows])
            logits = logits - np.log(np.asarray(task.class_weights))  # which class_balance 1 puts into the odds
            np.testing.assert_allclose(records[1, place], oracle.cost(output, logits, y[rows])[0], rtol=1e-11)
            np.testing.assert_allclose(records[1, 2 + place], np.mean(logits.argmax(axis=1) != y[rows]), rtol=1e-12)
        np.testing.assert_allclose(records[:2, 5], [0.01, 0.01 / np.sqrt(2)], rtol=1e-12)
        assert records[1, 4] > records[1, 0]  # the objective has penalty, smoothing and dropout in it
        step = jax.jit(functools.partial(train_step, program))
        order_of = jax.jit(functools.partial(epoch_order, program))
        by_hand = start
        for t in range(2 * PER_EPOCH):
            by_hand = step(data, task, by_hand, order_of(task, np.int32(t // PER_EPOCH)))
        for ours, theirs in zip(state.model.params, by_hand.model.params, strict=True):
            np.testing.assert_allclose(ours["W"], theirs["W"], rtol=1e-9, atol=1e-12)


def test_every_epoch_and_every_model_has_its_own_order():
    with jax.enable_x64(True):
        program, _, task, *_ = _world("softmax", BASE)
    task = task._replace(rows=jnp.asarray(task.rows), m=jnp.int32(M), key=jnp.uint32(77))
    first, second = (np.asarray(epoch_order(program, task, jnp.int32(epoch)))[:M] for epoch in (0, 1))
    other = np.asarray(epoch_order(program, task._replace(key=jnp.uint32(78)), jnp.int32(0)))[:M]
    for order in (first, second, other):
        assert np.array_equal(np.sort(order), np.arange(M))
    for one, another in ((first, second), (first, other), (second, other)):
        assert np.mean(one == another) < 0.2
    whole = epoch_order(replace(program, whole_batch=True), task, jnp.int32(3))
    assert np.array_equal(whole, task.rows)
