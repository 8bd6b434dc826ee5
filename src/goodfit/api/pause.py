"""Pause a training."""

from typing import Any

from goodfit.api.requests.request import takes
from goodfit.api.requests.steering import SteeringRequest
from goodfit.api.steering import send


@takes(SteeringRequest)
def pause(request: SteeringRequest) -> dict[str, Any]:
    """Pause a run that is training; its results are unaffected.

    Returns:
        `run`; `answered`: True if the training answered within a few seconds; and `epoch`, so far.

    Raises:
        InputError: the run is not training.
    """
    return send(request.run, "pause", request.sender)
