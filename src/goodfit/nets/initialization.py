"""The first weights: normal draws whose variance keeps the signal's size from layer to layer."""

import math

import numpy as np
from jaxtyping import Float, Float32

from goodfit.plan import Activation, Initialization

# He et al. 2015: rectifiers halve the signal's variance, so weights get 2/n. The others keep 1/n (notes: "Xavier").
_XAVIER_ACTIVATIONS = ("tanh", "sigmoid", "selu")


def weight_deviation(initialization: Initialization, activation: Activation, inputs: int) -> float:
    """Standard deviation of a hidden layer's weights: √(1/n) for Xavier, √(2/n) for He.

    >>> round(weight_deviation("auto", "relu", 50), 6)
    0.2
    """
    xavier = initialization == "xavier" or (initialization == "auto" and activation in _XAVIER_ACTIVATIONS)
    return math.sqrt((1.0 if xavier else 2.0) / inputs)


def draw_weights(
    seed: int, layer: int, shape: tuple[int, ...], deviation: float
) -> Float32[np.ndarray, "*inputs units"]:
    """Normal weights that depend on seed, layer and shape alone (the seed's `rand` is a slip for `randn`)."""
    generator = np.random.default_rng([seed, layer])
    weights: Float[np.ndarray, "*inputs units"] = generator.standard_normal(shape)
    return (weights * deviation).astype(np.float32)
