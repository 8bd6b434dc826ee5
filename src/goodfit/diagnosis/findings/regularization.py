"""Regularization too strong: the training lowers the penalty instead of the cost.

The evidence is a J that is mostly penalty, or weights that shrank toward zero, with a high train cost. The remedy is a
hundredth of the strength, or none (course notes: regularization).
"""

from typing import NamedTuple

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Plot
from goodfit.diagnosis.findings.costs import cost_clause, cost_share, series
from goodfit.diagnosis.findings.layers import is_rate_sensible, largest, recorded_health, weights_over_he
from goodfit.diagnosis.findings.remedies import change_plan, default_network
from goodfit.wording.numbers import percent, setting, times

ID = "regularization-too-strong"
NAME = "regularization too strong"
# Set on the tuning half of `benchmarks/doctor.py`.
_HIGH = 0.6  # of the constant guess's cost
_L2, _L1, _DECAY = 0.05, 0.1, 2e-3  # λ/m, and the share of the weights that decay takes in a step; usual is a tenth
_PENALTY = 0.8  # of J
_ABOVE = 1.2  # J over the train cost, for a penalty that nobody tells of
_LARGE = 1.5  # times He's norm
_SHRUNK = 0.3  # of a layer's norm at the first look
_TINY = 0.25  # times He's norm, for a hidden layer at the last look


class _ShrunkLayer(NamedTuple):
    """The layer that shrank most.

    Attributes:
        layer: its name.
        share: its norm at the last look over that at the first.
        over_he: its norm at the last look over that of He's initialization; NaN if unknown.
    """

    layer: str
    share: float
    over_he: float

    def clause(self) -> str:
        """Return a clause on the size of its weights."""
        if self.share < _SHRUNK:
            return f"the weights of {self.layer} shrank to {percent(self.share)} of their first size"
        return f"the weights of {self.layer} are {times(self.over_he)} He's initialization"


def find(observation: Observation) -> Finding | None:
    """Return the finding if most of J is penalty or weights shrank toward zero, and the train cost is high."""
    share, plan = cost_share(observation), observation.plan
    if share is None or share < _HIGH or not is_strong(observation):
        return None
    penalty, shrunk = _penalty_share(observation), _shrunk_layer(observation)
    if penalty < _PENALTY and not shrunk:
        return None
    strengths = {} if plan is None else {name: getattr(plan, name) for name in ("l2", "l1", "weight_decay")}
    active = {name: strength for name, strength in strengths.items() if strength > 0}
    values = ", ".join(f"{name} {setting(strength)}" for name, strength in active.items())
    clauses = [f"{percent(penalty)} of J is penalty"] if penalty >= _PENALTY else []
    if shrunk:
        clauses.append(shrunk.clause())
    weaker, none = {name: strength / 100 for name, strength in active.items()}, dict.fromkeys(active, 0.0)
    first_fit = "fit the training set first, then close the gap to dev"
    return Finding(
        ID,
        NAME,
        severity=1 if share > 0.9 else 2,
        confidence=0.95 if len(clauses) == 2 or penalty > 0.9 else 0.8,
        sentence=f"The regularization{f' ({values})' if values else ''} is too strong: {' and '.join(clauses)}, "
        f"and {cost_clause(observation)}.",
        evidence={
            "penalty_share": penalty,
            "shrunk_to": shrunk.share if shrunk else np.nan,
            "cost_share": share,
            **strengths,
        },
        remedies=(
            *change_plan(
                observation,
                "less-regularization",
                "a hundredth of the regularization",
                "the cost then outweighs the penalty",
                weaker,
            ),
            *change_plan(observation, "no-regularization", "no regularization", first_fit, none),
            *default_network(observation),
        ),
        layer=shrunk.layer if shrunk else None,
        plot=_plot(observation),
    )


def is_strong(observation: Observation) -> bool:
    """Return True if the penalty can outweigh a cost: a weak one only shrinks weights that nothing else moves.

    Without a plan, a hook knows if there is a penalty at all; without a hook, only a J above the train cost shows one.
    """
    plan, program = observation.plan, observation.program
    if plan is None and program is not None and program.updates.weight_penalty is not None:
        return program.updates.weight_penalty > 0
    if plan is None:
        costs, objectives = series(observation, "train_cost").values, series(observation, "objective").values
        return len(costs) > 0 and len(objectives) > 0 and bool(objectives[-1] > _ABOVE * costs[-1])
    m = max(1, observation.data.m) if observation.data else 1
    decayed = is_rate_sensible(observation) and plan.learning_rate * plan.weight_decay > _DECAY
    return plan.l2 / m > _L2 or plan.l1 / m > _L1 or decayed


def _penalty_share(observation: Observation) -> float:
    """Return the share of the last J that the train cost does not explain; 0 if there is no penalty.

    Dropout also raises J; it has a finding of its own. Weights that grew large make a penalty large, too, but then the
    penalty is not their cause.
    """
    plan = observation.plan
    costs, objectives = series(observation, "train_cost").values, series(observation, "objective").values
    if plan is None or plan.l2 + plan.l1 == 0 or len(costs) == 0 or len(objectives) == 0 or objectives[-1] <= 0:
        return 0.0
    sizes = weights_over_he(observation)
    if sizes is not None and largest(sizes[-1]) > _LARGE:
        return 0.0
    noisy = min((*plan.keep_probs, plan.input_keep_prob)) < 0.5
    return 0.0 if noisy else float(np.clip(1 - costs[-1] / objectives[-1], 0, 1))


def _shrunk_layer(observation: Observation) -> _ShrunkLayer | None:
    """Return the layer whose weights shrank most, if any shrank far or is tiny at the last look."""
    health, sizes = recorded_health(observation), weights_over_he(observation)
    if health is None:
        return None
    norms = health.of("weight")[:, 1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = norms[-1] / norms[0]
    low = shares < _SHRUNK
    if sizes is not None and observation.plan is not None:  # whose first look may come after they shrank
        low[:-1] |= sizes[-1, :-1] < _TINY
    low &= np.isfinite(shares)
    if not low.any():
        return None
    place = int(np.where(low, shares, np.inf).argmin())
    over_he = np.nan if sizes is None else float(sizes[-1, place])
    return _ShrunkLayer(health.layers[1 + place], float(shares[place]), over_he)


def _plot(observation: Observation) -> Plot | None:
    health = recorded_health(observation)
    if health is None:
        return None
    norms = health.of("weight")
    lines = {name: norms[:, 1 + place] for place, name in enumerate(health.layers[1:])}
    return Plot("Norm of the weights by epoch", "epoch", "norm", health.epochs.astype(np.float64), lines, log=True)
