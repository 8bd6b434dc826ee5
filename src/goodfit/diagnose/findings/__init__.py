"""Every symptom the doctor knows, one a file; examine() asks them all."""

from goodfit.diagnose.finding import Case, Finding
from goodfit.diagnose.findings import divergence, duplicates, imbalance, leak, shift

# One line each, what most likely causes the others first; each has a NAME and a find().
_SYMPTOMS = (
    divergence,
    leak,
    duplicates,
    shift,
    imbalance,
)
FINDINGS = tuple(symptom.find for symptom in _SYMPTOMS)
NAMES = tuple(symptom.NAME for symptom in _SYMPTOMS)


def examine(case: Case) -> list[Finding]:
    """All that is wrong with this training, the most important first.

    Args:
        case: what was recorded, and what is known of the plan and the data; more is found where more is known.
    """
    found = [finding for find in FINDINGS if (finding := find(case)) is not None]
    return sorted(found, key=lambda each: (each.severity, -each.confidence))
