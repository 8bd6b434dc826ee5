"""The runs beside the one that is watched: the list on the page, and the only names that an address may have."""

import json
import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from goodfit.run_folder.archive import RESULT_FILE, SOURCE_FILE, is_unfinished
from goodfit.run_folder.job import is_live
from goodfit.wording import numbers

_SECONDS = 2.0  # between two looks at the folder
_MOST = 60  # shown of those that have ended


@dataclass
class Siblings:
    """The runs in a folder."""

    out: Path
    _listing: list[dict[str, Any]] = field(default_factory=list)
    _at: float = -math.inf
    _results: dict[str, dict[str, Any]] = field(default_factory=dict)

    def folder(self, name: str) -> Path | None:
        """The run of exactly this name, or nothing: no path that leads elsewhere is ever put together."""
        return next((folder for folder in self._folders() if folder.name == name), None)

    def told(self) -> list[dict[str, Any]]:
        """Return name, status and outcome of each run, live ones first, then the newest."""
        if time.monotonic() - self._at >= _SECONDS:
            self._at = time.monotonic()
            runs = [self._facts(folder) for folder in sorted(self._folders(), reverse=True)]
            live = [run for run in runs if run["status"] == "training"]
            self._listing = live + [run for run in runs if run["status"] != "training"][:_MOST]
        return self._listing

    def _folders(self) -> list[Path]:
        try:
            return [folder for folder in self.out.iterdir() if (folder / SOURCE_FILE).is_file()]
        except OSError:
            return []

    def _facts(self, folder: Path) -> dict[str, Any]:
        if is_unfinished(folder):
            live = is_live(folder)
            return {"name": folder.name, "status": "training" if live else "unfinished", "said": ""}
        if folder.name not in self._results:
            try:
                self._results[folder.name] = self._finished(folder)
            except (OSError, ValueError, KeyError, TypeError):  # damaged, or not yet whole: read again next time
                return {"name": folder.name, "status": "unfinished", "said": ""}
        return self._results[folder.name]

    @staticmethod
    def _finished(folder: Path) -> dict[str, Any]:
        result = json.loads((folder / RESULT_FILE).read_bytes())
        final = result["final"]
        summary = f"{final['verdict']}, dev error {numbers.percent(final['dev_error'])}"
        return {"name": folder.name, "status": str(result["outcome"]), "said": summary}
