"""All decisions that depend on the time left, in one place: a run by rounds and a replay decide without a clock."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from goodfit.engine.control import Action, Control, Progress, Stop
from goodfit.errors import InputError
from goodfit.run_folder.decisions import Decision, Decisions
from goodfit.run_folder.journal import Journal

_OUT_OF_TIME = "the budget was spent"


@dataclass
class Clock:
    """Decides how many seeds, experiments and members there is time for, and records each decision.

    Attributes:
        journal: where the decisions are written.
        budget: seconds for the whole job; None takes the fixed answers, which makes a run reproducible to the bit.
        recorded: the decisions of an earlier run, to be repeated in their order.
        reserve: seconds set aside for the ensemble, the test and the report.
        started: `time.perf_counter()` at the start of the job.
        interrupt: set by Ctrl-C; later decisions are not recorded.
        decisions: of this job, where it can be resumed: those before the interruption are repeated first.
    """

    journal: Journal
    budget: float | None
    recorded: Sequence[Decision] | None = None
    reserve: float = 1.5
    started: float = field(default_factory=time.perf_counter)
    interrupt: threading.Event = field(default_factory=threading.Event)
    decisions: Decisions | None = None

    @property
    def interrupted(self) -> bool:
        """True once Ctrl-C was pressed."""
        return self.interrupt.is_set()

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.started

    @property
    def seconds_left(self) -> float:
        """Seconds left for training."""
        return float("inf") if self.budget is None else self.budget - self.reserve - self.spent

    def decide(self, decision_id: str, by_clock: Callable[[float], int], fixed: int) -> int:
        """Return a number that depends on the time left.

        Args:
            decision_id: identifies the decision in a replay.
            by_clock: returns the number for the seconds left.
            fixed: the number where there is no budget.

        Raises:
            InputError: a replay has another decision here.
        """
        decision = self._recorded_decision(decision_id)
        value = decision.value if decision else None
        if value is None:
            value = int(fixed if self.budget is None else by_clock(self.seconds_left))
        self._write("decision", Decision(id=decision_id, value=value, seconds=self.spent))
        return value

    def deadline(self, training_id: str) -> Control | None:
        """Return a control that stops models when the budget is spent, or where a recorded run stopped them.

        Raises:
            InputError: a replay has something else here.
        """
        decision = self._recorded_decision(training_id)
        if decision:
            return _RecordedStops({int(job): epoch for job, epoch in (decision.stopped or {}).items()})
        return None if self.budget is None else _Deadline(self)

    def write_stops(self, training_id: str, stopped: Mapping[int, int]) -> None:
        """Record which models were stopped, and after which epoch."""
        stops = {str(job): int(epoch) for job, epoch in stopped.items()}
        self._write("training", Decision(id=training_id, stopped=stops, seconds=self.spent))

    def _recorded_decision(self, decision_id: str) -> Decision | None:
        """Return the recorded decision to repeat here; None where a new one is due."""
        if self.interrupted:
            return None
        # A resumed job first repeats its own decisions; only then those of the run that it replays, if any.
        if self.decisions and (earlier := self.decisions.next):
            advice = "another version of goodfit began its run, so run it again"
            return _checked(earlier, decision_id, "the job", advice)
        if self.recorded is None:
            return None
        following = self.recorded[0] if self.recorded else None
        self.recorded = self.recorded[1:]
        return _checked(following, decision_id, "the recorded run", "replay with the same data, options and version")

    def _write(self, event: str, decision: Decision) -> None:
        facts = decision.to_dict()
        del facts["seconds"]  # a line of the journal has its own
        self.journal.write(event, **facts)
        if self.decisions and not self.interrupted:
            self.decisions.take(decision)


def _checked(decision: Decision | None, decision_id: str, source: str, advice: str) -> Decision:
    """Return a recorded decision.

    Raises:
        InputError: it is another one, or there is none left.
    """
    if decision is None or decision.id != decision_id:
        recorded_id = decision.id if decision else "its end"
        raise InputError(f"the replay comes to '{decision_id}' where {source} has '{recorded_id}'; {advice}")
    return decision


def stopped_models(control: Control | None) -> dict[int, int]:
    """Return the models that a clock's control stopped, and after which epoch."""
    return dict(control.stopped) if isinstance(control, _Deadline | _RecordedStops) else {}


@dataclass
class _Deadline:
    """Stops every model when no time is left."""

    clock: Clock
    stopped: dict[int, int] = field(default_factory=dict)

    def next_visit(self, job: int, epoch: int, epochs: int) -> None:
        return None

    def __call__(self, progress: list[Progress]) -> Mapping[int, Iterable[Action]]:
        if self.clock.seconds_left > 0:
            return {}
        self.stopped |= {model.job: model.epoch for model in progress}
        return {model.job: [Stop(_OUT_OF_TIME)] for model in progress}


@dataclass
class _RecordedStops:
    """Stops models after the epochs where a recorded run stopped them."""

    stopped: dict[int, int]

    def next_visit(self, job: int, epoch: int, epochs: int) -> int | None:
        return self.stopped.get(job)

    def __call__(self, progress: list[Progress]) -> Mapping[int, Iterable[Action]]:
        overdue = [model for model in progress if model.epoch >= self.stopped.get(model.job, model.epochs + 1)]
        return {model.job: [Stop(_OUT_OF_TIME)] for model in overdue}
