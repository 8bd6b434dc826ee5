"""A storage that is away for a moment, a file that is locked, and one that cannot grow."""

import sqlite3
import time

import optuna
import pytest
import sqlalchemy
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.trial import TrialState
from sqlalchemy import event
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError

from goodfit.errors import InputError
from goodfit.search import patient_storage
from goodfit.search.patient_storage import PatientStorage, try_again
from goodfit.search.storage import open_study


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'study.db'}"


@pytest.fixture
def pauses(monkeypatch):
    """Pauses that were made, in seconds; none takes time."""
    made = []
    monkeypatch.setattr(patient_storage.time, "sleep", made.append)
    return made


def internal(cause):
    error = StorageInternalError("in a commit")
    error.__cause__ = cause
    return error


def locked(path):
    """The error of SQLite for a file that another connection has locked."""
    holder, other = sqlite3.connect(path), sqlite3.connect(path, timeout=0)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError) as refused:
        other.execute("CREATE TABLE x (y)")
    holder.close()
    other.close()
    return refused.value


CUT = Exception("terminating connection due to administrator command")


@pytest.mark.parametrize("kind", ["cut", "refused", "in a commit", "locked"])
def test_what_passes_is_tried_again_with_longer_pauses(url, tmp_path, pauses, kind):
    error = {
        "cut": OperationalError("SELECT 1", {}, CUT),
        "refused": InterfaceError("SELECT 1", {}, CUT),
        "in a commit": internal(OperationalError("COMMIT", {}, CUT)),
        "locked": OperationalError("INSERT", {}, locked(tmp_path / "other.db")),
    }[kind]
    answers = [error, error, error, 7]

    def question():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert try_again(PatientStorage(url), question) == 7
    assert pauses == [0.1, 0.2, 0.4]


@pytest.mark.parametrize("error", [ProgrammingError("SELEKT", {}, Exception("syntax")), StorageInternalError("why")])
def test_what_stays_is_one_sentence_at_once(url, pauses, error):
    def question():
        raise error

    with pytest.raises(InputError, match=r"the storage sqlite:///.* failed \((syntax|why)\); once that is mended"):
        try_again(PatientStorage(url), question)
    assert pauses == []


def test_patience_ends(url, pauses, monkeypatch):
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(patient_storage.time, "monotonic", lambda: next(clock))

    def question():
        raise OperationalError("SELECT 1", {}, CUT)

    with pytest.raises(InputError, match="terminating connection due to administrator command"):
        try_again(PatientStorage(url), question)
    assert len(pauses) == 6


def test_a_trial_whose_end_was_stored_but_not_confirmed_has_ended(url, pauses):
    errors = [OperationalError("COMMIT", {}, CUT), UpdateFinishedTrialError()]

    def question():
        raise errors.pop(0)

    assert try_again(PatientStorage(url), question) is True
    with pytest.raises(UpdateFinishedTrialError):
        try_again(PatientStorage(url), lambda: (_ for _ in ()).throw(UpdateFinishedTrialError()))


def test_every_question_of_a_study_is_patient(url, pauses, monkeypatch):
    study = open_study(url, "one", "data", optuna.samplers.RandomSampler(0))
    execute, failures = sqlalchemy.engine.Connection.execute, [0]

    def flaky(self, *arguments, **options):
        failures[0] += 1
        if failures[0] % 9 == 0:
            raise OperationalError("SELECT 1", {}, CUT)
        return execute(self, *arguments, **options)

    monkeypatch.setattr(sqlalchemy.engine.Connection, "execute", flaky)
    for value in (0.5, 0.25, 0.75):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        trial.set_user_attr("a", 1)
        trial.report(value, 1)
        study.tell(trial, value)
    assert study.best_value == 0.25
    assert [trial.value for trial in study.trials if trial.state == TrialState.COMPLETE] == [0.5, 0.25, 0.75]
    assert pauses


def fill(study):
    for number in range(2000):
        study.set_user_attr(f"name {number}", "x" * 1000)


def test_a_full_disk_is_one_sentence_and_what_was_stored_stays(url):
    study = open_study(url, "one", "data", optuna.samplers.RandomSampler(0))
    study.tell(study.ask(), 0.5)
    engine = study._storage._backend.engine  # pyright: ignore[reportAttributeAccessIssue]

    @event.listens_for(engine, "connect")
    def limit(connection, record):
        connection.execute("PRAGMA max_page_count = 1")  # SQLite takes the present size

    engine.dispose()
    start = time.monotonic()
    with pytest.raises(InputError, match=r"failed \(database or disk is full\); once that is mended"):
        fill(study)
    assert time.monotonic() - start < patient_storage.PATIENCE / 2
    engine.dispose()
    assert optuna.load_study(study_name="one", storage=url).best_value == 0.5
