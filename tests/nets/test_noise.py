"""The counter hash: mean, and independence between positions, layers, steps and models."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import binom, chi2

from goodfit.nets.architectures import Dropout, forward
from goodfit.nets.layers import dropout
from goodfit.nets.noise import counter_bits, fold, keep_mask
from goodfit.plan import Plan

ROWS, UNITS = 256, 128
SIZE = ROWS * UNITS
LIMIT = 4.5 / np.sqrt(SIZE)  # a correlation of independent masks is beyond it once in 150,000

_MASK = jax.jit(lambda key, keep_prob: keep_mask(key, (ROWS, UNITS), keep_prob))


def _key(model: int, step: int, layer: int):
    """As the training step makes it."""
    return fold(fold(fold(jnp.uint32(model), 2), step), layer)


def _mask(model: int = 1, step: int = 0, layer: int = 1, keep_prob: float = 0.5) -> np.ndarray:
    return np.asarray(_MASK(_key(model, step, layer), jnp.float32(keep_prob)))


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    return abs(float(np.corrcoef(a.ravel(), b.ravel())[0, 1]))


@pytest.mark.parametrize("keep_prob", [0.02, 0.3, 0.5, 0.85, 0.99])
def test_the_mean_is_keep_prob(keep_prob):
    for step in range(5):
        count = _mask(step=step, keep_prob=keep_prob).sum()
        assert 1e-6 < binom.cdf(count, SIZE, keep_prob) < 1 - 1e-6


def test_the_edges_are_exact():
    assert _mask(keep_prob=1.0).all()
    assert not _mask(keep_prob=0.0).any()


@pytest.mark.parametrize("axis", [0, 1])
def test_every_unit_and_every_example_is_kept_equally_often(axis):
    masks = np.stack([_mask(step=step) for step in range(20)])
    count = masks.sum(axis=(0, 1 + axis))
    draws = 20 * masks.shape[1 + axis]
    statistic = ((count - draws / 2) ** 2 / (draws / 4)).sum()
    assert 1e-5 < chi2.cdf(statistic, len(count)) < 1 - 1e-5


@pytest.mark.parametrize(
    "changes",
    [
        {"model": 2},
        {"model": 1 + 0x9E3779B9},
        {"model": 1 << 31},
        {"step": 1},
        {"step": 128},
        {"layer": 2},
        {"layer": 0},
    ],
)
def test_masks_of_other_models_steps_and_layers_are_independent(changes):
    assert _correlation(_mask(), _mask(**changes)) < LIMIT


@pytest.mark.parametrize("lag", [1, 2, 7, 127, 128, 129, 1024])
def test_positions_at_a_distance_are_independent(lag):
    flat = _mask().ravel()
    assert _correlation(flat[:-lag], flat[lag:]) < LIMIT


@pytest.mark.parametrize("lag", [1, 2, 128])
def test_positions_at_a_distance_are_independent_between_steps_and_layers(lag):
    """A counter that runs on from step to step would show here."""
    first, after, above = _mask().ravel(), _mask(step=1).ravel(), _mask(layer=2).ravel()
    for mask in (after, above):
        assert _correlation(first[:-lag], mask[lag:]) < LIMIT
        assert _correlation(first[lag:], mask[:-lag]) < LIMIT


def test_two_units_are_kept_together_as_often_as_chance_has_it():
    masks = np.stack([_mask(step=step)[:, :64] for step in range(8)]).reshape(-1, 64) * 2.0 - 1
    together = np.asarray(np.corrcoef(masks, rowvar=False))[np.triu_indices(64, 1)]
    assert np.abs(together).max() < 5.5 / np.sqrt(len(masks))
    assert abs(together.std() * np.sqrt(len(masks)) - 1) < 0.1


def test_every_bit_is_half_of_the_time_set_and_neighbors_differ_in_half_of_their_bits():
    bits = np.asarray(counter_bits(jnp.uint32(3), (SIZE,)))
    assert len(np.unique(bits)) > SIZE - 10
    bit = (bits[:, None] >> np.arange(32)[None, :]) & 1
    assert np.abs(bit.mean(axis=0) - 0.5).max() < 4.5 / 2 / np.sqrt(SIZE)
    flips = bit[1:] ^ bit[:-1]
    assert np.abs(flips.mean(axis=0) - 0.5).max() < 4.5 / 2 / np.sqrt(SIZE)


def test_positions_do_not_depend_on_how_many_there_are():
    """Shuffling stands on it: padding must not change the order."""
    key = jnp.uint32(12)
    np.testing.assert_array_equal(counter_bits(key, (100,)), counter_bits(key, (1000,))[:100])
    np.testing.assert_array_equal(counter_bits(key, (10, 10)).ravel(), counter_bits(key, (100,)))


def test_keys_of_models_steps_and_layers_do_not_collide():
    many = jax.vmap(lambda n: fold(fold(jnp.uint32(5), 2), n))(jnp.arange(100_000))
    assert len(np.unique(np.asarray(many))) > 100_000 - 10  # chance alone gives about one


def test_each_models_steps_and_layers_have_masks_of_their_own():
    """All pairs of 4 models of a stack (keyed by their seeds, as jobs are), 4 steps and 4 layers."""
    models = [int(np.random.SeedSequence(seed).generate_state(1)[0]) for seed in range(4)]
    masks = [_mask(model, step, layer).ravel() for model in models for step in range(4) for layer in range(4)]
    correlations = np.corrcoef(np.stack(masks))[np.triu_indices(len(masks), 1)]
    assert np.abs(correlations).max() < 5.5 / np.sqrt(SIZE)  # 2,016 pairs
    assert abs(correlations.std() * np.sqrt(SIZE) - 1) < 0.1


def test_in_the_mean_over_steps_every_activation_is_what_it_was():
    """Each position by itself: its deviation from the activation is that of a coin's mean."""
    a, keep_prob, steps = jnp.array(np.random.default_rng(0).uniform(1, 3, (20, 30)), jnp.float32), 0.8, 4000
    outputs = jax.jit(jax.vmap(lambda step: dropout(a, _key(7, step, 1), jnp.float32(keep_prob))))(jnp.arange(steps))
    deviation = np.asarray(a) * np.sqrt((1 - keep_prob) / keep_prob / steps)
    scores = (np.asarray(outputs, np.float64).mean(axis=0) - np.asarray(a)) / deviation
    assert np.abs(scores).max() < 4.5
    assert 1e-4 < chi2.cdf((scores**2).sum(), scores.size) < 1 - 1e-4


def test_a_networks_layers_drop_independently():
    """Through three masks of a half and layers that pass everything on, an eighth is left; of equal masks a half."""
    plan = Plan(hidden_units=(UNITS, UNITS), activation="relu", keep_prob=0.5, input_keep_prob=0.5)
    params = tuple({"W": jnp.eye(UNITS), "b": jnp.zeros(UNITS)} for _ in range(3))
    drop = Dropout(jnp.uint32(11), jax.tree.map(np.float32, plan.hyperparameters))
    outputs = np.asarray(forward(plan.structure, params, jnp.ones((ROWS, UNITS)), None, drop)[0])
    assert set(np.unique(outputs)) == {0.0, 8.0}
    assert 1e-5 < binom.cdf((outputs > 0).sum(), SIZE, 1 / 8) < 1 - 1e-5
