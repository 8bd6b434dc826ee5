"""Batch norm with batches too small: its means and variances are those of a handful of examples."""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.remedies import changed
from goodfit.diagnosis.findings.signs import GUESS_COST, cost_plot, differences, guess_cost
from goodfit.wording.numbers import number, relative

ID = "batch-norm-small-batches"
NAME = "batch norm with small batches"
_SMALL = 8  # examples in a batch
_APART = 0.1  # of the constant guess's cost


def find(case: Observation) -> Finding | None:
    """A batch of less than eight, and J (with the batches' statistics) far from the train cost (with the averages)."""
    plan, guess = case.plan, guess_cost(case.data)
    if plan is None or plan.batch_norm == "none" or not 0 < plan.batch_size < _SMALL or guess is None:
        return None
    apart = differences(case)
    if len(apart) == 0 or np.median(np.abs(apart)) < _APART * guess:
        return None
    gap = float(np.median(np.abs(apart)))
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.95 if plan.batch_size <= 4 else 0.8,
        sentence=f"Batch norm takes its means and variances from {plan.batch_size} examples: J of the batches "
        f"and the train cost with the running averages differ by {number(gap, 2)}, "
        f"{relative(gap / guess, GUESS_COST)}.",
        evidence={"batch_size": float(plan.batch_size), "difference": gap, "guess_cost": guess},
        remedies=(
            *changed(
                case,
                "larger-batches",
                "batches of 64",
                "means and variances of 64 examples are steady",
                {"batch_size": 64},
            ),
            *changed(
                case, "no-batch-norm", "no batch norm", "without it small batches do no harm", {"batch_norm": "none"}
            ),
        ),
        plot=cost_plot(case),
    )
