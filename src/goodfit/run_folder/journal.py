"""The journal of a job: a JSON line for each step, told as a sentence where people care."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.record.plain import PlainData

JOURNAL_FILE = "journal.jsonl"


@dataclass(frozen=True)
class Step(PlainData):
    """A step of a job that people care about.

    Attributes:
        seconds: from the job's start.
        event: its kind.
        sentence: in words.
    """

    seconds: float
    event: str
    sentence: str


class Journal:
    """Appends a line a step to the run's `journal.jsonl`; what is written stays written."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / JOURNAL_FILE
        self._began = time.perf_counter()
        self.lines: list[dict[str, Any]] = []

    def write(self, event: str, sentence: str = "", **facts: Any) -> None:
        """Add a line; facts may be NumPy numbers and arrays."""
        line = {
            "n": len(self.lines) + 1,
            "seconds": round(time.perf_counter() - self._began, 2),
            "event": event,
        }
        line |= ({"sentence": sentence} if sentence else {}) | facts
        self.lines.append(line)
        if self._path:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, default=plain) + "\n")


def read_journal(folder: Path) -> list[dict[str, Any]]:
    """The lines of a run's journal; a torn last line is left out."""
    lines = []
    for text in (folder / JOURNAL_FILE).read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(text))
        except json.JSONDecodeError:
            break
    return lines


def plain(value: Any) -> Any:
    """NumPy numbers and arrays as JSON knows them."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
