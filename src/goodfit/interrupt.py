"""Ctrl-C and signals to end during a long computation: they set an event, and the work stops at its next safe point."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

# SIGTERM comes from schedulers, containers and `timeout`, SIGHUP from a terminal that is closed.
_SIGNALS_TO_END = (signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class _Handler:
    """A handler of signals that sets an event; a second Ctrl-C does what it did before."""

    interrupted: threading.Event
    previous: Any

    def __call__(self, number: int, frame: FrameType | None) -> None:
        # A second press is for people who cannot wait for the safe point. Of the other signals a second one means
        # nothing: `timeout` sends SIGTERM to the process and once more to its group.
        if number == signal.SIGINT and self.interrupted.is_set() and callable(self.previous):
            self.previous(number, frame)
        self.interrupted.set()


@contextlib.contextmanager
def interruptible(interrupted: threading.Event) -> Iterator[threading.Event]:
    """Let Ctrl-C, SIGTERM and SIGHUP set the event, so that the work can stop at a safe point.

    A nested handler passes the interrupt outward. Outside the main thread, where Python allows no handler, this does
    nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, *_handled_signals())}
    handler = _Handler(interrupted, previous[signal.SIGINT])
    for number in previous:
        signal.signal(number, handler)
    try:
        yield interrupted
    finally:
        for number, earlier in previous.items():
            signal.signal(number, earlier)
        if interrupted.is_set() and isinstance(handler.previous, _Handler):
            handler.previous.interrupted.set()


def end_like_ctrl_c() -> None:
    """Let signals to end raise KeyboardInterrupt in this process, as Ctrl-C does, where no work catches them."""
    for number in _handled_signals():
        signal.signal(number, _end)


def _handled_signals() -> list[signal.Signals]:
    """Return the signals to end, without those that `nohup` or the like made this process ignore."""
    return [number for number in _SIGNALS_TO_END if signal.getsignal(number) is not signal.SIG_IGN]


def _end(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # a second one would cut short what the first sets in order
    raise KeyboardInterrupt
