"""`goodfit unpause`: let a training that was paused go on."""

from collections.abc import Iterator
from typing import Any

import goodfit
from goodfit.api.requests.steering import UnpauseRequest
from goodfit.cli import options, output


def unpause(request: UnpauseRequest, as_json: options.Json = False) -> None:
    """Let a run that was paused train on.

    Example: goodfit unpause runs/20260101-120000-digits-3f2a
    """
    output.show(goodfit.unpause(**request.arguments(), sender="terminal"), as_json, _answers)


def _answers(result: dict[str, Any]) -> Iterator[str]:
    if result["answered"]:
        yield f"The training goes on after epoch {result['epoch']}."
    else:
        yield output.not_yet(result, "it goes on where it looks next")
