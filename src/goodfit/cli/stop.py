"""`goodfit stop`: end a training early."""

from collections.abc import Iterator

import goodfit
from goodfit.api.requests.steering import SteeringRequest
from goodfit.api.result_types.answer import Answer
from goodfit.cli import options, output


def stop(request: SteeringRequest, as_json: options.Json = False) -> None:
    """End a run's training early; its best parameters so far are kept and diagnosed.

    Example: goodfit stop runs/20260101-120000-digits-3f2a
    """
    output.show(goodfit.stop(**request.arguments(), sender="terminal"), as_json, _answers)


def _answers(answer: Answer) -> Iterator[str]:
    if answer.answered:
        yield f"Stopped after epoch {answer.epoch}; its best network is being diagnosed."
    else:
        yield output.waiting_line(answer, "It will stop at its next check")
