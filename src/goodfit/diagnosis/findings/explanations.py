"""Which finding explains which: the causes come first, and their consequences are listed under them."""

from collections.abc import Iterable
from dataclasses import replace

from goodfit.diagnosis.finding import Finding, Findings
from goodfit.diagnosis.findings import (
    batch_small,
    constant_outputs,
    dead,
    disagreement,
    divergence,
    exploding,
    gradients_kept,
    initialization,
    inputs,
    labels,
    loss_shapes,
    no_updates,
    non_finite,
    output,
    rate_high,
    rate_low,
    regularization,
    saturated,
    small_batch_norm,
    target_scale,
    vanishing,
    wrong_mode,
)

# What a network shows that starts or is fed wrongly, whatever its settings.
_HARM = frozenset(
    module.ID
    for module in (
        divergence, exploding, rate_high, vanishing, dead, saturated, rate_low, no_updates, constant_outputs
    )
)  # fmt: skip
# What steps that are too large leave behind.
_RUIN = frozenset(module.ID for module in (divergence, dead, saturated, constant_outputs))
# By the ID of a cause, the findings that it explains. The true consequences of planted faults
# (`benchmarks/doctor_cases.py`) are among them, and no finding explains itself along any way.
CONSEQUENCES: dict[str, frozenset[str]] = {
    non_finite.ID: _HARM | {initialization.ID, inputs.ID},
    labels.ID: _HARM | {output.ID, small_batch_norm.ID},
    loss_shapes.ID: _HARM | {output.ID},
    output.ID: _HARM,
    gradients_kept.ID: _HARM,
    wrong_mode.ID: frozenset({disagreement.ID}),
    inputs.ID: _HARM | {initialization.ID},
    target_scale.ID: _HARM,
    initialization.ID: _HARM,
    exploding.ID: _RUIN | {rate_high.ID},
    batch_small.ID: _RUIN | {rate_high.ID},
    rate_high.ID: _RUIN,
    regularization.ID: frozenset({vanishing.ID, dead.ID, constant_outputs.ID}),
    dead.ID: frozenset({vanishing.ID, rate_low.ID, no_updates.ID, constant_outputs.ID}),
    vanishing.ID: frozenset({rate_low.ID, constant_outputs.ID}),
    saturated.ID: frozenset({rate_low.ID, constant_outputs.ID}),
    no_updates.ID: frozenset({constant_outputs.ID, vanishing.ID}),
    disagreement.ID: frozenset({rate_high.ID}),
    small_batch_norm.ID: frozenset({disagreement.ID, no_updates.ID}),
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
