"""Negative predictions of a target that is never negative.

The evidence is any dev example with one. The remedy is to fit the target's logarithm, whose inverse is positive.
"""

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.remedies import change_plan
from goodfit.wording.numbers import percent

ID = "negative-predictions"
NAME = "negative predictions of a positive target"


def find(observation: Observation) -> Finding | None:
    """Return the finding if dev predictions are negative, although no target is."""
    share = observation.data.negative_predictions if observation.data else 0.0
    if not share:
        return None
    return Finding(
        ID,
        NAME,
        severity=3,
        confidence=0.95,
        sentence=f"{percent(share)} of the dev predictions are negative, although no target is.",
        evidence={"share": share},
        remedies=change_plan(
            observation,
            "target-transform",
            "fit the target's logarithm (--target-transform log)",
            "the inverse of a logarithm is never negative",
            {"target_transform": "log"},
        ),
    )
