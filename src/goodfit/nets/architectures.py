"""The function being fitted: dense or convolutional layers, plain or residual; without hidden layers, regression."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt32

from goodfit.nets.convolution import convolve, max_pool
from goodfit.nets.convolutional import blocks, flops, looked_into, pictures
from goodfit.nets.initialization import draw_weights, weight_deviation
from goodfit.nets.layers import ACTIVATIONS, Layer, Moments, batch_norm, dense, dropout, moments
from goodfit.nets.noise import fold
from goodfit.plan import Hyperparameters, Initialization, Structure

Params = tuple[Layer, ...]
Averages = tuple[Moments, ...]
Activate = Callable[[Array], Array]

_PLACES = 8  # of each side of a picture, that are looked at


class Dropout(NamedTuple):
    """What dropout needs in training: the step's key and the probabilities."""

    key: UInt32[Array, ""]
    hyperparameters: Hyperparameters


def init(
    structure: Structure, initialization: Initialization, seed: int, inputs: int, outputs: int
) -> tuple[Params, Averages]:
    """First parameters of one network, and batch norm's running averages, all zero.

    Returns:
        params: a dict a layer: W `[inputs, units]` (a kernel: `[size, size, maps, maps]`), b `[units]`; with batch norm
            gamma and beta `[units]`, and no b where the mean taken away would undo it (notes: fitting batch norm into a
            network).
        averages: Moments of each batch-norm layer.
    """
    params, averages = [], []
    for layer, shape in enumerate(_shapes(structure, inputs)):
        units, before = shape[-1], math.prod(shape[:-1])
        deviation = weight_deviation(initialization, structure.activation, before)
        weights = {"W": draw_weights(seed, layer, shape, deviation)}
        if structure.batch_norm != "before":
            weights["b"] = np.zeros(units, np.float32)
        if structure.batch_norm != "none":
            weights |= {"gamma": np.ones(units, np.float32), "beta": np.zeros(units, np.float32)}
            zeros = np.zeros(units, np.float32)
            averages.append(Moments(zeros, zeros))  # pyright: ignore[reportArgumentType]
        params.append(weights)
    width = structure.hidden_units[-1] if structure.hidden_units else inputs
    last = draw_weights(seed, len(params), (width, outputs), weight_deviation("xavier", "tanh", width))
    params.append({"W": last, "b": np.zeros(outputs, np.float32)})
    return tuple(params), tuple(averages)


def _shapes(structure: Structure, inputs: int) -> list[tuple[int, ...]]:
    """Of each hidden layer's W: inputs and units, or a kernel's size twice and the feature maps before and after it."""
    if structure.layer == "convolutional":
        kernels = [each for block in blocks(structure) for each in block.kernels]
        return [(each.size, each.size, each.maps_in, each.maps_out) for each in kernels]
    widths = (inputs, *structure.hidden_units)
    return list(pairwise(widths))


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
        running: the averages to normalize with at test time; None takes the mini-batch's own.
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
    way = _Way(structure, running, drop)
    a = inputs
    if drop is not None and structure.input_dropout:
        a = dropout(a, fold(drop.key, 0), jnp.asarray(drop.hyperparameters.input_keep_prob))
    last, seen = (_convolutional if structure.layer == "convolutional" else _dense)(structure, params, a, way)
    return dense(params[-1], last), tuple(way.used), seen


@dataclass
class _Way:
    """What the layers of one pass share: whose moments normalize, and dropout."""

    structure: Structure
    running: Averages | None
    drop: Dropout | None
    used: list[Moments] = field(default_factory=list)

    def normalize(self, weights: Layer, z: Float[Array, "batch units"]) -> Float[Array, "batch units"]:
        self.used.append(moments(z) if self.running is None else self.running[len(self.used)])
        return batch_norm(weights, z, self.used[-1])

    def activate(
        self, weights: Layer, z: Float[Array, "batch units"], activation: Activate
    ) -> Float[Array, "batch units"]:
        """Normalized before or after the activation, or not at all."""
        kind = self.structure.batch_norm
        out = activation(self.normalize(weights, z) if kind == "before" else z)
        return self.normalize(weights, out) if kind == "after" else out

    def dropped(self, a: Float[Array, "batch *rest"], layer: int, stage: int) -> Float[Array, "batch *rest"]:
        """Dropout of units; of a picture, whole feature maps (Tompson et al. 2015)."""
        if self.drop is None or not self.structure.dropout:
            return a
        keep_prob = jnp.asarray(self.drop.hyperparameters.keep_prob[stage])
        return dropout(a, fold(self.drop.key, layer + 1), keep_prob)


def _dense(
    structure: Structure, params: Params, a: Float[Array, "batch features"], way: _Way
) -> tuple[Float[Array, "batch units"], list[Float[Array, "batch _"]]]:
    """The last hidden layer's output, and all hidden layers'."""
    activation, seen = ACTIVATIONS[structure.activation], []
    for layer, weights in enumerate(params[:-1]):
        out = way.dropped(way.activate(weights, dense(weights, a), activation), layer, layer)
        residual = structure.architecture == "residual" and out.shape == a.shape
        a = a + out if residual else out
        seen.append(a)
    return a, seen


def _convolutional(
    structure: Structure, params: Params, a: Float[Array, "batch pixels"], way: _Way
) -> tuple[Float[Array, "batch maps"], list[Float[Array, "batch _"]]]:
    """The mean of each feature map (Lin et al. 2014), and a grid of places of each part's output."""
    activation, seen, rest = ACTIVATIONS[structure.activation], [], iter(params[:-1])
    picture = a.reshape(len(a), *(structure.image or ()))

    def convolved(before: Array, activate: Activate) -> Array:
        weights = next(rest)
        z = convolve(before, jnp.asarray(weights["W"]))
        flat = z.reshape(-1, z.shape[-1])
        flat = flat + weights["b"][None, :] if "b" in weights else flat
        return way.activate(weights, flat, activate).reshape(z.shape)

    for layer, block in enumerate(blocks(structure)):
        picture = max_pool(picture) if block.halves else picture
        out = picture
        for place in range(len(block.convolutions)):
            ends = block.around and len(block.convolutions) > 1 and place == len(block.convolutions) - 1
            out = convolved(out, _identity if ends else activation)
        out = way.dropped(out, layer, block.stage)
        if block.around:
            out = out + (convolved(picture, _identity) if block.skip else picture)
            out = activation(out) if len(block.convolutions) > 1 else out
        picture = out
        apart = [-(-length // _PLACES) for length in picture.shape[1:3]]
        seen.append(picture[:, :: apart[0], :: apart[1]].reshape(len(a), -1))
    return picture.mean(axis=(1, 2)), seen


def _identity(z: Array) -> Array:
    return z


def forward_flops(structure: Structure, inputs: int) -> float:
    """About the multiplications and additions of one example on its way forward."""
    if structure.layer == "convolutional":
        return flops(structure)
    return 2.0 * sum(before * after for before, after in pairwise((inputs, *structure.hidden_units, 1)))


def shown(structure: Structure) -> list[int]:
    """Places among the parameters of the layers that are looked into: hidden ones, then the output."""
    if structure.layer == "convolutional":
        return looked_into(structure)
    return list(range(len(structure.hidden_units) + 1))


def sizes(structure: Structure, inputs: int, outputs: int) -> tuple[int, int]:
    """How many parameters the network has, and how many numbers one example is on its way forward."""
    shapes = _shapes(structure, inputs)
    last = (shapes[-1][-1] if shapes else inputs, outputs)
    numbers = sum(math.prod(shape) + shape[-1] for shape in [*shapes, last])
    if structure.layer == "convolutional":
        kernels = len(shapes) / len(pictures(structure))
        activations = kernels * sum(map(math.prod, pictures(structure)))
    else:
        activations = sum(shape[-1] for shape in shapes)
    return numbers, inputs + int(activations) + outputs
