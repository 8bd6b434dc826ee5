"""Dev and test differ: they come from different distributions, so choices made on dev may not hold on test.

The evidence is columns whose distribution differs by more than chance, corrected for the number of columns
(`data/shift.py`). The remedy is one source for both sets (course notes: train / dev / test sets).
"""

from goodfit.diagnosis.finding import Finding, Observation, Remedy

ID = "dev-test-shift"
NAME = "dev and test differ"


def find(observation: Observation) -> Finding | None:
    """Return the finding if columns differ between dev and test."""
    sentences = () if observation.data is None else observation.data.shift
    if not sentences:
        return None
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.9,
        sentence=sentences[0],
        evidence={"warnings": float(len(sentences))},
        remedies=(
            Remedy(
                "one-source-dev-test",
                "take dev and test from one source, shuffled together",
                "the dev set is the target that choices aim at, so it must be where the test set is",
                {},
            ),
        ),
    )
