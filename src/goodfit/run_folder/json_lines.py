"""Files of JSON lines, which only grow: appended in one write, and read up to a last line that a crash tore."""

import errno
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from goodfit.errors import InputError
from goodfit.run_folder.json_files import plain


class JsonLine(NamedTuple):
    """A whole line of a file.

    Attributes:
        number: counted from 1.
        text: as it is.
        facts: the JSON object in it; None if it holds none.
    """

    number: int
    text: bytes
    facts: dict[str, Any] | None


def append_lines(path: Path, lines: Iterable[Mapping[str, Any]], *, flush: bool = False) -> None:
    """Append lines in one write, which takes effect as a whole or not at all.

    They begin on a line of their own, even after one that a crash tore.

    Args:
        path: of the file, which is created if needed.
        lines: facts, which may be NumPy numbers and arrays.
        flush: wait until they are on the disk.

    Raises:
        OSError: they cannot be written.
    """
    data = "".join(json.dumps(line, default=plain) + "\n" for line in lines).encode()
    # Unbuffered, so that the write is one call to the system, and other processes' lines come before or after it.
    with path.open("a+b", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        if end:
            file.seek(-1, os.SEEK_END)
            data = data if file.read(1) == b"\n" else b"\n" + data
        written = file.write(data)
        if written != len(data):  # the disk is full
            file.truncate(end)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if flush:
            os.fsync(file.fileno())


def read_lines(path: Path) -> list[JsonLine]:
    """Return the whole lines of a file; none if there is no file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return parse_lines(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror})") from None


def parse_lines(data: bytes) -> list[JsonLine]:
    """Return the whole lines; what follows the last line break was torn by a crash, or is still being written."""
    texts = data.split(b"\n")[:-1]
    return [JsonLine(number, text, _object(text)) for number, text in enumerate(texts, 1)]


def cut_torn_line(path: Path) -> None:
    """Cut off a last line that a crash tore.

    Raises:
        OSError: there is no such file, or it cannot be changed.
    """
    with path.open("r+b") as file:
        file.truncate(file.read().rfind(b"\n") + 1)


def cut_after(path: Path, lines: int) -> None:
    """Keep only the first lines of a file.

    Raises:
        OSError: it cannot be changed.
    """
    with path.open("r+b") as file:
        for _ in range(lines):
            file.readline()
        file.truncate(file.tell())


def _object(text: bytes) -> dict[str, Any] | None:
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None
