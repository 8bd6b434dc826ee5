"""Check gradients by central differences, for any cost function (course notes: gradient checking)."""

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
_SMALLER = 64  # times smaller a step meets that many times fewer kinks, and rounds that many times worse


def check_gradients(
    cost: Cost,
    params: Pytree,
    grads: Pytree | Callable[[Pytree], Pytree] = None,
    *,
    epsilon: float | None = None,
    sample: int | None = None,
) -> GradientCheck:
    """Compare a gradient with central differences of its cost, in float64.

    A cost that JAX can trace is differenced by one compiled program; any other is called point by point. The whole
    check runs with 64-bit numbers, whatever JAX is set to.

    Args:
        cost: a function of `params` that returns one number; NumPy or JAX. Take the same mini-batch at each call, and
            turn dropout off or fix its mask.
        params: a pytree of floating-point arrays; a list with a dict a layer lets the latest wrong layer be named.
        grads: the gradient to check: a pytree like `params`, or a function of `params` that returns one. When not
            given, JAX's own gradient of the cost.
        epsilon: the step of every entry. When not given, 6e-6 times max(1, |entry|), where rounding and curvature are
            in balance. The seed's 1e-7 lets rounding rule: a correct net of 4,000 parameters had 9e-10 at 1e-5 and 9e-8
            at 1e-7 when fresh, 3e-8 and 2.7e-6 when trained. `resolution` and `warnings` tell its effect.
        sample: for large models: compare the derivatives along this many random directions in each block, at 5 calls
            a direction. An error anywhere in a block shows in each of them in proportion to its size;
            `chance_of_missing` says how surely.

    Returns:
        The relative error, the verdict, the errors of the blocks, the worst entries, and warnings.

    Raises:
        InputError: the cost is no single number, is NaN, or is not deterministic; parameters that are no floating-point
            numbers; gradients of another structure or shape.

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
    return _told(parameters, gradient, compared, warnings, epsilon, sample)


class _Compared(NamedTuple):
    """The gradient by probe, the differences, and which probes are those of each block."""

    gradient: Float[np.ndarray, "probes"]
    differences: Differences
    places: list[slice]


def _by_entries(surface: Surface, gradient: Flat, epsilon: float | None) -> _Compared:
    """Every entry by itself; where a kink is within a step that was not asked for, a smaller one as well."""
    theta = surface.parameters.values
    steps = np.full_like(theta, epsilon) if epsilon else EPSILON * np.maximum(1.0, np.abs(theta))
    differences = entry_differences(surface, steps)
    if not epsilon and differences.kinks(gradient).any():
        differences = differences.better(entry_differences(surface, steps / _SMALLER))
    return _Compared(gradient, differences, surface.parameters.blocks)


def _by_directions(surface: Surface, gradient: Flat, epsilon: float | None, sample: int) -> _Compared:
    """Random directions in each block.

    A step whose length in all of the block is 6e-6 would drown in rounding; one of 6e-6 in each entry would cross a
    kink for each. The geometric mean of both is taken.
    """
    generator = np.random.default_rng(0)
    compared, parts, places = [], [], []
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
            compared.append(along)
    return _Compared(np.concatenate(compared), joined(parts), places)


def _told(
    parameters: Parameters,
    gradient: Flat,
    compared: _Compared,
    warnings: list[str],
    epsilon: float | None,
    sample: int | None,
) -> GradientCheck:
    """Judge the whole and the blocks, and put it in words."""
    differences = compared.differences
    kinks = differences.kinks(compared.gradient)
    left_out = distrusted(kinks, compared.places)
    whole, *each = (
        judged(compared.gradient[at], differences.slopes[at], differences.doubts[at], left_out[at])
        for at in (slice(None), *compared.places)
    )
    blocks = tuple(
        Block(name, math.prod(shape), one.error, float(np.linalg.norm(gradient[at])), block_verdict(one))
        for name, shape, at, one in zip(parameters.names, parameters.shapes, parameters.blocks, each, strict=True)
    )
    verdict = worst_of(whole, each)
    warnings += trust.at_kinks(parameters, kinks, compared.places, sample)
    warnings += trust.of_epsilon(differences, left_out, whole, epsilon)
    return GradientCheck(
        error=whole.error,
        verdict=verdict,
        reason=reason(verdict, whole, blocks, latest(blocks), float(left_out.mean())),
        cost=differences.cost,
        parameters=gradient.size,
        directions=sample,
        blocks=blocks,
        worst=() if sample else _worst(parameters, gradient, differences.slopes),
        warnings=tuple(warnings),
        epsilon=epsilon,
        resolution=whole.resolution,
        chance_of_missing=_chance_of_missing(max(block.size for block in blocks), sample) if sample else 0.0,
    )


def _worst(parameters: Parameters, gradient: Flat, slopes: Flat) -> tuple[Entry, ...]:
    order = np.argsort(-np.abs(gradient - slopes), kind="stable")[:_WORST]
    return tuple(Entry(*parameters.place(int(i)), float(gradient[i]), float(slopes[i])) for i in order)


def _chance_of_missing(size: int, directions: int) -> float:
    """That a block of `size` entries, one of them wrong by its own typical size, has an error below 1e-7.

    Along normal directions v the error e has e·v ~ N(0, ||e||²), and the gradient g·v ~ N(0, ||g||²), nearly
    independent of it. So (||e·v|| / ||e||)² / (||g·v|| / ||g||)² over k directions follows F(k, k), ||e|| being
    ||g|| / √size.
    """
    return float(f_distribution.cdf((2 * GREAT) ** 2 * size, directions, directions))


def _check_numbers(epsilon: float | None, sample: int | None) -> None:
    if epsilon is not None and not 0 < epsilon < math.inf:
        raise InputError(f"epsilon is {epsilon}; give a small number above 0, or none to have it scaled to the values")
    if sample is not None and sample < 1:
        raise InputError(f"sample is {sample}; give a whole number of at least 1, or none to compare every entry")


def _gradient(surface: Surface, grads: Pytree | Callable[[Pytree], Pytree]) -> tuple[Flat, bool]:
    """The gradient to check, and whether it is of full precision.

    Raises:
        InputError: it does not fit the parameters, or there is none and JAX cannot find it.
    """
    if grads is not None:
        return gradients_of(grads, surface.parameters)
    if not surface.traceable:
        raise InputError("JAX cannot trace this cost, so it finds no gradient of it to check; give grads as well")
    return surface.gradient(), True
