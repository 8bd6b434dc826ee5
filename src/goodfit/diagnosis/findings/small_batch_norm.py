"""Batch norm with small batches: its means and variances are those of a handful of examples.

The evidence is batches of fewer than eight examples, and a J (with the batches' statistics) far from the train cost
(with the running averages). The remedy is larger batches, or no batch norm (Ioffe 2017, batch renormalization).
"""

import numpy as np
from jaxtyping import Float

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.costs import GUESS_COST, cost_above_objective, cost_plot, guess_cost, series
from goodfit.diagnosis.findings.remedies import change_plan
from goodfit.wording.numbers import number, relative

ID = "batch-norm-small-batches"
NAME = "batch norm with small batches"
# Set on the tuning half of `benchmarks/doctor.py`.
_SMALL = 8  # examples in a batch
_DIFFERENCE = 0.1  # of the constant guess's cost


def find(observation: Observation) -> Finding | None:
    """Return the finding if batches have fewer than eight examples, and J is far from the train cost."""
    size, guess = _batch_size(observation), guess_cost(observation.data)
    if not size or size >= _SMALL or guess is None:
        return None
    differences = np.abs(_mode_differences(observation))
    if len(differences) == 0 or np.median(differences) < _DIFFERENCE * guess:
        return None
    difference = float(np.median(differences))
    modes = "J of the batches and the train cost" if observation.plan else "the costs in training and on the dev set,"
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.95 if size <= 4 else 0.8,
        sentence=f"Batch norm takes its means and variances from {size} example{'s' if size > 1 else ''}: {modes} with "
        f"the running averages differ by {number(difference, 2)} ({relative(difference / guess, GUESS_COST)}).",
        evidence={"batch_size": float(size), "difference": difference, "guess_cost": guess},
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


def _batch_size(observation: Observation) -> int | None:
    """Return the number of examples that batch norm sees; None if there is no batch norm, or if it is unknown."""
    plan, program = observation.plan, observation.program
    if plan is not None:
        return None if plan.batch_norm == "none" else plan.batch_size
    return program.layers.batch_size if program is not None and program.layers.has_batch_norm else None


def _mode_differences(observation: Observation) -> Float[np.ndarray, "half"]:
    """Return the costs with running averages minus those with the batches' statistics, over the second half.

    A program elsewhere often has no train cost with running averages. Its dev cost is one: it counts where it is the
    lower one, as an overfitted network's never is, or where nothing comes through batches of one example.
    """
    if observation.plan is not None or len(series(observation, "objective").values):
        return cost_above_objective(observation)
    train, dev = series(observation, "train_cost"), series(observation, "dev_cost")
    if not np.array_equal(train.epochs, dev.epochs):
        return np.zeros(0)
    differences = (dev.values - train.values)[len(dev.values) // 2 :]
    return differences if _batch_size(observation) == 1 else np.minimum(differences, 0)
