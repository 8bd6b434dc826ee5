"""Leaking feature: a column that alone predicts the target, and that may not be known when predictions are made.

The evidence is a prediction from that column alone that is right in 99 % of the examples (R² of 97 % for a number), or
in 96 % where no other column comes near, and much more often than a guess. The remedy is to leave the column out
(Kaufman et al. 2012, leakage in data mining).
"""

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.wording.numbers import percent

ID = "leaking-feature"
NAME = "leaking feature"
_PERFECT = 0.99  # accuracy; the best single column of iris reaches 0.97, that of breast_cancer 0.92
_NEARLY_PERFECT = 0.96  # accuracy, with wrong entries among the answers
_MUCH = 5.0  # errors of the next best column for each of a nearly perfect one; iris has fewer than 2
_GUESS_SHARE = 0.2  # of a guess's error: where nearly all examples are of one class, every column is nearly perfect
_PERFECT_FIT = 0.97  # R²; the steps of a small tree reach no more


def find(observation: Observation) -> Finding | None:
    """Return the finding if one column alone predicts the target almost perfectly."""
    data = observation.data
    if data is None or data.leak is None:
        return None
    column, score, runner_up, guess = data.leak
    error = 1 - score
    perfect = score >= (_PERFECT_FIT if data.task == "regression" else _PERFECT)
    if not perfect and (score < _NEARLY_PERFECT or 1 - runner_up < _MUCH * error):
        return None
    if error > _GUESS_SHARE * (1 - guess):
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
