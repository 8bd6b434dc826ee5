"""Softmax: the output of a network that chooses between C classes.

ŷ = e^z / Σe^z, for each example (a column) by itself. Source: the course notes, "Softmax Regression"; Bridle 1990. The
engine (`nets/losses.py`) never forms ŷ in training: it takes log-softmax from z, and a class's number instead of
one-hot.

The course notes slip twice. Its hard max has axis=1, which compares examples where they stand in columns; axis=0
compares classes. And ŷ·(1 − ŷ) is only the diagonal of softmax's derivative: each output also depends on every other z,
by −ŷᵢ·ŷⱼ. Its dZ = ŷ − Y is right, and needs both.
"""

import numpy as np
from jaxtyping import Float, Int


def one_hot(y: Int[np.ndarray, "m"], C: int) -> Float[np.ndarray, "C m"]:
    """Return a 1 in each example's column, in the row of its class; classes are 0 … C − 1.

    >>> one_hot(np.array([2, 0]), 3).tolist()
    [[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]]
    """
    return np.eye(C)[:, y]


def softmax(Z: Float[np.ndarray, "C m"]) -> Float[np.ndarray, "C m"]:
    """Return the probabilities of the classes.

    >>> softmax(np.log([[1.0, 5.0], [3.0, 5.0]])).round(12).tolist()
    [[0.25, 0.5], [0.75, 0.5]]
    """
    # e^(z−c)/Σe^(z−c) is the same for any c; with the largest z as c, no exponential overflows.
    t = np.exp(Z - Z.max(axis=0, keepdims=True))
    return t / t.sum(axis=0, keepdims=True)


def hard_max(A: Float[np.ndarray, "C m"]) -> Float[np.ndarray, "C m"]:
    """Return 1 for the largest value of each column, 0 for the others (where two are equal, both get 1).

    >>> hard_max(np.array([[0.7, 0.2], [0.3, 0.8]])).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return (A.max(axis=0, keepdims=True) == A).astype(float)


def softmax_derivative(a: Float[np.ndarray, "C"]) -> Float[np.ndarray, "C C"]:
    """Return ∂aᵢ/∂zⱼ of one example: aᵢ·(1 − aᵢ) where i = j, −aᵢ·aⱼ elsewhere.

    >>> softmax_derivative(np.array([0.25, 0.75])).tolist()
    [[0.1875, -0.1875], [-0.1875, 0.1875]]
    """
    return np.diag(a) - np.outer(a, a)


def output_derivative(AL: Float[np.ndarray, "C m"], Y: Float[np.ndarray, "C m"]) -> Float[np.ndarray, "C m"]:
    """Return dZ = ŷ − Y of each example's loss, for softmax, sigmoid and linear outputs alike.

    >>> output_derivative(np.array([[0.25], [0.75]]), np.array([[0.0], [1.0]])).tolist()
    [[0.25], [-0.25]]
    """
    return AL - Y
