"""Ensembles: train several models, average their outputs.

ŷ = (1/k)·Σ ŷ_i. Where the models err differently, their errors partly cancel. The average's cost is never above the
mean of the models' costs, because −log and the square are convex (Jensen); that it beats the best of them is usual, not
certain. Source: the course notes, "Model Ensembles"; Hansen & Salamon 1990; for snapshots of one training: Huang et al.
2017. The engine's predictor averages in the same way (`engine/predictor.py`).
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float


def average(outputs: Sequence[Float[np.ndarray, "outputs m"]]) -> Float[np.ndarray, "outputs m"]:
    """Return the mean of the models' outputs: probabilities (not z), or numbers where the output is linear.

    >>> average([np.array([[0.5], [0.5]]), np.array([[1.0], [0.0]])]).tolist()
    [[0.75], [0.25]]
    """
    return np.mean(outputs, axis=0)
