"""The function being fitted: dense or convolutional layers, plain or residual; without hidden layers, regression.

Everything is written for one network and one mini-batch; `engine.stack` lifts it over many networks.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt32

from goodfit.nets.convolution import convolve, max_pool
from goodfit.nets.convolutional import blocks, flops, image_shapes, probed_convolutions
from goodfit.nets.initialization import draw_weights, weight_deviation
from goodfit.nets.layers import ACTIVATIONS, Layer, Moments, batch_norm, dense, dropout, moments
from goodfit.nets.noise import fold
from goodfit.plan import Hyperparameters, Initialization, Structure

Params = tuple[Layer, ...]
Averages = tuple[Moments, ...]
Activate = Callable[[Array], Array]

_PROBED_PLACES = 8  # on each side of an image, at most


class Dropout(NamedTuple):
    """Arguments of dropout in training.

    Attributes:
        key: of the step.
        hyperparameters: with the probabilities of keeping a unit.
    """

    key: UInt32[Array, ""]
    hyperparameters: Hyperparameters


def init(
    structure: Structure, initialization: Initialization, seed: int, inputs: int, outputs: int
) -> tuple[Params, Averages]:
    """Return the first parameters of one network, and batch norm's running averages, all zero.

    Args:
        structure: the architecture.
        initialization: decides the deviation of the weights.
        seed: random seed of the weights.
        inputs: number of features (pixels times channels of an image).
        outputs: number of outputs.

    Returns:
        params: the parameters of each layer, see `goodfit.nets.layers`. There is no b before a batch norm, whose mean
            would remove it again (course notes: fitting batch norm into a network).
        averages: Moments of each batch-norm layer.
    """
    params, averages = [], []
    for layer, shape in enumerate(_weight_shapes(structure, inputs)):
        units, fan_in = shape[-1], math.prod(shape[:-1])
        deviation = weight_deviation(initialization, structure.activation, fan_in)
        weights = {"W": draw_weights(seed, layer, shape, deviation)}
        if structure.batch_norm != "before":
            weights["b"] = np.zeros(units, np.float32)
        if structure.batch_norm != "none":
            weights |= {"gamma": np.ones(units, np.float32), "beta": np.zeros(units, np.float32)}
            zeros = np.zeros(units, np.float32)
            averages.append(Moments(zeros, zeros))  # pyright: ignore[reportArgumentType]
        params.append(weights)
    # the output layer's activation is a softmax, a sigmoid or the identity, for which 1/n is right
    width = structure.hidden_units[-1] if structure.hidden_units else inputs
    last = draw_weights(seed, len(params), (width, outputs), weight_deviation("xavier", "tanh", width))
    params.append({"W": last, "b": np.zeros(outputs, np.float32)})
    return tuple(params), tuple(averages)


def _weight_shapes(structure: Structure, inputs: int) -> list[tuple[int, ...]]:
    """Return the shape of each hidden layer's W: [inputs, units], or [size, size, maps before, maps after]."""
    if structure.layer == "convolutional":
        kernels = [kernel for block in blocks(structure) for kernel in block.kernels]
        return [(kernel.size, kernel.size, kernel.maps_in, kernel.maps_out) for kernel in kernels]
    widths = (inputs, *structure.hidden_units)
    return list(pairwise(widths))


def forward(
    structure: Structure,
    params: Params,
    inputs: Float[Array, "batch features"],
    running: Averages | None,
    drop: Dropout | None,
) -> tuple[Float[Array, "batch outputs"], Averages]:
    """Return the outputs before the last activation (logits), and the moments that batch norm used.

    Args:
        structure: the architecture.
        params: as `init` returns them.
        inputs: prepared features.
        running: averages that batch norm uses at test time; None for the mini-batch's own moments.
        drop: arguments of dropout; None outside training.
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
    """Return the results of `forward`, and the output of each hidden layer or block."""
    network = _Pass(structure, running, drop)
    a = inputs
    if drop is not None and structure.input_dropout:
        a = dropout(a, fold(drop.key, 0), jnp.asarray(drop.hyperparameters.input_keep_prob))
    hidden = _convolutional if structure.layer == "convolutional" else _dense
    last, outputs = hidden(structure, params, a, network)
    return dense(params[-1], last), tuple(network.moments), outputs


@dataclass
class _Pass:
    """A forward pass: the parts of it that all layers share.

    Attributes:
        structure: the architecture.
        running: averages that batch norm uses at test time; None for the mini-batch's own moments.
        drop: arguments of dropout; None outside training.
        moments: those that batch norm has used so far, a pair for each layer.
    """

    structure: Structure
    running: Averages | None
    drop: Dropout | None
    moments: list[Moments] = field(default_factory=list)

    def normalize(self, weights: Layer, z: Float[Array, "batch units"]) -> Float[Array, "batch units"]:
        """Apply batch norm, and note its moments for the running averages."""
        # At test time the running averages are used in the order of the layers, as they were noted.
        self.moments.append(moments(z) if self.running is None else self.running[len(self.moments)])
        return batch_norm(weights, z, self.moments[-1])

    def activate(
        self, weights: Layer, z: Float[Array, "batch units"], activation: Activate
    ) -> Float[Array, "batch units"]:
        """Apply the activation, with batch norm before it, after it, or not at all."""
        kind = self.structure.batch_norm
        out = activation(self.normalize(weights, z) if kind == "before" else z)
        return self.normalize(weights, out) if kind == "after" else out

    def dropout(self, a: Float[Array, "batch *units"], layer: int, stage: int) -> Float[Array, "batch *units"]:
        """Apply dropout in training; otherwise return the activations as they are.

        Args:
            a: the output of a layer or block.
            layer: its number from 0, which decides the draws.
            stage: index into `keep_prob`.
        """
        if self.drop is None or not self.structure.dropout:
            return a
        keep_prob = jnp.asarray(self.drop.hyperparameters.keep_prob[stage])
        return dropout(a, fold(self.drop.key, layer + 1), keep_prob)  # key 0 is that of the inputs


def _dense(
    structure: Structure, params: Params, a: Float[Array, "batch features"], network: _Pass
) -> tuple[Float[Array, "batch units"], list[Float[Array, "batch _"]]]:
    """Return the last hidden layer's output, and all hidden layers' outputs."""
    activation, outputs = ACTIVATIONS[structure.activation], []
    for layer, weights in enumerate(params[:-1]):
        out = network.dropout(network.activate(weights, dense(weights, a), activation), layer, layer)
        residual = structure.architecture == "residual" and out.shape == a.shape
        a = a + out if residual else out
        outputs.append(a)
    return a, outputs


def _convolutional(
    structure: Structure, params: Params, a: Float[Array, "batch pixels"], network: _Pass
) -> tuple[Float[Array, "batch maps"], list[Float[Array, "batch _"]]]:
    """Return the mean of each feature map (Lin et al. 2014), and a grid of places of each block's output."""
    activation, outputs, layers = ACTIVATIONS[structure.activation], [], iter(params[:-1])
    image = a.reshape(len(a), *(structure.image or ()))

    def convolution(image: Array, activate: Activate) -> Array:
        weights = next(layers)
        z = convolve(image, jnp.asarray(weights["W"]))
        # batch norm takes its moments over examples and places alike, so that the places become rows
        flat = z.reshape(-1, z.shape[-1])
        flat = flat + weights["b"][None, :] if "b" in weights else flat
        return network.activate(weights, flat, activate).reshape(z.shape)

    for layer, block in enumerate(blocks(structure)):
        image = max_pool(image) if block.halves else image
        bottleneck, last = len(block.convolutions) > 1, len(block.convolutions) - 1
        out = image
        for index in range(len(block.convolutions)):
            # a bottleneck's last activation comes after the addition (He et al. 2016, figure 5)
            is_linear = block.shortcut and bottleneck and index == last
            out = convolution(out, _identity if is_linear else activation)
        out = network.dropout(out, layer, block.stage)
        if block.shortcut:
            out = out + (convolution(image, _identity) if block.projection else image)
            out = activation(out) if bottleneck else out
        image = out
        strides = [-(-length // _PROBED_PLACES) for length in image.shape[1:3]]
        outputs.append(image[:, :: strides[0], :: strides[1]].reshape(len(a), -1))
    return image.mean(axis=(1, 2)), outputs


def _identity(z: Array) -> Array:
    return z


def forward_flops(structure: Structure, inputs: int) -> float:
    """Return about the number of multiplications and additions of one example's forward pass."""
    if structure.layer == "convolutional":
        return flops(structure)
    return 2.0 * sum(before * after for before, after in pairwise((inputs, *structure.hidden_units, 1)))


def probed_layers(structure: Structure) -> list[int]:
    """Return the indices among the parameters of the layers whose health is recorded; the output layer is the last."""
    if structure.layer == "convolutional":
        return probed_convolutions(structure)
    return list(range(len(structure.hidden_units) + 1))


def network_size(structure: Structure, inputs: int, outputs: int) -> tuple[int, int]:
    """Return the number of parameters, and about the number of activations of one example's forward pass."""
    shapes = _weight_shapes(structure, inputs)
    last = (shapes[-1][-1] if shapes else inputs, outputs)
    parameters = sum(math.prod(shape) + shape[-1] for shape in [*shapes, last])
    if structure.layer == "convolutional":
        kernels_per_block = len(shapes) / len(image_shapes(structure))
        activations = kernels_per_block * sum(map(math.prod, image_shapes(structure)))
    else:
        activations = sum(shape[-1] for shape in shapes)
    return parameters, inputs + int(activations) + outputs
