"""Watch a training, in a browser or a terminal: begin it in a process of its own, and show and turn it."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Unpack

from goodfit.api.options import DataOptions
from goodfit.api.page_actions import PageActions
from goodfit.errors import InputError
from goodfit.monitor.terminal.keys import check_terminal
from goodfit.monitor.terminal.session import show
from goodfit.monitor.web.server import Server
from goodfit.plan import Plan
from goodfit.run_folder import archive
from goodfit.run_folder.job import is_live


def watch(
    source: str | Path,
    *,
    plan: Plan | str | Path | None = None,
    changes: dict[str, Any] | None = None,
    untouched_copies: int = 0,
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
        untouched_copies: number of copies that train on without a nudge, all but the first with seeds of their own,
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
        trainings = PageActions("terminal")
        folder = _opened(source, trainings, untouched_copies, out, given)
        facts: dict[str, Any] = {"run": str(folder)}
        show(folder, trainings.actions(), lambda: trainings.alive(folder.resolve().name))
    else:
        trainings = PageActions()
        with closing(Server(port)) as server:
            folder = _opened(source, trainings, untouched_copies, out, given)
            facts = {"run": str(folder), "address": server.open(trainings.site(folder))}
            (told or _print)(facts)
            server.run()
    lives = archive.is_unfinished(folder) and (is_live(folder) or trainings.alive(folder.resolve().name))
    return facts | {"training": lives}


def _opened(
    source: str | Path, trainings: "PageActions", untouched_copies: int, out: str | Path, given: dict[str, Any]
) -> Path:
    """The folder of a run, or of a new training of the data, which is started."""
    if (Path(source) / archive.SOURCE_FILE).is_file():
        if untouched_copies or any(name != "seed" or value for name, value in given.items()):
            raise InputError(f"{source} is a run, which has its data and its plan; leave the options for them out")
        return Path(source)
    from goodfit.api.training_job import begin

    folder = begin(source, untouched_copies=untouched_copies, paused=True, out=out, **given)
    trainings.start(folder)
    return folder


def _print(facts: dict[str, Any]) -> None:
    print(f"{facts['address']} shows {facts['run']}", flush=True)
