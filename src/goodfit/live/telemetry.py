"""Records and state that a live training writes to its run's folder for its watchers, who never slow it down."""

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from goodfit.data.dataset import Splits, target_variance
from goodfit.diagnosis.data_facts import basic_data_facts
from goodfit.engine.control import Progress
from goodfit.engine.step import RECORDED
from goodfit.experiments.guess import constant_guess
from goodfit.plan import Plan
from goodfit.record.nudge import NudgeEffect
from goodfit.record.run import LAYER_STATISTICS, health_of
from goodfit.run_folder.live_state import About, Answer, DataOverview, GuessOverview, LiveState, SeriesFile
from goodfit.run_folder.names import CHECKPOINT_FOLDER, SERIES_FILES, series_file

_SECONDS = 0.5  # between two writes of the state: as often as a page asks for it


def write_about(folder: Path, splits: Splits, plan: Plan, untouched_copies: int) -> None:
    """Write the layout of the records and the facts of the data once, when a training starts.

    Raises:
        OSError: the file cannot be written.
    """
    facts, deviations = basic_data_facts(splits).of_plan(plan), None
    if splits.regression:
        train, dev = (target_variance(splits.dataset.target[rows]) ** 0.5 for rows in (splits.train, splits.dev))
        deviations = (train, dev)
    prediction, error = constant_guess(splits, splits.dev)
    About(
        recorded=tuple(RECORDED),
        layers=health_of(np.zeros((0, 0), np.float32), plan.structure.hidden_layers).layers,
        health_columns=tuple(LAYER_STATISTICS),
        data=DataOverview(
            m=facts.m,
            task=facts.task,
            class_counts=facts.class_counts,
            dev=len(splits.dev),
            spread=splits.spread,
            guess_cost=facts.guess_cost,
            deviations=deviations,
            guess=GuessOverview(prediction=prediction, error=error),
        ),
        metric="1-r2" if facts.task == "regression" else "error_rate",
        untouched_copies=untouched_copies,
    ).write(folder)


@dataclass
class _Series:
    """The records of one job in a file that only grows: float32, a row per epoch. A restarted series is a new file."""

    role: str
    pair: int
    start_epoch: int = 0
    restarts: int = 0
    rows: int = 0


@dataclass
class Telemetry:
    """Writes the records and the state of a training. If the disk is full, the training goes on unseen.

    Attributes:
        folder: the run's.
        copies: the job that is the untouched copy, by the job that it is a copy of.
    """

    folder: Path
    copies: Mapping[int, int]
    _series: dict[int, _Series] = field(default_factory=dict, init=False)
    _last_write: float = field(default=-math.inf, init=False)
    _clock: tuple[float, int] | None = field(default=None, init=False)

    def restart_series(self, jobs: Sequence[int], start_epoch: int = 0) -> None:
        """Start new records for these jobs: they were rewound, or forked off after `start_epoch`."""
        self._clock = None
        for job in jobs:
            series = self._series_of(job)
            series.start_epoch, series.restarts, series.rows = start_epoch, series.restarts + 1, 0

    def write_records(self, progress: Sequence[Progress]) -> None:
        """Append the records of the epochs completed since the last call."""
        for model in progress:
            series = self._series_of(model.job)
            if series.rows < model.epoch:
                mode = "r+b" if series.rows else "wb"
                with suppress(OSError), self._path(model.job, series).open(mode) as file:
                    # Seek instead of appending, so that a write cut short by a full disk is repeated whole.
                    file.seek(series.rows * model.records.itemsize * model.records.shape[1])
                    # Little-endian whatever the machine, as the file may be read on another one.
                    file.write(model.records[series.rows :].astype("<f4").tobytes())
                    series.rows = model.epoch

    def write_state(
        self,
        model: Progress,
        *,
        waiting: bool,
        at_once: bool,
        paused: bool,
        pause_epoch: int | None,
        plan: Plan,
        answers: Mapping[str, Answer],
        effects: tuple[NudgeEffect, ...],
    ) -> None:
        """Write the state of the training, if the last write is half a second ago.

        Args:
            model: the watched model; once that has ended, the first copy that trains on.
            waiting: True while the training pauses.
            at_once: True to write now in any case, since somebody waits for an answer.
            paused: True if it was asked to pause.
            pause_epoch: after which it will pause.
            plan: as nudged so far.
            answers: to requests, by their IDs.
            effects: measured effects of nudges.
        """
        time_now = time.monotonic()
        if waiting or self._clock is None:
            self._clock = time_now, model.epoch  # a pause says nothing about the speed
        if not at_once and time_now - self._last_write < _SECONDS:
            return
        self._last_write = time_now
        elapsed, epochs = time_now - self._clock[0], model.epoch - self._clock[1]
        series = tuple(
            SeriesFile(
                role=records.role,
                pair=records.pair,
                file=self._path(job, records).name,
                start_epoch=records.start_epoch,
            )
            for job, records in self._series.items()
        )
        state = LiveState(
            epoch=model.epoch,
            share=model.epoch / model.epochs,
            seconds_left=elapsed / epochs * (model.epochs - model.epoch) if epochs else None,
            paused=paused,
            pause_epoch=pause_epoch,
            plan=plan,
            answers=dict(answers),
            nudge_effects=effects,
            series=series,
        )
        with suppress(OSError):
            state.write(self.folder)
            # Only now, since readers go by the state: until it names the new files they read the old ones.
            self._remove_except({file.file for file in series})

    def _series_of(self, job: int) -> _Series:
        if job not in self._series:
            pair = next((pair for pair, copy in self.copies.items() if copy == job), None)
            self._series[job] = _Series("run", job) if pair is None else _Series("copy", pair)
        return self._series[job]

    def _path(self, job: int, series: _Series) -> Path:
        return self.folder / CHECKPOINT_FOLDER / series_file(job, series.restarts)

    def _remove_except(self, names: set[str]) -> None:
        for path in (self.folder / CHECKPOINT_FOLDER).glob(SERIES_FILES):
            if path.name not in names:
                path.unlink(missing_ok=True)
