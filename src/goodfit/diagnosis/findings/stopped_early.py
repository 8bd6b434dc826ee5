"""Stopped too early: the epochs ran out while train and dev cost were still falling fast.

The evidence is a last fifth of the epochs that lowered the train cost by a tenth and the dev cost by half of that, or a
training of very few steps. The remedy is more epochs, or a higher learning rate.
"""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings.costs import cost_clause, cost_plot, cost_share, error_share, series, still_falls
from goodfit.diagnosis.findings.remedies import change_plan
from goodfit.record.run import Outcome
from goodfit.wording.numbers import number

ID = "stopped-too-early"
NAME = "stopped too early"
# Set on the tuning half of `benchmarks/doctor.py`.
_HIGH = 0.15  # of the constant guess's cost
_WRONG, _WRONG_FEW = 0.35, 0.1  # of the guess's error, the second after few steps: right answers still lower a cost
_FELL = 0.1  # in the last fifth of the epochs, half of it on dev: more than the end of a schedule gives
_FELL_FEW = 1e-3  # the same after few steps, where a cost only begins to fall
_FEW_EPOCHS, _FEW_STEPS = 3, 150  # hardly any network learns in so few


def find(observation: Observation) -> Finding | None:
    """Return the finding if a finished training ended with falling costs, or hardly began."""
    share, outcome = cost_share(observation), observation.signals.outcome
    costs, dev = series(observation, "train_cost").values, series(observation, "dev_cost").values
    finished = outcome in (Outcome.FINISHED, Outcome.STOPPED_EARLY)
    if not finished or share is None or share < _HIGH or len(costs) == 0:
        return None
    steps = np.asarray(observation.signals.history.get("step", (np.inf,)), np.float64)
    few = steps[-1] < _FEW_STEPS and (len(costs) <= _FEW_EPOCHS or still_falls(costs, _FELL_FEW))
    wrong = error_share(observation)
    if wrong is not None and wrong < (_WRONG_FEW if few else _WRONG):
        return None
    if not few and not (still_falls(costs, _FELL) and (len(dev) == 0 or still_falls(dev, _FELL / 2))):
        return None
    epochs = len(costs)
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.9 if few else 0.75,
        sentence=f"The training stopped too early: after {number(epochs)} epoch{'s' if epochs > 1 else ''} the costs "
        f"are still falling, and {cost_clause(observation)}.",
        evidence={"epochs": float(epochs), "steps": float(steps[-1]), "cost_share": share},
        remedies=_remedies(observation, epochs),
        epoch=epochs,
        plot=cost_plot(observation),
    )


def _remedies(observation: Observation, epochs: int) -> tuple[Remedy, ...]:
    longer = {"epochs": max(60, 4 * epochs), "patience": 0}
    higher = {} if observation.plan is None else {"learning_rate": 3 * observation.plan.learning_rate}
    further = "larger steps get further in the same number of epochs"
    return (
        *change_plan(
            observation, "more-epochs", f"{number(longer['epochs'])} epochs", "the cost has not settled", longer
        ),
        *change_plan(observation, "higher-learning-rate", "three times the learning rate", further, higher),
    )
