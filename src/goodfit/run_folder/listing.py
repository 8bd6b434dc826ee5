"""The runs beside the one that is watched: the list on the page, and the only names that an address may have."""

import math
import time
from dataclasses import dataclass, field
from pathlib import Path

from goodfit.errors import InputError
from goodfit.record.plain import PlainData
from goodfit.run_folder.folders import is_run, is_unfinished
from goodfit.run_folder.job import is_live
from goodfit.run_folder.saved_run import read_result
from goodfit.wording import numbers

_SECONDS = 2.0  # between two looks at the folder
_MOST_ENDED = 60  # runs that are listed


@dataclass(frozen=True)
class SiblingRun(PlainData):
    """A run of the list.

    Attributes:
        name: of its folder.
        status: "training", "unfinished", or the outcome of one that has ended.
        summary: verdict and dev error of one that has ended.
    """

    name: str
    status: str
    summary: str = ""


@dataclass
class Siblings:
    """The runs in a folder."""

    out: Path
    _listing: list[SiblingRun] = field(default_factory=list)
    _last_look: float = -math.inf
    _ended_runs: dict[str, SiblingRun] = field(default_factory=dict)

    def folder(self, name: str) -> Path | None:
        """Return the run of exactly this name, or None: no path that leads elsewhere is ever put together."""
        return next((folder for folder in self._folders() if folder.name == name), None)

    def listing(self) -> list[SiblingRun]:
        """Return the runs, live ones first, then the newest."""
        if time.monotonic() - self._last_look >= _SECONDS:
            self._last_look = time.monotonic()
            runs = [self._entry(folder) for folder in sorted(self._folders(), reverse=True)]
            live = [run for run in runs if run.status == "training"]
            self._listing = live + [run for run in runs if run.status != "training"][:_MOST_ENDED]
        return self._listing

    def _folders(self) -> list[Path]:
        try:
            return [folder for folder in self.out.iterdir() if is_run(folder)]
        except OSError:
            return []

    def _entry(self, folder: Path) -> SiblingRun:
        if is_unfinished(folder):
            return SiblingRun(folder.name, "training" if is_live(folder) else "unfinished")
        if folder.name not in self._ended_runs:
            try:
                self._ended_runs[folder.name] = _ended_run(folder)
            except InputError:  # damaged, or not yet whole: read again next time
                return SiblingRun(folder.name, "unfinished")
        return self._ended_runs[folder.name]


def _ended_run(folder: Path) -> SiblingRun:
    result = read_result(folder)
    summary = f"{result.final.verdict}, dev error {numbers.percent(result.final.dev_error)}"
    return SiblingRun(folder.name, result.outcome, summary)
