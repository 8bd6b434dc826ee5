"""`goodfit pause`: let a training wait."""

from collections.abc import Iterator
from typing import Any

import goodfit
from goodfit.api.requests.steering import SteeringRequest
from goodfit.cli import options, output


def pause(request: SteeringRequest, as_json: options.Json = False) -> None:
    """Let a run that is training wait where it is; no number of it changes.

    Example: goodfit pause runs/20260101-120000-digits-3f2a
    """
    output.show(goodfit.pause(**request.arguments(), sender="terminal"), as_json, _answers)


def _answers(result: dict[str, Any]) -> Iterator[str]:
    if result["answered"]:
        yield f"Paused after epoch {result['epoch']}; goodfit unpause {result['run']} goes on."
    else:
        yield output.not_yet(result, "it pauses where it looks next")
