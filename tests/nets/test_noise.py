"""The counter hash: mean, and independence between positions, layers, steps and models."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import binom, chi2

from goodfit.nets.noise import counter_bits, fold, keep_mask

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
        kept = _mask(step=step, keep_prob=keep_prob).sum()
        assert 1e-6 < binom.cdf(kept, SIZE, keep_prob) < 1 - 1e-6


def test_the_edges_are_exact():
    assert _mask(keep_prob=1.0).all()
    assert not _mask(keep_prob=0.0).any()


@pytest.mark.parametrize("axis", [0, 1])
def test_every_unit_and_every_example_is_kept_equally_often(axis):
    masks = np.stack([_mask(step=step) for step in range(20)])
    kept = masks.sum(axis=(0, 1 + axis))
    drawn = 20 * masks.shape[1 + axis]
    statistic = ((kept - drawn / 2) ** 2 / (drawn / 4)).sum()
    assert 1e-5 < chi2.cdf(statistic, len(kept)) < 1 - 1e-5


@pytest.mark.parametrize(
    "other",
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
def test_masks_of_other_models_steps_and_layers_are_independent(other):
    assert _correlation(_mask(), _mask(**other)) < LIMIT


@pytest.mark.parametrize("lag", [1, 2, 7, 127, 128, 129, 1024])
def test_positions_at_a_distance_are_independent(lag):
    flat = _mask().ravel()
    assert _correlation(flat[:-lag], flat[lag:]) < LIMIT


@pytest.mark.parametrize("lag", [1, 2, 128])
def test_positions_at_a_distance_are_independent_between_steps_and_layers(lag):
    """A counter that runs on from step to step would show here."""
    first, after, above = _mask().ravel(), _mask(step=1).ravel(), _mask(layer=2).ravel()
    for other in (after, above):
        assert _correlation(first[:-lag], other[lag:]) < LIMIT
        assert _correlation(first[lag:], other[:-lag]) < LIMIT


def test_two_units_are_kept_together_as_often_as_chance_has_it():
    masks = np.stack([_mask(step=step)[:, :64] for step in range(8)]).reshape(-1, 64) * 2.0 - 1
    together = np.asarray(np.corrcoef(masks, rowvar=False))[np.triu_indices(64, 1)]
    assert np.abs(together).max() < 5.5 / np.sqrt(len(masks))
    assert abs(together.std() * np.sqrt(len(masks)) - 1) < 0.1


def test_every_bit_is_half_of_the_time_set_and_neighbours_differ_in_half_of_their_bits():
    bits = np.asarray(counter_bits(jnp.uint32(3), (SIZE,)))
    assert len(np.unique(bits)) > SIZE - 10
    each = (bits[:, None] >> np.arange(32)[None, :]) & 1
    assert np.abs(each.mean(axis=0) - 0.5).max() < 4.5 / 2 / np.sqrt(SIZE)
    flips = each[1:] ^ each[:-1]
    assert np.abs(flips.mean(axis=0) - 0.5).max() < 4.5 / 2 / np.sqrt(SIZE)


def test_positions_do_not_depend_on_how_many_there_are():
    """Shuffling stands on it: padding must not change the order."""
    key = jnp.uint32(12)
    np.testing.assert_array_equal(counter_bits(key, (100,)), counter_bits(key, (1000,))[:100])
    np.testing.assert_array_equal(counter_bits(key, (10, 10)).ravel(), counter_bits(key, (100,)))


def test_keys_of_models_steps_and_layers_do_not_collide():
    many = jax.vmap(lambda n: fold(fold(jnp.uint32(5), 2), n))(jnp.arange(100_000))
    assert len(np.unique(np.asarray(many))) > 100_000 - 10  # chance alone gives about one
