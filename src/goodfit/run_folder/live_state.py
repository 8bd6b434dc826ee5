"""State of a live training, which it writes to its run's folder every half second and every watcher reads."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from goodfit.errors import InputError
from goodfit.plan import Plan
from goodfit.record.nudge import NudgeEffect
from goodfit.record.plain import PlainData
from goodfit.run_folder.json_files import Value, read_value, write_json
from goodfit.run_folder.names import ABOUT_FILE, STATE_FILE

Role = Literal["run", "copy"]


@dataclass(frozen=True, kw_only=True)
class GuessOverview(PlainData):
    """The best constant prediction, in words, and its error on the dev set."""

    prediction: str
    error: float


@dataclass(frozen=True, kw_only=True)
class DataOverview(PlainData):
    """The facts of the data that the doctor needs beside the records.

    Attributes:
        m: training examples.
        task: `binary`, `classes` or `regression`.
        class_counts: training examples of each class; None for a regression.
        dev: dev examples.
        spread: of the target of a regression, in its unit; None for classes.
        guess_cost: cost of the best constant guess of a regression, by the plan's loss.
        deviations: standard deviations of a regression's training and dev targets, in their unit; None for classes.
        guess: the best constant prediction.
    """

    m: int
    task: str
    class_counts: tuple[int, ...] | None = None
    dev: int
    spread: float | None = None
    guess_cost: float | None = None
    deviations: tuple[float, float] | None = None
    guess: GuessOverview | None = None


@dataclass(frozen=True, kw_only=True)
class About(PlainData):
    """The layout of a training's records, and the facts that do not change while it runs.

    Attributes:
        recorded: names of the columns that every epoch has.
        layers: "inputs", "layer 1", …, "output".
        health_columns: names of the health statistics, which follow for each layer.
        data: facts of the data.
        metric: `error_rate` or `1-r2`.
        untouched_copies: copies that train on beside a nudged model.
    """

    recorded: tuple[str, ...]
    layers: tuple[str, ...]
    health_columns: tuple[str, ...]
    data: DataOverview
    metric: str
    untouched_copies: int

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return the facts in a run's folder; None before its training has written them.

        Raises:
            InputError: the file is damaged.
        """
        return _read(cls, folder / ABOUT_FILE)

    def write(self, folder: Path) -> None:
        """Write the facts to a run's folder.

        Raises:
            OSError: the file cannot be written.
        """
        write_json(folder / ABOUT_FILE, self.to_dict())


@dataclass(frozen=True, kw_only=True)
class SeriesFile(PlainData):
    """A file with the records of one model.

    Attributes:
        role: "run", or "copy" of a run that was left alone.
        pair: 0 is the watched model; others have the same plan and other seeds.
        file: its name in the checkpoint folder.
        start_epoch: epoch at which a copy left its run.
    """

    role: str
    pair: int
    file: str
    start_epoch: int = 0


@dataclass(frozen=True, kw_only=True)
class Answer(PlainData):
    """The answer of a training to a request.

    Attributes:
        epoch: in which it was given.
        changes: of a nudge: name, old and new value of each number.
        rewind: epochs that a rewind left and returned to.
        refused: the reason if the request was refused.
    """

    epoch: int
    changes: tuple[tuple[Any, ...], ...] | None = None
    rewind: tuple[int, ...] | None = None
    refused: str | None = None


@dataclass(frozen=True, kw_only=True)
class LiveState(PlainData):
    """The state of a training at a moment.

    Attributes:
        epoch: epochs completed.
        share: of the epochs.
        seconds_left: estimated; None where unknown.
        paused: True while it waits.
        pause_epoch: after which it will pause.
        plan: as nudged so far.
        answers: to the last requests, by their IDs.
        nudge_effects: with untouched copies.
        series: files of records.
    """

    epoch: int
    share: float
    seconds_left: float | None = None
    paused: bool
    pause_epoch: int | None = None
    plan: Plan
    answers: dict[str, Answer] = field(default_factory=dict)
    nudge_effects: tuple[NudgeEffect, ...] = ()
    series: tuple[SeriesFile, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return the state in a run's folder; None before its training has written one.

        Raises:
            InputError: the file is damaged.
        """
        return _read(cls, folder / STATE_FILE)

    @classmethod
    def recover(cls, folder: Path) -> Self | None:
        """Return the state that a training left when it was cut off; None if it is damaged, since it can do without."""
        try:
            return cls.read(folder)
        except InputError:
            return None

    def write(self, folder: Path) -> None:
        """Write the state to a run's folder.

        Raises:
            OSError: the file cannot be written.
        """
        write_json(folder / STATE_FILE, self.to_dict())


def _read(kind: type[Value], path: Path) -> Value | None:
    return read_value(kind, path, "delete it, and its training writes it again") if path.exists() else None
