"""Optuna's storage of studies, tried again while a server restarts or another process holds the file."""

import functools
import sqlite3
import time
from collections.abc import Callable
from typing import Any, TypeVar

from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import BaseStorage, RDBStorage
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from goodfit.errors import InputError

PATIENCE = 60.0  # seconds: a server restarts in a few, and a failover to another machine takes under a minute
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0  # seconds; each pause is twice the one before
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

_Answer = TypeVar("_Answer")


class PatientStorage(RDBStorage):
    """A storage whose every question is asked again where its server is away for a moment."""

    def __init__(self, url: str) -> None:
        """Connect, without patience: a wrong address should be said at once."""
        # The ping finds connections that a restart has cut before they are used.
        super().__init__(url, engine_kwargs={"pool_pre_ping": True})


def try_again(storage: RDBStorage, question: Callable[[], _Answer]) -> _Answer:
    """Return the answer to a question that is asked until the storage is there, for a minute.

    Raises:
        InputError: it did not come back, or it fails for good, as on a full disk.
    """
    deadline, pause, is_repeated = time.monotonic() + PATIENCE, _FIRST_PAUSE, False
    while True:
        try:
            return question()
        except UpdateFinishedTrialError:
            if is_repeated:  # the first time succeeded, and only its answer was lost
                return True  # pyright: ignore[reportReturnType]
            raise
        except (SQLAlchemyError, StorageInternalError) as error:
            if not _is_passing(error) or time.monotonic() > deadline:
                raise _failure(storage, error) from None
        time.sleep(pause)
        pause, is_repeated = min(2 * pause, _LONGEST_PAUSE), True


def _is_passing(error: Exception) -> bool:
    """Return True for what another try may mend: a connection that was cut or refused, a file that is locked."""
    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    if not isinstance(cause, OperationalError | InterfaceError):
        return False
    code = getattr(cause.orig, "sqlite_errorcode", None)
    return code is None or code & 0xFF in _BUSY  # the low byte is the error, the rest its details


def _failure(storage: RDBStorage, error: Exception) -> InputError:
    url = make_url(storage.url)
    reason = str(getattr(error.__cause__ or error, "orig", None) or error).strip().splitlines()[0]
    reason = reason.replace(str(url.password), "***") if url.password else reason
    address = url.render_as_string(hide_password=True)
    return InputError(f"the storage {address} failed ({reason}); once that is mended, the same command goes on")


def _patient(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def ask(storage: PatientStorage, *arguments: Any, **options: Any) -> Any:
        return try_again(storage, functools.partial(method, storage, *arguments, **options))

    return ask


# Those of the interface, and those that Optuna's cache calls past it.
_QUESTIONS = ("_create_new_trial", "_set_trial_param", "_get_trials", "_get_best_trial_id", "record_heartbeat")
for _name in (*sorted(BaseStorage.__abstractmethods__), *_QUESTIONS):
    setattr(PatientStorage, _name, _patient(getattr(RDBStorage, _name)))
