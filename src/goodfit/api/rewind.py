"""Rewind a training to an earlier epoch."""

from pathlib import Path

from goodfit.api.requests.request import takes
from goodfit.api.requests.steering import RewindRequest
from goodfit.api.result_types.answer import Answer
from goodfit.api.steering import check_training, current_epoch, send
from goodfit.errors import PlanError


@takes(RewindRequest)
def rewind(request: RewindRequest) -> Answer:
    """Take a run that is training back to the end of an earlier epoch, and pause it there.

    Nudges from that epoch's end on are discarded. If no checkpoint of that epoch is kept, the training gets there from
    an earlier one, with the same numbers.

    Returns:
        The answer of the training, if it came within a few seconds.

    Raises:
        PlanError: the training has not come that far.
        InputError: the run is not training.
    """
    folder = Path(request.run)
    check_training(folder)
    epoch = current_epoch(folder) or 0
    if request.to >= epoch:
        raise PlanError(f"cannot go back to epoch {request.to}: this training is in epoch {epoch}; give an earlier one")
    return send(folder, "rewind", request.sender, to=request.to)
