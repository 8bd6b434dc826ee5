"""The advice at the end of a result."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from goodfit.data.dataset import Splits
from goodfit.diagnosis.findings import shift
from goodfit.diagnosis.gaps import Gaps
from goodfit.record.findings import FindingResult
from goodfit.wording.text import sentence

_DRIFT = (
    "Train again on the latest rows, and add columns that follow what changes: dev rows are later than training rows, "
    "so the gap may be drift, which more rows of the past do not cure."
)
_WASTE = 3  # severity of findings that only cost time


@dataclass(frozen=True)
class AdviceContext:
    """Facts that advice depends on, beside the gaps.

    Attributes:
        command: that made the run.
        run: its folder.
        min_gap: the smallest gap that matters.
        folds: that it was judged by; None by the dev set.
        doubled: the learning curve's sentence on more data.
        simpler: the advice to take a simpler prediction that is as good.
    """

    command: str
    run: Path
    min_gap: float
    folds: int | None = None
    doubled: str | None = None
    simpler: str | None = None


def advice(gaps: Gaps, splits: Splits, context: AdviceContext, findings: Sequence[FindingResult] = ()) -> list[str]:
    """Return what to do next, a sentence each: what the findings ask for comes first."""
    is_varying = gaps.verdict in ("high variance", "high bias and high variance")
    lines = [
        sentence(finding.prescriptions[0].name)
        for finding in findings
        if finding.severity < _WASTE and finding.explained_by is None
        if not (is_varying and gaps.by_time and finding.id == shift.ID)  # _DRIFT says the same, and why
        if finding.prescriptions and not finding.prescriptions[0].changes
    ]
    lines += [context.simpler] if context.simpler else []
    if gaps.verdict == "too few examples to tell":
        lines += _to_tell(gaps, context)
    if is_varying:
        lines.append(_DRIFT if gaps.by_time else context.doubled or "Collect more data, the first cure for variance.")
    if gaps.verdict in ("high bias", "high bias and high variance"):
        longer = "Give it longer with --budget" if context.command == "improve" else "Run `goodfit improve` on the data"
        columns = "" if splits.dataset.schema.image else "add columns that tell more, "
        lines.append(f"{longer}, {columns}or set --human-error to what is possible.")
    if gaps.verdict == "no better than a guess" and not lines:
        columns = "pictures" if splits.dataset.schema.image else "columns"
        lines.append(f"Look for {columns} that tell more of {splits.dataset.schema.target}: these hardly do.")
    if gaps.verdict == "good fit" and not context.simpler:
        lines.append("Use it: `goodfit predict` takes the run and a file of new rows.")
    if gaps.by_time and gaps.dev_overfitting is not None and gaps.dev_overfitting.low > context.min_gap:
        lines.append("Test the model again as time passes: its error grew from dev to test, and drift will go on.")
    if not len(splits.test):
        lines.append("Keep a test set next time: without one the expected error is only known on the dev set.")
    return lines


def _to_tell(gaps: Gaps, context: AdviceContext) -> list[str]:
    """Return what would settle the gaps: a human error if only that is missing, folds if there were none, or data."""
    lines = []
    if gaps.avoidable_bias is None:
        lines.append("Give --human-error, the RMSE that is possible: it tells whether there is bias.")
        if gaps.variance.value <= context.min_gap and gaps.variance.high <= 2 * context.min_gap:
            return lines
    if context.folds:
        lines.append("Collect more examples: training and dev set together are too few to tell.")
    elif context.command != "improve":
        lines.append(f"Judge by cross-validation: goodfit diagnose {context.run} --folds 5.")
    else:
        lines.append("Judge by cross-validation: run again with --folds 5.")
    return lines
