"""What a live training says of itself in its run's folder, for whoever watches; who watches never slows it."""

import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.data.dataset import Splits
from goodfit.diagnosis.data_facts import basic_data_facts
from goodfit.engine.control import Progress
from goodfit.engine.step import RECORDED
from goodfit.plan import Plan
from goodfit.record.run import SEEN, health_of
from goodfit.run_folder.archive import CHECKPOINT_FOLDER, write_json
from goodfit.run_folder.mailbox import NOW_FILE
from goodfit.run_folder.records import ABOUT_FILE

_SECONDS = 0.5  # between two times that it says where it is


def write_about(folder: Path, splits: Splits, plan: Plan, untouched_copies: int) -> None:
    """Say once how the records are to be read, and what the doctor needs to know of the data.

    Raises:
        OSError: it cannot be written.
    """
    facts = basic_data_facts(splits)
    said = {
        "recorded": RECORDED,
        "layers": health_of(np.zeros((0, 0), np.float32), plan.structure.hidden_layers).layers,
        "seen": SEEN,
        "facts": {"m": facts.m, "task": facts.task, "class_counts": facts.class_counts, "dev": len(splits.dev)},
        "metric": "1-r2" if facts.task == "regression" else "error_rate",
        "untouched_copies": untouched_copies,
    }
    write_json(folder / ABOUT_FILE, said)


@dataclass
class _Series:
    """The records of one job in a file: float32 rows, one an epoch, that only grow; other ones have another name."""

    role: str
    pair: int
    begun: int = 0
    anew: int = 0
    rows: int = 0


@dataclass
class Broadcast:
    """Writes records and the state of a training; where there is no room, it goes on unseen.

    Attributes:
        folder: the run's.
        copies: the job that is the untouched copy of a pair's, by the pair's job.
    """

    folder: Path
    copies: dict[int, int]
    _series: dict[int, _Series] = field(default_factory=dict, init=False)
    _written: float = field(default=-math.inf, init=False)
    _clock: tuple[float, int] | None = field(default=None, init=False)

    def anew(self, jobs: Sequence[int], begun: int = 0) -> None:
        """The records of these jobs are others from here on: they went back, or were forked after epoch `begun`."""
        self._clock = None
        for job in jobs:
            own = self._series.setdefault(job, self._first(job))
            own.begun, own.anew, own.rows = begun, own.anew + 1, 0

    def records(self, progress: Sequence[Progress]) -> None:
        """Append what is new."""
        for each in progress:
            own = self._series.setdefault(each.job, self._first(each.job))
            if own.rows < each.epoch:
                with suppress(OSError), self._file(each.job, own).open("r+b" if own.rows else "wb") as file:
                    file.seek(own.rows * each.records.itemsize * each.records.shape[1])
                    file.write(each.records[own.rows :].astype("<f4").tobytes())
                    own.rows = each.epoch

    def now(self, own: Progress, waits: bool, hurry: bool, **facts: Any) -> None:
        """Write down where the training is: at once if that is asked, else now and then."""
        time_now = time.monotonic()
        if waits or self._clock is None:
            self._clock = time_now, own.epoch  # a pause says nothing of the speed
        if not hurry and time_now - self._written < _SECONDS:
            return
        self._written = time_now
        passed, done = time_now - self._clock[0], own.epoch - self._clock[1]
        left = passed / done * (own.epochs - own.epoch) if done else None
        said = {"epoch": own.epoch, "share": own.epoch / own.epochs, "seconds_left": left}
        series = [
            {"role": each.role, "pair": each.pair, "file": self._file(job, each).name, "begun": each.begun}
            for job, each in self._series.items()
        ]
        with suppress(OSError):
            write_json(self.folder / NOW_FILE, said | facts | {"series": series})
            self._tidy({each["file"] for each in series})

    def _first(self, job: int) -> _Series:
        pair = next((pair for pair, copy in self.copies.items() if copy == job), None)
        return _Series("run", job) if pair is None else _Series("copy", pair)

    def _file(self, job: int, own: _Series) -> Path:
        return self.folder / CHECKPOINT_FOLDER / f"records-{job}-{own.anew}.f32"

    def _tidy(self, named: set[str]) -> None:
        for path in (self.folder / CHECKPOINT_FOLDER).glob("records-*.f32"):
            if path.name not in named:
                path.unlink(missing_ok=True)
