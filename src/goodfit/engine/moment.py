"""One model's training at a step: all that it needs to go on."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from goodfit.engine.task import State
from goodfit.plan import Plan
from goodfit.record.run import Weights


@dataclass(frozen=True)
class Moment:
    """All that a training needs to go on. Random keys are functions of the seed and the step, so none is kept.

    Attributes:
        plan: as it is now; a control may have changed numbers.
        records: of the epochs that ended.
        snapshots: parameters kept so far.
        state: parameters, averages of optimizer and batch norm, the best so far, and the step.
    """

    plan: Plan
    records: Float[np.ndarray, "epochs recorded"]
    snapshots: tuple[Weights, ...]
    state: State

    @property
    def epoch(self) -> int:
        """Epochs that ended."""
        return len(self.records)

    @property
    def step(self) -> int:
        """Steps that were done."""
        return int(self.state.step)


Keep = Callable[[Moment], None]
