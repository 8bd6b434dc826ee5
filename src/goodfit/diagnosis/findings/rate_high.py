"""Learning rate too high: J rises or jumps, or the first large steps ended where no gradient is left.

The evidence is one of six symptoms, each with the harm that it did. The remedies are a tenth or a hundredth of the rate
(course notes: gradient descent; appropriate scale to pick hyperparameters).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.costs import (
    GUESS_COST,
    Series,
    cost_clause,
    cost_plot,
    cost_share,
    guess_cost,
    series,
    unsteadiness,
)
from goodfit.diagnosis.findings.layers import (
    HIGHEST_RATES,
    is_rate_sensible,
    largest,
    recorded_health,
    relative_steps,
    weights_over_he,
)
from goodfit.diagnosis.findings.remedies import default_network, lower_rate
from goodfit.record.run import Outcome
from goodfit.wording.numbers import number, percent, relative, setting, times

ID = "learning-rate-too-high"
NAME = "learning rate too high"
# All set on the tuning half of `benchmarks/doctor.py`. Where there are two, the second holds at rates beyond
# HIGHEST_RATES, which need less evidence.
_THROWN = 2.0  # times the constant guess's cost
_LEAP, _LEAP_FAST = 0.1, 0.05  # of the weights in one step; usual is a thousandth
_SMALL_START = 0.3  # times He's norm; next to smaller weights every step is large
_GROWN, _GROWN_FAST = 10.0, 3.0  # times He's norm at the end; sigmoid networks reach 7
_SLOW = 0.2  # of the constant guess's cost
_UNSTEADY = 0.2  # median change of log cost from epoch to epoch, over the second half
_UNSTEADY_OBJECTIVE = 0.1  # the same of J, which smoothing and penalties make steadier
_SHARE_UPWARD = 0.25  # of these changes
_RECOVERED = 0.1  # of the constant guess's cost
_LEVEL, _LEVEL_FAST = 0.15, 0.02  # of the constant guess's cost, for an unsteady cost to matter
_ROSE, _ROSE_OBJECTIVE = 3.0, 1.5  # times the best train cost and the lowest J, at the end
_HIGH = 0.2  # of the constant guess's cost
_USELESS = 0.5  # of the constant guess's cost, at a rate that few networks tolerate
_SMALL_BATCH = 8  # examples; the noise of smaller batches makes a cost unsteady


class _Symptom(NamedTuple):
    """A clause on the cost or the weights, its confidence and its numbers."""

    confidence: float
    clause: str
    evidence: dict[str, float]


def find(observation: Observation) -> Finding | None:
    """Return the finding for the first of six symptoms, each of which shows the harm that was done."""
    symptom = (
        _thrown(observation)
        or _diverged(observation)
        or _rose_again(observation)
        or _leapt(observation)
        or _unsteady(observation)
        or _useless(observation)
    )
    if symptom is None:
        return None
    rates = series(observation, "learning_rate").values
    rate = observation.plan.learning_rate if observation.plan else float(rates.max()) if len(rates) else np.nan
    value = "" if np.isnan(rate) else f" ({number(rate, 3)})"
    share = cost_share(observation)
    return Finding(
        ID,
        NAME,
        severity=1 if share is None or share > _SLOW else 2,
        confidence=symptom.confidence,
        sentence=f"The learning rate{value} is too high: {symptom.clause}.",
        evidence={"learning_rate": rate, **symptom.evidence},
        remedies=(
            *lower_rate(observation),
            *lower_rate(observation, "much-lower-learning-rate", 10),
            *default_network(observation),
        ),
        plot=cost_plot(observation),
    )


def _lower_costs(observation: Observation) -> Series:
    """Return the lower of train cost and J: dropout, penalties or batch norm's averages may raise one of them."""
    costs, objectives = series(observation, "train_cost"), series(observation, "objective")
    if not np.array_equal(costs.epochs, objectives.epochs):
        return costs
    return Series(costs.epochs, np.minimum(costs.values, objectives.values))


def _thrown(observation: Observation) -> _Symptom | None:
    """Return a cost that rose far above a constant guess's."""
    epochs, costs = _lower_costs(observation)
    guess = guess_cost(observation.data)
    if guess is None or len(costs) < 2 or costs.max() < _THROWN * guess or costs.max() <= 1.5 * costs[0]:
        return None
    if is_rate_sensible(observation) and np.median(costs[-5:]) < _RECOVERED * guess:
        return None
    worst = int(costs.argmax())
    clause = f"the train cost rose to {relative(costs[worst] / guess, GUESS_COST)} in epoch {epochs[worst]}"
    return _Symptom(0.95, clause, {"highest_cost": float(costs[worst]), "guess_cost": guess})


def _diverged(observation: Observation) -> _Symptom | None:
    """Return a divergence at a rate that few networks tolerate."""
    plan = observation.plan
    if plan is None or observation.signals.outcome is not Outcome.DIVERGED or is_rate_sensible(observation):
        return None
    highest = HIGHEST_RATES[plan.optimizer]
    clause = f"the training diverged, and {plan.optimizer} seldom tolerates a rate above {setting(highest)}"
    return _Symptom(0.9, clause, {"sensible": highest})


def _leapt(observation: Observation) -> _Symptom | None:
    """Return early steps that changed much of the weights, or weights that grew large, if the cost stayed high."""
    health, steps, sizes = recorded_health(observation), relative_steps(observation), weights_over_he(observation)
    guess, costs = guess_cost(observation.data), _lower_costs(observation).values
    share = float(np.median(costs[-5:])) / guess if guess and len(costs) else 0.0
    if share < _SLOW or health is None or steps is None:
        return None
    measured = np.flatnonzero(np.isfinite(steps).any(axis=1))
    first = int(measured[0]) if len(measured) else 0
    leap = _typical_leap(observation, steps[first])
    grown = 0.0 if sizes is None else largest(sizes[-1])
    started = np.inf if sizes is None else largest(sizes[0])
    evidence = {"largest_step": leap, "weights_over_he": grown, "cost_share": share}
    sensible = is_rate_sensible(observation)
    cost = f"the train cost is {relative(share, GUESS_COST)}"
    if leap > (_LEAP if sensible else _LEAP_FAST) and started > _SMALL_START:
        clause = f"a step in epoch {health.epochs[first]} changed a layer's weights by {percent(leap)}, and {cost}"
        return _Symptom(0.8, clause, evidence)
    if grown > (_GROWN if sensible else _GROWN_FAST) and grown > 1.3 * started:
        return _Symptom(0.8, f"weights grew to {times(grown)} He's initialization, and {cost}", evidence)
    return None


def _typical_leap(observation: Observation, steps: Float[np.ndarray, "layers"]) -> float:
    """Return the median layer's step relative to its weights, without the part that weight decay takes off."""
    measured, plan = steps[np.isfinite(steps)], observation.plan
    decay = plan.learning_rate * plan.weight_decay if plan else 0.0
    return max(0.0, float(np.median(measured)) - decay) if len(measured) else 0.0


def _rose_again(observation: Observation) -> _Symptom | None:
    """Return a cost that was low and ended high."""
    costs, guess = _lower_costs(observation).values, guess_cost(observation.data)
    if guess is None or len(costs) < 5:
        return None
    best, last = float(costs.min()), float(min(np.median(costs[-5:]), costs[-1]))  # a cost may still fall fast
    if last < _ROSE * best or last < _HIGH * guess or not _is_objective_high(observation):
        return None
    clause = f"the train cost was down to {number(best, 3)} and rose again, to {number(last, 3)} at the end"
    return _Symptom(0.85, clause, {"best_cost": best, "last_cost": last})


def _unsteady(observation: Observation) -> _Symptom | None:
    """Return a cost that jumps up and down from epoch to epoch at a level that matters."""
    plan = observation.plan
    if plan is not None and 0 < plan.batch_size < _SMALL_BATCH:
        return None
    costs, guess = _lower_costs(observation).values, guess_cost(observation.data)
    change, share_upward, level = unsteadiness(costs, guess)
    least = _LEVEL if is_rate_sensible(observation) else _LEVEL_FAST
    if change < _UNSTEADY or share_upward < _SHARE_UPWARD or level < least or not _is_objective_unsteady(observation):
        return None
    changed_by = percent(np.expm1(change))
    clause = f"from epoch to epoch the train cost changes by {changed_by}, upward {percent(share_upward)} of the time"
    return _Symptom(0.75, clause, {"typical_change": change, "share_upward": share_upward})


def _is_objective_unsteady(observation: Observation) -> bool:
    """Return True if J jumps as well, or was not measured: batch norm's averages alone make only the cost jump."""
    objectives = series(observation, "objective").values
    return len(objectives) == 0 or unsteadiness(objectives, 1.0).change > _UNSTEADY_OBJECTIVE


def _is_objective_high(observation: Observation) -> bool:
    """Return True if J has risen as well, or was not measured."""
    objectives = series(observation, "objective").values
    return len(objectives) == 0 or bool(np.median(objectives[-5:]) > _ROSE_OBJECTIVE * objectives.min())


def _useless(observation: Observation) -> _Symptom | None:
    """Return a rate that few networks tolerate, with a cost close to a constant guess's or weights grown large."""
    plan, share, sizes = observation.plan, cost_share(observation), weights_over_he(observation)
    if plan is None or is_rate_sensible(observation) or share is None:
        return None
    grown = 0.0 if sizes is None else largest(sizes[-1])
    if share < _USELESS and grown < _GROWN_FAST:
        return None
    highest = HIGHEST_RATES[plan.optimizer]
    harm = cost_clause(observation) if share >= _USELESS else f"weights grew to {times(grown)} He's initialization"
    clause = f"{plan.optimizer} seldom tolerates more than {setting(highest)}, and {harm}"
    return _Symptom(0.85, clause, {"sensible": highest, "cost_share": share, "weights_over_he": grown})
