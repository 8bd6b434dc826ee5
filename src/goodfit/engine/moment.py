"""One model's training at a step: everything needed to continue it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from goodfit.engine.task import State
from goodfit.plan import Plan
from goodfit.record.run import Weights


@dataclass(frozen=True)
class Moment:
    """Everything needed to continue a training. Random keys are functions of seed and step, so none is stored.

    Attributes:
        plan: current plan; a control may have changed its numbers.
        records: records of the completed epochs.
        snapshots: parameters saved so far.
        state: parameters, averages of optimizer and batch norm, the best so far, and the step.
    """

    plan: Plan
    records: Float[np.ndarray, "epochs recorded"]
    snapshots: tuple[Weights, ...]
    state: State

    @property
    def epoch(self) -> int:
        """Epochs completed."""
        return len(self.records)

    @property
    def step(self) -> int:
        """Steps completed."""
        return int(self.state.step)


Keep = Callable[[Moment], None]
