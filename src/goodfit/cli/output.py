"""Results on the command line: one JSON value, or lines for people."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from goodfit.api.result_types.answer import Answer
from goodfit.record.plain import plain_value
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


def gap_text(gap: Mapping[str, float]) -> str:
    """Return the gap between two errors with its interval.

    >>> gap_text({"value": 0.1, "low": 0.0871, "high": 0.114})
    '10.0 points [8.7, 11.4]'
    """
    return numbers.gap(gap["value"], gap["low"], gap["high"])


def metric_name(metric: str) -> str:
    """Return the name of an error, for in front of its number."""
    return "1−R²" if metric == "1-r2" else "error"


def warning_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield the warnings among the notes on the data."""
    for note in result.get("notes") or []:
        if note["severity"] == "warning":
            yield f"Warning: {note['text']}"


def verdict_lines(facts: Mapping[str, Any], metric: str) -> Iterator[str]:
    """Yield the findings, the verdict, the errors behind it and the gaps between them, a line each."""
    name = metric_name(metric)
    for finding in facts.get("findings") or []:
        yield f"Finding: {finding['name']} (confidence {numbers.rough_percent(finding['confidence'])})"
        yield f"  {finding['sentence']}"
        if finding["prescriptions"]:
            yield f"  Try: {'; '.join(remedy['name'] for remedy in finding['prescriptions'])}."
    yield f"Verdict: {facts['verdict']}"
    yield f"  {facts['reason']}"
    for dataset in ("train", "dev", "test"):
        if facts.get(f"{dataset}_error") is not None:
            error = facts[f"{dataset}_error"]
            yield f"{dataset.capitalize()} {name}: {numbers.percent(error['value'] if dataset == 'test' else error)}"
    for gap in ("avoidable_bias", "variance", "dev_overfitting"):
        if facts.get(gap) is not None:
            yield f"{gap.replace('_', ' ').capitalize()}: {gap_text(facts[gap])}"
    yield from metric_lines(facts)
    for sentence in facts.get("next_steps", []):
        yield f"Next: {sentence}"


_METRICS = (("log_loss", "log-loss"), ("auc", "AUC"), ("balanced_accuracy", "balanced accuracy"))
_MISSES = (("rmse", "RMSE"), ("mae", "MAE"))


def metric_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """The other metrics of the test set, or of the dev set where the test set is closed, on one line."""
    for dataset in ("test", "dev"):
        figures = facts.get(f"{dataset}_metrics")
        if figures:
            available = [(key, name) for key, name in (*_METRICS, *_MISSES) if figures.get(key) is not None]
            texts = (f"{name} {numbers.metric(key, figures[key])}" for key, name in available)
            yield f"{dataset.capitalize()} set: {', '.join(texts)}"
            return


def expected_error(facts: Mapping[str, Any], metric: str) -> str:
    """The error to expect on new data, or why there is no figure for it."""
    note = (facts["test_note"] or "").rstrip(".")
    if facts["test_error"] is None:
        return f"No test figure: {note}."
    test = facts["test_error"]
    error = numbers.percent(test["value"], test["low"], test["high"])
    words = f"Expect on new data: {metric_name(metric)} {error} (95 % interval), measured on the test set"
    return f"{words}; {note}." if note else f"{words}."
