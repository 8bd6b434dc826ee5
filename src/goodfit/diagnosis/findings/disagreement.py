"""Training and evaluation disagree: batch norm's running statistics are not those of the batches."""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.remedies import changed
from goodfit.diagnosis.findings.signs import cost_plot, differences, guess_cost, series
from goodfit.wording.numbers import number, setting

ID = "evaluation-mismatch"
NAME = "training and evaluation disagree"
_APART = 1.3  # the train cost over J; dropout, penalties and smoothing only make J the larger one
_MATTERS = 0.05  # of the constant guess's cost


def find(case: Observation) -> Finding | None:
    """The train cost with the running averages is well above J with the batches' own, over the second half."""
    plan, guess, apart = case.plan, guess_cost(case.data), differences(case)
    if plan is None or plan.batch_norm == "none" or guess is None or len(apart) == 0:
        return None
    tail = len(apart)
    cost, objective = (float(np.median(series(case, name).values[-tail:])) for name in ("train_cost", "objective"))
    if cost < _APART * objective or np.median(apart) < _MATTERS * guess:
        return None
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.9 if cost > 2 * objective else 0.75,
        sentence=f"Training and evaluation disagree: J of the batches is {number(objective, 3)}, but the train cost "
        f"with batch norm's running averages is {number(cost, 3)}: they are not settled "
        f"(β = {setting(plan.batch_norm_beta)}).",
        evidence={"train_cost": cost, "objective": objective, "batch_norm_beta": plan.batch_norm_beta},
        remedies=(
            *changed(
                case,
                "steadier-batch-norm",
                "running averages over ten batches, of 64 examples or more",
                "they follow the weights, and no batch alone makes them",
                {"batch_norm_beta": 0.9, "batch_size": 0 if plan.batch_size == 0 else max(64, plan.batch_size)},
            ),
            *changed(case, "no-batch-norm", "no batch norm", "then both compute the same", {"batch_norm": "none"}),
        ),
        plot=cost_plot(case),
    )
