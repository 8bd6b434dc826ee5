"""`goodfit train`: one plan, trained and diagnosed; the test set stays closed."""

from collections.abc import Iterator, Mapping
from typing import Any

import goodfit
from goodfit.api.requests.fit import TrainRequest
from goodfit.cli import options, output, progress


def train(request: TrainRequest, as_json: options.Json = False) -> None:
    """Train one network by one plan and diagnose it; the test set stays closed.

    Example: goodfit train digits --set "hidden_units=[64, 64]" --set l2=0.1
    """
    with progress.reporting(quiet=as_json) as callback:
        result = goodfit.train(**request.arguments(), progress=callback)
    output.show(result, as_json, answers)


def answers(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield warnings, the ending, the verdict, the errors, and the folder of the run."""
    yield from output.warning_lines(result)
    if result.get("outcome", "finished") != "finished":
        yield f"Training {result['outcome']}: {result['outcome_reason'].rstrip('.')}."
    if result.get("outcome") == "interrupted":
        yield f"goodfit resume {result['run']} goes on with it."
    yield from output.verdict_lines(result["final"], result["metric"])
    for effect in result.get("nudge_effects", []):
        if effect["sentence"]:
            yield f"Effect of the nudge after epoch {effect['epoch']}: {effect['sentence']}."
    yield f"Run: {result['run']}"
    yield f"Report: {result['report']}"
