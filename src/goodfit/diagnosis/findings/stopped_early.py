"""Stopped too early: the epochs ran out while train and dev cost were falling fast."""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings.remedies import changed
from goodfit.diagnosis.findings.signs import cost_left, cost_plot, cost_words, error_left, falls, series
from goodfit.record.run import Outcome

ID = "stopped-too-early"
NAME = "stopped too early"
_LEFT = 0.15  # of the constant guess's cost
_WRONG, _WRONG_FEW = 0.35, 0.1  # of the guess's error: costs go on falling when the answers are right
_FELL = 0.1  # in the last fifth of the epochs, and half of it on dev: more than the end of a schedule gives
_EPOCHS, _STEPS = 3, 150  # hardly any network learns in so few


def find(case: Observation) -> Finding | None:
    """The training is over, and its last fifth still lowered both costs by more than a tenth; or it hardly began."""
    left, outcome = cost_left(case), case.signals.outcome
    costs, dev = series(case, "train_cost").values, series(case, "dev_cost").values
    if outcome not in (Outcome.FINISHED, Outcome.STOPPED_EARLY) or left is None or left < _LEFT or len(costs) == 0:
        return None
    steps = np.asarray(case.signals.history.get("step", (np.inf,)), np.float64)
    few = len(costs) <= _EPOCHS and steps[-1] < _STEPS
    wrong = error_left(case)
    if wrong is not None and wrong < (_WRONG_FEW if few else _WRONG):
        return None
    if not few and not (falls(costs, _FELL) and (len(dev) == 0 or falls(dev, _FELL / 2))):
        return None
    epochs = len(costs)
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.9 if few else 0.75,
        sentence=f"The training stopped too early: after {epochs} epochs the costs are still "
        f"falling, and {cost_words(case)}.",
        evidence={"epochs": float(epochs), "steps": float(steps[-1]), "cost_left": left},
        remedies=_remedies(case, epochs),
        epoch=epochs,
        plot=cost_plot(case),
    )


def _remedies(case: Observation, epochs: int) -> tuple[Remedy, ...]:
    longer = {"epochs": max(60, 4 * epochs), "patience": 0}
    higher = {} if case.plan is None else {"learning_rate": 3 * case.plan.learning_rate}
    return (
        *changed(case, "more-epochs", f"{longer['epochs']} epochs", "the cost has not come to rest", longer),
        *changed(
            case, "higher-learning-rate", "three times the learning rate", "more ground in the same epochs", higher
        ),
    )
