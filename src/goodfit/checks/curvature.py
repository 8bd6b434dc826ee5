"""Saddle, minimum or flat: the sign of the curvature where a descent stands still (course notes: local optima).

The extreme eigenvalues of the Hessian are found by Lanczos from products with it (Pearlmutter 1994), without the
Hessian itself.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from goodfit.checks.parameters import Flat, Pytree, read_parameters
from goodfit.checks.surface import Cost, Surface
from goodfit.errors import InputError
from goodfit.wording.numbers import number

Shape = Literal["saddle", "minimum", "flat"]

_DENSE = 64  # parameters up to which the whole Hessian is quicker
_BASIS = 40  # vectors of Lanczos
_RESTARTS = 25
_ACCURACY = 1e-5  # of the eigenvalues, as a share of the largest
_BENDS_DOWN = 1e-4  # a lowest eigenvalue below this share of the largest is negative beyond the accuracy
_FLAT = 1e-6  # of the cost: less curvature than that changes nothing over a step of length 1
_STANDS_STILL = 0.01  # of the cost: all that a step along the gradient can still win


@dataclass(frozen=True)
class Curvature:
    """The curvature of a cost at a point.

    Attributes:
        verdict: `saddle` where it bends down in some direction, `minimum` where in none, `flat` where it hardly bends.
        reason: that in a sentence.
        lowest: the smallest eigenvalue of the Hessian.
        highest: the largest.
        gradient_norm: of the cost.
        plateau: whether a descent stands still here: no step along the gradient lowers the cost by 1 %.
        cost: at the point.
    """

    verdict: Shape
    reason: str
    lowest: float
    highest: float
    gradient_norm: float
    plateau: bool
    cost: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in JSON."""
        return asdict(self)


def curvature(cost: Cost, params: Pytree) -> Curvature:
    """Tell a saddle from a minimum and from a flat place.

    Args:
        cost: a function of `params` that JAX can trace, and that returns one number.
        params: a pytree of floating-point arrays.

    Raises:
        InputError: JAX cannot trace the cost, or it is no single finite number.

    Example:
        >>> import numpy as np
        >>> curvature(lambda p: p[0] ** 2 - p[1] ** 2, np.zeros(2)).verdict
        'saddle'
    """
    with jax.enable_x64(True):
        parameters = read_parameters(params)
        surface, theta = Surface(cost, parameters), parameters.values
        if not surface.traceable:
            raise InputError("JAX cannot trace this cost, so its curvature is not known; write it with jax.numpy")
        gradient = surface.gradient()
        product = jax.jit(lambda theta, v: jax.jvp(jax.grad(surface.traced), (theta,), (v,))[1])
        lowest, highest = _extremes(lambda v: np.asarray(product(theta, jnp.asarray(v))), theta.size)
    value, norm = surface.value, float(np.linalg.norm(gradient))
    verdict = _verdict(lowest, highest, value)
    plateau = _still_to_win(norm, max(abs(lowest), abs(highest))) <= _STANDS_STILL * abs(value)
    return Curvature(verdict, _reason(verdict, lowest, highest, norm, plateau), lowest, highest, norm, plateau, value)


def _extremes(product: Callable[[Flat], Flat], size: int) -> tuple[float, float]:
    """The lowest and the highest eigenvalue of a symmetric operator."""
    if size <= _DENSE:
        values = np.linalg.eigvalsh(np.stack([product(unit) for unit in np.eye(size)]))
        return float(values[0]), float(values[-1])
    start = np.random.default_rng(0).standard_normal(size)
    first = _farthest(product, size, start)
    # Seen from one end, the other is the farthest; and its accuracy is then a share of the whole range.
    other = first + _farthest(lambda v: product(v) - first * v, size, start)
    return min(first, other), max(first, other)


def _farthest(product: Callable[[Flat], Flat], size: int, start: Float[np.ndarray, "n"]) -> float:
    """The eigenvalue of largest size."""
    if not product(start).any():  # of which Lanczos can make nothing
        return 0.0
    operator = LinearOperator((size, size), matvec=product, dtype=np.float64)  # pyright: ignore[reportCallIssue]
    found = {"k": 1, "which": "LM", "v0": start, "ncv": min(_BASIS, size - 1), "tol": _ACCURACY, "maxiter": _RESTARTS}
    try:
        return float(eigsh(operator, return_eigenvectors=False, **found)[0])
    except ArpackNoConvergence:  # a crowd of eigenvalues at this end: any of them will do
        found |= {"tol": 100 * _ACCURACY, "maxiter": 20 * _RESTARTS}
        return float(eigsh(operator, return_eigenvectors=False, **found)[0])


def _verdict(lowest: float, highest: float, cost: float) -> Shape:
    largest = max(abs(lowest), abs(highest))
    if largest <= _FLAT * abs(cost):
        return "flat"
    return "saddle" if lowest < -_BENDS_DOWN * largest else "minimum"


def _still_to_win(norm: float, largest: float) -> float:
    """How far the best step of at most length 1 along the gradient lowers the cost, were the curvature the largest."""
    step = min(1.0, norm / largest) if largest else 1.0
    return norm * step - largest * step**2 / 2


def _reason(verdict: Shape, lowest: float, highest: float, norm: float, plateau: bool) -> str:
    told = f"eigenvalues from {number(lowest, 3)} to {number(highest, 3)}"
    words = {
        "saddle": f"the cost bends down in some direction ({told}), so there is a way further down",
        "minimum": f"the cost bends down in no direction ({told})",
        "flat": f"the cost hardly bends ({told})",
    }[verdict]
    if plateau:
        return words
    return f"{words}; but its gradient of norm {number(norm, 3)} still leads down, so this is no plateau"
