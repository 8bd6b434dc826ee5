"""Shuffling and mini-batches: the only place that draws training rows."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, UInt32

from goodfit.nets.noise import counter_bits


def shuffled(rows: Int[Array, "places"], m: Int[Array, ""], key: UInt32[Array, ""]) -> Int[Array, "places"]:
    """Return the first m of `rows` in a random order, followed by the padding.

    The order does not depend on the padding: rows are sorted by random bits that depend on their place alone. Up to
    65,536 places, 16 random bits and the place form one key, because XLA sorts single keys four times as fast. Equal
    bits keep their order, which favors one of two rows by 2⁻¹⁷.
    """
    places = rows.shape[0]
    bits = counter_bits(key, (places,))
    real = jnp.arange(places) < m
    if places <= 1 << 16:
        # Padding has the largest bits. A real row may have them too; it stands before the padding by its lower place.
        keys = jnp.where(real, bits >> 16, jnp.uint32(0xFFFF)) << 16 | jnp.arange(places, dtype=jnp.uint32)
        return rows[(jax.lax.sort(keys, is_stable=False) & 0xFFFF).astype(jnp.int32)]
    # Shifted by one, a real row's bits are always below those of the padding.
    keys = jnp.where(real, bits >> 1, jnp.uint32(0xFFFFFFFF))
    return jax.lax.sort((keys, rows), num_keys=1, is_stable=True)[1]


def minibatch(order: Int[Array, "places"], index: Int[Array, ""], size: int) -> Int[Array, "batch"]:
    """Return the rows of mini-batch `index` of the epoch, counted from 0."""
    return jax.lax.dynamic_slice(order, (index * size,), (size,))
