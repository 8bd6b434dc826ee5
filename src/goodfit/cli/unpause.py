"""`goodfit unpause`: let a paused training go on."""

from collections.abc import Iterator

import goodfit
from goodfit.api.requests.steering import UnpauseRequest
from goodfit.api.result_types.answer import Answer
from goodfit.cli import options, output


def unpause(request: UnpauseRequest, as_json: options.Json = False) -> None:
    """Let a paused run train on.

    Example: goodfit unpause runs/20260101-120000-digits-3f2a
    """
    output.show(goodfit.unpause(**request.arguments(), sender="terminal"), as_json, _answers)


def _answers(answer: Answer) -> Iterator[str]:
    if answer.answered:
        yield f"Training goes on after epoch {answer.epoch}."
    else:
        yield output.waiting_line(answer, "It will go on at its next check")
