"""A job that has not ended: its request, the process that holds it, and what remains of it in the run's folder."""

import fcntl
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, Self

from goodfit.errors import InputError
from goodfit.plan import Plan
from goodfit.record.nudge import Nudge
from goodfit.record.plain import PlainData
from goodfit.record.result import BranchOrigin
from goodfit.run_folder.decisions import Decision
from goodfit.run_folder.json_files import read_value, write_json
from goodfit.run_folder.names import CHECKPOINT_FOLDER, JOB_FILE
from goodfit.run_folder.version import check_version

Command = Literal["train", "improve", "tune"]

_TRIES, _PAUSE = 3, 0.05  # seconds


@dataclass(frozen=True)
class JobRequest(PlainData):
    """The request behind an unfinished job: everything that another process needs to resume it.

    Attributes:
        data: the file or the built-in name; None where it was in memory.
        options: as the command has them.
        started: when, in ISO's form.
        in_memory: True if data, dev or test set was, so that no other process finds it again.
        plan: as begun; `plan.yaml` has it as nudged, once the training has ended. For `improve` the plan that was
            given, or None.
        nudges: to be made again by `train`, as `--replay` read them.
        decisions: to be taken again by `improve`.
        untouched_copies: untouched copies that train beside the model after a nudge, each of a seed of its own.
        paused: True if it waits at its beginning.
        origin: the run and the epoch whose parameters it starts from, and the names of those that fitted.
        command: that made the request.
    """

    data: str | None
    options: dict[str, Any]
    started: str
    in_memory: bool
    plan: Plan | None
    nudges: tuple[Nudge, ...] = ()
    decisions: tuple[Decision, ...] = ()
    untouched_copies: int = 0
    paused: bool = False
    origin: BranchOrigin | None = None
    command: Command = "train"

    def __post_init__(self) -> None:
        """Refuse a training without a plan.

        Raises:
            ValueError: it has none.
        """
        if self.command == "train" and self.plan is None:
            raise ValueError("it has no 'plan'")

    @property
    def training_plan(self) -> Plan:
        """The plan of a single training."""
        assert self.plan is not None, "a job of `train` has a plan"
        return self.plan

    @property
    def seed(self) -> int:
        """Random seed of the split and the training."""
        return self.options.get("seed", 0)

    def write(self, folder: Path) -> None:
        """Mark the run as begun."""
        (folder / CHECKPOINT_FOLDER).mkdir()
        write_json(folder / JOB_FILE, self.to_dict())

    @classmethod
    def read(cls, folder: Path, commands: Sequence[Command] = ("train",)) -> Self:
        """Return the request of a run of one of these commands.

        Raises:
            InputError: it cannot be read, another version of goodfit wrote it, or it is another command's.
        """
        check_version(folder)
        request = read_value(cls, folder / JOB_FILE)
        if request.command not in commands:
            wish = f"this can be done with one of `goodfit {commands[0]}` alone"
            raise InputError(f"the run {folder} is a job of `goodfit {request.command}`, not a single training; {wish}")
        return request


def finish_run(folder: Path) -> None:
    """Mark the run as finished, and remove its checkpoints."""
    (folder / JOB_FILE).unlink()
    shutil.rmtree(folder / CHECKPOINT_FOLDER, ignore_errors=True)  # who asks for something now may write into it


@contextmanager
def lock_run(folder: Path) -> Iterator[None]:
    """Hold a run for as long as the work takes; the system lets go of it where the process is killed.

    Raises:
        InputError: another process holds it.
    """
    # A lock of the system, not a file with a process's number: it cannot be left behind by a process that was killed.
    with (folder / JOB_FILE).open("rb+") as file:
        for _ in range(_TRIES):  # who only asks (`is_live`) lets go at once
            if _locked(file, fcntl.LOCK_EX):
                break
            time.sleep(_PAUSE)
        else:
            raise InputError(f"the run {folder} is being trained by another process; let that end first")
        yield


def is_live(folder: Path) -> bool:
    """Return True while a process is training this run; the check takes the lock from nobody."""
    try:
        with (folder / JOB_FILE).open("rb") as file:
            return not _locked(file, fcntl.LOCK_SH)
    except OSError:
        return False


def _locked(file: IO[bytes], kind: int) -> bool:
    """Lock the file until it is closed, if nobody else has."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
