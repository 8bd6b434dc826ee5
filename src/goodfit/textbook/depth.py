"""Vanishing and exploding signals: if one layer scales the signal by a factor, L layers scale it by that factor^L.

With linear activations and b = 0, Ŷ = W[L]·…·W[1]·X. Where every W is 1.5·I, Ŷ = 1.5^L·X; with 0.5 it is
0.5^L·X; gradients go the same way back. Source: the course notes, "Vanishing / Exploding gradients"; Hochreiter 1991;
Glorot & Bengio 2010. Good first weights keep the factor near 1 (`initialization`); the engine's are in
`nets/initialization.py`.

The course notes give the last layer a W[L] of its own and still write 1.5^L; that holds where W[L] is 1.5·I too. Their
"W > I" stands for: the singular values of W are above 1.
"""

from itertools import pairwise

import numpy as np
from jaxtyping import Float

from goodfit.textbook.activations import ACTIVATIONS


def deep_linear(weight: float, L: int, X: Float[np.ndarray, "n m"]) -> Float[np.ndarray, "L n m"]:
    """Return the outputs of L linear layers, all with W = weight·I; the last is Ŷ.

    >>> deep_linear(1.5, 3, np.ones((2, 1))).tolist()
    [[[1.5], [1.5]], [[2.25], [2.25]], [[3.375], [3.375]]]
    """
    W, A, activations = weight * np.eye(len(X)), X, []
    for _ in range(L):
        A = W @ A
        activations.append(A)
    return np.array(activations)


def activation_deviations(
    layer_dims: list[int], activation: str, scale: float, seed: int = 0
) -> Float[np.ndarray, "layers"]:
    """Return the deviation of each layer's activations before any training, over units and 500 examples of N(0, 1).

    Args:
        layer_dims: n[0] inputs, then each layer's units.
        activation: of every layer.
        scale: weights get the variance scale/n[l−1]: 1 is Xavier's, 2 is He's.
        seed: of inputs and weights.

    >>> small, he = (activation_deviations([300] * 9, "relu", scale) for scale in (0.5, 2.0))
    >>> bool(small[-1] < 0.01), bool(0.5 < he[-1] < 1.5)
    (True, True)
    """
    g, _ = ACTIVATIONS[activation]
    rng, deviations = np.random.default_rng(seed), []
    A = rng.standard_normal((layer_dims[0], 500))
    for inputs, units in pairwise(layer_dims):
        # z sums n products, so Var z = n·Var w·E[a²]: the variance scale/n makes it scale·E[a²], whatever the width.
        W = rng.standard_normal((units, inputs)) * np.sqrt(scale / inputs)
        A = g(W @ A)
        deviations.append(A.std())
    return np.array(deviations)


def growth_per_layer(norms: Float[np.ndarray, "layers"]) -> float:
    """Return the factor from layer to layer: e to the slope of the least-squares line of log norm against depth.

    >>> norms = np.linalg.norm(deep_linear(1.5, 20, np.ones((2, 1))), axis=(1, 2))
    >>> round(growth_per_layer(norms), 12)
    1.5
    """
    # norm = c·factor^depth is a straight line on a log scale, and the fit uses all layers, not just the first and last.
    slope, _ = np.polyfit(np.arange(len(norms)), np.log(norms), deg=1)
    return float(np.exp(slope))
