"""Unpause a training."""

from typing import Any

from goodfit.api.requests.request import takes
from goodfit.api.requests.steering import UnpauseRequest
from goodfit.api.steering import send


@takes(UnpauseRequest)
def unpause(request: UnpauseRequest) -> dict[str, Any]:
    """Let a paused run train on, to the end or until another epoch has ended.

    Returns:
        `run`; `answered`: True if the training answered within a few seconds; and `epoch`, so far.

    Raises:
        InputError: the run is not training.
    """
    return send(request.run, "unpause", request.sender, to=request.to)
