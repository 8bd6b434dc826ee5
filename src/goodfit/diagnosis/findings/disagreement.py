"""Training and evaluation disagree: batch norm's running averages differ from the statistics of the batches.

The evidence is a train cost (with the running averages) well above J (with the batches' own statistics) over the second
half of the training. The remedy is averages over fewer, larger batches, or no batch norm (Ioffe & Szegedy 2015).
"""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.costs import cost_above_objective, cost_plot, guess_cost, series
from goodfit.diagnosis.findings.remedies import change_plan
from goodfit.wording.numbers import number, setting

ID = "evaluation-mismatch"
NAME = "training and evaluation disagree"
# Set on the tuning half of `benchmarks/doctor.py`.
_RATIO = 1.3  # of the train cost to J; dropout, penalties and smoothing can only make J the larger one
_MATTERS = 0.05  # of the constant guess's cost


def find(observation: Observation) -> Finding | None:
    """Return the finding if the train cost with running averages is well above J, over the second half."""
    plan, guess, difference = observation.plan, guess_cost(observation.data), cost_above_objective(observation)
    if plan is None or plan.batch_norm == "none" or guess is None or len(difference) == 0:
        return None
    cost, objective = (
        float(np.median(series(observation, name).values[-len(difference) :])) for name in ("train_cost", "objective")
    )
    if cost < _RATIO * objective or np.median(difference) < _MATTERS * guess:
        return None
    larger_batches = 0 if plan.batch_size == 0 else max(64, plan.batch_size)  # 0 is the whole set
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.9 if cost > 2 * objective else 0.75,
        sentence=f"Training and evaluation disagree: J of the batches is {number(objective, 3)}, but the train cost "
        f"with batch norm's running averages is {number(cost, 3)}. The averages have not settled "
        f"(β = {setting(plan.batch_norm_beta)}).",
        evidence={"train_cost": cost, "objective": objective, "batch_norm_beta": plan.batch_norm_beta},
        remedies=(
            *change_plan(
                observation,
                "steadier-batch-norm",
                "running averages over ten batches, of 64 examples or more",
                "they follow the weights, and no single batch dominates them",
                {"batch_norm_beta": 0.9, "batch_size": larger_batches},
            ),
            *change_plan(
                observation,
                "no-batch-norm",
                "no batch norm",
                "training and evaluation then compute the same",
                {"batch_norm": "none"},
            ),
        ),
        plot=cost_plot(observation),
    )
