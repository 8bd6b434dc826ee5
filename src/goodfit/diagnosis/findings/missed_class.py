"""A class that is never found: among several classes a rare one is given up, and neither error nor imbalance shows it.

The evidence is at least five dev examples of a class, none of them found by a network that tells the others apart.
"""

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.wording.numbers import number, percent

ID = "missed-class"
NAME = "class never found"
_LEARNED = 0.7  # of the error of always guessing the commonest class; above it nothing is told apart
_FEWEST = 5  # dev examples: a class of which half are found is missed as often by chance in 1 of 32


def find(observation: Observation) -> Finding | None:
    """Return the finding if the network tells classes apart, but never finds one of them."""
    recall = observation.data.recall if observation.data else None
    if recall is None or recall.error >= _LEARNED * (1 - max(recall.totals) / sum(recall.totals)):
        return None
    counts = zip(recall.classes, recall.found, recall.totals, strict=True)
    missed = {name: total for name, found, total in counts if total >= _FEWEST and not found}
    if not missed:
        return None
    name = max(missed, key=lambda name: missed[name])
    others = len(missed) - 1
    more = f", nor any of {number(others)} other {'class' if others == 1 else 'classes'}" if others else ""
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=0.9,
        sentence=f"Of {number(missed[name])} '{name}' on dev the network finds none{more} (balanced accuracy "
        f"{percent(recall.balanced_accuracy)}): its error of {percent(recall.error)} hardly counts them.",
        evidence={"missed_classes": float(len(missed)), "balanced_accuracy": recall.balanced_accuracy},
        remedies=(
            Remedy(
                "more-of-the-class",
                f"collect more examples of '{name}', or columns that set them apart",
                "what is rare, or looks like another class, costs little to miss",
                {},
            ),
            Remedy("balanced-metric", "judge by balanced accuracy", "each class then counts the same", {}),
        ),
    )
