"""Results on the command line: one JSON value, or lines for people."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from goodfit.api.result_types.answer import Answer
from goodfit.api.result_types.diagnosis import Diagnosis
from goodfit.data.notes import Note, Severity
from goodfit.record.figures import FinalFigures, gap_text
from goodfit.record.findings import FindingResult
from goodfit.record.plain import plain_value
from goodfit.record.values import Estimate
from goodfit.wording import numbers

Result = TypeVar("Result")


def show(result: Result, as_json: bool, answers: Callable[[Result], Iterable[str]]) -> None:
    """Print a result: as JSON, or the lines that `answers` makes of it."""
    if as_json:
        print_json(result)
    else:
        print("\n".join(answers(result)))


def waiting_line(answer: Answer, event: str) -> str:
    """Return what to say of a training that has not answered yet; `event` says what it will do, and when."""
    if not answer.training:
        return "The training ended before it could answer."
    return f"Request sent; waiting for a reply. {event}."


def print_json(value: object) -> None:
    """Print one JSON value; NaN and infinity are null."""
    print(json.dumps(plain_value(value), default=str, ensure_ascii=False, indent=2, allow_nan=False))


def metric_name(metric: str) -> str:
    """Return the name of an error, for in front of its number."""
    return "1−R²" if metric == "1-r2" else "error"


_NOTES: tuple[tuple[Severity, str], ...] = (("warning", "Warning"), ("loss", "Note"), ("guess", "Note"))


def note_lines(notes: Iterable[Note], remarks: bool = False) -> Iterator[str]:
    """Yield the notes on what is doubtful in the data, what is not used and what was guessed, by their harm.

    Args:
        notes: on the data.
        remarks: True to yield those that are harmless as well.
    """
    notes = list(notes)
    for severity, word in (*_NOTES, *((("info", "Note"),) if remarks else ())):
        yield from (f"{word}: {note.text}" for note in notes if note.severity == severity)


def verdict_lines(figures: Diagnosis | FinalFigures, metric: str) -> Iterator[str]:
    """Yield the findings, the verdict, the errors behind it and the gaps between them, a line each."""
    yield from finding_lines(figures.findings)
    yield f"Verdict: {figures.verdict}"
    yield f"  {figures.reason}"
    sets = {"Train": (figures.train_error, figures.train_metrics), "Dev": (figures.dev_error, figures.dev_metrics)}
    for name, (error, metrics) in sets.items():
        rmse = f" (RMSE {numbers.amount(metrics['rmse'])})" if metrics and "rmse" in metrics else ""
        yield f"{name} {metric_name(metric)}: {numbers.percent(error)}{rmse}"
    yield from (f"{name.capitalize()}: {gap_text(gap, figures.spread)}" for name, gap in figures.gaps.items())
    if figures.dev_metrics:
        yield metric_line("Dev", figures.dev_metrics)


def finding_lines(findings: Iterable[FindingResult]) -> Iterator[str]:
    """Yield each finding, the most severe first: its name, what was seen, and what to try."""
    findings = list(findings)
    names = {finding.id: finding.name for finding in findings}
    for finding in findings:
        cause = names.get(finding.explained_by or "")
        explained = f", explained by {cause}" if cause else ""
        yield f"Finding: {finding.name} (confidence {numbers.rough_percent(finding.confidence)}){explained}"
        yield f"  {finding.sentence}"
        if finding.prescriptions:
            yield f"  Try: {'; '.join(remedy.name for remedy in finding.prescriptions)}."


_METRICS = {
    "log_loss": "log-loss",
    "auc": "AUC",
    "balanced_accuracy": "balanced accuracy",
    "rmse": "RMSE",
    "mae": "MAE",
}


def metric_line(dataset: str, metrics: Mapping[str, float]) -> str:
    """Return the other metrics of a set on one line; those that are undefined are left out."""
    values = ((name, key, metrics.get(key, math.nan)) for key, name in _METRICS.items())
    texts = (f"{name} {numbers.metric(key, value)}" for name, key, value in values if not math.isnan(value))
    return f"{dataset} set: {', '.join(texts)}"


def expected_error(error: Estimate | None, note: str | None, metric: str) -> str:
    """Return the error to expect on new data, or why there is no figure for it."""
    note = (note or "").rstrip(".")
    if error is None:
        return f"No test figure: {note}."
    figure = numbers.percent(error.value, error.low, error.high)
    words = f"Expect on new data: {metric_name(metric)} {figure} (95 % interval), measured on the test set"
    return f"{words}; {note}." if note else f"{words}."
