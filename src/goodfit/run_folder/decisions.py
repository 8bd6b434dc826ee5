"""Decisions of a job, one line each in the checkpoint of its run: a resumed job repeats them."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from goodfit.run_folder.archive import CHECKPOINT_FOLDER
from goodfit.run_folder.journal import plain

DECISIONS_FILE = f"{CHECKPOINT_FOLDER}/decisions.jsonl"


@dataclass
class Decisions:
    """Decisions so far, and the epochs where trainings were stopped, in their order.

    Attributes:
        path: of the file.
        lines: each with its `id`, its `value` or the jobs that were `stopped`, and the `seconds` of the job so far.
        warnings: a sentence, if lines were damaged.
    """

    path: Path
    lines: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _repeated: int = 0

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the decisions of a run, and cut off what follows the last intact line, such as one torn by a crash."""
        decisions = cls(folder / DECISIONS_FILE)
        data = decisions.path.read_bytes() if decisions.path.exists() else b""
        intact = 0
        for text in data.splitlines(keepends=True):
            line = _parse(text)
            if line is None:
                break
            decisions.lines.append(line)
            intact += len(text)
        if intact < len(data):
            os.truncate(decisions.path, intact)
        if b"\n" in data[intact:]:  # more than a torn last line
            place = f"line {len(decisions.lines) + 1} of {decisions.path}"
            decisions.warnings.append(f"{place} is damaged, so decisions from there on are made again")
        return decisions

    @property
    def seconds(self) -> float:
        """Seconds that the job had taken at the last decision."""
        return self.lines[-1]["seconds"] if self.lines else 0.0

    @property
    def next(self) -> dict[str, Any] | None:
        """The decision to repeat now; None where a new one is due."""
        return self.lines[self._repeated] if self._repeated < len(self.lines) else None

    def take(self, **line: Any) -> None:
        """Go on to the next decision; a new one is written down.

        Raises:
            OSError: it cannot be written.
        """
        if self.next is None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, default=plain) + "\n")
            self.lines.append(line)
        self._repeated += 1


def _parse(text: bytes) -> dict[str, Any] | None:
    """Return the decision in a line; None if the line is torn or damaged."""
    try:
        line = json.loads(text)
        valid = isinstance(line["id"], str) and isinstance(line["seconds"], float)
        valid &= isinstance(line["value"], int) if "value" in line else isinstance(line["stopped"], dict)
    except (ValueError, KeyError, TypeError):
        return None
    return line if valid and text.endswith(b"\n") else None
