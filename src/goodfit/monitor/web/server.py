"""The server of the page: Starlette's routes behind the guard, and uvicorn on this machine's own address alone."""

import json
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import uvicorn
from jinja2 import Environment, FileSystemLoader
from plotly.offline import get_plotlyjs
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from goodfit.errors import GoodfitError, InputError, PlanError
from goodfit.monitor.actions import Action
from goodfit.monitor.view import Reader
from goodfit.monitor.web.guard import Guard
from goodfit.monitor.web.stream import Shared, events
from goodfit.run_folder.listing import Siblings
from goodfit.run_folder.names import REPORT_FILE

HOST = "127.0.0.1"
_TEMPLATES = Path(__file__).parent / "templates"
_KINDS = {".css": "text/css", ".js": "text/javascript"}
_SANDBOX = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
)
_STEP = 0.2  # seconds until Ctrl-C is noticed
_FAREWELL = 2  # seconds that open pages have to end when the server does


@dataclass
class Site:
    """The pages of the runs in one folder.

    Attributes:
        out: the folder.
        first: the name of the run that `/` shows.
        actions: requests that a run takes, by name.
        starting: returns True while a training that this process began is alive; takes the run's name.
        stopping: returns True when the server is about to end.
    """

    out: Path
    first: str
    actions: Mapping[str, Action]
    starting: Callable[[str], bool] = lambda name: False
    stopping: Callable[[], bool] = lambda: False
    _shared: dict[str, Shared] = field(default_factory=dict)
    _siblings: Siblings = field(init=False)

    def __post_init__(self) -> None:
        self._siblings = Siblings(self.out)

    def application(self) -> Starlette:
        """Return the routes; they are not safe without the guard."""
        routes = [
            Route("/", self._page),
            Route("/plotly.js", _plotly),
            Route("/{file}", _file),
            Route("/runs/{name}", self._page),
            Route("/runs/{name}/events", self._events),
            Route("/runs/{name}/report", self._report),
            Route("/runs/{name}/{action}", self._act, methods=["POST"]),
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: _refuse, Exception: _fail})

    def _folder(self, request: Request) -> Path:
        folder = self._siblings.folder(request.path_params.get("name", self.first))
        if folder is None:
            raise HTTPException(404, "there is no run of this name")
        return folder

    def _page(self, request: Request) -> Response:
        folder = self._folder(request)
        return Response(_environment().get_template("watch.html").render(name=folder.name), media_type="text/html")

    def _report(self, request: Request) -> Response:
        """Return the report in a sandbox: its scripts stand in its text, and reach nothing of ours."""
        path = self._folder(request) / REPORT_FILE
        if not path.is_file():
            raise HTTPException(404, "this run has no report")
        return Response(path.read_bytes(), media_type="text/html", headers={"Content-Security-Policy": _SANDBOX})

    async def _events(self, request: Request) -> Response:
        folder = await run_in_threadpool(self._folder, request)
        name = folder.name
        # A reader holds whole curves in memory, so those of runs that no page shows any more are let go.
        self._shared = {run: shared for run, shared in self._shared.items() if shared.pages or run == name}
        reader = Reader(folder, lambda: self.starting(name))
        shared = self._shared.setdefault(name, Shared(reader))
        return StreamingResponse(events(shared, self._list, self.stopping), media_type="text/event-stream")

    def _list(self) -> tuple[str, str]:
        return "runs", json.dumps([run.to_dict() for run in self._siblings.listing()], ensure_ascii=False)

    async def _act(self, request: Request) -> Response:
        action = self.actions.get(request.path_params["action"])
        folder = await run_in_threadpool(self._folder, request)
        if action is None:
            raise HTTPException(404, "there is no such request")
        try:
            arguments = _object(await request.body())
            return JSONResponse((await run_in_threadpool(action, folder, arguments)).to_dict())
        except PlanError as error:
            setting = {"setting": error.setting} if error.setting else {}
            return JSONResponse({"error": str(error)} | setting, 400)
        except GoodfitError as error:
            return JSONResponse({"error": str(error)}, 409)


def _object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body.

    Raises:
        PlanError: it is not JSON, or not an object.
    """

    # Python's reader takes NaN and Infinity, which JSON does not know, and which no setting may be.
    def literal(word: str) -> float:
        raise ValueError(f"{word} is no number")

    try:
        facts = json.loads(body, parse_constant=literal)
    except (ValueError, RecursionError) as error:
        raise PlanError(f"the request is no JSON ({error})") from None
    if not isinstance(facts, dict):
        raise PlanError("the request is no JSON object")
    return facts


def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


def _fail(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": f"goodfit failed where it should not have ({type(error).__name__})"}, 500)


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True)


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    """Return our own style sheet and scripts by name."""
    paths = [path for path in _TEMPLATES.iterdir() if path.suffix in _KINDS]
    return {path.name: (path.read_bytes(), _KINDS[path.suffix]) for path in paths}


def _file(request: Request) -> Response:
    file = _files().get(request.path_params["file"])
    if file is None:
        raise HTTPException(404, "there is no such page")
    return Response(file[0], media_type=file[1])


@cache
def _plotly_bytes() -> bytes:
    return get_plotlyjs().encode()


def _plotly(request: Request) -> Response:
    return Response(_plotly_bytes(), media_type="text/javascript")


class Server:
    """Serves a site on this machine's own address until Ctrl-C or `stop`."""

    def __init__(self, port: int = 0) -> None:
        """Take the port; 0 is any that is free.

        Raises:
            InputError: it is taken.
        """
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # The port of a server that has just ended stays in TIME_WAIT for a minute; take it all the same.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((HOST, port))
        except (OSError, OverflowError) as error:
            self._socket.close()
            why = getattr(error, "strerror", None) or error
            raise InputError(f"cannot serve at port {port} ({why}); give another --port, or none") from None
        self._uvicorn: uvicorn.Server | None = None

    def open(self, site: Site) -> str:
        """Make the site ready, and return its address with the token."""
        guard = Guard(site.application(), self._socket.getsockname()[1])
        config = uvicorn.Config(
            guard,
            log_level="critical",
            access_log=False,  # it would have the token
            lifespan="off",
            ws="none",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_FAREWELL,
        )
        self._socket.listen()  # whoever opens the address at once waits, and is not refused
        self._uvicorn = server = uvicorn.Server(config)
        site.stopping = lambda: server.should_exit  # event streams have no end of their own, so they ask
        return guard.address

    def run(self) -> None:
        """Serve what was opened, until Ctrl-C or `stop`."""
        assert self._uvicorn is not None, "nothing was opened"
        # A thread of its own: in a notebook this one has an event loop that runs, beside which no other can.
        ended = threading.Event()  # Ctrl-C in a thread's `join` would count the thread as ended (bpo-45274)
        threading.Thread(target=self._serve, args=(self._uvicorn, ended), daemon=True).start()
        try:
            while not ended.wait(_STEP):  # in steps: a handler such as that of Polars lets a longer wait go on
                pass
        except KeyboardInterrupt:
            self.stop()
            ended.wait()

    def _serve(self, server: uvicorn.Server, ended: threading.Event) -> None:
        try:
            server.run(sockets=[self._socket])
        finally:
            ended.set()

    def stop(self) -> None:
        """End it, from another thread."""
        if self._uvicorn is not None:
            self._uvicorn.should_exit = True

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()
