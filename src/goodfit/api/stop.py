"""Stop a training early."""

from typing import Any

from goodfit.api.requests.request import takes
from goodfit.api.requests.steering import SteeringRequest
from goodfit.api.steering import send


@takes(SteeringRequest)
def stop(request: SteeringRequest) -> dict[str, Any]:
    """End a run's training early; its best parameters so far are kept and diagnosed, as at any other end.

    Before the end of the first epoch there are none, so that epoch is completed.

    Returns:
        `run`; `answered`: True if the training answered within a few seconds; and `epoch`, so far.

    Raises:
        InputError: the run is not training.
    """
    return send(request.run, "stop", request.sender)
