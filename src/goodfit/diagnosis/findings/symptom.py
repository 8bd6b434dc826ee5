"""What one rule of a finding has found, for findings that several rules lead to."""

from typing import NamedTuple

from goodfit.diagnosis.finding import Remedy


class Symptom(NamedTuple):
    """A sentence with its confidence and numbers, and the remedy.

    Attributes:
        confidence: 0 to 1.
        sentence: the symptom with its numbers.
        evidence: these numbers by name.
        remedy: against it.
        severity: as a finding's.
    """

    confidence: float
    sentence: str
    evidence: dict[str, float]
    remedy: Remedy
    severity: int = 1
