"""Learning rate too low: the cost falls steadily but slowly, because the weights hardly move.

The evidence is steps far below a thousandth of the weights, a way shorter than half of them, and a train cost that is
still falling or never fell. The remedy is ten times the rate (course notes: appropriate scale to pick hyperparameters).
"""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings import dead, initialization, no_updates, rate_high, saturated, vanishing
from goodfit.diagnosis.findings.costs import cost_clause, cost_plot, cost_share, series
from goodfit.diagnosis.findings.layers import largest, recorded_health, relative_steps, weights_over_he
from goodfit.diagnosis.findings.remedies import default_network, raise_rate
from goodfit.wording.numbers import number, scientific

ID = "learning-rate-too-low"
NAME = "learning rate too low"
# Set on the tuning half of `benchmarks/doctor.py`, unless another origin is named.
_STEP = 5e-4  # of the weights in one step, in the layer that moves most; common advice is a thousandth (CS231n)
_WAY = 0.5  # of the weights, all steps together
_HIGH = 0.3  # of the constant guess's cost
_UNCHANGED = 0.05  # of the first train cost
_SHARE_UPWARD = 0.3  # of the epochs
_LARGE = 2.0  # times He's norm; next to larger weights every step is small
_OTHER_CAUSES = (no_updates, initialization, rate_high, vanishing, dead, saturated)  # these make steps small, too


def find(observation: Observation) -> Finding | None:
    """Return the finding if steps are small, their way is short, and a high cost still falls or never changed."""
    share, costs, way = cost_share(observation), series(observation, "train_cost").values, _way(observation)
    if share is None or share < _HIGH or way is None or len(costs) < 2:
        return None
    step, total = way
    if step == 0 and not no_updates.is_rate_lost(observation):
        return None
    if any(cause.find(observation) is not None for cause in _OTHER_CAUSES):
        return None
    sizes = weights_over_he(observation)
    if sizes is not None and largest(sizes[0]) > _LARGE:
        return None
    falling = float((np.diff(costs) > 0).mean()) < _SHARE_UPWARD or abs(costs[-1] / costs[0] - 1) < _UNCHANGED
    if not (step < _STEP and total < _WAY and falling):
        return None
    rate = observation.plan.learning_rate if observation.plan else np.nan
    value = "" if np.isnan(rate) else f" ({number(rate, 3)})"
    return Finding(
        ID,
        NAME,
        severity=1 if share > 0.9 else 2,
        confidence=0.95 if total < _WAY / 5 else 0.8,
        sentence=f"The learning rate{value} is too low: a step changes the weights by {scientific(step)} of their "
        f"size, all steps together by {number(total, 2)}, and {cost_clause(observation)}.",
        evidence={"learning_rate": rate, "step": step, "way": total, "cost_share": share},
        remedies=(*raise_rate(observation), *default_network(observation)),
        plot=cost_plot(observation),
    )


def _way(observation: Observation) -> tuple[float, float] | None:
    """Return the usual step of the layer that moves most, and all steps together, relative to its weights."""
    health, relative = recorded_health(observation), relative_steps(observation)
    steps = np.asarray(observation.signals.history.get("step", ()), np.float64)
    if health is None or relative is None or len(steps) == 0 or not np.isfinite(relative).any():
        return None
    typical = float(np.median([largest(look) for look in relative[np.isfinite(relative).any(axis=1)]]))
    return typical, typical * float(steps[-1])
