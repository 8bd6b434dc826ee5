"""What the page of a live training can ask for, as functions that it calls."""

import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from goodfit.api.nudge import nudge
from goodfit.api.pause import pause
from goodfit.api.rewind import rewind
from goodfit.api.stop import stop
from goodfit.api.unpause import unpause
from goodfit.errors import PlanError
from goodfit.monitor.view import LOG_FILE
from goodfit.monitor.web.server import Action, Site
from goodfit.plan import canonical_settings


@dataclass
class PageActions:
    """Trainings in processes of their own, which outlive this one.

    Attributes:
        who: asks what is asked of them here, for their `nudges.jsonl`.
    """

    who: str = "page"
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, folder: Path) -> None:
        """Let a run that was begun be trained."""
        command = [sys.executable, "-m", "goodfit", "resume", str(folder), "--json"]
        with (folder / LOG_FILE).open("wb") as log:  # its own session, so that Ctrl-C here does not reach it
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._processes[folder.name] = process
        threading.Thread(target=process.wait, daemon=True).start()  # else it stays in the table when it has ended

    def alive(self, name: str) -> bool:
        """Whether a process that was started for this run has not ended."""
        return name in self._processes and self._processes[name].poll() is None

    def site(self, folder: Path) -> Site:
        """The pages of the run and its neighbors, with all that can be asked of them."""
        whole = folder.resolve()
        return Site(whole.parent, whole.name, self.actions(), self.alive)

    def actions(self) -> dict[str, Action]:
        """What a page or a terminal may ask of a run, by name."""
        known = {"nudge": _nudge, "pause": _pause, "unpause": _continue, "rewind": _back, "stop": _stop}
        return {name: partial(action, who=self.who) for name, action in known.items()} | {"branch": self._branch}

    def _branch(self, run: Path, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Begin a run from this one's parameters, and train it; it goes on at once, as this one does."""
        from goodfit.api.branch import begin_branch

        _only(asked, "epoch", "changes")
        branch = begin_branch(run, epoch=_epoch(asked, "epoch"), **_changes(asked))
        self.start(branch)
        return {"run": branch.name}


def _nudge(run: Path, asked: Mapping[str, Any], who: str) -> dict[str, Any]:
    _only(asked, "changes")
    changes = _changes(asked)
    try:
        return nudge(run, sender=who, **changes)
    except OverflowError:
        raise PlanError(f"{' or '.join(changes)} is too large a number for any plan") from None


def _pause(run: Path, asked: Mapping[str, Any], who: str) -> dict[str, Any]:
    _only(asked)
    return pause(run, sender=who)


def _continue(run: Path, asked: Mapping[str, Any], who: str) -> dict[str, Any]:
    _only(asked, "to")
    return unpause(run, to=_epoch(asked, "to"), sender=who)


def _back(run: Path, asked: Mapping[str, Any], who: str) -> dict[str, Any]:
    _only(asked, "to")
    epoch = _epoch(asked, "to")
    if epoch is None:
        raise PlanError("going back needs the epoch to go back to")
    return rewind(run, to=epoch, sender=who)


def _stop(run: Path, asked: Mapping[str, Any], who: str) -> dict[str, Any]:
    _only(asked)
    return stop(run, sender=who)


def _changes(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Names and values of the plan.

    Raises:
        PlanError: they are none.
    """
    changes = asked.get("changes") or {}
    if not isinstance(changes, dict):
        raise PlanError('changes must be an object of names and values, as in {"learning_rate": 0.001}')
    return canonical_settings(changes)  # as arguments, other names would mean something else


def _epoch(asked: Mapping[str, Any], name: str) -> int | None:
    """The epoch under this name, where one is given."""
    value = asked.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**9):
        raise PlanError(f"the epoch is {value!r}; it must be a whole number of at least 0")
    return value


def _only(asked: Mapping[str, Any], *names: str) -> None:
    """Refuse what this does not take.

    Raises:
        PlanError: another name is given.
    """
    for name in asked:
        if name not in names:
            raise PlanError(f"this takes no {name!r}")
