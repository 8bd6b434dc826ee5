"""Residual networks: each block adds to the signal, so that signal and gradient have a way past it.

A block of two layers computes F(A) = W2·g(W1·A + b1) + b2 and returns A + F(A), where a plain one returns g(F(A)).
Backward, dJ/dA = dJ/d(A + F) + F′ᵀ·dJ/d(A + F), that is (I + F′)ᵀ·dJ/d(A + F): the identity I remains, however small F′
is, where a plain network multiplies by one F′ after another. Source: the course notes, "Vanishing / Exploding
gradients" (152 layers); He et al. 2016, "Deep Residual Learning" (section 4.2 counts the layers as here: 8, 20, 56,
110) and "Identity Mappings in Deep Residual Networks" (the sum is not rectified, and the formula of the backward pass).
The engine's blocks, of two kinds, are in `nets/architectures.py`.

The sum grows as well: with He's weights a block multiplies the signal's power by 1 + 2. So the last weights of each
block begin smaller, by √(1/blocks) (as in Zhang et al. 2019), or batch norm is in the block.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from goodfit.textbook.activations import ACTIVATIONS
from goodfit.textbook.costs import Output, compute_cost
from goodfit.textbook.initialization import Parameters, initialize_parameters
from goodfit.textbook.optimizers import adam, zeros_like
from goodfit.textbook.propagation import OUTPUTS
from goodfit.textbook.softmax import output_derivative


class BlockCache(NamedTuple):
    """Values that one block stores for backpropagation."""

    A: Float[np.ndarray, "n m"]  # inputs of the block
    Z1: Float[np.ndarray, "h m"]
    F: Float[np.ndarray, "n m"]


def block_forward(
    A: Float[np.ndarray, "n m"], block_parameters: Parameters, residual: bool = True, activation: str = "relu"
) -> tuple[Float[np.ndarray, "n m"], BlockCache]:
    """Return A + F(A), or g(F(A)) where the block is plain, and the block's cache.

    Args:
        A: inputs of the block, an example a column.
        block_parameters: W1, b1, W2 and b2.
        residual: whether A is added.
        activation: g.

    >>> block = {"W1": np.array([[2.0]]), "b1": np.array([[0.0]]), "W2": np.array([[0.5]]), "b2": np.array([[1.0]])}
    >>> [block_forward(np.array([[3.0, -3.0]]), block, residual)[0].tolist() for residual in (True, False)]
    [[[7.0, -2.0]], [[4.0, 1.0]]]
    """
    g, _ = ACTIVATIONS[activation]
    Z1 = block_parameters["W1"] @ A + block_parameters["b1"]
    F = block_parameters["W2"] @ g(Z1) + block_parameters["b2"]
    return A + F if residual else g(F), BlockCache(A, Z1, F)


def block_backward(
    dout: Float[np.ndarray, "n m"],
    block_parameters: Parameters,
    cache: BlockCache,
    residual: bool = True,
    activation: str = "relu",
) -> tuple[Float[np.ndarray, "n m"], Parameters]:
    """Return dJ/dA = (I + F′)ᵀ·dout, and the gradients of the block's parameters.

    The shortcut passes the gradient on as it is, here 1; the layers multiply it by their weights, here 2 · ½:

    >>> block = {"W1": np.array([[2.0]]), "b1": np.array([[0.0]]), "W2": np.array([[0.5]]), "b2": np.array([[1.0]])}
    >>> _, cache = block_forward(np.array([[3.0, -3.0]]), block)
    >>> block_backward(np.array([[1.0, 1.0]]), block, cache)[0].tolist()
    [[2.0, 1.0]]
    """
    g, slope = ACTIVATIONS[activation]
    # The sum A + F hands dout to F unchanged; a plain block has an activation in between.
    dF = dout if residual else dout * slope(cache.F)
    dZ1 = (block_parameters["W2"].T @ dF) * slope(cache.Z1)
    grads = {
        "W1": dZ1 @ cache.A.T,
        "b1": dZ1.sum(axis=1, keepdims=True),
        "W2": dF @ g(cache.Z1).T,
        "b2": dF.sum(axis=1, keepdims=True),
    }
    through = block_parameters["W1"].T @ dZ1
    return dout + through if residual else through, grads


def deep_parameters(L: int, inputs: int, units: int, outputs: int, branch: float = 1.0, seed: int = 0) -> Parameters:
    """Draw He's first weights of L layers: one, blocks of two, and the output; the same for plain and residual.

    Args:
        L: an even number.
        inputs, units, outputs: of the first layer, of each hidden one, of the last.
        branch: the last weights of each block are multiplied by it.
        seed: of the draws.

    >>> deep_parameters(8, 2, 5, 1, branch=0.0)["W3"].any(), list(deep_parameters(4, 2, 5, 1))[-2:]
    (np.False_, ['W4', 'b4'])
    """
    parameters = initialize_parameters([inputs, *[units] * (L - 1), outputs], "relu", seed)
    lasts = {f"W{layer}" for layer in range(3, L, 2)}  # blocks are the layers 2-3, 4-5, …, (L−2)-(L−1)
    return {name: branch * value if name in lasts else value for name, value in parameters.items()}


def deep_forward(
    X: Float[np.ndarray, "inputs m"],
    parameters: Parameters,
    residual: bool = True,
    activation: str = "relu",
    output: Output = "sigmoid",
) -> tuple[Float[np.ndarray, "outputs m"], list[Float[np.ndarray, "units m"]], list[BlockCache]]:
    """Return the network's outputs, the signal after the first layer and each block, and a cache of each block.

    >>> parameters = deep_parameters(6, 1, 4, 1, branch=0.0)
    >>> _, signals, _ = deep_forward(np.array([[1.0, 2.0]]), parameters)  # blocks that add nothing
    >>> len(signals), bool((signals[0] == signals[2]).all())
    (3, True)
    """
    g, _ = ACTIVATIONS[activation]
    L = len(parameters) // 2
    signals, caches = [g(parameters["W1"] @ X + parameters["b1"])], []
    for layer in range(2, L, 2):
        out, cache = block_forward(signals[-1], _block_parameters(parameters, layer), residual, activation)
        signals.append(out)
        caches.append(cache)
    return OUTPUTS[output](parameters[f"W{L}"] @ signals[-1] + parameters[f"b{L}"]), signals, caches


def deep_backward(
    AL: Float[np.ndarray, "outputs m"],
    Y: Float[np.ndarray, "outputs m"],
    X: Float[np.ndarray, "inputs m"],
    parameters: Parameters,
    signals: list[Float[np.ndarray, "units m"]],
    caches: list[BlockCache],
    residual: bool = True,
    activation: str = "relu",
) -> tuple[Parameters, list[Float[np.ndarray, "units m"]]]:
    """Return the gradient of every parameter, and dJ/dA of each of the signals.

    >>> parameters, X = deep_parameters(6, 1, 4, 1, branch=0.0), np.array([[1.0, 2.0]])
    >>> AL, signals, caches = deep_forward(X, parameters)
    >>> grads, back = deep_backward(AL, np.array([[0.0, 1.0]]), X, parameters, signals, caches)
    >>> grads["W1"].shape, bool((back[0] == back[2]).all())  # blocks that add nothing pass dJ/dA on as it is
    ((4, 1), True)
    """
    L, (_, slope) = len(parameters) // 2, ACTIVATIONS[activation]
    dZ = output_derivative(AL, Y) / Y.shape[1]
    grads = {f"W{L}": dZ @ signals[-1].T, f"b{L}": dZ.sum(axis=1, keepdims=True)}
    back = [parameters[f"W{L}"].T @ dZ]
    for layer, cache in zip(range(L - 2, 0, -2), reversed(caches), strict=True):
        dA, block_parameters = block_backward(
            back[0], _block_parameters(parameters, layer), cache, residual, activation
        )
        grads |= {
            f"W{layer}": block_parameters["W1"],
            f"b{layer}": block_parameters["b1"],
            f"W{layer + 1}": block_parameters["W2"],
            f"b{layer + 1}": block_parameters["b2"],
        }
        back.insert(0, dA)
    # Z1 of the first layer is computed anew: only blocks have caches.
    dZ1 = back[0] * slope(parameters["W1"] @ X + parameters["b1"])
    grads |= {"W1": dZ1 @ X.T, "b1": dZ1.sum(axis=1, keepdims=True)}
    return {name: grads[name] for name in parameters}, back


def _block_parameters(parameters: Parameters, layer: int) -> Parameters:
    """Return a block's parameters by their names within it."""
    return {f"{kind}{place}": parameters[f"{kind}{layer + place - 1}"] for place in (1, 2) for kind in ("W", "b")}


def likeness(A: Float[np.ndarray, "n m"]) -> float:
    """Return the mean cosine between the signals of two different examples: 1 where they cannot be told apart.

    A plain ReLU layer brings any two examples nearer to each other (Cho & Saul 2009, the arc-cosine kernel).

    >>> likeness(np.array([[1.0, 0.0], [0.0, 2.0]])), round(likeness(np.array([[1.0, 2.0], [1.0, 2.0]])), 12)
    (0.0, 1.0)
    """
    m = A.shape[1]
    # A signal that vanished altogether has no direction; divided by a tiny number it stays 0 and is like no other.
    directions = A / np.maximum(np.linalg.norm(A, axis=0), np.finfo(float).tiny)
    # |Σd|² is the sum of all m² cosines; the m of each example with itself are 1 and do not count.
    return float((np.sum(directions.sum(axis=1) ** 2) - m) / (m * (m - 1)))


class Sizes(NamedTuple):
    """Root mean squares of signal and dJ/dA, and the likeness, at the output of the first layer and of each block."""

    signal: Float[np.ndarray, "parts"]
    gradient: Float[np.ndarray, "parts"]
    alike: Float[np.ndarray, "parts"]


def sizes_by_layer(
    L: int, units: int, weight: float = 1.0, branch: float = 1.0, residual: bool = True, seed: int = 0
) -> Sizes:
    """Return signal and dJ/dA by depth, before any training, over 100 random examples of two classes.

    Args:
        L: layers.
        units: inputs, and units of each hidden layer.
        weight: of the weights of all blocks, as a multiple of He's.
        branch: as for `deep_parameters`.
        residual: whether blocks add to the signal.
        seed: of inputs, labels and weights.

    >>> plain, residual = (sizes_by_layer(20, 50, weight=0.5, residual=kind).gradient for kind in (False, True))
    >>> bool(plain[0] / plain[-1] < 1e-4), bool(residual[0] / residual[-1] > 1)
    (True, True)
    """
    rng = np.random.default_rng([seed, 0, 1])  # not [seed, 0], whose numbers are those of W1
    X, Y = rng.standard_normal((units, 100)), rng.integers(0, 2, (1, 100)).astype(float)
    parameters = deep_parameters(L, units, units, 1, branch, seed)
    inner = {f"W{layer}" for layer in range(2, L)}
    parameters = {name: weight * value if name in inner else value for name, value in parameters.items()}
    AL, signals, caches = deep_forward(X, parameters, residual)
    _, back = deep_backward(AL, Y, X, parameters, signals, caches, residual)
    signal, gradient = (np.array([np.sqrt(np.mean(values**2)) for values in every]) for every in (signals, back))
    return Sizes(signal, gradient, np.array([likeness(values) for values in signals]))


def train_deep(
    X: Float[np.ndarray, "inputs m"],
    Y: Float[np.ndarray, "1 m"],
    parameters: Parameters,
    residual: bool = True,
    learning_rate: float = 0.003,
    steps: int = 100,
) -> Iterator[tuple[Parameters, float]]:
    """Take steps of Adam with the whole batch; yield the new parameters and the cost before each step.

    >>> X, Y = np.array([[-1.0, 1.0]]), np.array([[0.0, 1.0]])
    >>> costs = [cost for _, cost in train_deep(X, Y, deep_parameters(20, 1, 8, 1, branch=1 / 3), steps=30)]
    >>> bool(costs[-1] < 0.1 * costs[0])
    True
    """
    v, s = zeros_like(parameters), zeros_like(parameters)
    for t in range(1, steps + 1):
        AL, signals, caches = deep_forward(X, parameters, residual)
        grads, _ = deep_backward(AL, Y, X, parameters, signals, caches, residual)
        parameters, v, s = adam(parameters, grads, v, s, t, learning_rate)
        yield parameters, compute_cost(AL, Y, "sigmoid")
