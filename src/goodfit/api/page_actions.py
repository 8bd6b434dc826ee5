"""Actions of the page and the terminal view of a live training."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from goodfit.api.nudge import nudge
from goodfit.api.pause import pause
from goodfit.api.result_types.answer import Answer
from goodfit.api.rewind import rewind
from goodfit.api.stop import stop
from goodfit.api.unpause import unpause
from goodfit.errors import PlanError
from goodfit.monitor.actions import Action, Reply
from goodfit.monitor.web.server import Site
from goodfit.plan import canonical_settings
from goodfit.run_folder.names import LOG_FILE

_Message = Callable[[Path, Mapping[str, Any], str], Answer]


@dataclass
class PageActions:
    """Trainings in processes of their own, which outlive this one.

    Attributes:
        sender: name of the sender in their `nudges.jsonl`.
    """

    sender: str = "page"
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, folder: Path) -> None:
        """Train a run from its beginning, or from where it was cut off."""
        command = [sys.executable, "-m", "goodfit", "resume", str(folder), "--json"]
        with (folder / LOG_FILE).open("wb") as log:  # a session of its own, so that Ctrl-C here does not reach it
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._processes[folder.name] = process
        threading.Thread(target=process.wait, daemon=True).start()  # reaps the process: otherwise it stays a zombie

    def alive(self, name: str) -> bool:
        """Return True while the process that was started for this run lives."""
        # A process that has just started may not have locked its run yet, so `is_live` would miss it.
        return name in self._processes and self._processes[name].poll() is None

    @contextmanager
    def ended_by_errors(self) -> Iterator[None]:
        """End the trainings if this raises: nobody has seen them, and they would wait for their start for ever."""
        try:
            yield
        except BaseException:
            for process in self._processes.values():
                process.terminate()
            raise

    def site(self, folder: Path) -> Site:
        """Return the pages of the run and its neighbors, with their actions."""
        run = folder.resolve()
        return Site(run.parent, run.name, self.actions(), self.alive)

    def actions(self) -> dict[str, Action]:
        """Return the actions on a run that a page or a terminal offers, by name."""
        messages = {"nudge": _nudge, "pause": _pause, "unpause": _unpause, "rewind": _rewind, "stop": _stop}
        actions: dict[str, Action] = {name: partial(_send, send, self.sender) for name, send in messages.items()}
        return actions | {"branch": self._branch}

    def _branch(self, run: Path, values: Mapping[str, Any]) -> Reply:
        """Start a run from this one's parameters and train it; both go on at the same time."""
        from goodfit.api.branch import begin_branch

        _check_names(values, "epoch", "changes")
        branch = begin_branch(run, epoch=_epoch(values, "epoch"), **_changes(values))
        self.start(branch)
        return Reply(run=branch.name)


def _send(message: _Message, sender: str, run: Path, values: Mapping[str, Any]) -> Reply:
    return Reply(**message(run, values, sender).field_values())


def _nudge(run: Path, values: Mapping[str, Any], sender: str) -> Answer:
    _check_names(values, "changes")
    changes = _changes(values)
    try:
        return nudge(run, sender=sender, **changes)
    except OverflowError:
        raise PlanError(f"{' or '.join(changes)} is too large a number for any plan") from None


def _pause(run: Path, values: Mapping[str, Any], sender: str) -> Answer:
    _check_names(values)
    return pause(run, sender=sender)


def _unpause(run: Path, values: Mapping[str, Any], sender: str) -> Answer:
    _check_names(values, "to")
    return unpause(run, to=_epoch(values, "to"), sender=sender)


def _rewind(run: Path, values: Mapping[str, Any], sender: str) -> Answer:
    _check_names(values, "to")
    epoch = _epoch(values, "to")
    if epoch is None:
        raise PlanError("a rewind needs the epoch to go back to")
    return rewind(run, to=epoch, sender=sender)


def _stop(run: Path, values: Mapping[str, Any], sender: str) -> Answer:
    _check_names(values)
    return stop(run, sender=sender)


def _changes(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return names and values of settings.

    Raises:
        PlanError: they are not an object, or a name is unknown.
    """
    changes = values.get("changes") or {}
    if not isinstance(changes, dict):
        raise PlanError('changes must be an object of names and values, as in {"learning_rate": 0.001}')
    return canonical_settings(changes)  # checked here: as keyword arguments, other names would mean something else


def _epoch(values: Mapping[str, Any], name: str) -> int | None:
    """Return the epoch under a name; None if there is none.

    Raises:
        PlanError: it is no epoch.
    """
    epoch = values.get(name)
    if epoch is not None and (not isinstance(epoch, int) or isinstance(epoch, bool) or not 0 <= epoch < 10**9):
        raise PlanError(f"the epoch is {epoch!r}; it must be a whole number of at least 0")
    return epoch


def _check_names(values: Mapping[str, Any], *names: str) -> None:
    """Refuse values that an action does not take.

    Raises:
        PlanError: there is one.
    """
    for name in values:
        if name not in names:
            raise PlanError(f"this takes no {name!r}")
