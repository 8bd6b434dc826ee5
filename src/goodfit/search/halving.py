"""Successive halving inside a stack: at each rung the weaker half leaves, unless noise alone could explain it.

Jamieson & Talwalkar 2016 for the rungs; as in a median rule (Golovin et al. 2017), a model is compared with all that
reached the same rung in earlier waves as well as those of its own stack.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from goodfit.engine.control import Progress, Stop
from goodfit.engine.step import RECORDED
from goodfit.wording.numbers import percent

RUNGS = (25, 50)  # percent of a training's epochs
_FEWEST = 4  # errors at a rung before their median means something
_DEV_ERROR = RECORDED.index("dev_error")


@dataclass
class Halving:
    """Stops models whose lowest dev error is above the median of all that reached the same rung.

    Attributes:
        earlier_errors: errors at each rung in earlier waves; those of this stack are added.
        dev_examples: number of examples in the dev set.
        classification: True where errors are shares of wrong answers.
        errors: lowest dev error by job and rung.
    """

    earlier_errors: Mapping[int, Sequence[float]]
    dev_examples: int
    classification: bool
    errors: dict[int, dict[int, float]] = field(default_factory=dict)

    def next_visit(self, job: int, epoch: int, epochs: int) -> int | None:
        """Return the epoch of the next rung."""
        return min((visit for rung in RUNGS if (visit := _epoch(rung, epochs)) > epoch), default=None)

    def __call__(self, progress: list[Progress]) -> Mapping[int, Iterable[Stop]]:
        """Stop the weaker models among those at a rung."""
        stops: dict[int, list[Stop]] = {}
        for rung in RUNGS:
            # A control may be called at other epochs too; only at the rung are all models equally old.
            arrivals = [model for model in progress if model.epoch == _epoch(rung, model.epochs)]
            for model in arrivals:
                self.errors.setdefault(model.job, {})[rung] = float(np.nanmin(model.records[:, _DEV_ERROR]))
            stack_errors = [errors[rung] for errors in self.errors.values() if rung in errors]
            errors = [*self.earlier_errors.get(rung, ()), *stack_errors]
            if len(errors) < _FEWEST:
                continue
            median = float(np.median(errors))
            for model in arrivals:
                error = self.errors[model.job][rung]
                if error > median + self._noise(median):
                    figures = f"a dev error of {percent(error)} after {model.epoch} epochs"
                    stops[model.job] = [Stop(f"halving: {figures}; the median was {percent(median)}")]
        return stops

    def _noise(self, error: float) -> float:
        """Return one standard error of a share of wrong answers; a twentieth of an error of another kind."""
        if not self.classification:
            return 0.05 * error
        return math.sqrt(max(error * (1 - error), 0.0) / self.dev_examples)


def _epoch(rung: int, epochs: int) -> int:
    return max(1, round(rung / 100 * epochs))
