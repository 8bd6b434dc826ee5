"""The whole network: forward to its output, backward to the gradient of every parameter.

Forward, layer by layer: Z = W·A + b, A = g(Z); the last layer's activation is softmax, sigmoid or nothing. Back, by the
chain rule: dZ[L] = (ŷ − Y)/m, dW = dZ·A_previousᵀ, db = ΣdZ, dA_previous = Wᵀ·dZ, dZ = dA·g′(Z). Batch norm is before
or after the activation, dropout after both. Source: the course notes, "Mini-Batch algorithm pseudo code" (forward_prop,
backward_prop), "Regularization back prop", "Fitting Batch Normalization into a neural network"; Rumelhart et al. 1986.
The engine's `nets/architectures.py` goes forward only; JAX derives the backward pass.

The course notes write L2's term of dW as (dL/dλ)·(dλ/dw), which means nothing, as λ does not depend on w. Their result,
dW = dW_old + (λ/m)·W, is right: the derivative of (λ/2m)·Σw².
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from goodfit.textbook.activations import ACTIVATIONS, sigmoid
from goodfit.textbook.batch_norm import (
    EPSILON,
    BatchNormCache,
    batch_norm_backward,
    batch_norm_forward,
    batch_norm_test,
)
from goodfit.textbook.costs import Output
from goodfit.textbook.dropout import drop, drop_back
from goodfit.textbook.initialization import Parameters
from goodfit.textbook.softmax import output_derivative, softmax

BatchNorm = Literal["none", "before", "after"]
OUTPUTS = {"softmax": softmax, "sigmoid": sigmoid, "linear": lambda Z: Z}


class Cache(NamedTuple):
    """Values that one layer stores for backpropagation.

    `layer_parameters` are its parameters, named without the layer's number."""

    A_previous: Float[np.ndarray, "inputs m"]
    Z: Float[np.ndarray, "units m"]  # as it went into the activation
    layer_parameters: Parameters
    norm: BatchNormCache | None = None
    mask: Bool[np.ndarray, "units m"] | None = None
    keep_prob: float = 1.0
    activation: str = ""
    batch_norm: BatchNorm = "none"


def forward_prop(
    X: Float[np.ndarray, "inputs m"],
    parameters: Parameters,
    activation: str = "relu",
    output: Output = "softmax",
    batch_norm: BatchNorm = "none",
    epsilon: float = EPSILON,
    masks: Mapping[int, Bool[np.ndarray, "_ m"]] | None = None,
    keep_probs: Mapping[int, float] | None = None,
    running: Parameters | None = None,
) -> tuple[Float[np.ndarray, "outputs m"], list[Cache]]:
    """Return the network's outputs, and a cache of each layer.

    Args:
        X: inputs, an example a column.
        parameters: of all layers; a hidden layer may lack b.
        activation: of the hidden layers, a name in `ACTIVATIONS`.
        output: activation of the last layer.
        batch_norm: none, before the activation or after it; then hidden layers have gamma and beta.
        epsilon: batch norm's ε.
        masks: dropout's mask of each layer that has one, by the layer's number; 0 stands for the inputs.
        keep_probs: the probability with which each of those masks was drawn.
        running: batch norm's averages for test time, mean1, variance1, …; None takes those of this mini-batch.

    >>> parameters = {"W1": np.array([[2.0]]), "b1": np.array([[1.0]])}
    >>> parameters |= {"W2": np.array([[3.0]]), "b2": np.array([[0.5]])}
    >>> forward_prop(np.array([[1.0, -1.0]]), parameters, output="linear")[0].tolist()
    [[9.5, 0.5]]
    """
    g, _ = ACTIVATIONS[activation]
    masks, keep_probs = masks or {}, keep_probs or {}
    A, caches = drop(X, masks[0], keep_probs[0]) if 0 in masks else X, []
    layers = sum(name.startswith("W") for name in parameters)
    for layer in range(1, layers):  # hidden layers; the output layer has neither batch norm nor dropout
        layer_parameters, norm = _layer_parameters(parameters, layer), None
        Z = layer_parameters["W"] @ A + layer_parameters.get("b", 0.0)
        if batch_norm == "before":
            Z, norm = _normalize(Z, layer_parameters, epsilon, layer, running)
        A_next = g(Z)
        if batch_norm == "after":
            A_next, norm = _normalize(A_next, layer_parameters, epsilon, layer, running)
        # The Z of the cache is the activation's input, after batch norm: there the backward pass takes g′.
        mask, keep_prob = masks.get(layer), keep_probs.get(layer, 1.0)
        caches.append(Cache(A, Z, layer_parameters, norm, mask, keep_prob, activation, batch_norm))
        A = A_next if mask is None else drop(A_next, mask, keep_prob)
    last = _layer_parameters(parameters, layers)
    Z = last["W"] @ A + last["b"]
    return OUTPUTS[output](Z), [*caches, Cache(A, Z, last)]


def _layer_parameters(parameters: Parameters, layer: int) -> Parameters:
    names = [name for name in ("W", "b", "gamma", "beta") if f"{name}{layer}" in parameters]
    return {name: parameters[f"{name}{layer}"] for name in names}


def _normalize(
    Z: Float[np.ndarray, "units m"],
    layer_parameters: Parameters,
    epsilon: float,
    layer: int,
    running: Parameters | None,
) -> tuple[Float[np.ndarray, "units m"], BatchNormCache | None]:
    if running is None:
        return batch_norm_forward(Z, layer_parameters["gamma"], layer_parameters["beta"], epsilon)
    mean, variance = running[f"mean{layer}"], running[f"variance{layer}"]
    return batch_norm_test(Z, layer_parameters["gamma"], layer_parameters["beta"], mean, variance, epsilon), None


def moments(caches: list[Cache]) -> Parameters:
    """Return the means and variances that batch norm took from this mini-batch: mean1, variance1, …

    >>> parameters = {"W1": np.array([[1.0]]), "gamma1": np.array([[1.0]]), "beta1": np.array([[0.0]])}
    >>> parameters |= {"W2": np.array([[1.0]]), "b2": np.array([[0.0]])}
    >>> _, caches = forward_prop(np.array([[1.0, 5.0]]), parameters, batch_norm="before")
    >>> {name: value.tolist() for name, value in moments(caches).items()}
    {'mean1': [[3.0]], 'variance1': [[4.0]]}
    """
    moments = {}
    for layer, cache in enumerate(caches, start=1):
        if cache.norm is not None:
            moments |= {f"mean{layer}": cache.norm.mean, f"variance{layer}": cache.norm.variance}
    return moments


def backward_prop(
    AL: Float[np.ndarray, "outputs m"], Y: Float[np.ndarray, "outputs m"], caches: list[Cache]
) -> Parameters:
    """Return the gradient of the cost (without penalties) by every parameter, under the parameter's name.

    Args:
        AL: the outputs of `forward_prop`.
        Y: the targets, as for `compute_cost`.
        caches: the caches of `forward_prop`, of training and not of test time.

    Raises:
        ValueError: the caches are of test time.

    >>> parameters = {"W1": np.array([[2.0]]), "b1": np.array([[1.0]])}
    >>> AL, caches = forward_prop(np.array([[1.0, 3.0]]), parameters, output="linear")  # 3 and 7
    >>> grads = backward_prop(AL, np.array([[2.0, 5.0]]), caches)  # errors of 1 and 2
    >>> grads["W1"].tolist(), grads["b1"].tolist()
    ([[3.5]], [[1.5]])
    """
    grads = {}
    # The cost is a mean, so 1/m belongs to every gradient: divided here once, the chain rule carries it to all layers.
    dZ = output_derivative(AL, Y) / Y.shape[1]
    for layer in range(len(caches), 0, -1):
        cache, layer_grads = caches[layer - 1], {}
        if layer < len(caches):
            # caches[layer] is the layer above, whose Z = W·A + b passes dZ on to A by Wᵀ.
            dA = caches[layer].layer_parameters["W"].T @ dZ
            dZ, layer_grads = _back_to_z(dA, cache)
        # Summed over examples: the product by its columns, b by hand, as it is added to each of them.
        layer_grads["W"] = dZ @ cache.A_previous.T
        if "b" in cache.layer_parameters:
            layer_grads["b"] = dZ.sum(axis=1, keepdims=True)
        grads |= {f"{name}{layer}": layer_grads[name] for name in cache.layer_parameters}
    return grads


def _back_to_z(dA: Float[np.ndarray, "units m"], cache: Cache) -> tuple[Float[np.ndarray, "units m"], Parameters]:
    """Go back through dropout, batch norm and activation, in the reverse of their forward order."""
    norm_grads = {}
    d = dA if cache.mask is None else drop_back(dA, cache.mask, cache.keep_prob)
    if cache.batch_norm == "after":
        d, norm_grads = _back_through_norm(d, cache.norm)
    d = d * ACTIVATIONS[cache.activation][1](cache.Z)
    if cache.batch_norm == "before":
        d, norm_grads = _back_through_norm(d, cache.norm)
    return d, norm_grads


def _back_through_norm(
    d: Float[np.ndarray, "units m"], norm: BatchNormCache | None
) -> tuple[Float[np.ndarray, "units m"], Parameters]:
    if norm is None:
        raise ValueError("these caches are of test time; go forward without `running` to go back")
    d, dgamma, dbeta = batch_norm_backward(d, norm)
    return d, {"gamma": dgamma, "beta": dbeta}


def add_l2(grads: Parameters, parameters: Parameters, lambd: float, m: int) -> Parameters:
    """Return dW + (λ/m)·W for weights, and the gradients of all other parameters as they are.

    m is that of the whole training set.

    >>> parameters = {"W1": np.array([[6.0, -3.0]]), "b1": np.array([[9.0]])}
    >>> grads = {"W1": np.array([[1.0, 1.0]]), "b1": np.array([[1.0]])}
    >>> {name: grad.tolist() for name, grad in add_l2(grads, parameters, lambd=5.0, m=10).items()}
    {'W1': [[4.0, -0.5]], 'b1': [[1.0]]}
    """
    return {name: grad + lambd / m * parameters[name] if name.startswith("W") else grad for name, grad in grads.items()}


def add_l1(grads: Parameters, parameters: Parameters, lambd: float, m: int) -> Parameters:
    """Return dW + (λ/2m)·sign(W), the course notes' subgradient: weights hover near zero and are seldom zero.

    The engine takes the proximal step instead (`soft_threshold` in `optimizers`), which makes exact zeros.

    >>> parameters = {"W1": np.array([[6.0, -3.0, 0.0]])}
    >>> add_l1({"W1": np.ones((1, 3))}, parameters, lambd=10.0, m=10)["W1"].tolist()
    [[1.5, 0.5, 1.0]]
    """
    return {
        name: grad + lambd / (2 * m) * np.sign(parameters[name]) if name.startswith("W") else grad
        for name, grad in grads.items()
    }
