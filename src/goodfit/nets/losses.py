"""Loss and error of each example, for the three outputs: softmax, sigmoid, linear."""

from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Num

from goodfit.nets.layers import Layer
from goodfit.plan import Hyperparameters

Output = Literal["softmax", "sigmoid", "linear"]
OUTPUT_OF_TASK: dict[str, Output] = {"classes": "softmax", "binary": "sigmoid", "regression": "linear"}


def losses(
    output: Output,
    logits: Float[Array, "batch outputs"],
    targets: Num[Array, "batch"],
    smoothing: Float[Array, ""] | float = 0.0,
) -> Float[Array, "batch"]:
    """Each example's loss, from the outputs before their activation.

    softmax: −Σ y·log ŷ; sigmoid: −y·log ŷ − (1−y)·log(1−ŷ); linear: (ŷ − y)²/2; all have dZ = ŷ − y (notes: softmax).
    `smoothing` spreads that share of a label evenly over all classes (Szegedy et al. 2016).
    """
    if output == "linear":
        return jnp.square(logits[:, 0] - targets) / 2
    if output == "sigmoid":
        label = targets.astype(logits.dtype) * (1 - smoothing) + smoothing / 2
        z = logits[:, 0]
        return jnp.logaddexp(0.0, z) - label * z
    log_probabilities = jax.nn.log_softmax(logits, axis=1)
    picked = jnp.take_along_axis(log_probabilities, targets[:, None].astype(jnp.int32), axis=1)[:, 0]
    return -(1 - smoothing) * picked - smoothing * log_probabilities.mean(axis=1)


def errors(
    output: Output, logits: Float[Array, "batch outputs"], targets: Num[Array, "batch"]
) -> Float[Array, "batch"]:
    """1 where the hard max is wrong, else 0; for linear outputs the squared error (targets have variance 1)."""
    if output == "linear":
        return jnp.square(logits[:, 0] - targets)
    if output == "sigmoid":
        return ((logits[:, 0] > 0) != (targets > 0.5)).astype(logits.dtype)
    return (logits.argmax(axis=1) != targets.astype(jnp.int32)).astype(logits.dtype)


def penalty(params: tuple[Layer, ...], hyperparameters: Hyperparameters, m: Num[Array, ""] | float) -> Float[Array, ""]:
    """(λ₂/2m)·Σw² + (λ₁/2m)·Σ|w| over the weights, biases left out (course notes: regularization)."""
    squares = sum(jnp.square(layer["W"]).sum() for layer in params)
    absolutes = sum(jnp.abs(layer["W"]).sum() for layer in params)
    return jnp.asarray((hyperparameters.l2 * squares + hyperparameters.l1 * absolutes) / (2 * m))
