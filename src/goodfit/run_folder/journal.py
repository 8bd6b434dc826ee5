"""The journal of a job: a JSON line for each step, with a sentence where people care."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goodfit.errors import InputError
from goodfit.record.plain import PlainData
from goodfit.run_folder.json_lines import append_lines, read_lines
from goodfit.run_folder.names import JOURNAL_FILE


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
    """Appends a line for each step to the run's journal; without a folder it only remembers them."""

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
            append_lines(self._path, [line])


def fresh_journal(folder: Path) -> Journal:
    """Return a journal that replaces the one of a job that was interrupted and is resumed."""
    (folder / JOURNAL_FILE).unlink(missing_ok=True)
    return Journal(folder)


def read_journal(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a run's journal, as far as they are whole; none if it has no journal.

    Raises:
        InputError: the file cannot be read, or a line is damaged.
    """
    lines = []
    for line in read_lines(folder / JOURNAL_FILE):
        if line.facts is None or not isinstance(line.facts.get("event"), str):
            raise damaged_line(folder, line.number, "it is no step of a job")
        lines.append(line.facts)
    return lines


def read_steps(folder: Path) -> tuple[Step, ...]:
    """Return the steps of a run that have a sentence.

    Raises:
        InputError: as `read_journal`.
    """
    steps = []
    for number, facts in enumerate(read_journal(folder), 1):
        if facts.get("sentence"):
            try:
                steps.append(Step.from_dict(facts))
            except ValueError as error:
                raise damaged_line(folder, number, str(error)) from None
    return tuple(steps)


def damaged_line(folder: Path, number: int, why: str) -> InputError:
    """Return the error for a line of a run's journal that goodfit did not write."""
    return InputError(f"line {number} of {folder / JOURNAL_FILE} is damaged ({why}); run the command again")
