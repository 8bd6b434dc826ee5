"""The learning rate, epoch by epoch; epochs count from 1."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from goodfit.engine.decay import learning_rate
from goodfit.plan import Plan

PER_EPOCH = 7


def _rates(steps: int, **settings) -> np.ndarray:
    plan = Plan(**settings)
    h = jax.tree.map(jnp.float32, plan.hyperparameters)
    rate = jax.vmap(lambda step: learning_rate(plan.decay, h, step, jnp.int32(PER_EPOCH)))
    return np.asarray(rate(jnp.arange(steps)))


@pytest.mark.parametrize(
    ("decay", "decay_rate", "of_epochs"),
    [
        ("constant", 0.1, [0.5, 0.5, 0.5]),
        ("inverse", 1.0, [0.5 / 2, 0.5 / 3, 0.5 / 4]),  # α₀/(1 + γ·epoch): epoch 1 already halves
        ("exponential", 0.95, [0.5 * 0.95, 0.5 * 0.9025, 0.5 * 0.857375]),
        ("inverse_sqrt", 2.0, [1.0, 1.0 / np.sqrt(2), 1.0 / np.sqrt(3)]),
    ],
)
def test_the_notes_rules_change_with_the_epoch_and_not_within_it(decay, decay_rate, of_epochs):
    ours = _rates(3 * PER_EPOCH, learning_rate=0.5, decay=decay, decay_rate=decay_rate)
    np.testing.assert_allclose(ours, np.repeat(of_epochs, PER_EPOCH), rtol=1e-6)


@pytest.mark.parametrize("warm_up", [0.1, 0.5])
def test_one_cycle_rises_to_the_top_and_falls_to_nothing(warm_up):
    epochs = 20
    steps = epochs * PER_EPOCH
    ours = _rates(steps, learning_rate=0.5, decay="one_cycle", decay_rate=warm_up, epochs=epochs)
    top = int(ours.argmax())
    assert ours[top] == pytest.approx(0.5, rel=1e-3)
    assert abs((top + 1) / steps - warm_up) < 1.5 / steps
    rise = np.diff(ours[: top + 1])
    np.testing.assert_allclose(rise[:-1], 0.5 / warm_up / (steps + 1), rtol=1e-3)  # a straight line from 0
    assert np.all(np.diff(ours[top:]) < 0)
    assert 0 < ours[-1] < 0.5 * 1e-3
    middle = round(steps * (1 + warm_up) / 2) - 1
    assert ours[middle] == pytest.approx(0.25, rel=0.05)  # half way down a half cosine
    assert ours[0] == pytest.approx(0.5 / warm_up / (steps + 1), rel=1e-3)


def test_one_cycle_without_a_warm_up_begins_at_the_top():
    ours = _rates(5 * PER_EPOCH, learning_rate=0.5, decay="one_cycle", decay_rate=0.0, epochs=5)
    assert ours[0] == pytest.approx(0.5, rel=0.01)
    assert np.all(np.diff(ours) < 0)
