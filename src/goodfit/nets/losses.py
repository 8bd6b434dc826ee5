"""Loss and error of each example for each kind of output: softmax, sigmoid, linear; and the weight penalties."""

from typing import Literal

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Num

from goodfit.nets.layers import Layer
from goodfit.plan import Hyperparameters, Loss

Output = Literal["softmax", "sigmoid", "linear", "linear with Huber's loss"]
LINEAR: tuple[Output, ...] = ("linear", "linear with Huber's loss")
_OUTPUT_OF_TASK: dict[str, Output] = {"classes": "softmax", "binary": "sigmoid", "regression": "linear"}


def output_of(task: str, loss: Loss) -> Output:
    """Return the output layer's activation and loss for a task; `loss` is that of a regression."""
    return "linear with Huber's loss" if task == "regression" and loss == "huber" else _OUTPUT_OF_TASK[task]


def losses(
    output: Output,
    logits: Float[Array, "batch outputs"],
    targets: Num[Array, "batch"],
    smoothing: Float[Array, ""] | float = 0.0,
) -> Float[Array, "batch"]:
    """Return each example's loss, from the outputs before their activation.

    softmax: −Σ y·log ŷ; sigmoid: −y·log ŷ − (1 − y)·log(1 − ŷ); linear: (ŷ − y)²/2. All have dZ = ŷ − y (course notes:
    softmax regression). Huber's loss is (ŷ − y)²/2 up to a miss of 1, then |ŷ − y| − ½ (Huber 1964).

    Args:
        output: kind of output.
        logits: outputs before their activation; sigmoid and linear have one column.
        targets: class numbers from 0, 0 or 1, or standardized numbers.
        smoothing: share of a label that is spread evenly over all classes (Szegedy et al. 2016).
    """
    if output == "linear":
        return jnp.square(logits[:, 0] - targets) / 2
    if output == "linear with Huber's loss":
        return optax.losses.huber_loss(logits[:, 0], targets, delta=1.0)
    if output == "sigmoid":
        label = targets.astype(logits.dtype) * (1 - smoothing) + smoothing / 2
        z = logits[:, 0]
        # −y·log ŷ − (1 − y)·log(1 − ŷ) = log(1 + e^z) − y·z, which overflows for no z
        return jnp.logaddexp(0.0, z) - label * z
    log_probabilities = jax.nn.log_softmax(logits, axis=1)
    picked = jnp.take_along_axis(log_probabilities, targets[:, None].astype(jnp.int32), axis=1)[:, 0]
    # the label is (1 − s) at its own class, plus s/C at each of the C classes
    return -(1 - smoothing) * picked - smoothing * log_probabilities.mean(axis=1)


def errors(
    output: Output, logits: Float[Array, "batch outputs"], targets: Num[Array, "batch"]
) -> Float[Array, "batch"]:
    """Return 1 for a wrong answer, else 0; for linear outputs the squared miss."""
    if output in LINEAR:
        return jnp.square(logits[:, 0] - targets)
    if output == "sigmoid":
        return ((logits[:, 0] > 0) != (targets > 0.5)).astype(logits.dtype)
    return (logits.argmax(axis=1) != targets.astype(jnp.int32)).astype(logits.dtype)


def penalty(params: tuple[Layer, ...], hyperparameters: Hyperparameters, m: Num[Array, ""] | float) -> Float[Array, ""]:
    """(λ₂/2m)·Σw² + (λ₁/2m)·Σ|w| over the weights, without biases (course notes: regularization).

    Args:
        params: of all layers.
        hyperparameters: `l2` is λ₂, `l1` is λ₁.
        m: number of training examples.
    """
    squares = sum(jnp.square(layer["W"]).sum() for layer in params)
    absolutes = sum(jnp.abs(layer["W"]).sum() for layer in params)
    return jnp.asarray((hyperparameters.l2 * squares + hyperparameters.l1 * absolutes) / (2 * m))
