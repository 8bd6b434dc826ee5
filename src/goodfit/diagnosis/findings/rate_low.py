"""The learning rate is too low: the cost falls steadily but hardly, for the weights hardly move."""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings import dead, initialization, rate_high, saturated, vanishing
from goodfit.diagnosis.findings.looks import largest, looked, moves, weights_by_he
from goodfit.diagnosis.findings.remedies import higher_rate, reset
from goodfit.diagnosis.findings.signs import cost_left, cost_plot, cost_words, series
from goodfit.wording.numbers import number, scientific

ID = "learning-rate-too-low"
NAME = "learning rate too low"
_STEP = 5e-4  # of the weights in one step, at the liveliest layer; the usual advice is a thousandth
_WAY = 0.5  # of the weights, all steps together
_LEFT = 0.3  # of the constant guess's cost
_STILL = 0.05  # of the first train cost: all that it changed by
_UPS = 0.3  # of the epochs that went up
_LARGE = 2.0  # times He's norm; beside larger weights every step is small


def find(case: Observation) -> Finding | None:
    """Steps far below the usual, a way shorter than half of the weights, and a cost that still falls or never did."""
    left, costs, way = cost_left(case), series(case, "train_cost").values, _way(case)
    if left is None or left < _LEFT or way is None or len(costs) < 2:
        return None
    step, walked = way
    if any(cause.find(case) is not None for cause in (initialization, rate_high, vanishing, dead, saturated)):
        return None  # then steps are small for that reason
    sizes = weights_by_he(case)
    if sizes is not None and largest(sizes[0]) > _LARGE:
        return None
    falling = float((np.diff(costs) > 0).mean()) < _UPS or abs(costs[-1] / costs[0] - 1) < _STILL
    if not (step < _STEP and walked < _WAY and falling):
        return None
    rate = case.plan.learning_rate if case.plan else np.nan
    at = "" if np.isnan(rate) else f" ({number(rate, 3)})"
    return Finding(
        ID,
        NAME,
        severity=1 if left > 0.9 else 2,
        confidence=0.95 if walked < _WAY / 5 else 0.8,
        sentence=f"The learning rate{at} is too low: a step changes the weights by {scientific(step)} of their size, "
        f"all steps together by {number(walked, 2)}, and {cost_words(case)}.",
        evidence={"learning_rate": rate, "step": step, "way": walked, "cost_left": left},
        remedies=(*higher_rate(case), *reset(case)),
        plot=cost_plot(case),
    )


def _way(case: Observation) -> tuple[float, float] | None:
    """The usual step of the liveliest layer, and all steps together, as shares of its weights."""
    health, step = looked(case), moves(case)
    steps = np.asarray(case.signals.history.get("step", ()), np.float64)
    if health is None or step is None or len(steps) == 0 or not np.isfinite(step).any():
        return None
    liveliest = float(np.median([largest(look) for look in step[np.isfinite(step).any(axis=1)]]))
    return liveliest, liveliest * float(steps[-1])
