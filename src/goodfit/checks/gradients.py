"""Gradient checking by central differences, for any cost function (course notes: gradient checking)."""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float
from scipy.stats import f as f_distribution

from goodfit.checks import trust
from goodfit.checks.differences import EPSILON, Differences, entry_differences, joined, line_differences
from goodfit.checks.parameters import Flat, Parameters, Pytree, gradients_of, read_parameters
from goodfit.checks.surface import Cost, Surface
from goodfit.checks.verdict import (
    GREAT,
    Block,
    Entry,
    GradientCheck,
    block_verdict,
    distrusted,
    judged,
    latest,
    reason,
    worst_of,
)
from goodfit.errors import InputError

_WORST = 10  # entries shown
_SMALLER = 64  # a step so many times smaller meets so many times fewer kinks, and rounds so many times worse


def check_gradients(
    cost: Cost,
    params: Pytree,
    grads: Pytree | Callable[[Pytree], Pytree] = None,
    *,
    epsilon: float | None = None,
    sample: int | None = None,
) -> GradientCheck:
    """Compare a gradient with central differences of its cost, in float64.

    Compared are (J(θ+ε) − J(θ−ε)) / (2ε) and the gradient, by the relative error ||a − b|| / (||a|| + ||b||). A cost
    that JAX can trace is evaluated by one compiled program; any other is called point by point. The check runs with
    64-bit numbers, whatever JAX is set to.

    Args:
        cost: a function of `params` that returns one number, written with NumPy or JAX. Let it use the same mini-batch
            at each call, and turn dropout off or fix its mask.
        params: a pytree of floating-point arrays. With a list that has one dict for each layer, the last layer with a
            mistake can be named.
        grads: the gradient to check: a pytree like `params`, or a function of `params` that returns one. If it is not
            given, JAX's own gradient of the cost is checked.
        epsilon: the step ε of every entry. If it is not given, 6e-6 times max(1, |entry|), which balances the errors of
            rounding and curvature. At the 1e-7 of the course notes rounding dominates: a correct network of 4,000
            parameters had a relative error of 9e-10 at 1e-5 and 9e-8 at 1e-7 when fresh, 3e-8 and 2.7e-6 when trained.
            `resolution` and `warnings` show its effect.
        sample: for large models: compare the derivatives along this many random directions in each block, with 5 calls
            for each direction. An error anywhere in a block shows in each of them in proportion to its size;
            `chance_of_missing` is the probability that one wrong entry is missed.

    Returns:
        The relative error, the verdict, the errors of the blocks, the worst entries, and warnings.

    Raises:
        InputError: the cost is not a single finite number, or not deterministic; the parameters are not floating-point
            numbers; the gradients have another structure or shape than the parameters.

    Example:
        >>> import numpy as np
        >>> params = {"w": np.array([1.0, 2.0]), "b": np.array(0.5)}
        >>> cost = lambda p: np.sum(p["w"] ** 2) + p["b"] ** 3
        >>> right = lambda p: {"w": 2 * p["w"], "b": 3 * p["b"] ** 2}
        >>> check_gradients(cost, params, right).verdict
        'great'
        >>> wrong = lambda p: {"w": 2 * p["w"], "b": 3 * p["b"]}
        >>> check_gradients(cost, params, wrong).latest_wrong
        ('b',)
    """
    _check_numbers(epsilon, sample)
    with jax.enable_x64(True):
        parameters = read_parameters(params)
        surface = Surface(cost, parameters)
        warnings = [trust.LOW_COST] if surface.low_precision else []
        gradient, exact = _gradient(surface, grads)
        compared = (
            _by_directions(surface, gradient, epsilon, sample) if sample else _by_entries(surface, gradient, epsilon)
        )
    if not exact:
        warnings.append(trust.LOW_GRADIENTS)
    warnings += trust.vanishing(parameters, compared.differences, compared.places)
    return _outcome(parameters, gradient, compared, warnings, epsilon, sample)


class _Compared(NamedTuple):
    """Gradient and differences by probe, an entry or a direction, and the slice of each block's probes."""

    gradient: Float[np.ndarray, "probes"]
    differences: Differences
    places: list[slice]


def _by_entries(surface: Surface, gradient: Flat, epsilon: float | None) -> _Compared:
    """Compare every entry; if a default step crosses a kink, a smaller step is tried as well."""
    theta = surface.parameters.values
    # A step beside a large value must be large as well, or rounding takes it.
    steps = np.full_like(theta, epsilon) if epsilon else EPSILON * np.maximum(1.0, np.abs(theta))
    differences = entry_differences(surface, steps)
    if not epsilon and differences.kinks(gradient).any():
        differences = differences.better(entry_differences(surface, steps / _SMALLER))
    return _Compared(gradient, differences, surface.parameters.blocks)


def _by_directions(surface: Surface, gradient: Flat, epsilon: float | None, sample: int) -> _Compared:
    """Compare derivatives along random normal directions in each block.

    A step of length 6e-6 in the whole block would drown in rounding; a step of 6e-6 in each entry would cross a kink
    for each of them. The step is the geometric mean of the two.
    """
    generator = np.random.default_rng(0)  # the same directions in each check
    slopes, parts, places = [], [], []
    for block in surface.parameters.blocks:
        values = surface.parameters.values[block]
        first = sample * len(parts)
        places.append(slice(first, first + sample * (values.size > 0)))
        if values.size:
            step = epsilon or EPSILON * max(1.0, float(np.sqrt(np.mean(values**2)))) / values.size**0.25
            directions = generator.standard_normal((sample, values.size))
            along = directions @ gradient[block]
            differences = line_differences(surface, block, directions, step)
            if not epsilon and differences.kinks(along).any():
                differences = differences.better(line_differences(surface, block, directions, step / _SMALLER))
            parts.append(differences)
            slopes.append(along)
    return _Compared(np.concatenate(slopes), joined(parts), places)


def _outcome(
    parameters: Parameters,
    gradient: Flat,
    compared: _Compared,
    warnings: list[str],
    epsilon: float | None,
    sample: int | None,
) -> GradientCheck:
    """Judge the whole gradient and each block, and explain the verdict."""
    differences = compared.differences
    kinks = differences.kinks(compared.gradient)
    left_out = distrusted(kinks, compared.places)
    overall, *judged_blocks = (
        judged(compared.gradient[probes], differences.slopes[probes], differences.doubts[probes], left_out[probes])
        for probes in (slice(None), *compared.places)
    )
    blocks = tuple(
        Block(name, math.prod(shape), block.error, float(np.linalg.norm(gradient[probes])), block_verdict(block))
        for name, shape, probes, block in zip(
            parameters.names, parameters.shapes, parameters.blocks, judged_blocks, strict=True
        )
    )
    verdict = worst_of(overall, judged_blocks)
    warnings += trust.at_kinks(parameters, kinks, compared.places, sample)
    warnings += trust.unsuitable_epsilon(differences, left_out, overall, epsilon)
    return GradientCheck(
        error=overall.error,
        verdict=verdict,
        reason=reason(verdict, overall, blocks, latest(blocks), float(left_out.mean())),
        cost=differences.cost,
        parameters=gradient.size,
        directions=sample,
        blocks=blocks,
        worst=() if sample else _worst(parameters, gradient, differences.slopes),
        warnings=tuple(warnings),
        epsilon=epsilon,
        resolution=overall.resolution,
        chance_of_missing=_chance_of_missing(max(block.size for block in blocks), sample) if sample else 0.0,
    )


def _worst(parameters: Parameters, gradient: Flat, slopes: Flat) -> tuple[Entry, ...]:
    order = np.argsort(-np.abs(gradient - slopes), kind="stable")[:_WORST]
    return tuple(Entry(*parameters.place(int(i)), float(gradient[i]), float(slopes[i])) for i in order)


def _chance_of_missing(size: int, directions: int) -> float:
    """Return the probability that a block with one entry wrong by its typical size has an error below 1e-7.

    Along normal directions v, the error e gives e·v ~ N(0, ||e||²), and the gradient g gives g·v ~ N(0, ||g||²), nearly
    independent of it. So (||e·v|| / ||e||)² / (||g·v|| / ||g||)² over k directions follows F(k, k). One entry of
    typical size has ||e|| = ||g|| / √size; the relative error is below 1e-7 if ||e·v|| < 2·1e-7·||g·v||.
    """
    return float(f_distribution.cdf((2 * GREAT) ** 2 * size, directions, directions))


def _check_numbers(epsilon: float | None, sample: int | None) -> None:
    if epsilon is not None and not 0 < epsilon < math.inf:
        raise InputError(f"epsilon is {epsilon}; give a small number above 0, or none to scale it to the values")
    if sample is not None and sample < 1:
        raise InputError(f"sample is {sample}; give a whole number of at least 1, or none to compare every entry")


def _gradient(surface: Surface, grads: Pytree | Callable[[Pytree], Pytree]) -> tuple[Flat, bool]:
    """Return the gradient to check, and True if it has 64 bits.

    Raises:
        InputError: it does not fit the parameters, or none is given and JAX cannot differentiate the cost.
    """
    if grads is not None:
        return gradients_of(grads, surface.parameters)
    if not surface.traceable:
        raise InputError("JAX cannot trace this cost, so it has no gradient of its own to check; pass grads as well")
    return surface.gradient(), True
