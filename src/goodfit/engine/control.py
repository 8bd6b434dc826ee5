"""The one hook into a training: called at fixed steps, it sees the records and answers for each model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from goodfit.engine.moment import Keep, Moment
from goodfit.record.run import Outcome


class Progress(NamedTuple):
    """One model so far: which job, how many epochs of how many, and its records: `train.step.RECORDED`, then a look.

    `between_epochs`: an epoch has ended, or none has begun, and another comes: new numbers would hold for whole epochs.
    """

    job: int
    epoch: int
    epochs: int
    records: Float[np.ndarray, "epochs recorded"]
    between_epochs: bool = True


@dataclass(frozen=True)
class Stop:
    """Train this model no further: asked from outside, or hopeless."""

    reason: str
    outcome: Literal[Outcome.STOPPED, Outcome.HOPELESS] = Outcome.STOPPED


@dataclass(frozen=True)
class Change:
    """Give this model other hyperparameters (names of the plan), from the next step on."""

    hyperparameters: Mapping[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """Keep a copy of this model's parameters as they are."""


@dataclass(frozen=True)
class Checkpoint:
    """Hand what this model needs to go on to `keep` (None: its job's own), as it was before what else is answered."""

    keep: Keep | None = None


@dataclass(frozen=True)
class Fork:
    """Let these jobs of the same stack go on from this model as it was, before what else is answered."""

    jobs: tuple[int, ...]


@dataclass(frozen=True)
class Return:
    """Let this model go on from an earlier moment of its own."""

    moment: Moment


@dataclass(frozen=True)
class Wait:
    """Train nothing in this model's stack, and ask again in a moment."""


Action = Stop | Change | Snapshot | Checkpoint | Fork | Return | Wait


@runtime_checkable
class Control(Protocol):
    """Called before a stack begins, whenever it comes back to the host, and after the epochs that it names."""

    def next_visit(self, job: int, epoch: int, epochs: int) -> int | None:
        """The next epoch of a job of so many, now after `epoch`, at which it must be called; None where any will do."""
        ...

    def __call__(self, progress: list[Progress]) -> Mapping[int, Iterable[Action]]:
        """Actions by job; a job without one goes on."""
        ...


@dataclass(frozen=True)
class Together:
    """Several controls as one; where two stop a model, the first one's reason stands."""

    controls: Sequence[Control]

    def next_visit(self, job: int, epoch: int, epochs: int) -> int | None:
        """The earliest that one of them asks for."""
        asked = [control.next_visit(job, epoch, epochs) for control in self.controls]
        return min((visit for visit in asked if visit is not None), default=None)

    def __call__(self, progress: list[Progress]) -> Mapping[int, Iterable[Action]]:
        """All their actions, in the order of the controls."""
        actions: dict[int, list[Action]] = {}
        for control in self.controls:
            for job, own in control(progress).items():
                actions.setdefault(job, []).extend(own)
        return actions
