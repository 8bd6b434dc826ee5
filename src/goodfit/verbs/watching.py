"""Watch a training, in a browser or a terminal: begin it in a process of its own, and show and turn it."""

import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from goodfit.errors import InputError, PlanError
from goodfit.improve import archive
from goodfit.improve.unfinished import is_live
from goodfit.plan import Plan, check_keys
from goodfit.verbs import nudging
from goodfit.verbs.common import DataOptions
from goodfit.watch.keys import check_terminal
from goodfit.watch.server import Action, Server, Site
from goodfit.watch.terminal import show
from goodfit.watch.view import LOG_FILE


def watch(
    source: str | Path,
    *,
    plan: Plan | str | Path | None = None,
    changes: dict[str, Any] | None = None,
    control: int = 0,
    human_error: float | None = None,
    min_gap: float | None = None,
    out: str | Path = "runs",
    port: int = 0,
    terminal: bool = False,
    told: Callable[[dict[str, Any]], None] | None = None,
    **options: Unpack[DataOptions],
) -> dict[str, Any]:
    """Serve a page on this machine that shows a training while it goes on, and turns its knobs; until Ctrl-C.

    The training is a process of its own: it waits for the page's Start button, and goes on when the page has ended.

    Args:
        source: a file or a built-in name, for a new training; or a run's directory, of one that goes on or has ended.
        plan: the settings of a new training: a Plan, or a YAML file of one; the default network when not given.
        changes: settings to change in the plan.
        control: untouched copies that train on beside it from each nudge on, all but the first with seeds of their own,
            so that the page says what the nudge was worth.
        human_error: the human or Bayes error; 0 is assumed for classes, unknown for regression.
        min_gap: the smallest gap between errors that matters; 0.02 when not given.
        out: the folder of the runs.
        port: of the page; 0 is any that is free.
        terminal: show it in this terminal, turned by keys, until a person leaves; nothing is served.
        told: given `run` and `address` as soon as the page is there; without it they are printed. Not in a terminal.
        options: target, task, group, time, dev, test, no_test, seed: see DataOptions.

    Returns:
        `run`, `address` (of a page), and `training`: whether that goes on; once the page has ended.

    Raises:
        GoodfitError: bad input, or a port that is taken, with one sentence that says what to do.
    """
    asked = {"plan": plan, "changes": changes, "human_error": human_error, "min_gap": min_gap, **options}
    given = {name: value for name, value in asked.items() if value not in (None, {}, False)}
    if terminal:
        check_terminal()  # before anything is begun, as a port that is taken
        trainings = Trainings("terminal")
        folder = _opened(source, trainings, control, out, given)
        facts: dict[str, Any] = {"run": str(folder)}
        show(folder, trainings.actions(), lambda: trainings.alive(folder.resolve().name))
    else:
        trainings = Trainings()
        with closing(Server(port)) as server:
            folder = _opened(source, trainings, control, out, given)
            facts = {"run": str(folder), "address": server.open(trainings.site(folder))}
            (told or _print)(facts)
            server.run()
    lives = archive.is_unfinished(folder) and (is_live(folder) or trainings.alive(folder.resolve().name))
    return facts | {"training": lives}


def _opened(source: str | Path, trainings: "Trainings", control: int, out: str | Path, given: dict[str, Any]) -> Path:
    """The folder of a run, or of a new training of the data, which is started."""
    if (Path(source) / archive.SOURCE_FILE).is_file():
        if control or any(name != "seed" or value for name, value in given.items()):
            raise InputError(f"{source} is a run, which has its data and its plan; leave the options for them out")
        return Path(source)
    from goodfit.verbs.beginning import begin

    folder = begin(source, control=control, paused=True, out=out, **given)
    trainings.start(folder)
    return folder


def _print(facts: dict[str, Any]) -> None:
    print(f"{facts['address']} shows {facts['run']}", flush=True)


@dataclass
class Trainings:
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
        """The pages of the run and its neighbours, with all that can be asked of them."""
        whole = folder.resolve()
        return Site(whole.parent, whole.name, self.actions(), self.alive)

    def actions(self) -> dict[str, Action]:
        """What a page or a terminal may ask of a run, by name."""
        known = {"nudge": _nudge, "pause": _pause, "continue": _continue, "back": _back, "stop": _stop}
        return {name: partial(action, who=self.who) for name, action in known.items()} | {"branch": self._branch}

    def _branch(self, run: Path, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Begin a run from this one's parameters, and train it; it goes on at once, as this one does."""
        from goodfit.verbs.branching import begin_branch

        _only(asked, "epoch", "changes")
        made = begin_branch(run, epoch=_epoch(asked, "epoch"), **_changes(asked))
        self.start(made)
        return {"run": made.name}


def _nudge(run: Path, asked: Mapping[str, Any], who: str) -> dict[str, Any]:
    _only(asked, "changes")
    changes = _changes(asked)
    try:
        return nudging.nudge(run, who=who, **changes)
    except OverflowError:
        raise PlanError(f"{' or '.join(changes)} is too large a number for any plan") from None


def _pause(run: Path, asked: Mapping[str, Any], who: str) -> dict[str, Any]:
    _only(asked)
    return nudging.pause(run, who=who)


def _continue(run: Path, asked: Mapping[str, Any], who: str) -> dict[str, Any]:
    _only(asked, "to")
    return nudging.go_on(run, to=_epoch(asked, "to"), who=who)


def _back(run: Path, asked: Mapping[str, Any], who: str) -> dict[str, Any]:
    _only(asked, "to")
    epoch = _epoch(asked, "to")
    if epoch is None:
        raise PlanError("going back needs the epoch to go back to")
    return nudging.back(run, to=epoch, who=who)


def _stop(run: Path, asked: Mapping[str, Any], who: str) -> dict[str, Any]:
    _only(asked)
    return nudging.stop(run, who=who)


def _changes(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Names and values of the plan.

    Raises:
        PlanError: they are none.
    """
    changes = asked.get("changes") or {}
    if not isinstance(changes, dict):
        raise PlanError('changes must be an object of names and values, as in {"learning_rate": 0.001}')
    check_keys(changes)  # as arguments, other names would mean something else
    return changes


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
