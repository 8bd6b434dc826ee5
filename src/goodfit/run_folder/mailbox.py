"""Requests of other processes to a training that is going on: they append to a file, and it reads what is new."""

import getpass
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from goodfit.errors import InputError
from goodfit.record.plain import PlainData
from goodfit.run_folder.json_lines import JsonLine, append_lines, parse_lines
from goodfit.run_folder.names import REQUESTS_FILE

Kind = Literal["nudge", "pause", "unpause", "rewind", "keep", "stop"]

_MOST_BYTES = 1 << 16  # read at one visit
_LONGEST_SENDER = 100  # characters


@dataclass(frozen=True)
class Request(PlainData):
    """A request of another process.

    Attributes:
        id: its own, for the answer.
        kind: what to do.
        sender: the sender, in words.
        changes: of a nudge, by the plan's names.
        to: an epoch: to go back to, or to pause after where it shall continue.
    """

    id: str
    kind: Kind
    sender: str
    changes: dict[str, Any] = field(default_factory=dict)
    to: int | None = None

    def __post_init__(self) -> None:
        """Refuse what is no request.

        Raises:
            ValueError: an epoch is missing or negative, or the sender is no name.
        """
        if self.to is None and self.kind == "rewind":
            raise ValueError("a rewind needs an epoch")
        if self.to is not None and self.to < 0:
            raise ValueError("an epoch is not negative")
        if len(self.sender) > _LONGEST_SENDER:
            raise ValueError("the sender's name is too long")


@dataclass
class Inbox:
    """The file of requests of a run, read on from where it was read to."""

    folder: Path
    _read_to: int = 0

    def lines(self) -> list[JsonLine]:
        """Return the whole lines that were appended since the last look.

        Costs a question to the system where there are none. Lines too long for any request are passed over in pieces.
        """
        path = self.folder / REQUESTS_FILE
        try:
            size = path.stat().st_size if path.is_file() else 0
            self._read_to = self._read_to if size >= self._read_to else 0  # shorter: the file was written anew
            if size == self._read_to:
                return []
            with path.open("rb") as file:
                file.seek(self._read_to)
                data = file.read(_MOST_BYTES)
        except OSError:
            return []
        self._read_to += data.rfind(b"\n") + 1 or (len(data) if len(data) == _MOST_BYTES else 0)
        return parse_lines(data)


def send_request(
    folder: Path, kind: Kind, sender: str, changes: dict[str, Any] | None = None, to: int | None = None
) -> str:
    """Append a request; return its ID.

    Raises:
        InputError: it cannot be written.
    """
    request = Request(secrets.token_hex(4), kind, f"{sender}, {_user()}"[:_LONGEST_SENDER], changes or {}, to)
    try:
        append_lines(folder / REQUESTS_FILE, [request.to_dict()])
    except OSError as error:
        raise InputError(f"cannot write to {folder} ({error.strerror}); nothing was asked of its training") from None
    return request.id


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a number without a name, as in a container
        return str(os.getuid())
