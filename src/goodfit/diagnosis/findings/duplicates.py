"""Duplicates across the sets: dev examples that were trained on, so that the dev error does not show new data.

The evidence is at least 5 % of the dev examples with the same features and target as a training example. The remedy is
to remove them, or to split by groups that keep them together.
"""

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.wording.numbers import number, percent

ID = "duplicate-examples"
NAME = "duplicates across the sets"
_SHARE = 0.05  # of the dev examples; they change the dev error by up to as much
_FEWEST = 3  # iris has one pair of equal rows by nature


def find(observation: Observation) -> Finding | None:
    """Return the finding if many dev examples are also in the training set."""
    data = observation.data
    if data is None or not data.dev or data.duplicates < max(_FEWEST, _SHARE * data.dev):
        return None
    share = data.duplicates / data.dev
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=min(0.99, 0.7 + share),
        sentence=f"{number(data.duplicates)} of {number(data.dev)} dev examples ({percent(share)}) are also in the "
        "training set, so the dev error looks smaller than it is.",
        evidence={"duplicates": float(data.duplicates), "dev": float(data.dev), "share": share},
        remedies=(
            Remedy(
                "remove-duplicates",
                "remove the duplicates, or split by groups that keep them together (--group)",
                "only examples that were not trained on measure the error on new data",
                {},
            ),
        ),
    )
