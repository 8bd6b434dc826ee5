"""Examples that stand in the training set and in the dev set: their errors say nothing of new data."""

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.wording.numbers import percent

ID = "duplicate-examples"
NAME = "duplicates across the sets"
_SHARE = 0.05  # of the dev rows; they move the dev error by up to as much
_LEAST = 3  # iris has one pair of equal rows by nature


def find(case: Observation) -> Finding | None:
    """Dev rows that were trained on."""
    data = case.data
    if data is None or not data.dev or data.duplicates < max(_LEAST, _SHARE * data.dev):
        return None
    share = data.duplicates / data.dev
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=min(0.99, 0.7 + share),
        sentence=f"{data.duplicates} of {data.dev} dev examples ({percent(share)}) stand in the training set too: "
        "the dev error looks smaller than it is.",
        evidence={"duplicates": float(data.duplicates), "dev": float(data.dev), "share": share},
        remedies=(
            Remedy(
                "remove-duplicates",
                "remove the duplicates, or split by groups that keep them together (--group)",
                "only examples that were not trained on tell the error on new data",
                {},
            ),
        ),
    )
