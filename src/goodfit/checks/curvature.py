"""Saddle, minimum or flat: the curvature where gradient descent has stalled (course notes: local optima).

The extreme eigenvalues of the Hessian come from Lanczos iterations on Hessian-vector products (Pearlmutter 1994); the
Hessian itself is never formed.
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

_DENSE = 64  # number of parameters up to which the full Hessian is quicker
_BASIS = 40  # Lanczos vectors
_RESTARTS = 25  # of the Lanczos iteration, until it counts as not converged
_ACCURACY = 1e-5  # relative to the largest eigenvalue
_BENDS_DOWN = 1e-4  # a lowest eigenvalue below minus this share of the largest is negative beyond the accuracy
_FLAT = 1e-6  # share of the cost: less curvature changes nothing over a step of length 1
_STALLED = 0.01  # share of the cost: on a plateau no step along the gradient gains more


@dataclass(frozen=True)
class Curvature:
    """The curvature of a cost at a point.

    Attributes:
        verdict: `saddle` if the cost bends down in some direction, `minimum` if it does so in none, `flat` if it hardly
            bends at all.
        reason: the verdict in a sentence.
        lowest: smallest eigenvalue of the Hessian.
        highest: largest eigenvalue of the Hessian.
        gradient_norm: norm of the gradient.
        plateau: True if gradient descent has stalled here: no step along the gradient lowers the cost by 1 %.
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
        """Return the outcome as JSON values."""
        return asdict(self)


def curvature(cost: Cost, params: Pytree) -> Curvature:
    """Return the kind of place that the parameters are at: a saddle, a minimum, or flat.

    Args:
        cost: a function of `params` that JAX can trace and that returns one number.
        params: a pytree of floating-point arrays.

    Returns:
        The verdict with the extreme eigenvalues of the Hessian.

    Raises:
        InputError: JAX cannot trace the cost, or it is not a single finite number.

    Example:
        >>> import numpy as np
        >>> curvature(lambda p: p[0] ** 2 - p[1] ** 2, np.zeros(2)).verdict
        'saddle'
    """
    with jax.enable_x64(True):
        parameters = read_parameters(params)
        surface, theta = Surface(cost, parameters), parameters.values
        if not surface.traceable:
            raise InputError("JAX cannot trace this cost, so its curvature is unknown; write it with jax.numpy")
        gradient = surface.gradient()
        # H·v is the slope of the gradient along v: forward mode through the gradient, for a few gradients' work.
        product = jax.jit(lambda theta, v: jax.jvp(jax.grad(surface.traced), (theta,), (v,))[1])
        lowest, highest = _extremes(lambda v: np.asarray(product(theta, jnp.asarray(v))), theta.size)
    value, norm = surface.value, float(np.linalg.norm(gradient))
    verdict = _verdict(lowest, highest, value)
    plateau = _largest_gain(norm, max(abs(lowest), abs(highest))) <= _STALLED * abs(value)
    return Curvature(verdict, _reason(verdict, lowest, highest, norm, plateau), lowest, highest, norm, plateau, value)


def _extremes(product: Callable[[Flat], Flat], size: int) -> tuple[float, float]:
    """Return the lowest and the highest eigenvalue of a symmetric operator."""
    if size <= _DENSE:
        values = np.linalg.eigvalsh(np.stack([product(unit) for unit in np.eye(size)]))
        return float(values[0]), float(values[-1])
    # Random, since Lanczos never finds an eigenvector at right angles to its start; fixed, so that runs repeat.
    start = np.random.default_rng(0).standard_normal(size)
    first = _farthest(product, size, start)
    # Shifted by this end of the spectrum, the opposite end is the farthest from 0, and accurate relative to the range.
    opposite = first + _farthest(lambda v: product(v) - first * v, size, start)
    return min(first, opposite), max(first, opposite)


def _farthest(product: Callable[[Flat], Flat], size: int, start: Float[np.ndarray, "n"]) -> float:
    """Return the eigenvalue of largest absolute value."""
    if not product(start).any():  # a zero operator, on which Lanczos breaks down
        return 0.0
    operator = LinearOperator((size, size), matvec=product, dtype=np.float64)  # pyright: ignore[reportCallIssue]
    settings = {
        "k": 1,
        "which": "LM",
        "v0": start,
        "ncv": min(_BASIS, size - 1),
        "tol": _ACCURACY,
        "maxiter": _RESTARTS,
    }
    try:
        return float(eigsh(operator, return_eigenvectors=False, **settings)[0])
    except ArpackNoConvergence:  # many eigenvalues crowd at this end; any of them will do
        settings |= {"tol": 100 * _ACCURACY, "maxiter": 20 * _RESTARTS}
        return float(eigsh(operator, return_eigenvectors=False, **settings)[0])


def _verdict(lowest: float, highest: float, cost: float) -> Shape:
    largest = max(abs(lowest), abs(highest))
    if largest <= _FLAT * abs(cost):
        return "flat"
    return "saddle" if lowest < -_BENDS_DOWN * largest else "minimum"


def _largest_gain(norm: float, largest: float) -> float:
    """Return the gain of the best step along the gradient, of length 1 at most, if the curvature is the largest."""
    # Along the gradient J falls by norm·t − largest·t²/2, which is most at t = norm/largest.
    step = min(1.0, norm / largest) if largest else 1.0
    return norm * step - largest * step**2 / 2


def _reason(verdict: Shape, lowest: float, highest: float, norm: float, plateau: bool) -> str:
    eigenvalues = f"eigenvalues from {number(lowest, 3)} to {number(highest, 3)}"
    words = {
        "saddle": f"the cost bends down in some direction ({eigenvalues}), so a lower cost is within reach",
        "minimum": f"the cost does not bend down in any direction ({eigenvalues})",
        "flat": f"the cost hardly bends ({eigenvalues})",
    }[verdict]
    if plateau:
        return words
    return f"{words}; but its gradient of norm {number(norm, 3)} still leads down, so this is not a plateau"
