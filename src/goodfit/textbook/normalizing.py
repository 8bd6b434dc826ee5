"""Normalizing inputs: x → (x − μ)/σ, feature by feature.

μ = (1/m)·Σx and σ² = (1/m)·Σ(x − μ)² come from the training set alone, and serve all three sets. Source: the course
notes, "Normalizing inputs"; LeCun et al. 1998, "Efficient BackProp", section 4.3. The engine's form is `standard` in
`data/preparation.py`.

The course notes slip in "x /= variance": dividing by the deviation σ, the root of the variance, makes the variance 1.
"""

import numpy as np
from jaxtyping import Float


def mean_and_deviation(
    X: Float[np.ndarray, "n m"],
) -> tuple[Float[np.ndarray, "n 1"], Float[np.ndarray, "n 1"]]:
    """Return μ and σ of each feature over the training set.

    >>> mu, sigma = mean_and_deviation(np.array([[1.0, 5.0], [7.0, 7.0]]))
    >>> mu.tolist(), sigma.tolist()
    ([[3.0], [7.0]], [[2.0], [0.0]])
    """
    mu = X.mean(axis=1, keepdims=True)
    variance = ((X - mu) ** 2).mean(axis=1, keepdims=True)
    return mu, np.sqrt(variance)


def normalize(
    X: Float[np.ndarray, "n m"], mu: Float[np.ndarray, "n 1"], sigma: Float[np.ndarray, "n 1"]
) -> Float[np.ndarray, "n m"]:
    """Return (X − μ)/σ with the training set's μ and σ; a feature that is constant there is only shifted.

    >>> normalize(np.array([[9.0], [8.0]]), np.array([[3.0], [7.0]]), np.array([[2.0], [0.0]])).tolist()
    [[3.0], [1.0]]
    """
    return (X - mu) / np.where(sigma > 0, sigma, 1.0)
