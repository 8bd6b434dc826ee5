"""Stuck at a plateau: the cost stays flat for long, and not for want of steps.

The evidence is a second half of the epochs that hardly lowered a train cost close to a constant guess's. The remedies
are Adam, whose steps do not shrink with the gradient, and batch norm (course notes: the problem of local optima).
"""

import numpy as np

from goodfit.diagnosis.finding import Curvature, Finding, Observation
from goodfit.diagnosis.findings.costs import cost_clause, cost_plot, cost_share, guess_cost, series
from goodfit.diagnosis.findings.remedies import add_batch_norm, change_plan, default_network
from goodfit.wording.numbers import percent

ID = "plateau"
NAME = "plateau"
# Set on the tuning half of `benchmarks/doctor.py`.
_HIGH = 0.9  # of the constant guess's cost; a lower plateau is as likely the best that the data allow
_FLAT = 0.025  # share of the cost: the most that a plateau falls by in the second half
_FEWEST_EPOCHS = 8
_CARRIES_OVER = 0.98  # of the constant guess's cost, for the dev cost: a network that is stuck is no better on dev
# A measured curvature makes the finding surer; at a minimum there may be nothing more to learn.
_CONFIDENCES: dict[Curvature | None, float] = {"saddle": 0.9, "flat": 0.8, "minimum": 0.6, None: 0.5}
_CURVATURE_CLAUSES: dict[Curvature | None, str] = {
    "saddle": "it is a saddle: the cost still bends down in some direction",
    "minimum": "the cost bends up in every direction, as at a minimum",
    "flat": "the cost hardly bends in any direction",
    None: "the curvature was not measured",
}


def find(observation: Observation) -> Finding | None:
    """Return the finding if the second half of the epochs hardly lowered a train cost close to a constant guess's."""
    share, costs = cost_share(observation), series(observation, "train_cost").values
    if share is None or share < _HIGH or len(costs) < _FEWEST_EPOCHS or _is_signal_weak(observation):
        return None
    fall = _fall(costs[len(costs) // 2 :])
    if fall > _FLAT:
        return None
    shape = observation.signals.curvature
    adam = {"optimizer": "adam", "learning_rate": 3e-3}
    adam_reason = "its steps do not shrink with the gradient, so it leaves flat places"
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=_CONFIDENCES[shape],
        sentence=f"The training is stuck: the second half of its {len(costs)} epochs lowered the train cost by "
        f"{percent(fall)}, and {cost_clause(observation)}; {_CURVATURE_CLAUSES[shape]}.",
        evidence={"fell": fall, "cost_share": share},
        remedies=(
            *change_plan(observation, "adam", "Adam", adam_reason, adam),
            *add_batch_norm(observation, "batch-norm", "batch norm", "it makes the cost less flat and less curved"),
            *default_network(observation),
        ),
        plot=cost_plot(observation),
    )


def _is_signal_weak(observation: Observation) -> bool:
    """Return True if the dev cost fell below a constant guess's: what little there is to learn was learned."""
    dev, guess = series(observation, "dev_cost").values, guess_cost(observation.data)
    return guess is not None and len(dev) > 0 and bool(np.median(dev[len(dev) // 2 :]) < _CARRIES_OVER * guess)


def _fall(costs: np.ndarray) -> float:
    """Return the share by which these costs fell, at least 0.

    The lower of two measures counts, so that one lucky epoch of mini-batches is not taken for progress: the fall
    between the medians of the first and the last quarter, and that to the lowest cost.
    """
    ends = max(1, len(costs) // 4)
    typical = 1 - np.median(costs[-ends:]) / np.median(costs[:ends])
    return float(max(0.0, min(typical, 1 - costs.min() / costs[0])))
