"""Batch norm: over a mini-batch, the z of each unit gets a mean and a deviation that are learned.

μ = (1/m)·Σz, σ² = (1/m)·Σ(z − μ)², z_norm = (z − μ)/√(σ² + ε), z̃ = γ·z_norm + β. Back, with d = dz̃·γ:
dz = (d − mean(d) − z_norm·mean(d·z_norm))/√(σ² + ε), because μ and σ depend on every z. At test time averages of μ and
σ² over the mini-batches stand in, so that one example can be predicted.

Source: the course notes, "Batch Normalization activations in a network" and the two sections after it; Ioffe & Szegedy
2015, section 3. The engine's forms are in `nets/layers.py` and `engine/step.py`.

The course notes say "dividing by variance" where they explain why; their formula, with the root, is right.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

EPSILON = 1e-5  # the paper leaves it open; the same as in the engine


class BatchNormCache(NamedTuple):
    """Values that backpropagation needs; mean and variance are those of this mini-batch."""

    mean: Float[np.ndarray, "n 1"]
    variance: Float[np.ndarray, "n 1"]
    Z_norm: Float[np.ndarray, "n m"]
    gamma: Float[np.ndarray, "n 1"]
    epsilon: float


def batch_norm_forward(
    Z: Float[np.ndarray, "n m"],
    gamma: Float[np.ndarray, "n 1"],
    beta: Float[np.ndarray, "n 1"],
    epsilon: float = EPSILON,
) -> tuple[Float[np.ndarray, "n m"], BatchNormCache]:
    """Return Z_tilde, and the values that the backward pass needs.

    >>> Z_tilde, cache = batch_norm_forward(np.array([[1.0, 5.0]]), np.array([[10.0]]), np.array([[3.0]]), epsilon=0.0)
    >>> Z_tilde.tolist(), cache.mean.tolist(), cache.variance.tolist()
    ([[-7.0, 13.0]], [[3.0]], [[4.0]])
    """
    # Examples stand in columns, so axis 1 is the mini-batch: each unit has its own mean and variance.
    mean = Z.mean(axis=1, keepdims=True)
    variance = ((Z - mean) ** 2).mean(axis=1, keepdims=True)
    # ε keeps a unit that has the same z for every example from dividing by 0.
    Z_norm = (Z - mean) / np.sqrt(variance + epsilon)
    return gamma * Z_norm + beta, BatchNormCache(mean, variance, Z_norm, gamma, epsilon)


def batch_norm_backward(
    dZ_tilde: Float[np.ndarray, "n m"], cache: BatchNormCache
) -> tuple[Float[np.ndarray, "n m"], Float[np.ndarray, "n 1"], Float[np.ndarray, "n 1"]]:
    """Return dZ, dgamma and dbeta.

    A gradient that is the same for all examples moves beta only, because the mean is subtracted from Z.

    >>> _, cache = batch_norm_forward(np.array([[1.0, 5.0]]), np.array([[10.0]]), np.array([[3.0]]), epsilon=0.0)
    >>> [gradient.tolist() for gradient in batch_norm_backward(np.array([[2.0, 2.0]]), cache)]
    [[[0.0, 0.0]], [[0.0]], [[4.0]]]
    """
    # Z̃ = γ·Z_norm + β, where γ and β are shared by all examples: their gradients add up over the mini-batch.
    dgamma = (dZ_tilde * cache.Z_norm).sum(axis=1, keepdims=True)
    dbeta = dZ_tilde.sum(axis=1, keepdims=True)
    d = dZ_tilde * cache.gamma
    # A z reaches the cost in three ways: by its own z_norm, and through μ and σ of the whole mini-batch. The latter two
    # take away the parts of d that a shift or a stretch of all z would cause, since neither changes z_norm.
    through_mean = d.mean(axis=1, keepdims=True)
    through_variance = cache.Z_norm * (d * cache.Z_norm).mean(axis=1, keepdims=True)
    return (d - through_mean - through_variance) / np.sqrt(cache.variance + cache.epsilon), dgamma, dbeta


def running_average(
    previous: Float[np.ndarray, "n 1"], value: Float[np.ndarray, "n 1"], beta: float = 0.9
) -> Float[np.ndarray, "n 1"]:
    """Return the weighted average of μ (or σ²) after one more mini-batch; it begins at 0.

    After t mini-batches divide by 1 − β^t before use (see `averages`), as the engine does.

    >>> running_average(np.array([[2.0]]), np.array([[6.0]]), beta=0.75).tolist()
    [[3.0]]
    """
    return beta * previous + (1 - beta) * value


def batch_norm_test(
    Z: Float[np.ndarray, "n m"],
    gamma: Float[np.ndarray, "n 1"],
    beta: Float[np.ndarray, "n 1"],
    mean: Float[np.ndarray, "n 1"],
    variance: Float[np.ndarray, "n 1"],
    epsilon: float = EPSILON,
) -> Float[np.ndarray, "n m"]:
    """Return Z_tilde at test time, by the averages of training; m may be 1.

    >>> one = np.array([[1.0]])
    >>> batch_norm_test(5 * one, gamma=10 * one, beta=3 * one, mean=3 * one, variance=4 * one, epsilon=0.0).tolist()
    [[13.0]]
    """
    return gamma * (Z - mean) / np.sqrt(variance + epsilon) + beta
