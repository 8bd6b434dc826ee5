"""Requests of the commands that steer a training from another process."""

from dataclasses import dataclass, field
from typing import Annotated

from goodfit.api.requests.data import Run
from goodfit.api.requests.option import Option, integer
from goodfit.api.requests.request import Request

Sender = Annotated[str, Option("Name of the sender in the run's log.", python_only=True)]


@dataclass(frozen=True)
class SteeringRequest(Request):
    """Request of `pause` and `stop`."""

    run: Run
    sender: Sender = field(default="python", kw_only=True)


@dataclass(frozen=True)
class UnpauseRequest(SteeringRequest):
    """Request of `unpause`."""

    to: Annotated[
        int | None, Option("Pause again after this epoch.", metavar="EPOCH", flag="--to", check=integer(1))
    ] = None


@dataclass(frozen=True)
class RewindRequest(SteeringRequest):
    """Request of `rewind`."""

    to: Annotated[
        int, Option("Epoch to go back to; 0 is the beginning.", metavar="EPOCH", flag="--to", check=integer(0))
    ]
