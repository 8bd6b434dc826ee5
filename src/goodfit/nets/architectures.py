"""The function being fitted: a multi-layer perceptron, plain or residual; without hidden layers, regression."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt32

from goodfit.nets.initialisation import draw_weights, weight_deviation
from goodfit.nets.layers import ACTIVATIONS, Layer, Moments, batch_norm, dense, dropout, moments
from goodfit.nets.noise import fold
from goodfit.plan import Hyperparameters, Initialisation, Structure

Params = tuple[Layer, ...]
Averages = tuple[Moments, ...]


class Dropout(NamedTuple):
    """What dropout needs in training: the step's key and the probabilities."""

    key: UInt32[Array, ""]
    hyperparameters: Hyperparameters


def init(
    structure: Structure, initialisation: Initialisation, seed: int, inputs: int, outputs: int
) -> tuple[Params, Averages]:
    """First parameters of one network, and batch norm's running averages, all zero.

    Returns:
        params: a dict a layer: W `[inputs, units]`, b `[units]`; with batch norm gamma and beta `[units]`, and
            no b where the mean taken away would undo it (seed: fitting batch norm into a network).
        averages: Moments of each batch-norm layer.
    """
    params, averages = [], []
    widths = (inputs, *structure.hidden_units)
    for layer, (width, units) in enumerate(zip(widths, structure.hidden_units, strict=False)):
        deviation = weight_deviation(initialisation, structure.activation, width)
        weights = {"W": draw_weights(seed, layer, (width, units), deviation)}
        if structure.batch_norm != "before":
            weights["b"] = np.zeros(units, np.float32)
        if structure.batch_norm != "none":
            weights |= {"gamma": np.ones(units, np.float32), "beta": np.zeros(units, np.float32)}
            zeros = np.zeros(units, np.float32)
            averages.append(Moments(zeros, zeros))  # pyright: ignore[reportArgumentType]
        params.append(weights)
    last = draw_weights(seed, len(params), (widths[-1], outputs), weight_deviation("xavier", "tanh", widths[-1]))
    params.append({"W": last, "b": np.zeros(outputs, np.float32)})
    return tuple(params), tuple(averages)


def forward(
    structure: Structure,
    params: Params,
    inputs: Float[Array, "batch features"],
    running: Averages | None,
    drop: Dropout | None,
) -> tuple[Float[Array, "batch outputs"], Averages]:
    """Outputs before the last activation (logits), and the moments that batch norm used.

    Args:
        structure: the architecture.
        params: as `init` gives them.
        inputs: prepared features.
        running: the averages to normalise with at test time; None takes the mini-batch's own.
        drop: None outside training.
    """
    logits, used, _ = layer_by_layer(structure, params, inputs, running, drop)
    return logits, used


def layer_by_layer(
    structure: Structure,
    params: Params,
    inputs: Float[Array, "batch features"],
    running: Averages | None,
    drop: Dropout | None,
) -> tuple[Float[Array, "batch outputs"], Averages, list[Float[Array, "batch _"]]]:
    """As `forward`, with each hidden layer's output beside it."""
    activation = ACTIVATIONS[structure.activation]
    used, seen = [], []

    def normalise(weights: Layer, z: Float[Array, "batch units"]) -> Float[Array, "batch units"]:
        used.append(moments(z) if running is None else running[len(used)])
        return batch_norm(weights, z, used[-1])

    a = inputs
    if drop is not None and structure.input_dropout:
        a = dropout(a, fold(drop.key, 0), jnp.asarray(drop.hyperparameters.input_keep_prob))
    for layer, weights in enumerate(params[:-1]):
        z = dense(weights, a)
        if structure.batch_norm == "before":
            z = normalise(weights, z)
        out = activation(z)
        if structure.batch_norm == "after":
            out = normalise(weights, out)
        if drop is not None and structure.dropout:
            keep_prob = jnp.asarray(drop.hyperparameters.keep_prob[layer])
            out = dropout(out, fold(drop.key, layer + 1), keep_prob)
        residual = structure.architecture == "residual" and out.shape == a.shape
        a = a + out if residual else out
        seen.append(a)
    return dense(params[-1], a), tuple(used), seen
