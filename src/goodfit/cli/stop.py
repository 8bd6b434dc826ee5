"""`goodfit stop`: end a training early."""

from collections.abc import Iterator
from typing import Any

import goodfit
from goodfit.api.requests.steering import SteeringRequest
from goodfit.cli import options, output


def stop(request: SteeringRequest, as_json: options.Json = False) -> None:
    """End a run's training early; the best parameters so far are kept and diagnosed.

    Example: goodfit stop runs/20260101-120000-digits-3f2a
    """
    output.show(goodfit.stop(**request.arguments(), sender="terminal"), as_json, _answers)


def _answers(result: dict[str, Any]) -> Iterator[str]:
    if result["answered"]:
        yield f"Stopped after epoch {result['epoch']}; its best network is being diagnosed."
    else:
        yield output.not_yet(result, "it stops where it looks next")
