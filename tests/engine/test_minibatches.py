"""Shuffling: each training row at most once an epoch, evenly, and whatever the padding."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chi2

from goodfit.engine.minibatches import minibatch, shuffled
from goodfit.experiments.default_plans import guideline_batch_size
from goodfit.nets.noise import fold

M = 50
ROWS = np.random.default_rng(0).permutation(1000)[:M].astype(np.int32)

_shuffled = jax.jit(shuffled)


def _padded(places: int, filling: int) -> np.ndarray:
    return np.concatenate([ROWS, np.full(places - M, filling)]).astype(np.int32)


def _epoch(number: int, places: int = 64, filling: int = 0) -> np.ndarray:
    key = fold(jnp.uint32(9), number)
    return np.asarray(_shuffled(jnp.array(_padded(places, filling)), jnp.int32(M), key))


def test_an_epoch_visits_each_training_row_at_most_once_in_whole_batches():
    order = _epoch(0, filling=-1)
    batches = [np.asarray(minibatch(jnp.array(order), jnp.int32(i), 8)) for i in range(M // 8)]
    visited = np.concatenate(batches)
    assert len(visited) == 48
    assert len(np.unique(visited)) == 48
    assert set(visited) <= set(ROWS)
    assert sorted(order[:M]) == sorted(ROWS)
    assert np.all(order[M:] == -1)


def test_the_order_does_not_depend_on_the_padding():
    np.testing.assert_array_equal(_epoch(3, 64, 0)[:M], _epoch(3, 128, 7)[:M])
    np.testing.assert_array_equal(_epoch(3, 64, 0)[:M], _epoch(3, M)[:M])


def test_every_row_is_equally_often_at_every_place():
    keys = jax.vmap(lambda n: fold(jnp.uint32(4), n))(jnp.arange(4000))
    small = jax.vmap(lambda key: shuffled(jnp.arange(8), jnp.int32(6), key))(keys)
    counts = np.array([[np.sum(np.asarray(small[:, place]) == row) for row in range(6)] for place in range(6)])
    statistic = ((counts - 4000 / 6) ** 2 / (4000 / 6)).sum()
    assert 1e-5 < chi2.cdf(statistic, 25) < 1 - 1e-5  # rows and columns sum to 4000: 5·5 degrees of freedom
    pairs = np.bincount(np.asarray(small[:, 0] * 8 + small[:, 1]), minlength=64).reshape(8, 8)[:6, :6]
    assert np.all(np.diag(pairs) == 0)
    expected = 4000 / 30
    assert chi2.cdf(((pairs - expected) ** 2 / expected).sum() - 6 * expected, 29) < 1 - 1e-5


def test_more_rows_than_sixteen_bits_hold():
    places, m = (1 << 16) + 5, 1 << 16
    rows = np.arange(places, dtype=np.int32)
    order = np.asarray(_shuffled(jnp.array(rows), jnp.int32(m), jnp.uint32(3)))
    assert np.array_equal(np.sort(order[:m]), rows[:m])
    assert np.array_equal(order[m:], rows[m:])
    assert abs(np.corrcoef(np.arange(m), order[:m])[0, 1]) < 4.5 / np.sqrt(m)


def test_most_rows_that_sixteen_bits_hold():
    m = 1 << 16
    order = np.asarray(_shuffled(jnp.arange(m, dtype=jnp.int32), jnp.int32(m - 3), jnp.uint32(3)))
    assert np.array_equal(np.sort(order[:-3]), np.arange(m - 3))
    assert np.array_equal(order[-3:], np.arange(m - 3, m))
    low = (order[: 511 * 128].reshape(511, 128) < m / 2).sum(axis=1)  # of each mini-batch, from the first half
    assert 1e-5 < chi2.cdf(((low - 64) ** 2 / 32).sum(), 511) < 1 - 1e-5
    assert abs(np.corrcoef(np.arange(m - 3), order[:-3])[0, 1]) < 4.5 / np.sqrt(m)


def test_epochs_differ():
    assert np.mean(_epoch(0)[:M] == _epoch(1)[:M]) < 0.2


@pytest.mark.parametrize(("m", "size"), [(1, 0), (499, 0), (500, 64), (1999, 64), (2000, 128), (10**7, 128)], ids=str)
def test_the_notes_guideline(m, size):
    """Course notes: the whole training set where it is small, else a power of two of at least 64."""
    assert guideline_batch_size(m) == size
