"""Monotone descent: full-batch gradient descent with dropout off never raises J (course notes: regularization).

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
_HALVINGS = 10
_ROUNDING = 1e-12  # of J; in float64 a sum over a batch is more exact than that


class Step(NamedTuple):
    """J and the cost without penalty at some parameters, and where gradient descent goes from there."""

    objective: float
    cost: float
    moved: Pytree


class Curve(NamedTuple):
    """J and the cost by iteration, the first iteration that raised J, and the parameters before it."""

    objective: tuple[float, ...]
    cost: tuple[float, ...]
    first_rise: int | None
    before: Pytree


@dataclass(frozen=True)
class Descent:
    """What a descent at a constant learning rate showed.

    Attributes:
        rate: the learning rate.
        objective: the regularized J before the first iteration and after each.
        cost: the same without penalty.
        first_rise: the first iteration, counted from 1, after which J was higher than before; None where J never rose.
        cause: why it rose.
        good_rate: the largest learning rate, by halving, at which J never rose; `rate` itself where it did not rise.
        gradients: the gradient check just before J rose.
        reason: what came of it, in a sentence.
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
    """Descend, and where J rises find out why.

    Args:
        step: takes parameters and a learning rate.
        params: to begin with.
        rate: the learning rate α, constant.
        check: checks the gradient that `step` descends by; asked only where J rises.
        iterations: how many.
    """
    curve = follow(step, params, rate, iterations, past_rise=True)
    if curve.first_rise is None:
        told = f"J never rose in {iterations} iterations at learning rate {setting(rate)}"
        return Descent(rate, curve.objective, curve.cost, None, None, rate, None, told)
    gradients = check(curve.before)
    good = None
    if gradients.verdict != "wrong":
        smaller = (rate / 2**halvings for halvings in range(1, _HALVINGS + 1))
        steady = (each for each in smaller if follow(step, params, each, iterations).first_rise is None)
        good = next(steady, None)
    cause: Cause = "gradient" if gradients.verdict == "wrong" else "unknown" if good is None else "learning rate"
    told = f"J rose in iteration {curve.first_rise} at learning rate {setting(rate)}: {_why(cause, good, gradients)}"
    return Descent(rate, curve.objective, curve.cost, curve.first_rise, cause, good, gradients, told)


def follow(
    step: Callable[[Pytree, float], Step], params: Pytree, rate: float, iterations: int, past_rise: bool = False
) -> Curve:
    """Descend to the last iteration, or to the first that raises J; where J is no number any more, in any case."""
    objective, cost = [], []
    first_rise, before, previous = None, params, params
    for iteration in range(iterations + 1):
        here = step(params, rate)
        objective.append(float(here.objective))
        cost.append(float(here.cost))
        if first_rise is None and iteration and not objective[-1] <= objective[-2] + _ROUNDING * abs(objective[-2]):
            first_rise, before = iteration, previous
            if not past_rise:
                break
        if not math.isfinite(objective[-1]):
            break
        previous, params = params, here.moved
    return Curve(tuple(objective), tuple(cost), first_rise, before)


def _why(cause: Cause, good: float | None, gradients: GradientCheck) -> str:
    if cause == "gradient":
        return f"the gradient is at fault ({gradients.reason})"
    if cause == "learning rate":
        return f"the learning rate is too large; at {setting(good)} J never rises, and the gradient is right"
    return f"at a {2**_HALVINGS}th of the learning rate it still rises, though the gradient check finds no mistake"
