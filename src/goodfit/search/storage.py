"""Where a study lives: an Optuna storage by URL, opened for one data set and split and refused for any other."""

import contextlib
import fcntl
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import optuna
from optuna.storages._rdb.models import StudyUserAttributeModel, TrialHeartbeatModel
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, ProgrammingError, SQLAlchemyError

from goodfit.errors import InputError

_DATA = "goodfit data"
_OWNER = "goodfit owner"
_CLAIMED_WITHIN = 1.0  # seconds from asking for a trial to signing it, at the very most
_BEAT = 30  # seconds; a trial in hand is little to write down as often
_SILENCE = 5 * _BEAT  # after which a process is taken for dead: a network may be away for two minutes
_COLLISIONS = 2  # Optuna makes its tables, then notes their version, each of which another process may do first


def open_study(url: str, name: str, fingerprint: str, sampler: optuna.samplers.BaseSampler | None) -> optuna.Study:
    """The study of this name, made if there is none.

    Args:
        url: such as `sqlite:///runs/goodfit.db` or `postgresql://user@host/studies`.
        name: of the study.
        fingerprint: of data and split.
        sampler: draws the parameters; Optuna's own when None.

    Raises:
        InputError: a storage that cannot be reached, or a study of other data.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        storage = _reached(url)
        if storage.engine.dialect.name == "sqlite":
            _hasten(storage.engine)
        study = optuna.create_study(storage=storage, study_name=name, sampler=sampler, load_if_exists=True)
    except (ArgumentError, NoSuchModuleError):
        raise InputError(f"{shown(url)} is no storage's address; write it as in sqlite:///runs/goodfit.db") from None
    except ImportError:
        install = "install it (for PostgreSQL: pip install 'goodfit[postgresql]')"
        raise InputError(f"{shown(url)} needs its driver; {install}") from None
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise InputError(f"the storage {shown(url)} cannot be reached ({_hidden(reason, url)}); is it there?") from None
    if begun_with(study, _DATA, fingerprint) != fingerprint:
        raise InputError(f"the study '{name}' was made for other data or another split; give another name with --study")
    return study


def begun_with(study: optuna.Study, name: str, value: Any) -> Any:
    """What the study was begun with under this name; this value if it begins now."""
    if name not in study.user_attrs:
        study.set_user_attr(name, value)
    return study.user_attrs[name]


def _reached(url: str) -> optuna.storages.RDBStorage:
    """The storage, its tables made; again where another process made them in the same moment."""
    for _ in range(_COLLISIONS):
        with contextlib.suppress(IntegrityError, ProgrammingError):
            return optuna.storages.RDBStorage(url)
    return optuna.storages.RDBStorage(url)


@contextlib.contextmanager
def alone(study: optuna.Study) -> Iterator[None]:
    """Have other processes wait to draw this study's trials, or take them up, until this one has done so.

    On a server a row of ours is locked, which Optuna leaves alone; beside SQLite's file, another file, for SQLite's own
    locks end where its file is closed. Should the process die, server and system let go.
    """
    server = _server(study)
    if server is None:
        with _alone_beside(study):
            yield
        return
    row = StudyUserAttributeModel
    locked = select(row.value_json).where(row.study_id == study._study_id, row.key == _DATA).with_for_update()
    with server.engine.begin() as connection:
        connection.execute(locked).all()
        yield


@contextlib.contextmanager
def _alone_beside(study: optuna.Study) -> Iterator[None]:
    """`alone` on this machine; a study in memory is this process's anyway."""
    backend = getattr(study._storage, "_backend", None)
    path = backend.engine.url.database if isinstance(backend, optuna.storages.RDBStorage) else None
    if path in (None, "", ":memory:"):
        yield
        return
    with Path(f"{path}-alone").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def claim(trial: Trial) -> Trial:
    """Sign a trial as this process's, so that it is taken up again should the process die."""
    trial.set_user_attr(_OWNER, _me())
    if server := _server(trial.study):
        server.record_heartbeat(trial._trial_id)
    return trial


def orphans(study: optuna.Study) -> list[Trial]:
    """Trials that a process began and died over, to be trained again under their own numbers.

    On this machine it is known who is alive; of a process elsewhere nothing must have been heard for some minutes.
    """
    if any(_OWNER not in trial.user_attrs for trial in _running(study)):
        time.sleep(_CLAIMED_WITHIN)  # its process may be about to sign it
    with alone(study):
        running = _running(study)
        silent = _silent(study, running)
        return [claim(Trial(study, trial._trial_id)) for trial in running if _orphaned(trial, silent)]


def ours(trials: Sequence[Trial]) -> list[bool]:
    """Which are still this process's: what it was silent about for long, another machine may have taken up."""
    known = trials[0].study.get_trials(deepcopy=False)
    return [known[trial.number].user_attrs.get(_OWNER) == _me() for trial in trials]


@contextlib.contextmanager
def beating(study: optuna.Study) -> Iterator[None]:
    """Meanwhile, let other machines know that this process's trials are in hand; a file's processes are all here."""
    over = threading.Event()
    thread = threading.Thread(target=_beat, args=(study, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _beat(study: optuna.Study, over: threading.Event) -> None:
    server = _server(study)
    while server and not over.wait(_BEAT):
        with contextlib.suppress(SQLAlchemyError, optuna.exceptions.StorageInternalError):  # away for a moment
            for trial in _running(study):
                if trial.user_attrs.get(_OWNER) == _me():
                    server.record_heartbeat(trial._trial_id)


def _silent(study: optuna.Study, trials: Sequence[FrozenTrial]) -> set[int]:
    """Of which trials nothing was heard for long, by the server's clock; Optuna's own list is for `Study.optimize`."""
    server, row = _server(study), TrialHeartbeatModel
    if server is None:
        return set()
    with server.engine.connect() as connection:
        now = connection.execute(select(func.now())).scalar_one().replace(tzinfo=None)  # as Optuna writes it down
        late = row.heartbeat < now - timedelta(seconds=_SILENCE)
        among = row.trial_id.in_([trial._trial_id for trial in trials])
        return set(connection.execute(select(row.trial_id).where(late, among)).scalars())


def _server(study: optuna.Study) -> optuna.storages.RDBStorage | None:
    """The storage where it is one that other machines may reach: neither memory nor a file."""
    backend = getattr(study._storage, "_backend", None)
    served = isinstance(backend, optuna.storages.RDBStorage) and backend.engine.dialect.name != "sqlite"
    return backend if served else None


def _me() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _running(study: optuna.Study) -> list[FrozenTrial]:
    return [trial for trial in study.get_trials(deepcopy=False) if trial.state == TrialState.RUNNING]


def _orphaned(trial: FrozenTrial, silent: set[int]) -> bool:
    owner = trial.user_attrs.get(_OWNER)
    if owner is None:
        return True
    host, _, process = owner.rpartition(":")
    if host != socket.gethostname():
        return trial._trial_id in silent
    return int(process) == os.getpid() or not _alive(int(process))


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _hasten(engine: Engine) -> None:
    """A write-ahead log: a trial costs some milliseconds in place of Optuna's 80, and kill −9 loses nothing."""

    @event.listens_for(engine, "connect")
    def configure(connection: object, record: object) -> None:
        del record
        cursor = connection.cursor()  # pyright: ignore[reportAttributeAccessIssue]
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()

    engine.dispose()  # the connections from before know nothing of it


def shown(url: str) -> str:
    """A storage's address without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "what was given as --storage"


def _hidden(text: str, url: str) -> str:
    password = make_url(url).password
    return text.replace(str(password), "***") if password else text
