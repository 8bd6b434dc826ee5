"""The learning rate is too high: J rises or leaps about, or the first leaps ended where no gradient is left."""

import numpy as np
from jaxtyping import Float

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.looks import SENSIBLE, largest, looked, moves, sensible_rate, weights_by_he
from goodfit.diagnosis.findings.remedies import lower_rate, reset
from goodfit.diagnosis.findings.signs import (
    GUESS_COST,
    Series,
    cost_left,
    cost_plot,
    cost_words,
    guess_cost,
    series,
    unsteadiness,
)
from goodfit.record.run import Outcome
from goodfit.wording.numbers import number, percent, relative, setting, times

ID = "learning-rate-too-high"
NAME = "learning rate too high"
_THROWN = 2.0  # times the constant guess's cost
_LEAP, _LEAP_FAST = 0.1, 0.05  # of the weights in a step, at a sensible rate and beyond; usual is a thousandth
_DRAWN = 0.3  # times He's norm; beside smaller weights every step is large
_GROWN_FAR, _GROWN = 10.0, 3.0  # times He's norm at the end, at a sensible rate and beyond; sigmoids reach 7
_SLOW = 0.2  # of the constant guess's cost
_UNSTEADY = 0.2  # the median change of log cost from epoch to epoch over the second half
_UPS = 0.25  # of these changes that went up
_MATTERS = 0.1  # of the constant guess's cost
_LEVEL, _LEVEL_FAST = 0.15, 0.02  # the same, of an unsteady cost, at a sensible rate and beyond
_ROSE = 3.0  # times the best train cost at the end
_HIGH = 0.2  # of the constant guess's cost
_USELESS = 0.5  # of the constant guess's cost, at a rate that few networks stand
_SMALL = 8  # examples in a batch: below, unsteadiness is the batches'


def find(case: Observation) -> Finding | None:
    """One of six signs, each with the harm it did."""
    found = _thrown(case) or _diverged(case) or _rose(case) or _leapt(case) or _unsteady(case) or _useless(case)
    if found is None:
        return None
    confidence, said, evidence = found
    rates = series(case, "learning_rate").values
    rate = case.plan.learning_rate if case.plan else float(rates.max()) if len(rates) else np.nan
    at = "" if np.isnan(rate) else f" ({number(rate, 3)})"
    left = cost_left(case)
    return Finding(
        ID,
        NAME,
        severity=1 if left is None or left > _SLOW else 2,
        confidence=confidence,
        sentence=f"The learning rate{at} is too high: {said}.",
        evidence={"learning_rate": rate, **evidence},
        remedies=(*lower_rate(case), *lower_rate(case, "much-lower-learning-rate", 10), *reset(case)),
        plot=cost_plot(case),
    )


def _costs(case: Observation) -> Series:
    """The lower of train cost and J: what dropout, a penalty or batch norm's averages add is not the rate's doing."""
    costs, objectives = series(case, "train_cost"), series(case, "objective")
    if not np.array_equal(costs.epochs, objectives.epochs):
        return costs
    return Series(costs.epochs, np.minimum(costs.values, objectives.values))


def _thrown(case: Observation) -> tuple[float, str, dict[str, float]] | None:
    """The cost rose to far above a constant guess's."""
    epochs, costs = _costs(case)
    guess = guess_cost(case.data)
    if guess is None or len(costs) < 2 or costs.max() < _THROWN * guess or costs.max() <= 1.5 * costs[0]:
        return None
    if sensible_rate(case) and np.median(costs[-5:]) < _MATTERS * guess:
        return None  # a start that was got over
    worst = int(costs.argmax())
    said = f"the train cost rose to {relative(costs[worst] / guess, GUESS_COST)} in epoch {epochs[worst]}"
    return 0.95, said, {"highest_cost": float(costs[worst]), "guess_cost": guess}


def _diverged(case: Observation) -> tuple[float, str, dict[str, float]] | None:
    """It diverged, at a rate that few networks stand."""
    if case.plan is None or case.signals.outcome is not Outcome.DIVERGED:
        return None
    if sensible_rate(case):
        return None
    sensible = SENSIBLE[case.plan.optimizer]
    said = f"the training diverged, and {case.plan.optimizer} seldom stands a rate above {setting(sensible)}"
    return 0.9, said, {"sensible": sensible}


def _leapt(case: Observation) -> tuple[float, str, dict[str, float]] | None:
    """Early steps changed much of the weights, or the weights grew large, and the cost stayed high."""
    guess, costs, step, sizes = guess_cost(case.data), _costs(case).values, moves(case), weights_by_he(case)
    left = float(np.median(costs[-5:])) / guess if guess and len(costs) else 0.0
    if left < _SLOW or step is None:
        return None
    known = np.flatnonzero(np.isfinite(step).any(axis=1))
    first = int(known[0]) if len(known) else 0
    leap = _typical_leap(case, step[first])
    grown = 0.0 if sizes is None else largest(sizes[-1])
    started = np.inf if sizes is None else largest(sizes[0])
    evidence = {"largest_step": leap, "weights_by_he": grown, "cost_left": left}
    health = looked(case)
    assert health is not None
    if leap > (_LEAP if sensible_rate(case) else _LEAP_FAST) and started > _DRAWN:
        said = f"a step in epoch {health.epochs[first]} changed a layer's weights by {percent(leap)}"
        return 0.8, f"{said}, and the train cost is {relative(left, GUESS_COST)}", evidence
    if grown > (_GROWN_FAR if sensible_rate(case) else _GROWN) and grown > 1.3 * started:
        said = f"weights grew to {times(grown)} He's initialization"
        return 0.8, f"{said}, and the train cost is {relative(left, GUESS_COST)}", evidence
    return None


def _typical_leap(case: Observation, step: Float[np.ndarray, "layers"]) -> float:
    """The middle layer's step as a share of its weights; weight decay's own share is no leap."""
    known = step[np.isfinite(step)]
    decay = case.plan.learning_rate * case.plan.weight_decay if case.plan else 0.0
    return max(0.0, float(np.median(known)) - decay) if len(known) else 0.0


def _rose(case: Observation) -> tuple[float, str, dict[str, float]] | None:
    """The train cost was low and ended high."""
    costs, guess = _costs(case).values, guess_cost(case.data)
    if guess is None or len(costs) < 5:
        return None
    best, last = float(costs.min()), float(np.median(costs[-5:]))
    if last < _ROSE * best or last < _HIGH * guess:
        return None
    said = f"the train cost was down to {number(best, 3)} and rose again, to {number(last, 3)} at the end"
    return 0.85, said, {"best_cost": best, "last_cost": last}


def _unsteady(case: Observation) -> tuple[float, str, dict[str, float]] | None:
    """From epoch to epoch the cost leaps up and down, and it matters."""
    if case.plan is not None and 0 < case.plan.batch_size < _SMALL:
        return None
    leap, ups, level = unsteadiness(_costs(case).values, guess_cost(case.data))
    if leap < _UNSTEADY or ups < _UPS or level < (_LEVEL if sensible_rate(case) else _LEVEL_FAST):
        return None
    said = f"from epoch to epoch the train cost changes by {percent(np.expm1(leap))}, upward {percent(ups)} of the time"
    return 0.75, said, {"typical_change": leap, "share_upward": ups}


def _useless(case: Observation) -> tuple[float, str, dict[str, float]] | None:
    """A rate that few networks stand, and a cost that hardly left a constant guess's, or weights grown large."""
    left, sizes = cost_left(case), weights_by_he(case)
    if case.plan is None or sensible_rate(case) or left is None:
        return None
    grown = 0.0 if sizes is None else largest(sizes[-1])
    if left < _USELESS and grown < _GROWN:
        return None
    sensible = SENSIBLE[case.plan.optimizer]
    seen = cost_words(case) if left >= _USELESS else f"weights grew to {times(grown)} He's initialization"
    said = f"{case.plan.optimizer} seldom stands more than {setting(sensible)}, and {seen}"
    return 0.85, said, {"sensible": sensible, "cost_left": left, "weights_by_he": grown}
