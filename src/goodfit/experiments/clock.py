"""What the clock decides, in one place: so that a fixed number of rounds, or a recorded run, decides without one."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from goodfit.engine.control import Action, Control, Progress, Stop
from goodfit.errors import InputError
from goodfit.run_folder.decisions import Decisions
from goodfit.run_folder.journal import Journal

_OUT_OF_TIME = "the budget was spent"


@dataclass
class Clock:
    """Answers how many seeds, experiments and members there is time for, and writes each answer down.

    Attributes:
        journal: where the decisions are written.
        budget: seconds for the whole job; None takes the fixed answers, which makes a run reproducible to the bit.
        recorded: the decisions of an earlier run, to be taken again in their order.
        reserve: seconds kept back for the ensemble, the test and the report.
        asked: set by Ctrl-C; what comes after it is no decision of the job.
        decisions: of this job, where it can be resumed: those before it was cut off are taken again first.
    """

    journal: Journal
    budget: float | None
    recorded: list[dict[str, Any]] | None = None
    reserve: float = 1.5
    started: float = field(default_factory=time.perf_counter)
    asked: threading.Event = field(default_factory=threading.Event)
    decisions: Decisions | None = None

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
        line = self._again(what)
        if line is None:
            line = {"value": fixed if self.budget is None else by_clock(self.left)}
        self._write("decision", what, value=line["value"])
        return line["value"]

    def control(self, what: str) -> Control | None:
        """A control that stops models when the budget is spent, or where they were stopped before."""
        line = self._again(what)
        if line is not None:
            return _StopAgain({int(job): epoch for job, epoch in line["stopped"].items()})
        return None if self.budget is None else _Deadline(self)

    def write_stops(self, what: str, stopped: Mapping[int, int]) -> None:
        """Write down which models were stopped, and after which epoch."""
        self._write("training", what, stopped={str(job): epoch for job, epoch in stopped.items()})

    def _again(self, what: str) -> dict[str, Any] | None:
        """What was decided here before; None where it is to be decided now."""
        if self.interrupted:
            return None
        line = self.decisions.next if self.decisions else None
        where, wish = "the job", "its run was begun by another version of goodfit, so run it again"
        if line is None and self.recorded is not None:
            line = self.recorded.pop(0) if self.recorded else {}
            where, wish = "the recorded run", "replay with the same data, options and version"
        if line is not None and line.get("what") != what:
            had = line.get("what", "its end")
            raise InputError(f"the replay comes to '{what}' where {where} has '{had}'; {wish}")
        return line

    def _write(self, event: str, what: str, **facts: Any) -> None:
        self.journal.write(event, what=what, **facts)
        if self.decisions and not self.interrupted:
            self.decisions.take(what=what, **facts, seconds=self.spent)


def stops_of(control: Control | None) -> dict[int, int]:
    """The models that a pace's control stopped, and after which epoch."""
    return dict(control.stopped) if isinstance(control, _Deadline | _StopAgain) else {}


@dataclass
class _Deadline:
    """Stops every model when the pace has no time left."""

    pace: Clock
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
