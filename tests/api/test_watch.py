"""`watch`: what it begins and what it refuses; the page itself is tested in `tests/watch`."""

import asyncio
import socket
import subprocess
import threading
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

import goodfit
from goodfit.api.page_actions import PageActions
from goodfit.api.result_types.listing import WatchedRun
from goodfit.errors import InputError
from goodfit.monitor.web.server import Server
from goodfit.run_folder.job import JobRequest
from goodfit.run_folder.live_state import LiveState


@pytest.fixture
def started(monkeypatch):
    """Nothing is served, and no process is started; the folders that would have been trained."""
    folders = []
    monkeypatch.setattr(PageActions, "start", lambda self, folder: folders.append(folder))
    monkeypatch.setattr(Server, "run", lambda self: None)
    return folders


def test_data_begins_a_training_that_waits(table, small_plan, tmp_path, started):
    told: list[WatchedRun] = []
    changes = {"learning_rate": 0.5}
    options: dict[str, Any] = {"target": "kind", "seed": 4, "out": tmp_path / "runs", "plan": small_plan}
    facts = goodfit.watch(table, **options, changes=changes, untouched_copies=2, started=told.append)
    (folder,) = started
    assert facts == replace(told[0], training=False)
    assert facts.run == str(folder)
    assert str(facts.address).startswith("http://127.0.0.1:")
    asked = JobRequest.read(folder)
    assert (asked.paused, asked.untouched_copies, asked.seed, asked.training_plan.learning_rate) == (True, 2, 4, 0.5)


def test_the_address_is_printed_where_nobody_is_told(table, tmp_path, started, capsys):
    facts = goodfit.watch(table, target="kind", out=tmp_path / "runs")
    assert capsys.readouterr().out == f"{facts.address} shows {facts.run}\n"


def test_a_run_is_watched_as_it_is(table, tmp_path, started):
    run = goodfit.watch(table, target="kind", out=tmp_path / "runs", started=print).run
    assert goodfit.watch(run, started=print).run == run
    assert len(started) == 1
    refused: list[dict[str, Any]] = [
        {"target": "kind"},
        {"untouched_copies": 1},
        {"changes": {"l2": 1}},
        {"seed": 1},
        {"min_gap": 0.1},
    ]
    for options in refused:
        with pytest.raises(InputError, match="is a run, which has its own data and plan; leave the options"):
            goodfit.watch(run, **options)


def test_what_cannot_be_watched_leaves_nothing(table, tmp_path, started):
    out = tmp_path / "runs"
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"cannot serve at port {port} "):
            goodfit.watch(table, target="kind", out=out, port=port)
    with pytest.raises(InputError):
        goodfit.watch(table, target="nothing", out=out)
    with pytest.raises(InputError):
        goodfit.watch(tmp_path / "nowhere", out=out)
    with pytest.raises(InputError, match="--terminal needs a terminal"):
        goodfit.watch(table, target="kind", out=out, terminal=True)
    assert not out.exists()
    assert started == []


def test_a_training_is_a_process_of_its_own_session_whose_words_are_kept(tmp_path, monkeypatch):
    (tmp_path / "checkpoint").mkdir()
    begun = []
    popen = subprocess.Popen

    def start(command, **options):
        begun.append((command, options["start_new_session"]))
        return popen(["sh", "-c", "echo out; echo err >&2; read line"], **options)

    monkeypatch.setattr(subprocess, "Popen", start)
    trainings = PageActions()
    trainings.start(tmp_path)
    trainings._processes[tmp_path.name].wait(timeout=20)
    ((command, own_session),) = begun
    assert command[1:] == ["-m", "goodfit", "resume", str(tmp_path), "--json"]
    assert own_session
    assert not trainings.alive(tmp_path.name)
    assert not trainings.alive("another")
    assert set((tmp_path / "checkpoint" / "log.txt").read_text().split()) == {"out", "err"}


def test_errors_end_the_training_that_nobody_has_seen(tmp_path, monkeypatch):
    (tmp_path / "checkpoint").mkdir()
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda command, **options: popen(["sleep", "60"], **options))
    trainings = PageActions()
    trainings.start(tmp_path)
    with pytest.raises(BrokenPipeError), trainings.ended_by_errors():
        raise BrokenPipeError
    assert trainings._processes[tmp_path.name].wait(timeout=20)
    assert not trainings.alive(tmp_path.name)


def test_a_page_is_served_under_a_running_event_loop(tmp_path):
    async def cell():
        with closing(Server()) as server:
            address = server.open(PageActions().site(tmp_path / "run"))
            threading.Timer(0.5, server.stop).start()
            server.run()
            return address

    assert asyncio.run(cell()).startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("state", "waits"),
    [(None, True), ((True, 0), True), ((True, 3), False), ((False, 0), False)],
)
def test_a_training_waits_until_its_start(table, tmp_path, started, monkeypatch, state, waits):
    def run(server):
        folder = started[0]
        if state:
            paused, epoch = state
            plan = JobRequest.read(folder).training_plan
            LiveState(epoch=epoch, share=0.0, paused=paused, plan=plan).write(folder)

    monkeypatch.setattr(Server, "run", run)
    monkeypatch.setattr(PageActions, "alive", lambda self, name: True)
    watched = goodfit.watch(table, target="kind", out=tmp_path / "runs", started=print)
    assert (watched.training, watched.waiting) == (True, waits)
