"""Dev and test from other distributions (notes: train / dev / test sets): choices on dev may not hold on test."""

from goodfit.diagnosis.finding import Finding, Observation, Remedy

ID = "dev-test-shift"
NAME = "dev and test differ"


def find(case: Observation) -> Finding | None:
    """What `data/shift.py` tells; its tests are corrected for their number."""
    shift = () if case.data is None else case.data.shift
    if not shift:
        return None
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.9,
        sentence=shift[0],
        evidence={"columns_told": float(len(shift))},
        remedies=(
            Remedy(
                "one-source-dev-test",
                "take dev and test from one source, shuffled together",
                "the dev set is the target that choices aim at; it must stand where the test set stands",
                {},
            ),
        ),
    )
