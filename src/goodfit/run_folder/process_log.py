"""The output of a training that runs in a process of its own."""

import json
from pathlib import Path

from goodfit.run_folder.names import LOG_FILE

_LAST_BYTES = 4096  # of the log, in which its last line is


def last_words(folder: Path) -> str:
    """Return the last line of a process that ended too soon; where that is a command's answer, its sentence."""
    try:
        data = (folder / LOG_FILE).read_bytes()[-_LAST_BYTES:]
    except OSError:
        return ""
    lines = data.decode(errors="replace").strip().splitlines()
    last = lines[-1] if lines else ""
    try:
        return str(json.loads(last)["error"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return last
