"""Standard streams that cannot end a job: closed ones, pipes without a reader, and encodings without our signs."""

import codecs
import errno
import io
import os
import sys
from typing import Any

_STANDARD = (0, 1, 2)  # descriptors of input, output and error output
_GONE = (errno.EPIPE, errno.EIO)  # the reader of a pipe has left, as `head` does; the terminal is closed
_PLAIN_ERRORS = "goodfit-plain"  # our error handler's name in Python's registry
# Signs of our sentences that the encodings of some terminals lack. No straight double quotation mark, which would end
# a string of JSON.
_PLAIN = {
    "−": "-", "–": "-", "—": "-", "…": "...", "×": "x", "·": "*", "±": "+-", "≥": ">=", "≤": "<=", "≈": "~",
    "→": "->", "²": "2", "³": "3", "½": "1/2", "√": "sqrt", "°": " deg", "∞": "inf", "λ": "lambda", "β": "beta",
    "“": "'", "”": "'", "‘": "'", "’": "'", "━": "-", "█": "#", "\u00a0": " ", "\u2009": " ", "\u202f": " ",
}  # fmt: skip


def prepare_streams() -> None:
    """Make this process's standard output and error output take every text, and outlive their readers."""
    for descriptor in _STANDARD:
        try:
            os.fstat(descriptor)
        except OSError:
            # Closed: the next file would take its place, and a library's warning would be written into a run's file.
            os.open(os.devnull, os.O_RDWR)
    codecs.register_error(_PLAIN_ERRORS, _plain)
    sys.stdout = _lasting(sys.stdout, 1, "standard output")
    sys.stderr = _lasting(sys.stderr, 2, None)


class _LastingFile(io.FileIO):
    """A file that drops what is written after its reader has left, or its disk is full."""

    def __init__(self, descriptor: int, name: str | None) -> None:
        """Take over a descriptor; without a name, no error is worth more than the work, and all are dropped."""
        super().__init__(descriptor, "w", closefd=False)
        self._name = name

    def write(self, data: Any) -> int:
        """Write bytes and return their number.

        Raises:
            OSError: the first that says more than that the reader has left.
        """
        try:
            return super().write(data) or 0
        except OSError as error:
            name, self._name = self._name, None
            if name and error.errno not in _GONE:
                raise OSError(error.errno, error.strerror, name) from None
            return memoryview(data).nbytes


def _lasting(stream: Any, descriptor: int, name: str | None) -> io.TextIOWrapper:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    buffer = io.BufferedWriter(_LastingFile(descriptor, name))
    return io.TextIOWrapper(buffer, encoding, _PLAIN_ERRORS, line_buffering=name is None or os.isatty(descriptor))


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Return plain counterparts of the signs that an encoding lacks, and the place to go on from."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(_PLAIN.get(sign) or _escape(sign) for sign in signs), error.end


def _escape(sign: str) -> str:
    r"""Return a character as JSON escapes it: `\u00e9`, two such beyond the first plane."""
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
