"""A look inside a network: what it sees equals NumPy, it changes no bit of the training, it comes when it is due."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from goodfit.diagnosis.growth import growth
from goodfit.engine import stack as stack_module
from goodfit.engine import step as step_module
from goodfit.engine.active_job import enter
from goodfit.engine.fit import fit
from goodfit.engine.health import LOOKS, PROBE, look
from goodfit.engine.jobs import Job
from goodfit.engine.packing import stacks
from goodfit.engine.pool import Pool
from goodfit.record.run import LAYER_STATISTICS, Health, Run, health_of, unflatten


def health(run: Run) -> Health:
    assert run.health is not None
    return run.health


def rate(sizes: np.ndarray) -> float:
    found = growth(sizes.tolist())
    assert found is not None
    return found.rate


def test_a_look_equals_numpy(splits, oracle, plan):
    """Gradient descent, so that the change that the optimizer would make is α times the gradient."""
    plan = plan.with_(
        optimizer="gradient_descent", decay="constant", activation="tanh", weight_decay=0.0, l2=3.0, snapshots=1
    )
    run = fit(Job(plan, 5), splits)
    params, _ = unflatten({name: leaf.astype(np.float64) for name, leaf in run.snapshots[-1].items()})
    rows = splits.train[np.arange(PROBE) * len(splits.train) // PROBE]
    x = run.preparation.transform(splits.dataset.features.take(rows)).astype(np.float64)
    logits, caches, _ = oracle.forward(plan, params, x)
    _, dz = oracle.cost("softmax", logits, splits.dataset.target[rows], plan.label_smoothing)
    with_l2, gradients = (
        oracle.gradients(plan.with_(l2=l2), params, dz, caches, None, len(splits.train)) for l2 in (3.0, 0.0)
    )
    seen = health(run)
    assert seen.layers == ("inputs", "layer 1", "layer 2", "output")
    outputs = [x, caches[1][0], caches[2], logits]
    for name, expected in {
        "mean": [a.mean() for a in outputs],
        "deviation": [a.std() for a in outputs],
        "size": [np.sqrt((a**2).mean()) for a in outputs],
        "gradient": [0, *(np.linalg.norm(g["W"]) for g in gradients)],
        "weight": [0, *(np.linalg.norm(layer["W"]) for layer in params)],
        "update": [0, *(0.02 * np.linalg.norm(g["W"]) for g in with_l2)],
    }.items():
        np.testing.assert_allclose(seen.of(name)[-1], expected, rtol=2e-3, atol=1e-5, err_msg=name)


@pytest.mark.usefixtures("once_compiled_for_users")
def test_looking_changes_no_bit(splits, plan, tools, monkeypatch):
    seeing = fit(Job(plan, 5), splits)
    monkeypatch.setattr(step_module, "look_due", lambda task, epoch: jnp.bool_(False))
    stack_module._compiled.cache_clear()
    blind = fit(Job(plan, 5), splits)
    stack_module._compiled.cache_clear()
    assert len(health(blind).epochs) == 0
    assert len(health(seeing).epochs) == 12
    assert tools.same_bits(blind, seeing)


def test_looks_are_spread_over_a_long_training_and_begin_after_its_first_epoch(splits, plan):
    epochs = health(fit(Job(plan.with_(epochs=100), 5), splits)).epochs
    assert epochs[0] == 1
    assert epochs[-1] == 100
    assert len(epochs) == LOOKS + 1
    assert np.diff(epochs[1:]).max() == 7  # 100 / 16, rounded up


@pytest.mark.parametrize("factor", [1.5, 0.5])
def test_the_notes_deep_networks_come_back_with_their_factor(splits, plan, factor):
    """W = 1.5·I or 0.5·I in every layer; positive inputs, so that ReLU is linear."""
    plan = plan.with_(
        hidden_units=(6,) * 8, activation="relu", architecture="plain", batch_norm="none", keep_prob=1.0, batch_size=0
    )
    pool, (member, program) = Pool(splits), enter(0, Job(plan, 3), splits)
    loaded = next(stacks(program, [member], pool))
    params = loaded.states[0].model.params
    params = (*({"W": factor * np.eye(6, dtype=np.float32), "b": layer["b"]} for layer in params[:-1]), params[-1])
    state = loaded.states[0]._replace(model=loaded.states[0].model._replace(params=params))
    data = loaded.data._replace(inputs=np.abs(loaded.data.inputs))
    arguments = jax.tree.map(jnp.asarray, (data, loaded.tasks[0], state))
    seen = np.asarray(jax.jit(functools.partial(look, program))(*arguments), np.float64)
    sizes, gradients = seen[:, LAYER_STATISTICS.index("size")], seen[:, LAYER_STATISTICS.index("gradient")]
    assert rate(sizes[:-1]) == pytest.approx(factor, rel=1e-5)
    signals = gradients[1:-1] / sizes[:-2]  # |dJ/dz| of each hidden layer, up to one factor
    assert rate(signals[::-1]) == pytest.approx(factor, rel=1e-5)


def test_dead_and_saturated_units_are_counted(splits, plan):
    relu = plan.with_(activation="relu", architecture="plain", batch_norm="none", learning_rate=30.0)
    assert health(fit(Job(relu, 5), splits)).of("dead")[:, 1:3].max() > 0.5
    large = plan.with_(activation="tanh", architecture="plain", batch_norm="none", keep_prob=1.0, learning_rate=3.0)
    assert health(fit(Job(large, 5), splits)).of("saturated")[-1, 1] > 0.3
    gentle = health(fit(Job(large.with_(learning_rate=1e-4), 5), splits))
    assert gentle.of("saturated")[:, 1:].max() < 0.1
    assert gentle.of("dead").max() == 0


def test_epochs_without_a_look_are_left_out():
    records = np.full((3, 3 * len(LAYER_STATISTICS)), np.nan)
    records[1] = np.arange(3 * len(LAYER_STATISTICS))
    seen = health_of(records, 1)
    assert seen.epochs.tolist() == [2]
    assert seen.of("mean").tolist() == [[0, len(LAYER_STATISTICS), 2 * len(LAYER_STATISTICS)]]
