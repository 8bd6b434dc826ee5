"""Pause a training."""

from goodfit.api.requests.request import takes
from goodfit.api.requests.steering import SteeringRequest
from goodfit.api.result_types.answer import Answer
from goodfit.api.steering import send


@takes(SteeringRequest)
def pause(request: SteeringRequest) -> Answer:
    """Pause a run that is training; its results are unaffected.

    Returns:
        The answer of the training, if it came within a few seconds.

    Raises:
        InputError: the run is not training.
    """
    return send(request.run, "pause", request.sender)
