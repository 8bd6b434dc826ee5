"""How far a training is, told to whoever waits for it; and how fast it is."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from goodfit.engine.control import Action, Control, Progress, Wait

Notify = Callable[[str, float | None, float | None], None]


@dataclass
class Telling:
    """Tells how far the trainings are, and passes the question on to another control."""

    what: str
    jobs: int
    tell: Notify
    then: Control
    done: dict[int, float] = field(default_factory=dict)
    began: float = field(default_factory=time.perf_counter)
    found: float | None = None  # the share that was done before, where a training goes on
    waited: float | None = None  # when it was last seen to wait

    def next_visit(self, job: int, epoch: int, epochs: int) -> int | None:
        """The other's: where it is told, any visit will do."""
        return self.then.next_visit(job, epoch, epochs)

    def __call__(self, progress: list[Progress]) -> dict[int, list[Action]]:
        """Tell, and answer as the other does."""
        actions = {job: list(own) for job, own in self.then(progress).items()}
        self.done |= {each.job: each.epoch / each.epochs for each in progress}
        share = sum(self.done.values()) / self.jobs
        self.found = share if self.found is None else self.found
        now = time.perf_counter()
        if any(isinstance(action, Wait) for own in actions.values() for action in own):
            self.began += now - (self.waited or now)  # a pause says nothing of the speed
            self.waited = now
            self.tell(f"{self.what} is paused", share, None)
        else:
            self.waited = None
            passed, here = now - self.began, share - self.found
            self.tell(self.what, share, passed * (1 - share) / here if here > 0 else None)
        return actions


@dataclass
class Stopwatch:
    """Takes the time of trainings from when all models of a stack have had an epoch: by then nothing is compiled.

    Attributes:
        seconds: taken so far.
        epochs: that each job had in these.
    """

    seconds: float = 0.0
    epochs: Counter[int] = field(default_factory=Counter)
    _last: float = 0.0
    _seen: dict[int, int] = field(default_factory=dict)

    def next_visit(self, job: int, epoch: int, epochs: int) -> None:
        """Any will do."""

    def __call__(self, progress: list[Progress]) -> Mapping[int, Iterable[Action]]:
        """Look at the clock."""
        now = time.perf_counter()
        if all(self._seen.get(each.job) for each in progress):
            self.seconds += now - self._last
            self.epochs.update({each.job: each.epoch - self._seen[each.job] for each in progress})
        self._last = now
        self._seen |= {each.job: each.epoch for each in progress}
        return {}
