"""Successive halving inside a stack: at each rung the weaker half leaves, unless noise alone could explain it.

Jamieson & Talwalkar 2016 for the rungs; as in a median rule (Golovin et al. 2017) a model is compared with all that
came to the same rung in earlier rounds, beside those of its own stack.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from goodfit.engine.control import Progress, Stop
from goodfit.engine.step import RECORDED
from goodfit.wording.numbers import percent

RUNGS = (25, 50)  # percent of a training's epochs
_FEWEST = 4  # values at a rung from which the middle means something
_DEV_ERROR = RECORDED.index("dev_error")


@dataclass
class Halving:
    """Stops models whose best dev error is beyond the middle of all that came to the same rung.

    Attributes:
        earlier: values at each rung in earlier rounds; this stack's are added.
        dev: examples in the dev set.
        proportion: whether errors are shares of wrong answers.
        values: by job and rung.
    """

    earlier: Mapping[int, Sequence[float]]
    dev: int
    proportion: bool
    values: dict[int, dict[int, float]] = field(default_factory=dict)

    def next_visit(self, job: int, epoch: int, epochs: int) -> int | None:
        """The next rung."""
        return min((due for rung in RUNGS if (due := _epoch(rung, epochs)) > epoch), default=None)

    def __call__(self, progress: list[Progress]) -> Mapping[int, Iterable[Stop]]:
        """At a rung, stop what is weaker."""
        stops: dict[int, list[Stop]] = {}
        for rung in RUNGS:
            here = [each for each in progress if each.epoch == _epoch(rung, each.epochs)]
            for each in here:
                self.values.setdefault(each.job, {})[rung] = float(np.nanmin(each.records[:, _DEV_ERROR]))
            known = [*self.earlier.get(rung, ()), *(own[rung] for own in self.values.values() if rung in own)]
            if len(known) < _FEWEST:
                continue
            middle = float(np.median(known))
            for each in here:
                value = self.values[each.job][rung]
                if value > middle + self._noise(middle):
                    error = f"a dev error of {percent(value)} after {each.epoch} epochs"
                    stops[each.job] = [Stop(f"halving: {error}, where the middle is {percent(middle)}")]
        return stops

    def _noise(self, error: float) -> float:
        """One standard error of a share of wrong answers; a twentieth of an error of other kinds."""
        return math.sqrt(max(error * (1 - error), 0.0) / self.dev) if self.proportion else 0.05 * error


def _epoch(rung: int, epochs: int) -> int:
    return max(1, round(rung / 100 * epochs))
