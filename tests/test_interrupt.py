"""Ctrl-C and signals to end: the work is told, and goes on to its safe point."""

import signal
import threading

import pytest

from goodfit.interrupt import interruptible

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("number", SIGNALS)
def test_each_signal_sets_the_event_and_handlers_come_back(number):
    before = [signal.getsignal(name) for name in SIGNALS]
    with interruptible(threading.Event()) as interrupted:
        signal.raise_signal(number)
        assert interrupted.is_set()
    assert [signal.getsignal(name) for name in SIGNALS] == before


@pytest.mark.parametrize("number", SIGNALS)
def test_an_inner_interrupt_reaches_the_outer_work(number):
    with interruptible(threading.Event()) as outer:
        with interruptible(threading.Event()):
            signal.raise_signal(number)
        assert outer.is_set()


def test_a_second_sigterm_changes_nothing_and_a_second_ctrl_c_cuts_short():
    with interruptible(threading.Event()):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
    with interruptible(threading.Event()):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible(threading.Event()) as interrupted:
            signal.raise_signal(signal.SIGHUP)
            assert not interrupted.is_set()
    finally:
        signal.signal(signal.SIGHUP, before)
