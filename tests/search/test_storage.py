"""The storage of a study: for one data set alone, an address that cannot be reached, trials whose process died."""

import os
import socket
import subprocess
import sys

import optuna
import pytest

from goodfit.errors import InputError
from goodfit.search import storage
from goodfit.search.storage import claim, open_study, orphans


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'goodfit.db'}"


def opened(url, data="a"):
    return open_study(url, "one", data, optuna.samplers.RandomSampler(0))


def test_a_study_is_opened_again_and_refused_for_other_data(url):
    opened(url).add_trial(optuna.trial.create_trial(value=0.5))
    assert len(opened(url).trials) == 1
    with pytest.raises(InputError, match="the study 'one' was made for other data or another split; give another name"):
        opened(url, "b")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "the value of --storage is no storage's address; write it as in sqlite:///runs/goodfit.db"),
        (
            "sqlite:////nowhere/at/all.db",
            "the storage sqlite:////nowhere/at/all.db cannot be reached (unable to open database file)",
        ),
    ],
)
def test_a_storage_that_cannot_be_had(url, sentence):
    with pytest.raises(InputError) as refused:
        opened(url)
    assert str(refused.value).startswith(sentence)


def test_a_password_is_never_printed():
    with pytest.raises(InputError) as refused:
        opened("postgresql+nothing://me:secret@localhost:1/db")
    assert "secret" not in str(refused.value)


def test_a_missing_driver_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)  # as if it were not installed
    with pytest.raises(InputError) as refused:
        opened("postgresql://me:secret@localhost/db")
    install = "install it (for PostgreSQL: pip install 'goodfit[postgresql]')"
    assert str(refused.value) == f"postgresql://me:***@localhost/db needs its driver; {install}"


def test_writes_go_through_a_write_ahead_log(url, tmp_path):
    study = opened(url)
    study.ask()
    assert (tmp_path / "goodfit.db-wal").exists()


def test_only_the_trials_of_dead_processes_are_taken_up(url, monkeypatch):
    monkeypatch.setattr(storage, "_CLAIM_SECONDS", 0.0)
    study = opened(url)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    owners = [
        f"{socket.gethostname()}:{dead.pid}",
        f"{socket.gethostname()}:{os.getppid()}",
        "elsewhere:1",
        None,
        f"{socket.gethostname()}:{os.getpid()}",
    ]
    for owner in owners:
        trial = study.ask()
        if owner:
            trial.set_user_attr("goodfit owner", owner)
    study.tell(claim(study.ask()), 0.5)
    assert [trial.number for trial in orphans(study)] == [0, 3, 4]
    mine = f"{socket.gethostname()}:{os.getpid()}"
    assert [study.trials[number].user_attrs["goodfit owner"] for number in (0, 1, 3)] == [mine, owners[1], mine]


def test_an_orphan_keeps_what_was_drawn_for_it(url):
    first = claim(opened(url).ask())
    rate = first.suggest_float("rate", 0, 1)
    (orphan,) = orphans(opened(url))
    assert orphan.number == first.number
    assert orphan.suggest_float("rate", 0, 1) == rate
