"""Keys of a terminal as they are pressed: bytes become names, and the terminal is left as it was found."""

import codecs
import os
import re
import select
import signal
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

from goodfit.errors import InputError

_NAMES = {"\r": "enter", "\n": "enter", "\t": "tab", "\x7f": "backspace", "\x08": "backspace", "\x03": "ctrl-c"}
_NAMES |= {"\x04": "ctrl-d", "\x15": "ctrl-u", " ": "space"}
# What arrow keys and the like send: ESC [ or ESC O, parameters, and one letter or ~
_SEQUENCE = re.compile("\x1b(\\[[0-?]*[ -/]*[@-~]|O[@-~])")
_PARTIAL = re.compile("\x1b(\\[[0-?]*[ -/]*|O)?")
_SEQUENCES = {"[A": "up", "[B": "down", "[C": "right", "[D": "left", "[Z": "back tab"}
_ESCAPE_SECONDS = 0.05  # in which the rest of a sequence has come; else it was the key Escape
_MOST_BYTES = 1024


@dataclass
class Parser:
    """Names the keys in the bytes of a terminal, which may come in any pieces."""

    _text: str = ""
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")(errors="replace")
    )

    def feed(self, data: bytes) -> list[str]:
        """Return the complete keys: `space`, `enter`, `up`, …, and characters as they are.

        >>> Parser().feed(b"n \\x1b[A\\r")
        ['n', 'space', 'up', 'enter']
        """
        self._text += self._decoder.decode(data)
        keys = []
        while self._text:
            if _PARTIAL.fullmatch(self._text):  # the rest may still come
                break
            if sequence := _SEQUENCE.match(self._text):
                keys.append(_SEQUENCES.get(sequence[1], "unknown"))
                self._text = self._text[sequence.end() :]
                continue
            first, self._text = self._text[0], self._text[1:]
            keys.append("escape" if first == "\x1b" else _name(first))
        return keys

    def flush(self) -> list[str]:
        """Return the keys of a sequence that did not go on: Escape, and the characters after it."""
        text, self._text = self._text, ""
        return ["escape" if character == "\x1b" else _name(character) for character in text]

    @property
    def waits(self) -> bool:
        """True while a sequence is incomplete."""
        return bool(self._text)


def _name(character: str) -> str:
    return _NAMES.get(character) or (character if character.isprintable() else "unknown")


@dataclass
class Keyboard:
    """The keys that are pressed in a terminal which `pressed` has made ready."""

    descriptor: int
    _parser: Parser = field(default_factory=Parser)

    def wait(self, seconds: float) -> list[str]:
        """Return the keys that come within a time, as soon as the first is there."""
        if not select.select([self.descriptor], [], [], seconds)[0]:
            return []
        keys = self._more()
        while self._parser.waits and select.select([self.descriptor], [], [], _ESCAPE_SECONDS)[0]:
            keys += self._more()
        return keys + self._parser.flush()

    def _more(self) -> list[str]:
        try:
            data = os.read(self.descriptor, _MOST_BYTES)
        except OSError:
            data = b""
        return self._parser.feed(data) if data else [*self._parser.flush(), "ctrl-d"]  # the terminal has gone


@contextmanager
def pressed(descriptor: int) -> Iterator[Keyboard]:
    """Yield a keyboard whose keys come one by one and unechoed; in the end the terminal is as it was before.

    Ctrl-C is a key like others. A signal to end, or a closed terminal, ends the process by an exception, so that the
    terminal is restored.
    """
    before = termios.tcgetattr(descriptor)
    raw = termios.tcgetattr(descriptor)
    # Not by lines and not echoed; Ctrl-C, Ctrl-S and Enter come as the bytes that they are.
    raw[0] &= ~(termios.IXON | termios.ICRNL)
    raw[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
    raw[6][termios.VMIN], raw[6][termios.VTIME] = 1, 0  # a read returns with the first byte, and waits for no second
    handlers = {number: signal.signal(number, _end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, raw)
        yield Keyboard(descriptor)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        with suppress(termios.error):  # the terminal has gone
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)  # the exit code by which shells tell that a signal ended a process


def check_terminal() -> None:
    """Refuse to go on without a terminal that can show the view.

    Raises:
        InputError: input or output is a file, a pipe or nothing, or cannot show the signs of a curve.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError(
            "--terminal needs a terminal, and here input or output is none; leave it out for a page in the browser"
        )
    encoding = sys.stdout.encoding or "unknown"
    if "utf" not in encoding.lower():
        advice = "set LANG=C.UTF-8, or leave it out for a page in the browser"
        raise InputError(f"--terminal draws with signs that the encoding {encoding} lacks; {advice}")
