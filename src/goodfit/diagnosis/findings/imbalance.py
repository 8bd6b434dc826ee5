"""Class imbalance ignored: the rare class is given up, and the error hardly shows it."""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings.remedies import changed
from goodfit.diagnosis.findings.signs import series
from goodfit.wording.numbers import percent

ID = "class-imbalance"
NAME = "class imbalance ignored"
_COMMON = 0.8  # share of the commonest class: four to one
_MISSED = 0.7  # of what always guessing that class would miss


def find(case: Observation) -> Finding | None:
    """A common class, no class weights, and an error near that of always guessing it."""
    data, errors = case.data, series(case, "dev_error").values
    if data is None or not data.class_counts or len(errors) == 0 or (case.plan and case.plan.class_balance > 0):
        return None
    counts = np.asarray(data.class_counts, np.float64)
    common = float(counts.max() / counts.sum())
    missed = float(errors.min()) / (1 - common) if common < 1 else 0.0
    if common < _COMMON or missed < _MISSED:
        return None
    weights = {"class_balance": 1.0}
    why = "each class weighs the same in the cost, however rare it is"
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=min(0.95, missed),
        sentence=f"{percent(common)} of the examples are of one class, and the best dev error of "
        f"{percent(float(errors.min()))} is hardly better than always guessing it ({percent(1 - common)}).",
        evidence={"commonest_share": common, "dev_error": float(errors.min()), "guess_error": 1 - common},
        remedies=(
            *changed(case, "balance-classes", "balance the classes", why, weights),
            Remedy(
                "balanced-metric",
                "judge by balanced accuracy or AUC",
                "the share of wrong answers hardly counts a rare class",
                {},
            ),
        ),
    )
