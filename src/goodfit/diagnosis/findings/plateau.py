"""Stuck at a plateau (course notes: the problem of local optima): flat for long, and not for want of steps."""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.remedies import batch_norm, changed, reset
from goodfit.diagnosis.findings.signs import cost_left, cost_plot, cost_words, series
from goodfit.wording.numbers import percent

ID = "plateau"
NAME = "plateau"
_LEFT = 0.9  # of the constant guess's cost; a plateau lower than that is as likely what the data allow
_FLAT = 0.025  # what the cost still fell by in the second half
_FEWEST = 8  # epochs


def find(case: Observation) -> Finding | None:
    """The second half of the epochs hardly lowered the train cost, and it is near a constant guess's."""
    left, costs = cost_left(case), series(case, "train_cost").values
    if left is None or left < _LEFT or len(costs) < _FEWEST:
        return None
    half = costs[len(costs) // 2 :]
    ends = max(1, len(half) // 4)
    typical = 1 - np.median(half[-ends:]) / np.median(half[:ends])
    fell = float(max(0.0, min(typical, 1 - half.min() / half[0])))  # one lucky epoch of mini-batches is no way down
    if fell > _FLAT:
        return None
    shape = case.signals.curvature
    words = {
        "saddle": "it is a saddle: the cost still bends down in some direction",
        "minimum": "it bends up in every direction, as a minimum does",
        "flat": "the cost hardly bends in any direction",
        None: "the curvature was not measured",
    }[shape]
    adam = {"optimizer": "adam", "learning_rate": 3e-3}
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence={"saddle": 0.9, "flat": 0.8, "minimum": 0.6, None: 0.5}[shape],
        sentence=f"The training is stuck: the second half of its {len(costs)} epochs lowered the train cost by "
        f"{percent(fell)}, {cost_words(case)}; {words}.",
        evidence={"fell": fell, "cost_left": left},
        remedies=(
            *changed(case, "adam", "Adam", "its steps do not shrink with the gradient, so it leaves flat places", adam),
            *batch_norm(case, "batch-norm", "batch norm", "it makes the cost less flat and less bent"),
            *reset(case),
        ),
        plot=cost_plot(case),
    )
