"""Stop a training early."""

from goodfit.api.requests.request import takes
from goodfit.api.requests.steering import SteeringRequest
from goodfit.api.result_types.answer import Answer
from goodfit.api.steering import send


@takes(SteeringRequest)
def stop(request: SteeringRequest) -> Answer:
    """End a run's training early; its best parameters so far are kept and diagnosed, as at any other end.

    Before the end of the first epoch there are none, so that epoch is completed.

    Returns:
        The answer of the training, if it came within a few seconds.

    Raises:
        InputError: the run is not training.
    """
    return send(request.run, "stop", request.sender)
