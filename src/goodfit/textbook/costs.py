"""The cost J = (1/m)·ΣL(y, ŷ), and the penalties that regularization adds to it.

softmax: L = −Σ y·log ŷ; sigmoid: L = −y·log ŷ − (1 − y)·log(1 − ŷ); linear: L = (ŷ − y)²/2. All three have
dZ = ŷ − y. L2 adds (λ/2m)·Σw², L1 adds (λ/2m)·Σ|w|, over weights but not biases. Source: the course notes, "Softmax
Regression" and "Regularization"; label smoothing: Szegedy et al. 2016, section 7. The engine's forms are in
`nets/losses.py`.

The course notes slip in softmax's J = −(1/m)·ΣL: the loss L already has a minus sign, and a second one would make the
best network the worst.
"""

from typing import Literal

import numpy as np
from jaxtyping import Float

from goodfit.textbook.initialization import Parameters

Output = Literal["softmax", "sigmoid", "linear"]


def compute_cost(
    AL: Float[np.ndarray, "outputs m"], Y: Float[np.ndarray, "outputs m"], output: Output = "softmax"
) -> float:
    """Return the mean loss of m examples, without penalties.

    Args:
        AL: outputs of the network: probabilities, or numbers where the output is linear.
        Y: the targets: one-hot, 0 or 1, or numbers.
        output: the activation of the output layer.

    >>> compute_cost(np.exp([[-1.0, -2.0]]), np.array([[1.0, 1.0]]))  # losses of 1 and 2
    1.5
    >>> round(compute_cost(np.array([[0.5]]), np.array([[1.0]]), "sigmoid"), 6)  # ln 2
    0.693147
    >>> compute_cost(np.array([[3.0, 1.0]]), np.array([[1.0, 1.0]]), "linear")
    1.0
    """
    # All three losses belong to their output: they cancel its slope, so that dZ = ŷ − y (`output_derivative`).
    if output == "linear":
        losses = (AL - Y) ** 2 / 2
    elif output == "sigmoid":
        losses = -_times_log(Y, AL) - _times_log(1 - Y, 1 - AL)
    else:
        losses = -_times_log(Y, AL)
    return float(losses.sum() / Y.shape[1])


def _times_log(y: Float[np.ndarray, "n m"], a: Float[np.ndarray, "n m"]) -> Float[np.ndarray, "n m"]:
    """Return y·log a, and 0 where y is 0, even if a is 0 too."""
    # y·log a tends to 0 with y, but NumPy's 0·(−∞) is NaN: log 1 stands in where y is 0.
    return y * np.log(np.where(y == 0, 1.0, a))


def smooth_labels(Y: Float[np.ndarray, "outputs m"], share: float) -> Float[np.ndarray, "outputs m"]:
    """Return labels of which a share is spread evenly over all classes.

    A single row stands for two classes, p and 1 − p.

    >>> smooth_labels(np.array([[1.0], [0.0], [0.0], [0.0]]), 0.4).round(12).tolist()
    [[0.7], [0.1], [0.1], [0.1]]
    >>> smooth_labels(np.array([[1.0, 0.0]]), 0.25).tolist()
    [[0.875, 0.125]]
    """
    classes = max(2, len(Y))
    return (1 - share) * Y + share / classes


def l2_penalty(parameters: Parameters, lambd: float, m: int) -> float:
    """(λ/2m)·Σw².

    >>> l2_penalty({"W1": np.array([[1.0, -2.0]]), "b1": np.array([[9.0]])}, lambd=4.0, m=10)
    1.0
    """
    return lambd / (2 * m) * float(sum((W**2).sum() for W in _weights(parameters)))


def l1_penalty(parameters: Parameters, lambd: float, m: int) -> float:
    """(λ/2m)·Σ|w|.

    >>> l1_penalty({"W1": np.array([[1.0, -2.0]]), "b1": np.array([[9.0]])}, lambd=10.0, m=10)
    1.5
    """
    return lambd / (2 * m) * float(sum(np.abs(W).sum() for W in _weights(parameters)))


def _weights(parameters: Parameters) -> list[np.ndarray]:
    return [value for name, value in parameters.items() if name.startswith("W")]
