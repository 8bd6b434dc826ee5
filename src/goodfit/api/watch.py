"""Watch and steer a training in a browser or a terminal; the training is a process of its own."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from goodfit.api.page_actions import PageActions
from goodfit.api.requests.fit import TrainRequest, WatchRequest
from goodfit.api.requests.request import takes
from goodfit.api.result_types.listing import WatchedRun
from goodfit.errors import InputError
from goodfit.monitor.terminal.keys import check_terminal
from goodfit.monitor.terminal.session import show
from goodfit.monitor.web.server import Server
from goodfit.run_folder.folders import is_run, is_unfinished
from goodfit.run_folder.job import JobRequest, is_live
from goodfit.run_folder.live_state import LiveState


@takes(WatchRequest)
def watch(request: WatchRequest) -> WatchedRun:
    """Show a training while it runs, with controls to steer it, on a page of this machine or in the terminal.

    The training is a process of its own: it waits for the page's Start button, and goes on when the page is closed.
    The call returns when Ctrl-C ends the page, or when the view in the terminal is left.

    Returns:
        The run, and whether its training goes on.

    Raises:
        GoodfitError: bad input, or a port that is taken, with one sentence that says what to do.
    """
    if request.terminal:
        check_terminal()  # before anything is begun, like a port that is taken
        trainings = PageActions("terminal")
        folder = _open_run(request, trainings)
        watched = WatchedRun(run=str(folder))
        show(folder, trainings.actions(), lambda: trainings.alive(folder.resolve().name))
    else:
        trainings = PageActions()
        with closing(Server(request.port)) as server:
            folder = _open_run(request, trainings)
            with trainings.ended_by_errors():
                watched = WatchedRun(run=str(folder), address=server.open(trainings.site(folder)))
                (request.started or _print_address)(watched)
                server.run()
    is_training = is_unfinished(folder) and (is_live(folder) or trainings.alive(folder.resolve().name))
    return replace(watched, training=is_training, waiting=is_training and _waits_for_start(folder))


def _waits_for_start(folder: Path) -> bool:
    """Return True where a training waits at its beginning."""
    state = LiveState.recover(folder)
    if state is None:  # its process has not come so far
        return JobRequest.read(folder, ("train", "improve")).paused
    return state.paused and state.epoch == 0


def _open_run(request: WatchRequest, trainings: PageActions) -> Path:
    """Return the folder of a run, or of a new training of the data, which is started."""
    source = request.source
    if isinstance(source, str | Path) and is_run(source):
        if not {"source", "out", "port", "terminal", "started"} >= request.arguments().keys():
            raise InputError(f"{source} is a run, which has its own data and plan; leave the options for them out")
        return Path(source)
    # Imported here: a run that is only watched needs no JAX.
    from goodfit.api.training_job import begin_training

    folder = begin_training(TrainRequest(data=source, **request.shared_with(TrainRequest)), paused=True)
    trainings.start(folder)
    return folder


def _print_address(watched: WatchedRun) -> None:
    print(f"{watched.address} shows {watched.run}", flush=True)
