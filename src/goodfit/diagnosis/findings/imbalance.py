"""Class imbalance ignored: the rare class is given up, and the error hardly shows it.

The evidence is a class of at least 80 % of the examples and a dev error close to that of always guessing it. The remedy
is to weigh the classes equally, and to judge by balanced accuracy or AUC.
"""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings.costs import series
from goodfit.diagnosis.findings.remedies import change_plan
from goodfit.wording.numbers import percent

ID = "class-imbalance"
NAME = "class imbalance ignored"
# Set on the tuning half of `benchmarks/doctor.py`.
_COMMON = 0.8  # share of the commonest class: four to one
_MISSED = 0.7  # dev error over that of always guessing the commonest class


def find(observation: Observation) -> Finding | None:
    """Return the finding if one class is common, classes are not weighed, and the error is close to guessing it."""
    data, plan, errors = observation.data, observation.plan, series(observation, "dev_error").values
    if data is None or not data.class_counts or len(errors) == 0 or (plan and plan.class_balance > 0):
        return None
    counts = np.asarray(data.class_counts, np.float64)
    common = float(counts.max() / counts.sum())
    error = float(errors.min())
    missed = error / (1 - common) if common < 1 else 0.0
    if common < _COMMON or missed < _MISSED:
        return None
    why = "each class then weighs the same in the cost, however rare it is"
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=min(0.95, missed),
        sentence=f"{percent(common)} of the examples are of one class, and the best dev error of {percent(error)} is "
        f"hardly better than always guessing that class ({percent(1 - common)}).",
        evidence={"commonest_share": common, "dev_error": error, "guess_error": 1 - common},
        remedies=(
            *change_plan(observation, "balance-classes", "balance the classes", why, {"class_balance": 1.0}),
            Remedy(
                "balanced-metric",
                "judge by balanced accuracy or AUC",
                "a rare class hardly counts in the share of wrong answers",
                {},
            ),
        ),
    )
