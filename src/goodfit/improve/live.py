"""A training that is going on, and other processes: they append requests to a file, it answers in another."""

import getpass
import json
import math
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, Literal, get_args

from goodfit.errors import InputError
from goodfit.improve import nudges
from goodfit.improve.archive import CHECKPOINT_FOLDER, write_json
from goodfit.improve.nudges import Nudge, nudged
from goodfit.plan import Plan, Structure
from goodfit.train.control import Action, Change, Progress, Stop, Wait

Kind = Literal["nudge", "pause", "continue", "stop"]

REQUESTS_FILE = f"{CHECKPOINT_FOLDER}/requests.jsonl"
NOW_FILE = f"{CHECKPOINT_FOLDER}/now.json"
_SECONDS = 1.0  # between two times that it says where it is
_MOST_BYTES = 1 << 16  # read at one visit
_MOST_ANSWERS = 100  # kept for who waits
_MOST_TOLD = 20


@dataclass(frozen=True)
class Request:
    """What another process asks.

    Attributes:
        id: its own, for the answer.
        kind: what to do.
        who: asks, in words.
        changes: of a nudge, by the plan's names.
    """

    id: str
    kind: Kind
    who: str
    changes: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, line: bytes) -> "Request":
        """The request in a line.

        Raises:
            ValueError: there is none in it.
        """
        try:
            facts = json.loads(line)
            request = cls(str(facts["id"]), facts["kind"], str(facts["who"])[:100], dict(facts.get("changes", {})))
        except Exception:  # whatever garbage does to a reader
            raise ValueError("no request") from None
        if request.kind not in get_args(Kind):
            raise ValueError("no request")
        return request


@dataclass
class Live:
    """The control of one live training: makes nudges when an epoch ends, and pauses and stops it, as it is asked.

    Nothing that stands in the file of requests can end the training otherwise: what is wrong there is told and left.

    Attributes:
        folder: the run's.
        plan: as it is now.
        begun: the structure that was compiled.
        logged: nudges that were made before the training was cut off: made again at their epochs, if they still come.
        replay: nudges to be made at their epochs for the first time.
        made: all nudges so far.
        told: sentences on what was left, the first few.
        paused: whether it waits.
    """

    folder: Path
    plan: Plan
    begun: Structure
    logged: list[Nudge] = field(default_factory=list)
    replay: list[Nudge] = field(default_factory=list)
    made: list[Nudge] = field(init=False)
    told: list[str] = field(default_factory=list)
    paused: bool = False
    _pending: list[Request] = field(init=False)
    _stop: Request | None = field(default=None, init=False)
    _answers: dict[str, dict[str, Any]] = field(init=False)
    _read_to: int = field(default=0, init=False)
    _written: float = field(default=-math.inf, init=False)

    def __post_init__(self) -> None:
        """Take up the nudges that were asked for before the training was cut off, and not answered."""
        self.made = list(self.logged)
        self._answers = now(self.folder).get("answers", {})
        answered = {*self._answers, *(nudge.request for nudge in self.logged)}
        lines = chain.from_iterable(iter(self._lines, []))
        before = [request for line in lines if (request := self._request(line))]
        self._pending = [each for each in before if each.kind == "nudge" and each.id not in answered]

    def next_visit(self, job: int, epoch: int, epochs: int) -> int | None:
        """The epoch of the next nudge that is known; where one could not be made in the middle of an epoch, its end."""
        known = [nudge.epoch for nudge in (*self.logged, *self.replay)]
        asked = [epoch + 1] if self._pending or self._stop else []
        return min((*known, *asked), default=None)

    def __call__(self, progress: list[Progress]) -> dict[int, list[Action]]:
        """What is due and what was asked, for the one model that there is."""
        (own,) = progress
        for line in self._lines():
            if request := self._request(line):
                self._take(request, own.epoch)
        actions: list[Action] = []
        if own.between_epochs:
            actions = [*self._known(own.epoch), *self._asked(own.epoch)]
        self.logged, self.replay = (
            [nudge for nudge in known if nudge.epoch > own.epoch] for known in (self.logged, self.replay)
        )
        if self._stop and own.epoch:  # before the first has ended there is no network to keep
            self._answer(self._stop, own.epoch)
            actions.append(Stop(f"stopped after epoch {own.epoch} ({self._stop.who})"))
        elif self.paused and not self._stop:
            actions.append(Wait())
        self._tell(own.epoch)
        return {own.job: actions}

    def _take(self, request: Request, epoch: int) -> None:
        if request.id in self._answers:  # who wrote the file anew wrote old lines, too
            return
        if request.kind == "nudge":
            self._pending.append(request)
        elif request.kind == "stop":
            self._stop = request
        else:
            self.paused = request.kind == "pause"
            self._answer(request, epoch)

    def _known(self, epoch: int) -> Iterator[Action]:
        """Nudges of this epoch that are logged, or are to be replayed."""
        for nudge in self.logged:
            if nudge.epoch == epoch:
                yield self._change({nudge.what: nudge.new}, epoch)
        for nudge in self.replay:
            if nudge.epoch == epoch:
                again = Nudge(nudge.what, self.plan.to_dict()[nudge.what], nudge.new, epoch, "replay", _now())
                yield self._change({nudge.what: nudge.new}, epoch)
                self.made.append(again)
                try:
                    nudges.append(self.folder, [again])
                except OSError as error:
                    self._leave(f"the replay of {nudge.what} could not be logged ({error.strerror})")

    def _asked(self, epoch: int) -> Iterator[Action]:
        """Nudges that other processes asked for; they come after all that were made before the training was cut off."""
        if any(nudge.epoch > epoch for nudge in self.logged):
            return
        pending, self._pending = self._pending, []
        for request in pending:
            before = self.plan
            try:
                change = self._change(request.changes, epoch)
                old, new = before.to_dict(), self.plan.to_dict()
                made = [
                    Nudge(name, old[name], new[name], epoch, request.who, _now(), request.id)
                    for name in request.changes
                ]
                nudges.append(self.folder, made)
            except Exception as error:  # whatever a wrong value or a full disk does, the training goes on as it was
                self.plan = before
                self._answer(request, epoch, refused=" ".join(str(error).split()))
                self._leave(f"a nudge ({request.who}) was left: {error}")
            else:
                self.made += made
                self._answer(request, epoch, made=[[each.what, each.old, each.new] for each in made])
                yield change

    def _change(self, numbers: dict[str, Any], epoch: int) -> Change:
        """Change the plan, as the engine will."""
        plan = nudged(self.plan, self.begun, numbers, epoch)
        _ = plan.hyperparameters  # too large a whole number fails here, not in the engine
        self.plan = plan
        return Change(numbers)

    def _request(self, line: bytes) -> Request | None:
        """The request in a line, or nothing."""
        try:
            return Request.read(line)
        except ValueError:
            self._leave(f"a line among the requests to this training is none: {line[:40]!r}")
            return None

    def _leave(self, sentence: str) -> None:
        if len(self.told) < _MOST_TOLD:
            self.told.append(sentence)

    def _lines(self) -> list[bytes]:
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

    def _answer(self, request: Request, epoch: int, **facts: Any) -> None:
        answers = list(self._answers.items())[1 - _MOST_ANSWERS :]
        self._answers = dict(answers) | {request.id: {"epoch": epoch} | facts}
        self._written = -math.inf

    def _tell(self, epoch: int) -> None:
        """Write down where the training is: at once where something was answered, else now and then."""
        if time.monotonic() - self._written < _SECONDS:
            return
        self._written = time.monotonic()
        facts = {"epoch": epoch, "paused": self.paused, "plan": self.plan.to_dict(), "answers": self._answers}
        with suppress(OSError):  # no room: who waits is not answered, the training goes on
            write_json(self.folder / NOW_FILE, facts)


def now(folder: Path) -> dict[str, Any]:
    """What a live training last said of itself: epoch, paused, plan and answers; empty where it has not begun."""
    try:
        facts = json.loads((folder / NOW_FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) and isinstance(facts.get("answers"), dict) else {}


def ask(folder: Path, kind: Kind, who: str, changes: dict[str, Any] | None = None) -> str:
    """Append a request; returns its id.

    Raises:
        InputError: it cannot be written.
    """
    request = secrets.token_hex(4)
    line = json.dumps({"id": request, "kind": kind, "who": f"{who}, {_user()}", "changes": changes or {}}) + "\n"
    try:
        with (folder / REQUESTS_FILE).open("ab") as file:
            file.write(line.encode())
    except OSError as error:
        raise InputError(f"cannot write to {folder} ({error.strerror}); nothing was asked of its training") from None
    return request


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a number without a name, as in a container
        return str(os.getuid())


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
