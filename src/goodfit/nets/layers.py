"""The layers of one network, for one mini-batch; examples stand in rows (the seed has them in columns)."""

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt32

from goodfit.nets.noise import keep_mask

Leaf = Array | np.ndarray  # NumPy before the first step, and in a saved model
Layer = Mapping[str, Leaf]

ACTIVATIONS = {
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "gelu": jax.nn.gelu,
    "silu": jax.nn.silu,
    "elu": jax.nn.elu,
    "selu": jax.nn.selu,
    "softplus": jax.nn.softplus,
}

BATCH_NORM_EPSILON = 1e-5  # Ioffe & Szegedy 2015 leave it open; this is what PyTorch takes


class Moments(NamedTuple):
    """Mean and variance of each unit over a mini-batch, or their running averages."""

    mean: Float[Array, "units"]
    variance: Float[Array, "units"]


def dense(params: Layer, a: Float[Array, "batch inputs"]) -> Float[Array, "batch units"]:
    """z = aW + b; without b where batch norm would take it away again."""
    z = a @ params["W"]
    return z + params["b"][None, :] if "b" in params else z


def moments(z: Float[Array, "batch units"]) -> Moments:
    """Mean and variance over the mini-batch (course notes: batch normalization)."""
    mean = z.mean(axis=0)
    return Moments(mean, jnp.square(z - mean[None, :]).mean(axis=0))


def batch_norm(params: Layer, z: Float[Array, "batch units"], over: Moments) -> Float[Array, "batch units"]:
    """z̃ = γ·(z − mean)/√(variance + ε) + β (course notes: batch normalization; Ioffe & Szegedy 2015)."""
    scale = params["gamma"] * jax.lax.rsqrt(over.variance + BATCH_NORM_EPSILON)
    return (z - over.mean[None, :]) * scale[None, :] + params["beta"][None, :]


def dropout(
    a: Float[Array, "batch *places units"], key: UInt32[Array, ""], keep_prob: Float[Array, ""]
) -> Float[Array, "batch *places units"]:
    """Inverted dropout: drop units with probability 1 − keep_prob, divide the rest by keep_prob (seed).

    Of pictures, whole feature maps are dropped: neighboring places tell the same (Tompson et al. 2015).
    """
    kept = keep_mask(key, (a.shape[0], *[1] * (a.ndim - 2), a.shape[-1]), keep_prob)
    return jnp.where(kept, a / keep_prob.astype(a.dtype), jnp.zeros_like(a))
