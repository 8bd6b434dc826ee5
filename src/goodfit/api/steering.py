"""Messages to a training in another process, and its answers; without JAX."""

import time
from pathlib import Path
from typing import Any

from goodfit.api.result_types.answer import Answer
from goodfit.errors import InputError, PlanError
from goodfit.run_folder import live_state
from goodfit.run_folder.folders import is_unfinished
from goodfit.run_folder.job import JobRequest, is_live
from goodfit.run_folder.live_state import LiveState
from goodfit.run_folder.mailbox import Kind, send_request
from goodfit.run_folder.saved_run import read_run

_PATIENCE = 5.0  # seconds; a training with short epochs answers within this time
_PAUSE = 0.05


def send(
    run: str | Path, kind: Kind, sender: str, changes: dict[str, Any] | None = None, to: int | None = None
) -> Answer:
    """Send a message to the training of a run, and wait a little for its answer.

    Raises:
        InputError: the run is not training.
        PlanError: the training refuses.
    """
    folder = Path(run)
    check_training(folder)
    request = send_request(folder, kind, sender, changes, to)
    # The training answers at its next epoch boundary, in its state file; without an answer the request stays in force.
    deadline = time.monotonic() + _PATIENCE
    while (answer := _answers(folder).get(request)) is None:
        if time.monotonic() > deadline or not is_live(folder):
            return Answer(run=str(folder), answered=False, training=is_live(folder), epoch=current_epoch(folder))
        time.sleep(_PAUSE)
    if answer.refused is not None:
        raise PlanError(answer.refused)
    return Answer.from_dict({"run": str(folder), "answered": True, "training": True} | answer.to_dict())


def current_epoch(folder: Path) -> int | None:
    """Return the epochs that a training has completed; None before it has said so.

    Raises:
        InputError: its state is damaged.
    """
    state = LiveState.read(folder)
    return state.epoch if state else None


def _answers(folder: Path) -> dict[str, live_state.Answer]:
    state = LiveState.read(folder)
    return state.answers if state else {}


def check_training(folder: Path) -> JobRequest:
    """Return the request of a run that is training now.

    Raises:
        InputError: no process is training it; the sentence says what to do.
    """
    if is_live(folder):
        return JobRequest.read(folder)
    if is_unfinished(folder):
        raise InputError(f"the run {folder} is not training now; `goodfit resume {folder}` goes on with it")
    outcome = read_run(folder).result.outcome
    raise InputError(f"the run {folder} has ended ({outcome}); its network cannot be changed any more, train again")
