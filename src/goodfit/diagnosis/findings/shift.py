"""Dev and test differ: they come from different distributions, so choices made on dev may not hold on test.

The evidence is columns whose distribution differs by more than chance, corrected for the number of columns
(`data/shift.py`). The remedy is one source for both sets (course notes: train / dev / test sets).
"""

from goodfit.diagnosis.finding import Finding, Observation, Remedy

ID = "dev-test-shift"
NAME = "dev and test differ"


_ONE_SOURCE = Remedy(
    "one-source-dev-test",
    "take dev and test from one source, shuffled together",
    "the dev set is the target that choices aim at, so it must be where the test set is",
    {},
)
_LATEST_ROWS = Remedy(
    "latest-rows",
    "train again on the latest rows, and add columns that follow what changes over time",
    "the sets follow each other in time, so what differs between them will go on changing",
    {},
)


def find(observation: Observation) -> Finding | None:
    """Return the finding if columns differ between dev and test."""
    data = observation.data
    if data is None or not data.shift:
        return None
    sentences = data.shift
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.9,
        sentence=sentences[0],
        evidence={"warnings": float(len(sentences))},
        remedies=(_LATEST_ROWS if data.by_time else _ONE_SOURCE,),
    )
