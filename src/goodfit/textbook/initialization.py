"""The first weights: normal draws whose variance keeps the signal's size from layer to layer.

W[l] = N(0, 1)·√(1/n[l−1]) for tanh and sigmoid ("Xavier"), N(0, 1)·√(2/n[l−1]) for ReLU and its relatives ("He"),
which pass on only half of the signal's variance; b = 0. Source: the course notes, "Weight Initialization for Deep
Networks"; Glorot & Bengio 2010; He et al. 2015. The engine draws the same numbers (`nets/initialization.py`), in
float32 and transposed.

The course notes slip in `np.random.rand`, which draws from 0…1: those weights would all be positive, of mean 1/2 and a
twelfth of the variance. A normal draw, `randn`, is meant.
"""

import numpy as np
from jaxtyping import Float

Parameters = dict[str, Float[np.ndarray, "_ _"]]

XAVIER = ("tanh", "sigmoid", "selu")  # selu's own constants expect 1/n (Klambauer et al. 2017)


def initialize_parameters(
    layer_dims: list[int], activation: str = "relu", seed: int = 0, batch_norm: bool = False
) -> Parameters:
    """Return the first parameters of a network.

    Args:
        layer_dims: n[0] inputs, the units of each hidden layer, n[L] outputs.
        activation: of the hidden layers. The output layer, which no rectifier follows, always gets √(1/n).
        seed: of the draws.
        batch_norm: give hidden layers gamma (ones) and beta (zeros) and no b, which subtracting the mean would undo.

    >>> {name: value.shape for name, value in initialize_parameters([3, 2, 1]).items()}
    {'W1': (2, 3), 'b1': (2, 1), 'W2': (1, 2), 'b2': (1, 1)}
    >>> list(initialize_parameters([3, 2, 1], batch_norm=True))
    ['W1', 'gamma1', 'beta1', 'W2', 'b2']
    >>> round(float(initialize_parameters([800, 800, 1])["W1"].std()), 3)
    0.05
    """
    parameters, last = {}, len(layer_dims) - 1
    for layer in range(1, last + 1):
        inputs, units = layer_dims[layer - 1], layer_dims[layer]
        variance = 1 / inputs if layer == last or activation in XAVIER else 2 / inputs
        # A generator for each layer, and draws in the engine's shape, so that the numbers are the engine's.
        draws = np.random.default_rng([seed, layer - 1]).standard_normal((inputs, units))
        parameters[f"W{layer}"] = draws.T * np.sqrt(variance)
        if batch_norm and layer < last:
            parameters[f"gamma{layer}"] = np.ones((units, 1))
            parameters[f"beta{layer}"] = np.zeros((units, 1))
        else:
            parameters[f"b{layer}"] = np.zeros((units, 1))
    return parameters
