"""Write a run's report again."""

from pathlib import Path

from goodfit.reports.page import write_report
from goodfit.run_folder.archive import read_run


def report(run: str | Path) -> Path:
    """Write a run's report again; returns its path.

    Raises:
        InputError: no such run.
    """
    return write_report(read_run(run).folder)
