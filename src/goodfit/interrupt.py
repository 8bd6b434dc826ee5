"""Ctrl-C during a long computation: it sets an event, and the work stops at its next safe point."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any


@dataclass(frozen=True)
class _Handler:
    """A handler of Ctrl-C that sets an event; a second Ctrl-C does what it did before."""

    interrupted: threading.Event
    previous: Any

    def __call__(self, number: int, frame: FrameType | None) -> None:
        # A second press is for people who cannot wait for the safe point.
        if self.interrupted.is_set() and callable(self.previous):
            self.previous(number, frame)
        self.interrupted.set()


@contextlib.contextmanager
def interruptible(interrupted: threading.Event) -> Iterator[threading.Event]:
    """Let Ctrl-C set the event, so that the work can stop at a safe point.

    A nested handler passes the interrupt outward. Outside the main thread, where Python allows no handler, this does
    nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    previous = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, _Handler(interrupted, previous))
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, previous)
        if interrupted.is_set() and isinstance(previous, _Handler):
            previous.interrupted.set()
