"""Unpause a training."""

from goodfit.api.requests.request import takes
from goodfit.api.requests.steering import UnpauseRequest
from goodfit.api.result_types.answer import Answer
from goodfit.api.steering import send


@takes(UnpauseRequest)
def unpause(request: UnpauseRequest) -> Answer:
    """Let a paused run train on, to the end or until another epoch has ended.

    Returns:
        The answer of the training, if it came within a few seconds.

    Raises:
        InputError: the run is not training.
    """
    return send(request.run, "unpause", request.sender, to=request.to)
