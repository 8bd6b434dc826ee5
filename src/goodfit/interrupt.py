"""Ctrl-C during a long computation."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any


@dataclass(frozen=True)
class _Asking:
    """A handler of Ctrl-C that sets an event; once that is set it does what was done before."""

    asked: threading.Event
    before: Any

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.asked.is_set() and callable(self.before):
            self.before(number, frame)
        self.asked.set()


@contextlib.contextmanager
def interruptible(asked: threading.Event) -> Iterator[threading.Event]:
    """Ctrl-C sets the event, for the work to stop where it can; the work around it, if asked alike, is told as well."""
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, _Asking(asked, before))
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
        if asked.is_set() and isinstance(before, _Asking):
            before.asked.set()
