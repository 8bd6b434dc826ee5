"""Watch a training, in a browser or a terminal: begin it in a process of its own, and show and turn it."""

from contextlib import closing
from pathlib import Path
from typing import Any

from goodfit.api.page_actions import PageActions
from goodfit.api.requests.fit import TrainRequest, WatchRequest
from goodfit.api.requests.request import takes
from goodfit.errors import InputError
from goodfit.monitor.terminal.keys import check_terminal
from goodfit.monitor.terminal.session import show
from goodfit.monitor.web.server import Server
from goodfit.run_folder import archive
from goodfit.run_folder.job import is_live


@takes(WatchRequest)
def watch(request: WatchRequest) -> dict[str, Any]:
    """Show a training while it runs, with controls to steer it, on a page of this machine or in the terminal.

    The training is a process of its own: it waits for the page's Start button, and goes on when the page is closed.
    The call returns when Ctrl-C ends the page, or when the view in the terminal is left.

    Returns:
        `run`, `address` (of a page), and `training`: True if that goes on.

    Raises:
        GoodfitError: bad input, or a port that is taken, with one sentence that says what to do.
    """
    if request.terminal:
        check_terminal()  # before anything is begun, like a port that is taken
        trainings = PageActions("terminal")
        folder = _open_run(request, trainings)
        facts: dict[str, Any] = {"run": str(folder)}
        show(folder, trainings.actions(), lambda: trainings.alive(folder.resolve().name))
    else:
        trainings = PageActions()
        with closing(Server(request.port)) as server:
            folder = _open_run(request, trainings)
            facts = {"run": str(folder), "address": server.open(trainings.site(folder))}
            (request.started or _print)(facts)
            server.run()
    is_training = archive.is_unfinished(folder) and (is_live(folder) or trainings.alive(folder.resolve().name))
    return facts | {"training": is_training}


def _open_run(request: WatchRequest, trainings: PageActions) -> Path:
    """Return the folder of a run, or of a new training of the data, which is started."""
    source = request.source
    if isinstance(source, str | Path) and (Path(source) / archive.SOURCE_FILE).is_file():
        if not {"source", "out", "port", "terminal", "started"} >= request.arguments().keys():
            raise InputError(f"{source} is a run, which has its own data and plan; leave the options for them out")
        return Path(source)
    from goodfit.api.training_job import begin_training

    folder = begin_training(TrainRequest(data=source, **request.shared_with(TrainRequest)), paused=True)
    trainings.start(folder)
    return folder


def _print(facts: dict[str, Any]) -> None:
    print(f"{facts['address']} shows {facts['run']}", flush=True)
