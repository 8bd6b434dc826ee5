"""The one hook into a training: called at fixed steps, it sees the records and answers for each model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float


class Progress(NamedTuple):
    """One model so far: which job, how many epochs of how many, and its records: `train.step.RECORDED`, then a look."""

    job: int
    epoch: int
    epochs: int
    records: Float[np.ndarray, "epochs recorded"]


@dataclass(frozen=True)
class Stop:
    """Train this model no further."""

    reason: str


@dataclass(frozen=True)
class Change:
    """Give this model other hyperparameters (names of the plan), from the next step on."""

    hyperparameters: Mapping[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """Keep a copy of this model's parameters as they are."""


Action = Stop | Change | Snapshot


@runtime_checkable
class Control(Protocol):
    """Called whenever the training comes back to the host, and at each multiple of `every` epochs."""

    @property
    def every(self) -> int | None:
        """Epochs between two calls, where it wants more than those that happen anyway."""
        ...

    def __call__(self, progress: list[Progress]) -> Mapping[int, Iterable[Action]]:
        """Actions by job; a job without one goes on."""
        ...
