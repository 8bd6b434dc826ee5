"""Momentum, RMSprop and Adam, which turn gradients into steps, and the step of an L1 penalty.

momentum: v = β·v + (1 − β)·dW, W = W − α·v. RMSprop: s = β·s + (1 − β)·dW², W = W − α·dW/(√s + ε). Adam: both averages
with their bias corrected, W = W − α·v̂/(√ŝ + ε). v and s begin at 0, steps t at 1. Source: the course notes,
"Optimization algorithms"; Polyak 1964; Hinton's lecture 6e (2012); Kingma & Ba 2015. The engine takes them from Optax
and has its own L1 step (`engine/optimizers.py`).

The course notes slip three times. Their RMSprop formula divides by s without the root, which their pseudo code has; it
has no ε, so that a gradient of 0 gives 0/0. Their Adam writes the corrected averages back into v and s, where the next
step would correct them again; v̂ and ŝ are for the update only.
"""

import numpy as np
from jaxtyping import Float

from goodfit.textbook.initialization import Parameters


def zeros_like(parameters: Parameters) -> Parameters:
    """Return the averages before the first step.

    >>> zeros_like({"W1": np.array([[5.0, 6.0]])})["W1"].tolist()
    [[0.0, 0.0]]
    """
    return {name: np.zeros_like(value) for name, value in parameters.items()}


def momentum(
    parameters: Parameters, grads: Parameters, v: Parameters, learning_rate: float, beta: float = 0.9
) -> tuple[Parameters, Parameters]:
    """Return parameters and v after one step.

    v is an average of gradients; PyTorch's is a sum, 1/(1 − β) times as long.

    >>> one, zero = {"W1": np.array([[1.0]])}, {"W1": np.array([[0.0]])}
    >>> parameters, v = momentum(one, {"W1": np.array([[8.0]])}, zero, learning_rate=0.5, beta=0.75)
    >>> parameters["W1"].tolist(), v["W1"].tolist()
    ([[0.0]], [[2.0]])
    """
    v = {name: beta * v[name] + (1 - beta) * grad for name, grad in grads.items()}
    return {name: value - learning_rate * v[name] for name, value in parameters.items()}, v


def rmsprop(
    parameters: Parameters,
    grads: Parameters,
    s: Parameters,
    learning_rate: float,
    beta: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[Parameters, Parameters]:
    """Return parameters and s after one step: every direction moves about equally far, however large its gradients are.

    >>> one, zero = {"W1": np.array([[1.0]])}, {"W1": np.array([[0.0]])}
    >>> parameters, s = rmsprop(one, {"W1": np.array([[8.0]])}, zero, learning_rate=0.5, beta=0.75, epsilon=0.0)
    >>> parameters["W1"].tolist(), s["W1"].tolist()
    ([[0.0]], [[16.0]])
    """
    s = {name: beta * s[name] + (1 - beta) * grad**2 for name, grad in grads.items()}
    # ε stands outside the root, as in the notes' Adam and in the engine; some libraries have it inside.
    moved = {
        name: value - learning_rate * grads[name] / (np.sqrt(s[name]) + epsilon) for name, value in parameters.items()
    }
    return moved, s


def adam(
    parameters: Parameters,
    grads: Parameters,
    v: Parameters,
    s: Parameters,
    t: int,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[Parameters, Parameters, Parameters]:
    """Return parameters, v and s after step t, which counts from 1.

    The first step has length α, whatever the gradient:

    >>> one, zero = {"W1": np.array([[1.0]])}, {"W1": np.array([[0.0]])}
    >>> grads = {"W1": np.array([[8.0]])}
    >>> parameters, v, s = adam(one, grads, zero, zero, 1, learning_rate=0.5, beta1=0.75, beta2=0.75, epsilon=0.0)
    >>> parameters["W1"].tolist(), v["W1"].tolist(), s["W1"].tolist()
    ([[0.5]], [[2.0]], [[16.0]])
    """
    v = {name: beta1 * v[name] + (1 - beta1) * grad for name, grad in grads.items()}
    s = {name: beta2 * s[name] + (1 - beta2) * grad**2 for name, grad in grads.items()}
    moved = {}
    for name, value in parameters.items():
        # Copies: v and s themselves go on uncorrected, or the next step would correct them twice.
        v_corrected, s_corrected = v[name] / (1 - beta1**t), s[name] / (1 - beta2**t)
        moved[name] = value - learning_rate * v_corrected / (np.sqrt(s_corrected) + epsilon)
    return moved, v, s


def soft_threshold(w: Float[np.ndarray, "..."], threshold: float) -> Float[np.ndarray, "..."]:
    """Take the proximal step of L1 after an optimizer's: w moves toward 0 by the threshold α·λ/2m and stops there.

    Weights become exactly 0 in this way (Parikh & Boyd 2014, section 6.5.2), whatever the optimizer.

    >>> soft_threshold(np.array([1.0, -2.0, 0.25]), 0.5).tolist()
    [0.5, -1.5, 0.0]
    """
    return np.sign(w) * np.maximum(np.abs(w) - threshold, 0.0)
