"""Parameters by name, and packed where most of them are zero."""

import jax.numpy as jnp
import numpy as np
import pytest

from goodfit.nets.layers import Moments
from goodfit.record.run import flatten, pack, unflatten, unpack


def _network(generator: np.random.Generator):
    params = tuple(
        {"W": generator.standard_normal((a, b)).astype(np.float32), "b": np.ones(b, np.float32)}
        for a, b in [(3, 4), (4, 5), *[(5, 5)] * 9, (5, 2)]
    )
    averages = (Moments(jnp.arange(4.0), jnp.ones(4)), Moments(jnp.zeros(5), jnp.full(5, 2.0)))
    return params, averages


def test_names_give_the_parameters_back_in_order():
    """Twelve layers: a text order would put layer 10 before layer 2."""
    params, averages = _network(np.random.default_rng(0))
    weights = flatten(params, averages)
    assert weights["layers.11.W"].shape == (5, 2)
    assert weights["averages.1.variance"].tolist() == [2.0] * 5
    shuffled = dict(sorted(weights.items()))
    again, running = unflatten(shuffled)
    for ours, theirs in zip(again, params, strict=True):
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert [[part.tolist() for part in pair] for pair in running] == [[part.tolist() for part in m] for m in averages]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.49, 0.5, 1.0])
def test_packing_loses_nothing_and_pays_where_most_is_zero(share):
    generator = np.random.default_rng(1)
    leaf = generator.standard_normal((40, 50)).astype(np.float32) * (generator.random((40, 50)) < share)
    weights = {"layers.0.W": leaf, "layers.0.b": np.zeros(50, np.float32)}
    packed = pack(weights)
    again = unpack(packed)
    assert again.keys() == weights.keys()
    for name, theirs in weights.items():
        np.testing.assert_array_equal(again[name], theirs)
        assert again[name].dtype == theirs.dtype
    size = sum(part.nbytes for name, part in packed.items() if name.startswith("layers.0.W"))
    expected = min(leaf.nbytes, 8 * np.count_nonzero(leaf) + 16)  # a place and a value each, and the shape
    assert size == expected
