"""Small files of a live training, read as they are at the moment: what is not there, or not whole, is empty."""

import json
from pathlib import Path
from typing import Any

_LOG_BYTES = 4096  # of a log's end in which its last line is


def json_of(path: Path) -> dict[str, Any]:
    """A file of JSON that a training writes; empty where it has not yet."""
    try:
        facts = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def bytes_of(path: Path) -> bytes:
    """A file as it is; empty where there is none."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def last_words(path: Path) -> str:
    """The last line of a process that ended too soon; where that is a command's answer, its sentence."""
    lines = bytes_of(path)[-_LOG_BYTES:].decode(errors="replace").strip().splitlines()
    last = lines[-1] if lines else ""
    try:
        return str(json.loads(last)["error"])
    except (ValueError, KeyError, TypeError):
        return last
