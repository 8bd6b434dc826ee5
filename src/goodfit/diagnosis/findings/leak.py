"""Leaking feature: a column that alone predicts the target, and that may not be known when predictions are made.

The evidence is a small tree on that column alone that is right in 99 % of the examples (R² of 97 % for a number). The
remedy is to leave the column out (Kaufman et al. 2012, leakage in data mining).
"""

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.wording.numbers import percent

ID = "leaking-feature"
NAME = "leaking feature"
_PERFECT = 0.99  # accuracy; the best single column of iris reaches 0.97, that of breast_cancer 0.92
_PERFECT_FIT = 0.97  # R²; the steps of a small tree reach no more


def find(observation: Observation) -> Finding | None:
    """Return the finding if one column alone predicts the target almost perfectly."""
    data = observation.data
    if data is None or data.leak is None:
        return None
    column, score = data.leak
    if score < (_PERFECT_FIT if data.task == "regression" else _PERFECT):
        return None
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=0.9,
        sentence=f"The column '{column}' alone predicts the target to {percent(score)}: it seems to give it away.",
        evidence={"score": score},
        remedies=(
            Remedy(
                "leave-out-column",
                f"leave out the column '{column}', unless it is known before the target is",
                "a column that is only known afterward makes every error look smaller than it will be",
                {},
            ),
        ),
    )
