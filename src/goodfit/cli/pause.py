"""`goodfit pause`: pause a training."""

from collections.abc import Iterator

import goodfit
from goodfit.api.requests.steering import SteeringRequest
from goodfit.api.result_types.answer import Answer
from goodfit.cli import options, output


def pause(request: SteeringRequest, as_json: options.Json = False) -> None:
    """Pause a run that is training; its results are unaffected.

    Example: goodfit pause runs/20260101-120000-digits-3f2a
    """
    output.show(goodfit.pause(**request.arguments(), sender="terminal"), as_json, _answers)


def _answers(answer: Answer) -> Iterator[str]:
    if answer.answered:
        yield f"Paused after epoch {answer.epoch}; goodfit unpause {answer.run} lets it go on."
    else:
        yield output.waiting_line(answer, "It will pause at its next check")
