"""`goodfit rewind`: let a training return to an earlier epoch."""

from collections.abc import Iterator
from typing import Any

import goodfit
from goodfit.api.requests.steering import RewindRequest
from goodfit.cli import options, output


def rewind(request: RewindRequest, as_json: options.Json = False) -> None:
    """Let a run that is training go back to how it was after an epoch, and pause there; later nudges are void.

    Example: goodfit rewind runs/20260101-120000-digits-3f2a --to 10
    """
    output.show(goodfit.rewind(**request.arguments(), sender="terminal"), as_json, _answers)


def _answers(result: dict[str, Any]) -> Iterator[str]:
    if result["answered"]:
        came, to = result["rewind"]
        yield f"Went back from epoch {came} to {to}, where it pauses; goodfit unpause {result['run']} goes on."
    else:
        yield output.not_yet(result, "it goes back where it looks next")
