"""A feature that gives the target away: it would hardly be known when a prediction is asked for."""

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.wording.numbers import percent

ID = "leaking-feature"
NAME = "leaking feature"
_PERFECT = 0.99  # share of right answers; iris's best column alone reaches 0.97, breast_cancer's 0.92
_PERFECT_FIT = 0.97  # R² of a small tree's steps


def find(case: Observation) -> Finding | None:
    """A column that alone predicts the target all but perfectly."""
    if case.data is None:
        return None
    leak = case.data.leak
    if leak is None or leak[1] < (_PERFECT_FIT if case.data.task == "regression" else _PERFECT):
        return None
    column, score = leak
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
                "what is only known afterward makes every error look smaller than it will be",
                {},
            ),
        ),
    )
