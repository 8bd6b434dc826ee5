"""Inverted dropout: in each step every unit stays with probability keep_prob, and those that stay are divided by it.

D = rand < keep_prob; A = A·D/keep_prob. So the mean of a unit is unchanged, and at test time there is nothing to do.
Source: the course notes, "Dropout Regularization"; Srivastava et al. 2014. The engine draws its masks from a counter
(`nets/noise.py`), which is quicker, and uses them in the same way (`dropout` in `nets/layers.py`).

A comment in the course notes says that numbers less than 0.8 "will be dropped"; they are the ones that stay, as the
code there has it. And keep_prob must be above 0, because it is a divisor.
"""

import numpy as np
from jaxtyping import Bool, Float


def draw_mask(shape: tuple[int, ...], keep_prob: float, rng: np.random.Generator) -> Bool[np.ndarray, "..."]:
    """Draw True for each unit of each example that stays.

    >>> mask = draw_mask((100, 100), 0.8, np.random.default_rng(0))
    >>> bool(0.78 < mask.mean() < 0.82)
    True
    """
    return rng.random(shape) < keep_prob


def drop(A: Float[np.ndarray, "n m"], D: Bool[np.ndarray, "n m"], keep_prob: float) -> Float[np.ndarray, "n m"]:
    """A·D/keep_prob.

    >>> drop(np.array([[1.0, 2.0]]), np.array([[False, True]]), 0.5).tolist()
    [[0.0, 4.0]]
    """
    return A * D / keep_prob


def drop_back(dA: Float[np.ndarray, "n m"], D: Bool[np.ndarray, "n m"], keep_prob: float) -> Float[np.ndarray, "n m"]:
    """The gradient takes the same way back: dA·D/keep_prob.

    >>> drop_back(np.array([[3.0, 3.0]]), np.array([[False, True]]), 0.5).tolist()
    [[0.0, 6.0]]
    """
    return dA * D / keep_prob
