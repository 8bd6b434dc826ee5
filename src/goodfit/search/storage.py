"""The study's storage: an Optuna storage by URL, opened for one data set and split and refused for any other."""

import contextlib
import fcntl
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import optuna
from optuna.storages._rdb.models import StudyUserAttributeModel, TrialHeartbeatModel
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy import Select, event, func, select
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, ProgrammingError, SQLAlchemyError

from goodfit.errors import InputError
from goodfit.search.patient_storage import PatientStorage, try_again

_DATA = "goodfit data"
_OWNER = "goodfit owner"
_CLAIM_SECONDS = 1.0  # from drawing a trial to signing it, at the very most
_HEARTBEAT_SECONDS = 30  # one row a trial: little to write so often
_SILENCE_SECONDS = 5 * _HEARTBEAT_SECONDS  # until a process counts as dead: a network may be away for two minutes
_COLLISIONS = 2  # Optuna creates its tables, then notes their version, each of which another process may do first

_Value = TypeVar("_Value")


def open_study(url: str, name: str, fingerprint: str, sampler: optuna.samplers.BaseSampler | None) -> optuna.Study:
    """Open the study of this name, or create it.

    Args:
        url: such as `sqlite:///runs/goodfit.db` or `postgresql://user@host/studies`.
        name: of the study.
        fingerprint: of data and split.
        sampler: draws the parameters; Optuna's default when None.

    Raises:
        InputError: a storage that cannot be reached, or a study of other data.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    address = safe_address(url)
    try:
        storage = _connect(url)
        if storage.engine.dialect.name == "sqlite":
            _speed_up(storage.engine)
        study = optuna.create_study(storage=storage, study_name=name, sampler=sampler, load_if_exists=True)
    except (ArgumentError, NoSuchModuleError):
        raise InputError(f"{address} is no storage's address; write it as in sqlite:///runs/goodfit.db") from None
    except ImportError:
        install = "install it (for PostgreSQL: pip install 'goodfit[postgresql]')"
        raise InputError(f"{address} needs its driver; {install}") from None
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        reason = _hide_password(str(error.__cause__ or error).strip().splitlines()[0], url)
        raise InputError(f"the storage {address} cannot be reached ({reason}); is it there?") from None
    if set_once(study, _DATA, fingerprint) != fingerprint:
        raise InputError(f"the study '{name}' was made for other data or another split; give another name with --study")
    return study


def set_once(study: optuna.Study, name: str, value: _Value) -> _Value:
    """Return the study's value of this name, which is `value` if it has none yet."""
    if name not in study.user_attrs:
        study.set_user_attr(name, value)
    return study.user_attrs[name]  # read again: another process may have set it meanwhile


def _connect(url: str) -> PatientStorage:
    """Return the storage with its tables; try again where another process created them in the same moment."""
    for _ in range(_COLLISIONS):
        with contextlib.suppress(IntegrityError, ProgrammingError):
            return PatientStorage(url)
    return PatientStorage(url)


@contextlib.contextmanager
def exclusive(study: optuna.Study) -> Iterator[None]:
    """Make other processes wait before they draw this study's trials or take them over.

    On a server this locks a row that Optuna never locks; beside SQLite's file it locks another file, because SQLite's
    own locks end when its file is closed. Should the process die, the server or the system releases the lock.
    """
    server = _server(study)
    if server is None:
        with _exclusive_on_this_machine(study):
            yield
        return
    row = StudyUserAttributeModel
    locked = select(row.value_json).where(row.study_id == study._study_id, row.key == _DATA).with_for_update()
    connection = try_again(server, lambda: _locked_row(server.engine, locked))
    try:
        yield
    finally:
        # Nothing was written. A server that restarted meanwhile has let go of the row: at worst, another process drew
        # in the same moment, and the study has a few trials more.
        with contextlib.suppress(SQLAlchemyError):
            connection.close()


def _locked_row(engine: Engine, statement: Select[Any]) -> Connection:
    """Return the connection that holds the selected row until it is closed."""
    connection = engine.connect()
    try:
        connection.execute(statement).all()
    except SQLAlchemyError:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def _exclusive_on_this_machine(study: optuna.Study) -> Iterator[None]:
    backend = getattr(study._storage, "_backend", None)
    path = backend.engine.url.database if isinstance(backend, optuna.storages.RDBStorage) else None
    if path in (None, "", ":memory:"):  # no other process sees a study in memory
        yield
        return
    with Path(f"{path}-alone").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def claim(trial: Trial) -> Trial:
    """Sign a trial as this process's, so that another process takes it over should this one die."""
    trial.set_user_attr(_OWNER, _this_process())
    if server := _server(trial.study):
        server.record_heartbeat(trial._trial_id)
    return trial


def orphans(study: optuna.Study) -> list[Trial]:
    """Take over the trials whose process died, to be trained again under their own numbers.

    On this machine the system knows the living processes; a process elsewhere counts as dead after minutes of silence.
    """
    if any(_OWNER not in trial.user_attrs for trial in _running(study)):
        time.sleep(_CLAIM_SECONDS)  # its process may be about to sign it
    with exclusive(study):
        running = _running(study)
        silent = _silent(study, running)
        return [claim(Trial(study, trial._trial_id)) for trial in running if _is_orphan(trial, silent)]


def are_running(study: optuna.Study) -> bool:
    """Return True while any process trains a trial of this study."""
    return bool(_running(study))


def still_owned(trials: Sequence[Trial]) -> list[bool]:
    """Return for each trial whether it is still this process's: after a long silence another machine may have it."""
    stored = trials[0].study.get_trials(deepcopy=False)
    return [stored[trial.number].user_attrs.get(_OWNER) == _this_process() for trial in trials]


@contextlib.contextmanager
def heartbeat(study: optuna.Study) -> Iterator[None]:
    """Tell other machines in the background that this process lives; of a file, all processes are on this machine."""
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
    while server and not over.wait(_HEARTBEAT_SECONDS):
        # a server that is away for long costs one beat; the search itself says so
        with contextlib.suppress(InputError):
            for trial in _running(study):
                if trial.user_attrs.get(_OWNER) == _this_process():
                    server.record_heartbeat(trial._trial_id)


def _silent(study: optuna.Study, trials: Sequence[FrozenTrial]) -> set[int]:
    """Return the IDs of trials without a recent heartbeat, by the server's clock.

    Optuna's own list of stale trials is made for `Study.optimize`.
    """
    server = _server(study)
    if server is None:
        return set()
    return try_again(server, lambda: _silent_on(server.engine, trials))


def _silent_on(engine: Engine, trials: Sequence[FrozenTrial]) -> set[int]:
    row = TrialHeartbeatModel
    with engine.connect() as connection:
        server_time = connection.execute(select(func.now())).scalar_one().replace(tzinfo=None)  # as Optuna stores times
        late = row.heartbeat < server_time - timedelta(seconds=_SILENCE_SECONDS)
        among = row.trial_id.in_([trial._trial_id for trial in trials])
        return set(connection.execute(select(row.trial_id).where(late, among)).scalars())


def _server(study: optuna.Study) -> optuna.storages.RDBStorage | None:
    """Return the storage where other machines may reach it: it is neither memory nor a file."""
    backend = getattr(study._storage, "_backend", None)
    is_server = isinstance(backend, optuna.storages.RDBStorage) and backend.engine.dialect.name != "sqlite"
    return backend if is_server else None


def _this_process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _running(study: optuna.Study) -> list[FrozenTrial]:
    return [trial for trial in study.get_trials(deepcopy=False) if trial.state == TrialState.RUNNING]


def _is_orphan(trial: FrozenTrial, silent: set[int]) -> bool:
    """True where the trial's process is dead; an unsigned trial's died before it could sign."""
    owner = trial.user_attrs.get(_OWNER)
    if owner is None:
        return True
    host, _, process = owner.rpartition(":")
    if host != socket.gethostname():
        return trial._trial_id in silent
    # Orphans are taken over before this process draws anything, so one under its number was left by an earlier search.
    return int(process) == os.getpid() or not _is_alive(int(process))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)  # signal 0 is not sent; the system only checks that it could be
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's, but alive
        pass
    return True


def _speed_up(engine: Engine) -> None:
    """Turn on SQLite's write-ahead log: a trial costs some milliseconds instead of 80, and kill −9 loses nothing."""

    @event.listens_for(engine, "connect")
    def configure(connection: object, record: object) -> None:
        del record
        cursor = connection.cursor()  # pyright: ignore[reportAttributeAccessIssue]
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()

    engine.dispose()  # connections that are open already would keep the old mode


def safe_address(url: str) -> str:
    """Return a storage's address without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "the value of --storage"


def _hide_password(text: str, url: str) -> str:
    password = make_url(url).password
    return text.replace(str(password), "***") if password else text
