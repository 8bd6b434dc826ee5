"""How results leave the command line: one JSON value, or words and numbers for people."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from goodfit.wording import numbers


def show(result: dict[str, Any], as_json: bool, words: Callable[[dict[str, Any]], Iterable[str]]) -> None:
    """Print a verb's result: as JSON, or the lines that `words` makes of it."""
    if as_json:
        print_json(result)
    else:
        print("\n".join(words(result)))


def not_yet(result: Mapping[str, Any], when: str) -> str:
    """What to say of a training that was asked for something and has not answered."""
    if not result["training"]:
        return "The training ended before it could answer."
    return f"Asked, and not answered yet: {when}."


def print_json(value: object) -> None:
    """Print one JSON value; a number that JSON has no word for (NaN, infinity) is null."""
    print(json.dumps(_jsonable(value), ensure_ascii=False, indent=2, allow_nan=False))


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def gap_text(gap: Mapping[str, float]) -> str:
    """Return the gap between two errors with its interval.

    >>> gap_text({"value": 0.1, "low": 0.0871, "high": 0.114})
    '10.0 points [8.7, 11.4]'
    """
    return numbers.gap(gap["value"], gap["low"], gap["high"])


def metric_name(metric: str) -> str:
    """What an error is called in front of its number."""
    return "1−R²" if metric == "1-r2" else "error"


def warning_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the data, by the notes on it that say so."""
    for note in result.get("notes") or []:
        if note["severity"] == "warning":
            yield f"Warning: {note['text']}"


def verdict_lines(facts: Mapping[str, Any], metric: str) -> Iterator[str]:
    """What ails the training, then the verdict, the errors behind it and the gaps between them, a line each."""
    name = metric_name(metric)
    for finding in facts.get("findings") or []:
        yield f"Finding: {finding['name']} (confidence {numbers.rough_percent(finding['confidence'])})"
        yield f"  {finding['sentence']}"
        if finding["prescriptions"]:
            yield f"  Try: {'; '.join(each['name'] for each in finding['prescriptions'])}."
    yield f"Verdict: {facts['verdict']}"
    yield f"  {facts['reason']}"
    for which in ("train", "dev", "test"):
        if facts.get(f"{which}_error") is not None:
            yield f"{which.capitalize()} {name}: {numbers.percent(facts[f'{which}_error'])}"
    for gap in ("avoidable_bias", "variance", "dev_overfitting"):
        if facts.get(gap) is not None:
            yield f"{gap.replace('_', ' ').capitalize()}: {gap_text(facts[gap])}"
    yield from metric_lines(facts)
    for sentence in facts.get("next", []):
        yield f"Next: {sentence}"


_METRICS = (("log_loss", "log-loss"), ("auc", "AUC"), ("balanced_accuracy", "balanced accuracy"))
_MISSES = (("rmse", "RMSE"), ("mae", "MAE"))


def metric_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """The other metrics of the test set, or of the dev set where the test set is closed, on one line."""
    for which in ("test", "dev"):
        figures = facts.get(f"{which}_metrics")
        if figures:
            known = [(key, name) for key, name in (*_METRICS, *_MISSES) if figures.get(key) is not None]
            told = (f"{name} {numbers.metric(key, figures[key])}" for key, name in known)
            yield f"{which.capitalize()} set: {', '.join(told)}"
            return


def expected_error(facts: Mapping[str, Any], metric: str) -> str:
    """The error to expect on new data, or why there is no figure for it."""
    note = (facts["test_note"] or "").rstrip(".")
    if facts["test_error"] is None:
        return f"No test figure: {note}."
    error = numbers.percent(facts["test_error"], facts["test_low"], facts["test_high"])
    words = f"Expect on new data: {metric_name(metric)} {error} (95 % interval), measured on the test set"
    return f"{words}; {note}." if note else f"{words}."
