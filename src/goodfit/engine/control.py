"""The one hook into training: called at fixed steps, it sees the records and answers for each model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from goodfit.engine.moment import Keep, Moment
from goodfit.record.run import Outcome


class Progress(NamedTuple):
    """A model's progress.

    Attributes:
        job: index of the job.
        epoch: epochs completed.
        epochs: epochs planned.
        records: one row per epoch: the columns of `engine.step.RECORDED`, then layer health.
        between_epochs: True at an epoch boundary, when a changed number would hold for whole epochs.
    """

    job: int
    epoch: int
    epochs: int
    records: Float[np.ndarray, "epochs recorded"]
    between_epochs: bool = True


@dataclass(frozen=True)
class Stop:
    """End this model's training: on request, or because it is hopeless."""

    reason: str
    outcome: Literal[Outcome.STOPPED, Outcome.HOPELESS] = Outcome.STOPPED


@dataclass(frozen=True)
class Change:
    """Change hyperparameters of this model, by their names in the plan, from the next step on."""

    hyperparameters: Mapping[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """Save a copy of this model's current parameters."""


@dataclass(frozen=True)
class Checkpoint:
    """Hand this model's complete state to `keep`, or to its job's own keeper.

    Runs before any other action in this reply.
    """

    keep: Keep | None = None


@dataclass(frozen=True)
class Fork:
    """Continue these jobs of the same stack from this model's state.

    Runs after checkpoints and before any other action in this reply.
    """

    jobs: tuple[int, ...]


@dataclass(frozen=True)
class Return:
    """Continue this model from an earlier moment of its own."""

    moment: Moment


@dataclass(frozen=True)
class Wait:
    """Pause this model's stack, and call the control again shortly."""


Action = Stop | Change | Snapshot | Checkpoint | Fork | Return | Wait


@runtime_checkable
class Control(Protocol):
    """Called before a stack starts, whenever it returns to the host, and after the epochs that the control names."""

    def next_visit(self, job: int, epoch: int, epochs: int) -> int | None:
        """Return the next epoch at which the control must be called for a job; None if any will do.

        Args:
            job: index of the job.
            epoch: epochs completed.
            epochs: epochs planned.
        """
        ...

    def __call__(self, progress: list[Progress]) -> Mapping[int, Iterable[Action]]:
        """Return actions by job; a job without actions goes on."""
        ...


@dataclass(frozen=True)
class Together:
    """Several controls as one; if two stop a model, the reason of the first is recorded."""

    controls: Sequence[Control]

    def next_visit(self, job: int, epoch: int, epochs: int) -> int | None:
        """Return the earliest epoch that one of them asks for."""
        visits = [control.next_visit(job, epoch, epochs) for control in self.controls]
        return min((visit for visit in visits if visit is not None), default=None)

    def __call__(self, progress: list[Progress]) -> Mapping[int, Iterable[Action]]:
        """Return all their actions, in the order of the controls."""
        actions: dict[int, list[Action]] = {}
        for control in self.controls:
            for job, replies in control(progress).items():
                actions.setdefault(job, []).extend(replies)
        return actions
