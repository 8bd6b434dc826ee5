"""A job that has not ended: what it was asked, whose it is, and what remains of it in the run's folder."""

import fcntl
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Self

from goodfit.errors import InputError
from goodfit.run_folder import archive
from goodfit.run_folder.archive import CHECKPOINT_FOLDER, JOB_FILE

_TRIES, _PAUSE = 3, 0.05  # seconds


@dataclass(frozen=True)
class JobRequest:
    """The request behind an unfinished job: everything that another process needs to resume it.

    Attributes:
        data: the file or the built-in name; None where it was in memory.
        options: as the command has them.
        started: when, in ISO's form.
        in_memory: whether data, dev or test set was, so that no other process finds it again.
        plan: as begun; `plan.yaml` has it as nudged, once the training has ended. That which was given to `improve`,
            or nothing.
        replay: nudges to be made again, as `--replay` read them; decisions to be taken again by `improve`.
        untouched_copies: untouched copies that train beside the model after a nudge, each of a seed of its own.
        paused: whether it waits at its beginning.
        origin: the run and the epoch whose parameters it starts from, and the names of those that fitted.
        command: `train` or `improve`.
    """

    data: str | None
    options: dict[str, Any]
    started: str
    in_memory: bool
    plan: dict[str, Any]
    replay: list[dict[str, Any]]
    untouched_copies: int = 0
    paused: bool = False
    origin: dict[str, Any] | None = None
    command: str = "train"

    @property
    def seed(self) -> int:
        """Random seed of the split and the training."""
        return self.options.get("seed", 0)

    def write(self, folder: Path) -> None:
        """Mark the run as begun."""
        (folder / CHECKPOINT_FOLDER).mkdir()
        archive.write_json(folder / JOB_FILE, asdict(self))

    @classmethod
    def read(cls, folder: Path, commands: Sequence[str] = ("train",)) -> Self:
        """Return the request of a run of one of these commands.

        Raises:
            InputError: it cannot be read, or another command asked it.
        """
        facts = archive.read_facts(folder, JOB_FILE)
        try:
            request = cls(**facts)
        except TypeError:
            raise InputError(f"the run {folder} was begun by another version of goodfit; train again") from None
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
    with (folder / JOB_FILE).open("rb+") as file:
        for _ in range(_TRIES):  # who only asks (`is_live`) lets go at once
            if _locked(file, fcntl.LOCK_EX):
                break
            time.sleep(_PAUSE)
        else:
            raise InputError(f"the run {folder} is being trained by another process; let that end first")
        yield


def is_live(folder: Path) -> bool:
    """True while a process is training this run; the check takes the lock from nobody."""
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
