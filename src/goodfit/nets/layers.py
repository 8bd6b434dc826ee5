"""The layers of one network, for one mini-batch; examples are rows (the course notes have them in columns).

A layer is a function of its parameters and a mini-batch of activations. Its parameters are a mapping of arrays by name:
`W` of shape [inputs, units] (a kernel: [size, size, maps before, maps after]), `b` [units], and with batch norm `gamma`
and `beta` [units].
"""

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt32

from goodfit.nets.noise import keep_mask

Leaf = Array | np.ndarray  # NumPy before the first step, and in a saved model
Layer = Mapping[str, Leaf]

# Element by element, by the names that `goodfit.plan.Activation` has.
ACTIVATIONS = {
    "relu": jax.nn.relu,  # max(0, z) (course notes: activation functions)
    "leaky_relu": jax.nn.leaky_relu,  # z, or 0.01·z below 0 (course notes: activation functions)
    "tanh": jnp.tanh,  # (e^z − e^−z)/(e^z + e^−z) (course notes: activation functions)
    "sigmoid": jax.nn.sigmoid,  # 1/(1 + e^−z) (course notes: activation functions)
    "gelu": jax.nn.gelu,  # z·Φ(z), by tanh (Hendrycks & Gimpel 2016)
    "silu": jax.nn.silu,  # z·sigmoid(z) (Elfwing et al. 2018; Ramachandran et al. 2017: Swish)
    "elu": jax.nn.elu,  # z, or e^z − 1 below 0 (Clevert et al. 2016)
    "selu": jax.nn.selu,  # 1.0507·z, or 1.0507·1.6733·(e^z − 1) below 0 (Klambauer et al. 2017)
    "softplus": jax.nn.softplus,  # log(1 + e^z) (Dugas et al. 2001)
}

BATCH_NORM_EPSILON = 1e-5  # Ioffe & Szegedy 2015 leave it open; PyTorch's default


class Moments(NamedTuple):
    """Mean and variance of each unit over a mini-batch, or their running averages."""

    mean: Float[Array, "units"]
    variance: Float[Array, "units"]


def dense(params: Layer, a: Float[Array, "batch inputs"]) -> Float[Array, "batch units"]:
    """z = aW + b (course notes: forward propagation); without b where batch norm's mean would remove it again."""
    z = a @ params["W"]
    return z + params["b"][None, :] if "b" in params else z


def moments(z: Float[Array, "batch units"]) -> Moments:
    """Return the mean and the variance of each unit over the mini-batch (course notes: batch normalization)."""
    mean = z.mean(axis=0)
    return Moments(mean, jnp.square(z - mean[None, :]).mean(axis=0))


def batch_norm(params: Layer, z: Float[Array, "batch units"], statistics: Moments) -> Float[Array, "batch units"]:
    """z̃ = γ·(z − mean)/√(variance + ε) + β (course notes: batch normalization; Ioffe & Szegedy 2015).

    Args:
        params: with γ as `gamma` and β as `beta`.
        z: a mini-batch, one row for each example.
        statistics: those of the mini-batch in training, running averages afterwards.
    """
    scale = params["gamma"] * jax.lax.rsqrt(statistics.variance + BATCH_NORM_EPSILON)
    return (z - statistics.mean[None, :]) * scale[None, :] + params["beta"][None, :]


def dropout(
    a: Float[Array, "batch *places units"], key: UInt32[Array, ""], keep_prob: Float[Array, ""]
) -> Float[Array, "batch *places units"]:
    """Inverted dropout: zero units with probability 1 − keep_prob, divide the others by keep_prob.

    (Course notes: dropout; Srivastava et al. 2014.) The mean of each unit stays, so that nothing changes at test time.
    Of images, whole feature maps are dropped: neighboring places carry the same information (Tompson et al. 2015).

    Args:
        a: activations; `places` are the height and width of an image, or nothing.
        key: of this step and layer.
        keep_prob: probability of keeping a unit.
    """
    # one draw for each example and feature map, the same at all places of an image
    mask = keep_mask(key, (a.shape[0], *[1] * (a.ndim - 2), a.shape[-1]), keep_prob)
    return jnp.where(mask, a / keep_prob.astype(a.dtype), jnp.zeros_like(a))
