"""What a job decided, a line each in the checkpoint of its run: who goes on with the job takes the same again."""

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
    """The decisions so far, and where trainings were stopped, in their order.

    Attributes:
        path: of the file.
        lines: `id`, `value` or `stopped`, and the `seconds` that the job had taken.
        told: a sentence, where lines were damaged.
    """

    path: Path
    lines: list[dict[str, Any]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    _taken: int = 0

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Those of a run; what comes after the last whole line is cut off: torn by a crash, if it is a last line."""
        found = cls(folder / DECISIONS_FILE)
        data = found.path.read_bytes() if found.path.exists() else b""
        whole = 0
        for text in data.splitlines(keepends=True):
            line = _line(text)
            if line is None:
                break
            found.lines.append(line)
            whole += len(text)
        if whole < len(data):
            os.truncate(found.path, whole)
        if b"\n" in data[whole:]:
            where = f"line {len(found.lines) + 1} of {found.path}"
            found.told.append(f"{where} is damaged, so what was decided from there on is decided anew")
        return found

    @property
    def seconds(self) -> float:
        """That the job had taken at the last of them."""
        return self.lines[-1]["seconds"] if self.lines else 0.0

    @property
    def next(self) -> dict[str, Any] | None:
        """The one to be taken again now; None where a new one is to be made."""
        return self.lines[self._taken] if self._taken < len(self.lines) else None

    def take(self, **line: Any) -> None:
        """Go on to the next; a new one is written down.

        Raises:
            OSError: it cannot be.
        """
        if self.next is None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, default=plain) + "\n")
            self.lines.append(line)
        self._taken += 1


def _line(text: bytes) -> dict[str, Any] | None:
    """A whole line's facts."""
    try:
        line = json.loads(text)
        good = isinstance(line["id"], str) and isinstance(line["seconds"], float)
        good &= isinstance(line["value"], int) if "value" in line else isinstance(line["stopped"], dict)
    except (ValueError, KeyError, TypeError):
        return None
    return line if good and text.endswith(b"\n") else None
