"""A study that several processes share, on a PostgreSQL server; and one that Optuna's dashboard opens."""

import contextlib
import datetime
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import optuna
import pytest
import sqlalchemy
from optuna.storages._rdb.models import TrialHeartbeatModel
from optuna.trial import TrialState
from sqlalchemy.engine import make_url

from goodfit.data.splits import open_splits
from goodfit.errors import InputError
from goodfit.plan import Plan
from goodfit.search import storage
from goodfit.search.sampler import GoodfitZoomSampler
from goodfit.search.space import Space
from goodfit.search.storage import claim, heartbeat, open_study, orphans, still_owned
from goodfit.search.trials import Search
from goodfit.search.workers import LocalWorker, TrialRecord

SERVER = os.environ.get("GOODFIT_TEST_POSTGRESQL")
TRIALS, WAVE = 22, 4
SECONDS = 0.3  # that a round's trainings take
WAIT = 120  # seconds until a test gives up; it is done much earlier

DRIVER = "psycopg is not installed: pip install -e '.[postgresql]'"

shared = pytest.mark.skipif(not SERVER, reason="no PostgreSQL server: run the tests as `.ci/postgresql make test`")


@pytest.fixture
def url():
    pytest.importorskip("psycopg", reason=DRIVER)
    assert SERVER
    return SERVER


@pytest.fixture
def fresh(url):
    """A database that no study was ever in."""
    name = f"fresh_{uuid.uuid4().hex}"
    administrator = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    with administrator.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
    administrator.dispose()
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["file", pytest.param("server", marks=shared)])
def place(request, tmp_path):
    """A storage that processes share: a file on this machine, or a server."""
    return f"sqlite:///{tmp_path / 'study.db'}" if request.param == "file" else request.getfixturevalue("fresh")


@contextlib.contextmanager
def loaded(url, name):
    """A study, whose connections are closed in the end."""
    storage = optuna.storages.RDBStorage(url)
    try:
        yield optuna.load_study(study_name=name, storage=storage)
    finally:
        storage.engine.dispose()


OPENS = """
import sys
import optuna
from goodfit.search.storage import open_study

print("ready", flush=True)
sys.stdin.readline()
open_study(sys.argv[1], sys.argv[2], "data", optuna.samplers.RandomSampler(0)).ask()
"""

SEARCHES = f"""
import sys, time
from goodfit.plan import Plan
from goodfit.search.space import Space
from goodfit.search.storage import open_study
from goodfit.search.trials import Search
from goodfit.search.workers import TrialRecord
from goodfit.search.sampler import GoodfitZoomSampler

def trained(groups):
    for group in groups:
        time.sleep({SECONDS})
        yield [TrialRecord(outcome="finished", dev_error=plan.learning_rate) for plan in group.plans]

space = Space.parse(["learning_rate=log:1e-4..1e-1"], Plan())
study = open_study(sys.argv[1], "one", "data", GoodfitZoomSampler(3, {WAVE}, space.structural))
print("ready", flush=True)
sys.stdin.readline()
assert Search(study, space, trained, {TRIALS}, {WAVE}, 3, lambda done, best: None).run()
"""


@pytest.fixture
def ready():
    """Starts a process that begins its work as soon as it is let go."""
    with contextlib.ExitStack() as started:

        def start(program, *arguments):
            command, pipe = [sys.executable, "-c", program, *arguments], subprocess.PIPE
            process = started.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True))
            started.callback(process.kill)
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            return process

        yield start


def let_go(*processes):
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()


def wait_for(*processes):
    for process in processes:
        _, messages = process.communicate(timeout=WAIT)
        assert process.returncode == 0, messages


@shared
def test_processes_that_open_an_empty_database_at_once_share_one_study(fresh, ready):
    processes = [ready(OPENS, fresh, "one") for _ in range(3)]
    let_go(*processes)
    wait_for(*processes)
    with loaded(fresh, "one") as study:
        assert [trial.number for trial in study.trials] == [0, 1, 2]


def owners(trials):
    """The processes that signed these."""
    return {int(trial.user_attrs.get("goodfit owner", ":0").rpartition(":")[2]) for trial in trials}


def check_whole(study):
    """These are all the trials that were asked for, each drawn and ended for itself."""
    assert [trial.number for trial in study.trials] == list(range(TRIALS))
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE}
    assert all(trial.value == trial.params["learning_rate"] for trial in study.trials)
    assert len({trial.value for trial in study.trials}) == TRIALS


def test_two_processes_share_a_search(place, ready):
    processes = [ready(SEARCHES, place), ready(SEARCHES, place)]
    let_go(*processes)
    wait_for(*processes)
    with loaded(place, "one") as study:
        check_whole(study)
        assert owners(study.trials) == {process.pid for process in processes}


def test_what_a_killed_process_left_is_done_by_another(place, ready):
    victim, survivor = ready(SEARCHES, place), ready(SEARCHES, place)
    let_go(victim, survivor)
    with loaded(place, "one") as study:
        orphaned = killed_in_the_middle(victim, study)
        wait_for(survivor)
        check_whole(study)
        assert owners(study.trials[number] for number in orphaned) == {survivor.pid}
        assert owners(study.trials) == {victim.pid, survivor.pid}


def killed_in_the_middle(victim, study):
    """Kill -9 a process that has ended some trials and has a wave in its hands: the numbers of those."""
    for _ in range(WAIT * 20):
        victim.send_signal(signal.SIGSTOP)
        his = [trial for trial in study.trials if owners([trial]) == {victim.pid}]
        orphaned = [trial.number for trial in his if trial.state == TrialState.RUNNING]
        if len(orphaned) == WAVE < len(his):
            victim.kill()
            victim.communicate()
            return orphaned
        victim.send_signal(signal.SIGCONT)
        time.sleep(0.05)
    raise AssertionError("it was never in the middle")


@contextlib.contextmanager
def opened(url):
    """A study as a search opens it, whose connections are closed in the end."""
    study = open_study(url, "one", "data", optuna.samplers.RandomSampler(0))
    try:
        yield study
    finally:
        study._storage._backend.engine.dispose()  # pyright: ignore[reportAttributeAccessIssue]


def drawn_by(study, owner):
    trial = claim(study.ask())
    trial.set_user_attr("goodfit owner", owner)
    return trial


def beat_of(study, trial):
    row = TrialHeartbeatModel
    with study._storage._backend.engine.connect() as connection:
        return connection.execute(sqlalchemy.select(row.heartbeat).where(row.trial_id == trial._trial_id)).scalar_one()


def make_silent(study, *trials):
    """As if nothing had been heard of these for ten minutes."""
    row = TrialHeartbeatModel
    with study._storage._backend.engine.begin() as connection:
        long_ago = row.heartbeat - datetime.timedelta(minutes=10)
        mine = row.trial_id.in_([trial._trial_id for trial in trials])
        assert connection.execute(sqlalchemy.update(row).where(mine).values(heartbeat=long_ago)).rowcount == len(trials)


@shared
def test_a_trial_of_another_machine_is_taken_up_after_a_long_silence(fresh):
    hostname = socket.gethostname()
    with opened(fresh) as study:
        silent, heard, neighbor = (drawn_by(study, owner) for owner in ("far:1", "far:1", f"{hostname}:{os.getppid()}"))
        make_silent(study, silent, neighbor)  # a neighbor that is alive may be stopped, and go on
        assert [trial.number for trial in orphans(study)] == [silent.number]
        assert still_owned([silent, heard, neighbor]) == [True, False, False]


@shared
def test_a_process_at_work_is_heard(fresh, monkeypatch):
    monkeypatch.setattr(storage, "_HEARTBEAT_SECONDS", 0.02)
    with opened(fresh) as study:
        mine, far = claim(study.ask()), drawn_by(study, "far:1")
        make_silent(study, mine, far)
        with heartbeat(study):
            for _ in range(WAIT * 50):
                if beat_of(study, mine) > beat_of(study, far) + datetime.timedelta(minutes=9):
                    break
                time.sleep(0.02)
        monkeypatch.setattr("socket.gethostname", lambda: "third")
        assert [trial.number for trial in orphans(study)] == [far.number]


@shared
def test_what_another_machine_took_up_is_left_to_it(fresh):
    """A search that was silent for so long that its second trial of four is done by another."""
    with opened(fresh) as study:

        def trained(groups):
            far = study._storage.get_all_trials(study._study_id)[1]
            study._storage.set_trial_user_attr(far._trial_id, "goodfit owner", "far:1")
            study.tell(far.number, 0.25)
            return ([TrialRecord(outcome="finished", dev_error=0.5) for _ in group.plans] for group in groups)

        space = Space.parse(["learning_rate=log:1e-4..1e-1"], Plan())
        assert Search(study, space, trained, 4, 4, 3, lambda done, best: None).run()
        assert [trial.value for trial in study.trials] == [0.5, 0.25, 0.5, 0.5]


@shared
def test_a_wrong_password_is_refused_without_printing_any(url):
    wrong = make_url(url).set(password="neverprinted")
    with pytest.raises(InputError) as refused:
        open_study(wrong.render_as_string(hide_password=False), "one", "data", optuna.samplers.RandomSampler(0))
    sentence = str(refused.value)
    assert sentence.startswith(
        f"the storage postgresql://goodfit:***@127.0.0.1:{wrong.port}/studies cannot be reached ("
    )
    assert 'password authentication failed for user "goodfit"' in sentence
    assert "neverprinted" not in sentence


def test_a_server_that_is_not_there_is_named_without_its_password():
    pytest.importorskip("psycopg", reason=DRIVER)
    port = free_port()
    with pytest.raises(InputError) as refused:
        open_study(f"postgresql://me:neverprinted@127.0.0.1:{port}/db", "one", "data", optuna.samplers.RandomSampler(0))
    sentence = str(refused.value)
    assert sentence.startswith(f"the storage postgresql://me:***@127.0.0.1:{port}/db cannot be reached (")
    assert "Connection refused" in sentence
    assert "neverprinted" not in sentence


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def dashboard(storage):
    """Optuna's dashboard of a storage, as people start it: its address."""
    port = free_port()
    program = Path(sys.executable).with_name("optuna-dashboard")
    command = [program, storage, "--host", "127.0.0.1", "--port", str(port), "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def answer(process, address):
    """Its answer, once it has started."""
    for _ in range(WAIT * 10):
        with contextlib.suppress(urllib.error.URLError), urllib.request.urlopen(address, timeout=WAIT) as page:
            return json.load(page)
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.1)
    raise AssertionError(f"{address} does not answer")


def test_the_dashboard_of_optuna_opens_a_study(tmp_path):
    pytest.importorskip("optuna_dashboard", reason="optuna-dashboard is not installed: pip install -e '.[dashboard]'")
    url = f"sqlite:///{tmp_path / 'goodfit.db'}"
    space = Space.parse(["learning_rate=log:1e-4..1e-1"], Plan(hidden_units=(4,), batch_size=16, epochs=3))
    study = open_study(url, "flowers", "iris", GoodfitZoomSampler(3, 4, space.structural))
    assert Search(study, space, LocalWorker(open_splits("iris")), 4, 4, 3, lambda done, best: None).run()
    with dashboard(url) as (process, address):
        (listed,) = answer(process, f"{address}/api/studies")["study_summaries"]
        details = answer(process, f"{address}/api/studies/{listed['study_id']}?after=0")
    assert listed["study_name"] == "flowers"
    assert len(study.trials) == 4
    for trial, listed_trial in zip(study.trials, details["trials"], strict=True):
        assert listed_trial["number"] == trial.number
        assert listed_trial["state"].lower() == trial.state.name.lower()
        assert listed_trial["values"] == [trial.value]
        values = [float(parameter["param_external_value"]) for parameter in listed_trial["params"]]
        assert values == list(trial.params.values())
