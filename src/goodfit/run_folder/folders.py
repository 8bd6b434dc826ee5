"""Folders of runs: made fresh, and told apart from folders of data."""

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from goodfit.errors import GoodfitError, InputError, UnfinishedError
from goodfit.run_folder.names import JOB_FILE, SOURCE_FILE


@contextmanager
def fresh_folder(out: str | Path, name: str) -> Iterator[Path]:
    """Make a run's folder; where the work in it is refused, it goes again, and `out` where that was made for it.

    It stays where the work can be resumed.

    Args:
        out: the folder of all runs.
        name: of the data, which becomes part of the folder's name.

    Raises:
        InputError: the folder cannot be made or written to.
    """
    was_there = Path(out).exists()
    folder = _new_folder(out, name)
    try:
        yield folder
    except UnfinishedError:
        raise
    except GoodfitError:
        shutil.rmtree(folder, ignore_errors=True)
        if not was_there:
            with suppress(OSError):  # it holds something else by now
                Path(out).rmdir()
        raise


def _new_folder(out: str | Path, name: str) -> Path:
    safe = "".join(character if character.isalnum() or character in "-_" else "-" for character in name)[:40]
    # By time, so that the order of names is that of the runs; the random end tells runs of one second apart.
    folder = Path(out) / f"{time.strftime('%Y%m%d-%H%M%S')}-{safe}-{secrets.token_hex(2)}"
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise InputError(f"cannot write to {out} ({error.strerror}); choose another folder with --out") from None
    return folder


def check_writable(out: str | Path) -> None:
    """Refuse an output folder before any work is done.

    Raises:
        InputError: the folder, or the nearest one above that exists, cannot be written to.
    """
    place = Path(out)
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise InputError(f"cannot write to {out}; choose another folder with --out")


def is_run(folder: str | Path) -> bool:
    """Return True for a run's folder; a folder of images is data."""
    return (Path(folder) / SOURCE_FILE).exists()


def check_is_data(source: object) -> None:
    """Refuse a run's folder where data is needed.

    Raises:
        InputError: the source is one.
    """
    if isinstance(source, str | Path) and is_run(source):
        raise InputError(f"{source} is the folder of a run, not data; name the data that it was trained on")


def is_unfinished(folder: Path) -> bool:
    """Return True for the folder of a job that did not end."""
    return (folder / JOB_FILE).exists()
