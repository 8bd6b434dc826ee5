"""What watching costs a training: the time of an epoch with four pages open, one of which never reads, beside none.

Run it as `python benchmarks/watch.py`. One training of the default network on a made table, and one server of its page,
both in processes of their own; spans with the pages open and without take turns, so that what else the machine does
hits both. A span begins and ends where an epoch does. Pages are connections to the real stream; the browser's own
work is not in it. Where the machine does other work, time by the clock says little: then look at the processor time of
an epoch, and at the share of a core that the server takes, which is the most that the training can lose to it.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np
import polars as pl

import goodfit
from goodfit.api.page_actions import PageActions
from goodfit.api.requests.fit import TrainRequest
from goodfit.api.training_job import begin_training
from goodfit.engine.step import RECORDED
from goodfit.record.run import LAYER_STATISTICS
from goodfit.run_folder.live_state import LiveState

ROWS, COLUMNS = 8_000, 20  # with which an epoch of the default network takes some 50 ms on two cores
SPANS = 16  # of each kind
SECONDS = 2.5  # of a span, at least
READING = 3
LIMIT = 1.03
_POLL = 0.001


def main() -> None:
    """Print the line and leave it in `results/watch.md`."""
    spans: dict[str, list[Span]] = {"none": [], "four": []}
    with (
        tempfile.TemporaryDirectory() as place,
        training(Path(place)) as (folder, trainer),
        server(folder) as (process, address),
    ):
        pages = Pages(address)
        for turn in range(SPANS):
            for kind in ("none", "four") if turn % 2 else ("four", "none"):
                with pages.opened(folder.name) if kind == "four" else ExitStack():
                    spans[kind].append(span(folder, trainer, process.pid))
    none, four = (np.array(spans[kind]) for kind in ("none", "four"))
    lines = ["| | none open | four open | ratio (95 %) |", "|---|---|---|---|"]
    for name, column in (("an epoch by the clock", 0), ("processor time of an epoch", 1)):
        ratio, low, high = spread(four[:, column] / none[:, column])
        medians = [np.median(each[:, column]) * 1e3 for each in (none, four)]
        lines.append(f"| {name} | {medians[0]:.1f} ms | {medians[1]:.1f} ms | {ratio:.3f} ({low:.3f} to {high:.3f}) |")
    lines.append(f"| the server's share of a core | {none[:, 2].mean():.1%} | {four[:, 2].mean():.1%} | |")
    text = "\n".join([*lines, "", f"Asked: by the clock at most {LIMIT}. Load average {os.getloadavg()[0]:.1f}."])
    print(text)
    (Path(__file__).parent / "results" / "watch.md").write_text(text + "\n")


@contextmanager
def training(place: Path) -> Iterator[tuple[Path, int]]:
    """A training that goes on, in a process of its own; the run's folder, and the process."""
    x = np.random.default_rng(0).normal(size=(ROWS, COLUMNS))
    kind = np.where(x[:, 0] * x[:, 1] + x[:, 2] > 0, "a", "b")
    table = place / "made.parquet"
    pl.DataFrame(x, schema=[f"x{i}" for i in range(COLUMNS)]).with_columns(kind=pl.Series(kind)).write_parquet(table)
    changes = {"epochs": 1_000_000, "decay": "constant"}
    folder = begin_training(TrainRequest(table, target="kind", out=place / "runs", changes=changes))
    trainings = PageActions()
    trainings.start(folder)
    try:
        while (state := LiveState.read(folder)) is None or state.epoch < 50:  # the first ones compile
            time.sleep(0.2)
        yield folder, trainings._processes[folder.name].pid
    finally:
        goodfit.stop(folder)
        while trainings.alive(folder.name):
            time.sleep(0.2)


@contextmanager
def server(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The page's server, in a process of its own, and its address."""
    command = [sys.executable, "-m", "goodfit", "watch", str(folder), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())["address"]
        finally:
            process.terminate()


class Pages:
    """What browsers ask of the server, without the browsers."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname, parts.port
        with self._asked(f"/?{parts.query}", "") as connection:
            head = connection.recv(1 << 16).decode()
        self._cookie = next(line for line in head.splitlines() if line.lower().startswith("set-cookie:"))
        self._cookie = self._cookie.partition(":")[2].partition(";")[0].strip()

    @contextmanager
    def opened(self, run: str) -> Iterator[None]:
        """Three pages that read and one that does not, until the end; each has been sent something."""
        with ExitStack() as stack:
            asked = [stack.enter_context(self._asked(f"/runs/{run}/events", self._cookie)) for _ in range(READING + 1)]
            heard = [[0] for _ in range(READING)]
            for each, total in zip(asked, heard, strict=False):
                assert b"200 OK" in each.recv(1 << 16)
                threading.Thread(target=_read, args=(each, total), daemon=True).start()
            time.sleep(1)  # all of the curve so far is sent at the beginning: what is measured is what goes on
            before = [total for (total,) in heard]
            yield
            assert all(total > least for (total,), least in zip(heard, before, strict=True)), "a page was told nothing"

    def _asked(self, path: str, cookie: str) -> socket.socket:
        connection = socket.create_connection((self._host, self._port))
        host = f"{self._host}:{self._port}"
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n".encode())
        return connection


def _read(connection: socket.socket, total: list[int]) -> None:
    try:
        while data := connection.recv(1 << 16):
            total[0] += len(data)
    except OSError:  # it was closed here
        return


class Span(NamedTuple):
    """A while in which epochs ended.

    Attributes:
        epoch: mean seconds of one.
        processor: mean seconds that one had on the cores.
        server: share of a core that the server had.
    """

    epoch: float
    processor: float
    server: float


def span(folder: Path, trainer: int, server: int) -> Span:
    """Wait for a while and measure it."""
    (first, began), used = epoch_end(folder), (seconds_of(trainer), seconds_of(server))
    time.sleep(SECONDS)
    (last, ended), then = epoch_end(folder), (seconds_of(trainer), seconds_of(server))
    epochs, seconds = last - first, ended - began
    return Span(seconds / epochs, (then[0] - used[0]) / epochs, (then[1] - used[1]) / seconds)


def epoch_end(folder: Path) -> tuple[int, float]:
    """Wait for the end of an epoch; which one, and when."""
    (file,) = (folder / "checkpoint").glob("records-*.f32")
    about = json.loads((folder / "checkpoint" / "about.json").read_bytes())
    row = 4 * (len(RECORDED) + len(about["layers"]) * len(LAYER_STATISTICS))
    size = file.stat().st_size
    while (grown := file.stat().st_size) == size:
        time.sleep(_POLL)
    return grown // row, time.perf_counter()


def seconds_of(process: int) -> float:
    """Processor time that the threads of a process have had."""
    return sum(int(each.read_text().split()[0]) for each in Path(f"/proc/{process}/task").glob("*/schedstat")) / 1e9


def spread(ratios: np.ndarray) -> tuple[float, float, float]:
    """The median of the ratios, and the interval of it that a bootstrap gives."""
    drawn = np.random.default_rng(0).choice(ratios, (4000, len(ratios)))
    low, high = np.quantile(np.median(drawn, axis=1), [0.025, 0.975])
    return float(np.median(ratios)), float(low), float(high)


if __name__ == "__main__":
    main()
