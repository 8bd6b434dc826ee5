"""`goodfit train`: one plan, trained and diagnosed; the test set stays closed."""

from collections.abc import Iterator

import goodfit
from goodfit.api.requests.fit import TrainRequest
from goodfit.api.result_types.fit import Fit
from goodfit.cli import options, output, progress


def train(request: TrainRequest, as_json: options.Json = False) -> None:
    """Train one network by one plan and diagnose it; the test set stays closed.

    Example: goodfit train digits --set "hidden_units=[64, 64]" --set l2=0.1
    """
    with progress.reporting(quiet=as_json) as callback:
        result = goodfit.train(**request.arguments(), progress=callback)
    output.show(result, as_json, answers)


def answers(fit: Fit) -> Iterator[str]:
    """Yield notes on the data, the ending, the verdict, the errors, the next steps, and the folder of the run."""
    result = fit.result
    yield from output.note_lines(result.notes)
    if result.outcome != "finished":
        yield f"Training {result.outcome}: {(result.outcome_reason or '').rstrip('.')}."
    if result.outcome == "interrupted":
        yield f"goodfit resume {fit.run} goes on with it."
    yield from output.verdict_lines(result.final, result.metric)
    yield from (f"Next: {sentence}" for sentence in fit.next_steps)
    for effect in result.nudge_effects:
        if effect.sentence:
            yield f"Effect of the nudge after epoch {effect.epoch}: {effect.sentence}."
    yield f"Run: {fit.run}"
    yield f"Report: {fit.report}"
