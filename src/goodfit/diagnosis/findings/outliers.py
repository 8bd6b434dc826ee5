"""Outliers in a regression's target: a few values so far from all others that they decide every error.

The evidence is a few values at least ten spreads from the median, and at least three times as far as any other. The
remedy is to look at them: a typo is corrected, and a value that is right calls for a robust loss (Huber 1964).
"""

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.wording.numbers import number

ID = "target-outliers"
NAME = "outliers in the target"


def find(observation: Observation) -> Finding | None:
    """Return the finding if a few values of the target are far from all others."""
    tail = observation.data.target_tail if observation.data else None
    if tail is None or not tail.outliers:
        return None
    count = len(tail.outliers)
    values = "1 value of the target lies" if count == 1 else f"{count} values of the target lie"
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=0.95,
        sentence=f"{values} far from all others: {tail.listed(tail.outliers)}; half of the values lie between "
        f"{number(tail.lower)} and {number(tail.upper)}.",
        evidence={"outliers": float(count), "lower": tail.lower, "upper": tail.upper},
        remedies=(
            Remedy(
                "check-outliers",
                "check these rows, and correct or remove what is wrong",
                "a single wrong value can decide the whole error, and squared misses make the network follow it",
                {},
            ),
            Remedy(
                "robust-loss", "if the values are right: a robust loss (--set loss=huber)", "outliers pull less", {}
            ),
        ),
    )
