"""Batch norm with small batches: its means and variances are those of a handful of examples.

The evidence is batches of fewer than eight examples, and a J (with the batches' statistics) far from the train cost
(with the running averages). The remedy is larger batches, or no batch norm (Ioffe 2017, batch renormalization).
"""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.costs import GUESS_COST, cost_above_objective, cost_plot, guess_cost
from goodfit.diagnosis.findings.remedies import change_plan
from goodfit.wording.numbers import number, relative

ID = "batch-norm-small-batches"
NAME = "batch norm with small batches"
# Set on the tuning half of `benchmarks/doctor.py`.
_SMALL = 8  # examples in a batch
_DIFFERENCE = 0.1  # of the constant guess's cost


def find(observation: Observation) -> Finding | None:
    """Return the finding if batches have fewer than eight examples, and J is far from the train cost."""
    plan, guess = observation.plan, guess_cost(observation.data)
    if plan is None or plan.batch_norm == "none" or not 0 < plan.batch_size < _SMALL or guess is None:
        return None
    differences = np.abs(cost_above_objective(observation))
    if len(differences) == 0 or np.median(differences) < _DIFFERENCE * guess:
        return None
    difference = float(np.median(differences))
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.95 if plan.batch_size <= 4 else 0.8,
        sentence=f"Batch norm takes its means and variances from {plan.batch_size} examples: J of the batches "
        f"and the train cost with the running averages differ by {number(difference, 2)} "
        f"({relative(difference / guess, GUESS_COST)}).",
        evidence={"batch_size": float(plan.batch_size), "difference": difference, "guess_cost": guess},
        remedies=(
            *change_plan(
                observation,
                "larger-batches",
                "batches of 64",
                "means and variances of 64 examples are steady",
                {"batch_size": 64},
            ),
            *change_plan(
                observation,
                "no-batch-norm",
                "no batch norm",
                "without it small batches do no harm",
                {"batch_norm": "none"},
            ),
        ),
        plot=cost_plot(observation),
    )
