"""Gradient checking: compare backpropagation with the slope of the cost itself, parameter by parameter.

slope_i = (J(θ with θ_i + ε) − J(θ with θ_i − ε))/(2ε), with ε = 1e-7; the relative error is
‖slope − dθ‖/(‖slope‖ + ‖dθ‖). Below 1e-7 the gradient is right, around 1e-5 look at the largest differences, from 1e-3
on there is a bug. Source: the course notes, "Numerical approximation of gradients". The form for costs of any kind,
many points at once, is in `checks/`; the tests check the textbook's own backpropagation by the plain loop here.

The course notes slip in "/ 2 * eps", which divides by 2 and multiplies by ε; 2ε needs brackets.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from goodfit.textbook.initialization import Parameters

EPSILON = 1e-7  # the course notes'
GREAT, WRONG = 1e-7, 1e-3  # the ends of their bands: below the first the gradient is great, above the second wrong
Vector = Float[np.ndarray, "n"]
Shapes = dict[str, tuple[int, ...]]


def to_vector(parameters: Parameters) -> tuple[Vector, Shapes]:
    """Return all parameters in one long vector, and the names and shapes that undo it.

    >>> to_vector({"W1": np.array([[1.0, 2.0]]), "b1": np.array([[3.0]])})
    (array([1., 2., 3.]), {'W1': (1, 2), 'b1': (1, 1)})
    """
    theta = np.concatenate([value.ravel() for value in parameters.values()])
    return theta, {name: value.shape for name, value in parameters.items()}


def to_parameters(theta: Vector, shapes: Shapes) -> Parameters:
    """Return the parameters from which `to_vector` made this vector.

    >>> to_parameters(np.array([1.0, 2.0, 3.0]), {"W1": (1, 2), "b1": (1, 1)})
    {'W1': array([[1., 2.]]), 'b1': array([[3.]])}
    """
    ends = np.cumsum([np.prod(shape) for shape in shapes.values()])
    pieces = np.split(theta, ends[:-1])
    return {name: piece.reshape(shape) for (name, shape), piece in zip(shapes.items(), pieces, strict=True)}


def numerical_gradient(J: Callable[[Vector], float], theta: Vector, epsilon: float = EPSILON) -> Vector:
    """Return the slope of J at theta in every direction, by central differences: two costs for each parameter.

    >>> numerical_gradient(lambda theta: theta[0] ** 2 + 3 * theta[1], np.array([2.0, 5.0])).round(6).tolist()
    [4.0, 3.0]
    """
    gradient = np.empty_like(theta)
    for i in range(len(theta)):
        step = np.zeros_like(theta)
        step[i] = epsilon
        # A difference to both sides errs by J‴·ε²/6; to one side it would err by J″·ε/2, which hides small mistakes.
        gradient[i] = (J(theta + step) - J(theta - step)) / (2 * epsilon)
    return gradient


def relative_error(a: Vector, b: Vector) -> float:
    """‖a − b‖/(‖a‖ + ‖b‖), from 0 (equal) to 1 (opposite).

    >>> relative_error(np.array([3.0, 4.0]), np.array([3.0, 4.0])), relative_error(np.array([3.0]), np.array([1.0]))
    (0.0, 0.5)
    """
    # Two gradients of 0 are equal: their error is 0, not 0/0.
    difference = np.linalg.norm(a - b)
    return float(difference / (np.linalg.norm(a) + np.linalg.norm(b))) if difference > 0 else 0.0


def verdict(error: float) -> str:
    """Return the course notes' verdict on a relative error: great, look closer, or wrong.

    >>> [verdict(error) for error in (9e-8, 1e-5, 1e-3)]
    ['great', 'look closer', 'wrong']
    """
    if error < GREAT:
        return "great"
    return "look closer" if error < WRONG else "wrong"
