"""Which examples make which mini-batch; the only place where training rows are drawn from."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, UInt32

from goodfit.nets.noise import counter_bits


def shuffled(rows: Int[Array, "places"], m: Int[Array, ""], key: UInt32[Array, ""]) -> Int[Array, "places"]:
    """The first m of `rows` in a random order, the padding after them; the order does not depend on the padding.

    Rows are sorted by random bits. Where 16 bits hold a place, 16 random bits and the place make one key: XLA sorts
    single keys four times as fast, and that equal bits keep their order favors one of two rows by 2⁻¹⁷.
    """
    places = rows.shape[0]
    bits = counter_bits(key, (places,))
    real = jnp.arange(places) < m
    if places <= 1 << 16:
        keys = jnp.where(real, bits >> 16, jnp.uint32(0xFFFF)) << 16 | jnp.arange(places, dtype=jnp.uint32)
        return rows[(jax.lax.sort(keys, is_stable=False) & 0xFFFF).astype(jnp.int32)]
    keys = jnp.where(real, bits >> 1, jnp.uint32(0xFFFFFFFF))
    return jax.lax.sort((keys, rows), num_keys=1, is_stable=True)[1]


def minibatch(order: Int[Array, "places"], index: Int[Array, ""], size: int) -> Int[Array, "batch"]:
    """The rows of the epoch's mini-batch `index`, counted from 0."""
    return jax.lax.dynamic_slice(order, (index * size,), (size,))
