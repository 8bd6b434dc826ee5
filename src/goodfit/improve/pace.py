"""What the clock decides, in one place: so that a fixed number of rounds, or a recorded run, decides without one."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from goodfit.errors import InputError
from goodfit.improve.journal import Journal
from goodfit.train.control import Action, Control, Progress, Stop

_OUT_OF_TIME = "the budget was spent"


@dataclass
class Pace:
    """Answers how many seeds, experiments and members there is time for, and writes each answer down.

    Attributes:
        journal: where the decisions are written.
        budget: seconds for the whole job; None takes the fixed answers, which makes a run reproducible to the bit.
        recorded: the decisions of an earlier run, to be taken again in their order.
        reserve: seconds kept back for the ensemble, the test and the report.
        asked: set by Ctrl-C.
    """

    journal: Journal
    budget: float | None
    recorded: list[dict[str, Any]] | None = None
    reserve: float = 1.5
    started: float = field(default_factory=time.perf_counter)
    asked: threading.Event = field(default_factory=threading.Event)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self.asked.is_set()

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.started

    @property
    def left(self) -> float:
        """Seconds that training may still take."""
        return float("inf") if self.budget is None else self.budget - self.reserve - self.spent

    def decide(self, what: str, by_clock: Callable[[float], int], fixed: int) -> int:
        """A number that depends on the time left: by the clock, fixed, or as recorded."""
        if self.recorded is not None:
            value = self._recorded(what)["value"]
        else:
            value = fixed if self.budget is None else by_clock(self.left)
        self.journal.write("decision", what=what, value=value)
        return value

    def control(self, what: str) -> Control | None:
        """A control that stops models when the budget is spent, or where they were stopped in the recorded run."""
        if self.recorded is not None:
            return _StopAgain({int(job): epoch for job, epoch in self._recorded(what)["stopped"].items()})
        return None if self.budget is None else _Deadline(self)

    def write_stops(self, what: str, control: Control | None) -> None:
        """Write down which models the control stopped, and after which epoch."""
        stopped = control.stopped if isinstance(control, _Deadline | _StopAgain) else {}
        self.journal.write("training", what=what, stopped={str(job): epoch for job, epoch in stopped.items()})

    def _recorded(self, what: str) -> dict[str, Any]:
        line = self.recorded.pop(0) if self.recorded else {}
        if line.get("what") != what:
            raise InputError(
                f"the replay comes to '{what}' where the recorded run has '{line.get('what', 'its end')}'; "
                "replay with the same data, options and version"
            )
        return line


@dataclass
class _Deadline:
    """Stops every model when the pace has no time left."""

    pace: Pace
    stopped: dict[int, int] = field(default_factory=dict)

    def next_visit(self, job: int, epoch: int, epochs: int) -> None:
        return None

    def __call__(self, progress: list[Progress]) -> Mapping[int, Iterable[Action]]:
        if self.pace.left > 0:
            return {}
        self.stopped |= {each.job: each.epoch for each in progress}
        return {each.job: [Stop(_OUT_OF_TIME)] for each in progress}


@dataclass
class _StopAgain:
    """Stops models after the epochs where a recorded run stopped them."""

    stopped: dict[int, int]

    def next_visit(self, job: int, epoch: int, epochs: int) -> int | None:
        return self.stopped.get(job)

    def __call__(self, progress: list[Progress]) -> Mapping[int, Iterable[Action]]:
        due = [each for each in progress if each.epoch >= self.stopped.get(each.job, each.epochs + 1)]
        return {each.job: [Stop(_OUT_OF_TIME)] for each in due}
