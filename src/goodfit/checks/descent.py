"""Monotone descent: full-batch gradient descent without dropout never raises J (course notes: regularization).

The cost without its penalty may rise on the way; J may not.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from goodfit.checks.parameters import Pytree
from goodfit.checks.verdict import GradientCheck
from goodfit.wording.numbers import setting

Cause = Literal["learning rate", "gradient", "unknown"]

ITERATIONS = 100
_HALVINGS = 10  # down to a thousandth of the rate
_ROUNDING = 1e-12  # share of J; in float64 a sum over a batch is more exact than that


class Step(NamedTuple):
    """J and the cost without penalty at some parameters, and the parameters after one step of gradient descent."""

    objective: float
    cost: float
    moved: Pytree


class Curve(NamedTuple):
    """J and the cost by iteration, the first iteration that raised J if there is one, and the parameters before it."""

    objective: tuple[float, ...]
    cost: tuple[float, ...]
    first_rise: int | None
    before: Pytree


@dataclass(frozen=True)
class Descent:
    """The outcome of gradient descent at a constant learning rate.

    Attributes:
        rate: the learning rate.
        objective: the regularized J before the first iteration and after each.
        cost: the same without its penalty.
        first_rise: the first iteration, from 1, after which J was higher than before; None if J never rose.
        cause: of the rise; None if J never rose.
        good_rate: the largest learning rate, by halving, at which J never rises; `rate` itself if it does not rise.
        gradients: the gradient check just before J rose; None if J never rose.
        reason: the outcome in a sentence.
    """

    rate: float
    objective: tuple[float, ...]
    cost: tuple[float, ...]
    first_rise: int | None
    cause: Cause | None
    good_rate: float | None
    gradients: GradientCheck | None
    reason: str


def check_descent(
    step: Callable[[Pytree, float], Step],
    params: Pytree,
    rate: float,
    check: Callable[[Pytree], GradientCheck],
    iterations: int = ITERATIONS,
) -> Descent:
    """Descend, and find the cause if J rises: the gradient or the learning rate.

    Args:
        step: a function of parameters and learning rate that takes one step of full-batch gradient descent.
        params: the first parameters.
        rate: the constant learning rate α.
        check: checks the gradient that `step` uses, at given parameters; called only if J rises.
        iterations: number of steps.
    """
    curve = follow(step, params, rate, iterations, past_rise=True)
    if curve.first_rise is None:
        reason = f"J never rose in {iterations} iterations at learning rate {setting(rate)}"
        return Descent(rate, curve.objective, curve.cost, None, None, rate, None, reason)
    gradients = check(curve.before)
    good = None
    if gradients.verdict != "wrong":
        # J cannot rise at rates below 2/(largest curvature). That is not known, so the rate is halved.
        smaller = (rate / 2**halvings for halvings in range(1, _HALVINGS + 1))
        steady = (candidate for candidate in smaller if follow(step, params, candidate, iterations).first_rise is None)
        good = next(steady, None)
    cause: Cause = "gradient" if gradients.verdict == "wrong" else "unknown" if good is None else "learning rate"
    reason = f"J rose in iteration {curve.first_rise} at learning rate {setting(rate)}: {_why(cause, good, gradients)}"
    return Descent(rate, curve.objective, curve.cost, curve.first_rise, cause, good, gradients, reason)


def follow(
    step: Callable[[Pytree, float], Step], params: Pytree, rate: float, iterations: int, past_rise: bool = False
) -> Curve:
    """Descend to the last iteration; without `past_rise` only to the first rise of J, and never past an infinite J."""
    objective, cost = [], []
    first_rise, before, previous = None, params, params
    for iteration in range(iterations + 1):
        current = step(params, rate)
        objective.append(float(current.objective))
        cost.append(float(current.cost))
        # Written so that an undefined J counts as a rise.
        if first_rise is None and iteration and not objective[-1] <= objective[-2] + _ROUNDING * abs(objective[-2]):
            first_rise, before = iteration, previous
            if not past_rise:
                break
        if not math.isfinite(objective[-1]):
            break
        previous, params = params, current.moved  # the gradient is checked at the step that raised J, not after it
    return Curve(tuple(objective), tuple(cost), first_rise, before)


def _why(cause: Cause, good: float | None, gradients: GradientCheck) -> str:
    if cause == "gradient":
        return f"the gradient is wrong ({gradients.reason})"
    if cause == "learning rate":
        return f"the learning rate is too high; at {setting(good)} J never rises, and the gradient is right"
    return f"it still rises at 1/{2**_HALVINGS} of the learning rate, although the gradient check finds no mistake"
