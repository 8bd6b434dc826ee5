"""Which finding explains which: the causes come first, and their consequences are listed under them."""

from collections.abc import Iterable
from dataclasses import replace

from goodfit.diagnosis.finding import Finding, Findings
from goodfit.diagnosis.findings import (
    batch_small,
    dead,
    disagreement,
    divergence,
    exploding,
    initialization,
    inputs,
    output,
    rate_high,
    rate_low,
    regularization,
    saturated,
    small_batch_norm,
    vanishing,
)

# What a network shows that starts or is fed wrongly, whatever its settings.
_HARM = frozenset(
    module.ID for module in (divergence, exploding, rate_high, vanishing, dead, saturated, rate_low)
)  # fmt: skip
# By the ID of a cause, the findings that it explains. The true consequences of planted faults
# (`benchmarks/doctor_cases.py`) are among them, and no finding explains itself along any way.
CONSEQUENCES: dict[str, frozenset[str]] = {
    output.ID: _HARM,
    inputs.ID: _HARM,
    initialization.ID: _HARM,
    exploding.ID: frozenset({divergence.ID, rate_high.ID, dead.ID, saturated.ID}),
    batch_small.ID: frozenset({divergence.ID, rate_high.ID, dead.ID, saturated.ID}),
    rate_high.ID: frozenset({divergence.ID, dead.ID, saturated.ID}),
    regularization.ID: frozenset({vanishing.ID, dead.ID}),
    dead.ID: frozenset({vanishing.ID, rate_low.ID}),
    vanishing.ID: frozenset({rate_low.ID}),
    saturated.ID: frozenset({rate_low.ID}),
    small_batch_norm.ID: frozenset({disagreement.ID}),
}


def arranged(findings: Iterable[Finding]) -> Findings:
    """Return the findings with their explanations, the most severe first, each followed by what it explains.

    Args:
        findings: the most likely cause of the others first.
    """
    listed = list(findings)
    explained = [replace(finding, explained_by=_cause(finding, listed)) for finding in listed]
    branches = [_branch(finding, explained) for finding in explained if finding.explained_by is None]
    branches.sort(key=lambda branch: min(finding.severity for finding in branch))
    return Findings(finding for branch in branches for finding in branch)


def _cause(finding: Finding, findings: Iterable[Finding]) -> str | None:
    """Return the ID of the first of these findings that explains the finding."""
    return next((other.id for other in findings if finding.id in CONSEQUENCES.get(other.id, ())), None)


def _branch(cause: Finding, findings: list[Finding]) -> list[Finding]:
    """Return a cause, followed by the findings that it explains, and by those that these explain."""
    consequences = [finding for finding in findings if finding.explained_by == cause.id]
    return [cause, *(member for finding in consequences for member in _branch(finding, findings))]
