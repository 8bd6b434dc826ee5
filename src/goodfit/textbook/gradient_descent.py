"""Gradient descent, mini-batch by mini-batch: W = W − α·dW.

One pass over all mini-batches is an epoch, and each epoch shuffles anew. With mini-batches of all m examples it is
batch gradient descent, with mini-batches of 1 stochastic gradient descent. Source: the course notes, "Mini-batch
gradient descent"; Robbins & Monro 1951. The engine (`engine/step.py`, `engine/minibatches.py`) drops an epoch's
incomplete last mini-batch; here it is kept.

The course notes count X{1} = 0…1000, X{2} = 1001…2000; mini-batches of 1000 are 0…999, 1000…1999.
"""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from goodfit.textbook.costs import Output, compute_cost, l2_penalty
from goodfit.textbook.dropout import draw_mask
from goodfit.textbook.initialization import Parameters
from goodfit.textbook.optimizers import adam, momentum, rmsprop, zeros_like
from goodfit.textbook.propagation import BatchNorm, add_l2, backward_prop, forward_prop

Optimizer = Literal["gradient_descent", "momentum", "rmsprop", "adam"]


def update_parameters(parameters: Parameters, grads: Parameters, learning_rate: float) -> Parameters:
    """W − α·dW.

    >>> update_parameters({"W1": np.array([[3.0]])}, {"W1": np.array([[4.0]])}, learning_rate=0.5)["W1"].tolist()
    [[1.0]]
    """
    return {name: value - learning_rate * grads[name] for name, value in parameters.items()}


def mini_batches(
    X: Float[np.ndarray, "inputs m"], Y: Float[np.ndarray, "outputs m"], size: int, seed: int = 0
) -> list[tuple[Float[np.ndarray, "inputs _"], Float[np.ndarray, "outputs _"]]]:
    """Return one epoch's mini-batches (X{t}, Y{t}) in a random order; the last one has the remaining examples.

    >>> X = np.arange(5.0).reshape(1, 5)
    >>> [X_t.shape[1] for X_t, Y_t in mini_batches(X, X, size=2)]
    [2, 2, 1]
    """
    m = X.shape[1]
    order = np.random.default_rng(seed).permutation(m)
    return [(X[:, columns], Y[:, columns]) for columns in np.split(order, range(size, m, size))]


def train(
    X: Float[np.ndarray, "inputs m"],
    Y: Float[np.ndarray, "outputs m"],
    parameters: Parameters,
    *,
    optimizer: Optimizer = "gradient_descent",
    learning_rate: float = 0.1,
    batch_size: int = 0,
    lambd: float = 0.0,
    keep_prob: float = 1.0,
    epochs: int = 10,
    seed: int = 0,
    activation: str = "relu",
    output: Output = "softmax",
    batch_norm: BatchNorm = "none",
) -> Iterator[tuple[Parameters, float]]:
    """Train, and after each step yield the new parameters and the cost J of its mini-batch before the step.

    Args:
        X: inputs, an example a column.
        Y: targets: one-hot, 0 or 1, or numbers, as `output` says.
        parameters: the first ones, from `initialize_parameters`.
        optimizer: rule by which gradients become steps.
        learning_rate: α.
        batch_size: examples in a mini-batch; 0 is all of them.
        lambd: λ of the L2 penalty, which is in J.
        keep_prob: of dropout, in all hidden layers.
        epochs: passes over the examples.
        seed: of the order and of dropout's masks.
        activation, output, batch_norm: as for `forward_prop`.

    >>> X = np.array([[-1.0, 1.0]])
    >>> start = {"W1": np.array([[0.0]]), "b1": np.array([[0.0]])}
    >>> for parameters, cost in train(X, 2 * X, start, learning_rate=0.5, epochs=3, output="linear"):
    ...     print(parameters["W1"].item(), cost)
    1.0 2.0
    1.5 0.5
    1.75 0.125
    """
    m, t, rng = X.shape[1], 0, np.random.default_rng(seed)
    v, s = zeros_like(parameters), zeros_like(parameters)
    for _ in range(epochs):
        for X_t, Y_t in mini_batches(X, Y, batch_size or m, seed=int(rng.integers(2**32))):
            t += 1  # counts on over epochs: Adam's bias correction needs the age of its averages
            masks = _draw_masks(parameters, X_t.shape[1], keep_prob, rng)
            keep_probs = dict.fromkeys(masks, keep_prob)
            AL, caches = forward_prop(
                X_t, parameters, activation, output, batch_norm, masks=masks, keep_probs=keep_probs
            )
            # The penalty's m is the whole training set's, so that λ means the same at every mini-batch size.
            cost = compute_cost(AL, Y_t, output) + l2_penalty(parameters, lambd, m)
            grads = add_l2(backward_prop(AL, Y_t, caches), parameters, lambd, m)
            if optimizer == "momentum":
                parameters, v = momentum(parameters, grads, v, learning_rate)
            elif optimizer == "rmsprop":
                parameters, s = rmsprop(parameters, grads, s, learning_rate)
            elif optimizer == "adam":
                parameters, v, s = adam(parameters, grads, v, s, t, learning_rate)
            else:
                parameters = update_parameters(parameters, grads, learning_rate)
            yield parameters, cost


def _draw_masks(
    parameters: Parameters, m: int, keep_prob: float, rng: np.random.Generator
) -> dict[int, Bool[np.ndarray, "_ m"]]:
    """Draw a mask for each hidden layer; none where every unit stays."""
    layers = sum(name.startswith("W") for name in parameters)
    hidden = range(1, layers) if keep_prob < 1 else ()
    return {layer: draw_mask((len(parameters[f"W{layer}"]), m), keep_prob, rng) for layer in hidden}
