"""Bytes of a terminal become names of keys, and the terminal is left as it was."""

import os
import pty
import signal
import termios

import pytest

from goodfit.errors import InputError
from goodfit.monitor.terminal.keys import Parser, check_terminal, pressed


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"nB?", ["n", "B", "?"]),
        (b" \r\n\t", ["space", "enter", "enter", "tab"]),
        (b"\x7f\x08\x15\x03\x04", ["backspace", "backspace", "ctrl-u", "ctrl-c", "ctrl-d"]),
        (b"\x1b[A\x1b[B\x1bOPx", ["up", "down", "unknown", "x"]),
        (b"\x1b[1;5C\x1b[3~y", ["unknown", "unknown", "y"]),
        ("λβ".encode(), ["λ", "β"]),
        (b"\x00\x1a", ["unknown", "unknown"]),
        (b"\xffz", ["\ufffd", "z"]),
        (b"\x1bq", ["escape", "q"]),
    ],
)
def test_bytes_are_keys_in_whatever_pieces_they_come(data, keys):
    assert Parser().feed(data) == keys
    parser = Parser()
    assert [key for byte in data for key in parser.feed(bytes([byte]))] == keys
    assert not parser.waits


def test_escape_alone_is_a_key_when_nothing_follows():
    parser = Parser()
    assert parser.feed(b"\x1b") == []
    assert parser.waits
    assert parser.flush() == ["escape"]
    assert parser.feed(b"\x1b[") == []
    assert parser.flush() == ["escape", "["]


@pytest.fixture
def terminal():
    """Both ends of a pseudo-terminal."""
    ends = pty.openpty()
    yield ends
    for end in ends:
        os.close(end)


def test_keys_come_one_by_one_and_the_terminal_is_put_right(terminal):
    ours, its = terminal
    before = termios.tcgetattr(its)
    with pressed(its) as keyboard:
        assert keyboard.wait(0) == []
        os.write(ours, b"a \x03\x1b")
        assert keyboard.wait(5) == ["a", "space", "ctrl-c", "escape"]
        assert not termios.tcgetattr(its)[3] & (termios.ECHO | termios.ICANON | termios.ISIG)
        assert termios.tcgetattr(its)[1] == before[1]  # what is printed still begins at the left
    assert termios.tcgetattr(its) == before


def test_an_exception_and_a_request_to_end_put_it_right_too(terminal):
    its = terminal[1]
    before, handler = termios.tcgetattr(its), signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError), pressed(its):
        _ = 1 / 0
    assert termios.tcgetattr(its) == before
    with pytest.raises(SystemExit) as ended, pressed(its):
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 128 + signal.SIGTERM
    assert termios.tcgetattr(its) == before
    assert signal.getsignal(signal.SIGTERM) == handler


def test_a_terminal_that_is_closed_is_left():
    ours, its = pty.openpty()
    with pressed(its) as keyboard:
        os.write(ours, b"n")
        os.close(ours)
        keys = [key for _ in range(3) for key in keyboard.wait(5)]
    os.close(its)
    assert keys[-1] == "ctrl-d"


def test_where_there_is_no_terminal_one_sentence_says_so():
    with pytest.raises(InputError, match=r"--terminal needs a terminal, .*; leave it out for a page in the browser"):
        check_terminal()
