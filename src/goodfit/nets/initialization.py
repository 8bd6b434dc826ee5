"""The first weights: normal draws whose variance preserves the size of the signal from layer to layer."""

import math

import numpy as np
from jaxtyping import Float, Float32

from goodfit.plan import Activation, Initialization

# He et al. 2015: a rectifier halves the signal's variance, so weights get 2/n. These activations keep 1/n
# (Glorot & Bengio 2010, the course notes' "Xavier"; for SELU, Klambauer et al. 2017).
_XAVIER_ACTIVATIONS = ("tanh", "sigmoid", "selu")


def weight_deviation(initialization: Initialization, activation: Activation, inputs: int) -> float:
    """Return the standard deviation of a hidden layer's weights: √(1/n) for Xavier, √(2/n) for He.

    Args:
        initialization: `auto` decides by the activation.
        activation: of the layer.
        inputs: n, the number of inputs of each unit.

    >>> round(weight_deviation("auto", "relu", 50), 6)
    0.2
    """
    xavier = initialization == "xavier" or (initialization == "auto" and activation in _XAVIER_ACTIVATIONS)
    return math.sqrt((1.0 if xavier else 2.0) / inputs)


def draw_weights(
    seed: int, layer: int, shape: tuple[int, ...], deviation: float
) -> Float32[np.ndarray, "*inputs units"]:
    """Return normal weights that depend on seed, layer and shape alone (the course notes' `rand` means `randn`)."""
    generator = np.random.default_rng([seed, layer])
    weights: Float[np.ndarray, "*inputs units"] = generator.standard_normal(shape)
    return (weights * deviation).astype(np.float32)
