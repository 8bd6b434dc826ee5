"""Local optima: where the slope is zero, the curvature tells a minimum from a saddle.

The eigenvalues of the Hessian H, H_ij = ∂²J/∂θ_i∂θ_j, are the curvatures along n directions: all above 0 at a minimum,
all below at a maximum, some of each at a saddle. In many dimensions all of one sign is rare, so most flat points are
saddles. Source: the course notes, "The problem of local optima"; Dauphin et al. 2014; of random matrices: Dean &
Majumdar 2006. In `checks/` the curvature of large networks is measured without forming H.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float


def hessian(
    J: Callable[[Float[np.ndarray, "n"]], float], theta: Float[np.ndarray, "n"], epsilon: float = 1e-4
) -> Float[np.ndarray, "n n"]:
    """Return the second derivatives of J at theta, by central differences: four costs for each pair.

    The default ε is near the fourth root of float64's precision, 1e-16: there the rounding of four costs, divided by
    ε², about equals the error of the differences, which grows with ε².

    >>> hessian(lambda theta: theta[0] ** 2 - theta[1] ** 2 + 3 * theta[0] * theta[1], np.zeros(2)).round(6).tolist()
    [[2.0, 3.0], [3.0, -2.0]]
    """
    steps = epsilon * np.eye(len(theta))  # row i is a step along parameter i

    def second(i: Float[np.ndarray, "n"], j: Float[np.ndarray, "n"]) -> float:
        return (J(theta + i + j) - J(theta + i - j) - J(theta - i + j) + J(theta - i - j)) / (4 * epsilon**2)

    return np.array([[second(i, j) for j in steps] for i in steps])


def kind_of_point(eigenvalues: Float[np.ndarray, "n"], tolerance: float = 1e-6) -> str:
    """Classify a point without slope: saddle, minimum, maximum, or flat if some curvature is within ±tolerance of 0.

    >>> kind_of_point(np.array([2.0, 1.0])), kind_of_point(np.array([2.0, -1.0])), kind_of_point(np.array([2.0, 0.0]))
    ('minimum', 'saddle', 'flat')
    """
    up, down = eigenvalues > tolerance, eigenvalues < -tolerance
    if up.any() and down.any():
        return "saddle"
    if up.all():
        return "minimum"
    return "maximum" if down.all() else "flat"


def share_of_minima(n: int, trials: int = 2000, seed: int = 0) -> float:
    """Estimate how often all n eigenvalues of a random symmetric matrix are positive.

    The shares are 50 %, 15 %, 2.5 % and 0.25 % for n = 1, 2, 3 and 4.

    >>> [round(share_of_minima(n), 1) for n in (1, 2, 8)]
    [0.5, 0.1, 0.0]
    """
    # G + Gᵀ is symmetric, as a Hessian is, and favors no direction (Dean & Majumdar 2006).
    G = np.random.default_rng(seed).standard_normal((trials, n, n))
    eigenvalues = np.linalg.eigvalsh(G + G.transpose(0, 2, 1))
    return float((eigenvalues > 0).all(axis=1).mean())
