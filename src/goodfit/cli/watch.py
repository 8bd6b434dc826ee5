"""`goodfit watch`: a page, or a view in the terminal, on a training while it runs, with controls."""

import json

import goodfit
from goodfit.api.requests.fit import WatchRequest
from goodfit.api.result_types.listing import WatchedRun
from goodfit.cli import options
from goodfit.errors import InputError


def watch(request: WatchRequest, as_json: options.Json = False) -> None:
    """Watch a training live in a browser: curves, health and findings, with controls to steer it.

    Example: goodfit watch digits --untouched-copies 1
    """
    if request.terminal and (as_json or request.port):
        raise InputError("--terminal shows no page and prints no facts; leave --port and --json out")

    def print_address(watched: WatchedRun) -> None:
        if as_json:
            print(json.dumps(watched.to_dict(), ensure_ascii=False), flush=True)
        else:
            print(f"Open {watched.address}")
            print("The address works in one browser. Ctrl-C closes the page; the training goes on.", flush=True)

    watched = goodfit.watch(**request.arguments(), started=print_address)
    if not as_json:
        print(_farewell(watched, request.terminal))


def _farewell(watched: WatchedRun, terminal: bool) -> str:
    """Return what can be done with the run, now that its page or view has ended."""
    run, view = watched.run, "view" if terminal else "page"
    reopening = f"goodfit watch {run}{' --terminal' if terminal else ''} shows it again"
    if not watched.training:
        return f"The {view} has ended. {reopening}."
    if watched.waiting:
        start, end = f"goodfit unpause {run} starts it", f"goodfit stop {run} ends it"
        return f"The {view} has ended, and the training waits to be started: {start}, {reopening}, {end}."
    return f"The {view} has ended, the training goes on: {reopening}, goodfit stop {run} ends it."
