"""Progress of a training for whoever waits for it, and the training's speed."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from goodfit.engine.control import Action, Control, Progress, Wait

Notify = Callable[[str, float | None, float | None], None]  # title, share done, seconds left


@dataclass
class ProgressReporter:
    """A control that reports the progress of trainings and passes the visit on to another control.

    Attributes:
        title: of the trainings.
        jobs: their number.
        notify: receives the title, the share done and the seconds left.
        inner: the control that answers.
    """

    title: str
    jobs: int
    notify: Notify
    inner: Control
    _shares: dict[int, float] = field(default_factory=dict)  # of each job's epochs
    _started: float = field(default_factory=time.perf_counter)
    _first_share: float | None = None  # done before, where a training is resumed
    _last_wait: float | None = None  # time of the last visit while paused

    def next_visit(self, job: int, epoch: int, epochs: int) -> int | None:
        """Return the inner control's next visit; any will do for reporting."""
        return self.inner.next_visit(job, epoch, epochs)

    def __call__(self, progress: list[Progress]) -> dict[int, list[Action]]:
        """Report, and answer as the inner control does."""
        actions = {job: list(answers) for job, answers in self.inner(progress).items()}
        self._shares |= {model.job: model.epoch / model.epochs for model in progress}
        share = sum(self._shares.values()) / self.jobs
        self._first_share = share if self._first_share is None else self._first_share
        time_now = time.perf_counter()
        if any(isinstance(action, Wait) for answers in actions.values() for action in answers):
            self._started += time_now - (self._last_wait or time_now)  # a pause says nothing about the speed
            self._last_wait = time_now
            self.notify(f"{self.title} is paused", share, None)
        else:
            self._last_wait = None
            seconds, gained = time_now - self._started, share - self._first_share
            self.notify(self.title, share, seconds * (1 - share) / gained if gained > 0 else None)
        return actions


@dataclass
class Stopwatch:
    """A control that times trainings from when all models of a stack have had an epoch, so without compilation.

    Attributes:
        seconds: measured so far.
        epochs: of each job within these seconds.
    """

    seconds: float = 0.0
    epochs: Counter[int] = field(default_factory=Counter)
    _last_visit: float = 0.0
    _last_epochs: dict[int, int] = field(default_factory=dict)

    def next_visit(self, job: int, epoch: int, epochs: int) -> None:
        """Ask for no visit: any will do."""

    def __call__(self, progress: list[Progress]) -> Mapping[int, Iterable[Action]]:
        """Look at the clock."""
        time_now = time.perf_counter()
        if all(self._last_epochs.get(model.job) for model in progress):
            self.seconds += time_now - self._last_visit
            self.epochs.update({model.job: model.epoch - self._last_epochs[model.job] for model in progress})
        self._last_visit = time_now
        self._last_epochs |= {model.job: model.epoch for model in progress}
        return {}
