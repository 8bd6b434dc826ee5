"""A training that is going on, and other processes: they append requests to a file, it answers in another."""

import getpass
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from goodfit.errors import InputError
from goodfit.run_folder.archive import CHECKPOINT_FOLDER

Kind = Literal["nudge", "pause", "unpause", "rewind", "keep", "stop"]

REQUESTS_FILE = f"{CHECKPOINT_FOLDER}/requests.jsonl"
NOW_FILE = f"{CHECKPOINT_FOLDER}/now.json"
_MOST_BYTES = 1 << 16  # read at one visit


@dataclass(frozen=True)
class Request:
    """A request of another process.

    Attributes:
        id: its own, for the answer.
        kind: what to do.
        who: asks, in words.
        changes: of a nudge, by the plan's names.
        to: an epoch: to go back to, or to pause after where it shall continue.
    """

    id: str
    kind: Kind
    who: str
    changes: dict[str, Any] = field(default_factory=dict)
    to: int | None = None

    @classmethod
    def read(cls, line: bytes) -> "Request":
        """The request in a line.

        Raises:
            ValueError: there is none in it.
        """
        try:
            facts = json.loads(line)
            changes, to = dict(facts.get("changes", {})), facts.get("to")
            request = cls(str(facts["id"]), facts["kind"], str(facts["who"])[:100], changes, to)
        except Exception:  # whatever garbage does to a reader
            raise ValueError("no request") from None
        valid = isinstance(to, int) and not isinstance(to, bool) and to >= 0
        if request.kind not in get_args(Kind) or not (valid or (to is None and request.kind != "rewind")):
            raise ValueError("no request")
        return request


@dataclass
class Inbox:
    """The file of requests of a run, read on from where it was read to."""

    folder: Path
    _read_to: int = 0

    def lines(self) -> list[bytes]:
        """The whole lines that were appended since the last look; costs a question to the system where there are none.

        Lines too long for any request are passed over in pieces.
        """
        path = self.folder / REQUESTS_FILE
        try:
            size = path.stat().st_size if path.is_file() else 0
            self._read_to = self._read_to if size >= self._read_to else 0
            if size == self._read_to:
                return []
            with path.open("rb") as file:
                file.seek(self._read_to)
                data = file.read(_MOST_BYTES)
        except OSError:
            return []
        length = data.rfind(b"\n") + 1 or (len(data) if len(data) == _MOST_BYTES else 0)
        self._read_to += length
        return data[:length].splitlines()


def ask(folder: Path, kind: Kind, who: str, changes: dict[str, Any] | None = None, to: int | None = None) -> str:
    """Append a request; returns its id.

    Raises:
        InputError: it cannot be written.
    """
    request = secrets.token_hex(4)
    facts = {"id": request, "kind": kind, "who": f"{who}, {_user()}", "changes": changes or {}, "to": to}
    try:
        with (folder / REQUESTS_FILE).open("ab") as file:
            file.write(json.dumps(facts).encode() + b"\n")
    except OSError as error:
        raise InputError(f"cannot write to {folder} ({error.strerror}); nothing was asked of its training") from None
    return request


def now(folder: Path) -> dict[str, Any]:
    """Return the last status of a live training: epoch, paused, plan and answers; empty before it has started."""
    try:
        facts = json.loads((folder / NOW_FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) and isinstance(facts.get("answers"), dict) else {}


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a number without a name, as in a container
        return str(os.getuid())
