"""Looking at runs: the list of all, and a report written again."""

import json
from pathlib import Path
from typing import Any

from goodfit.improve.archive import RESULT_FILE, read_run
from goodfit.report.page import write_report


def report(run: str | Path) -> Path:
    """Write a run's report again; returns its path.

    Raises:
        InputError: no such run.
    """
    return write_report(read_run(run).folder)


def runs(out: str | Path = "runs") -> list[dict[str, Any]]:
    """The runs in a folder, the newest first: run, started, data, metric, verdict, dev and test error."""
    listed = []
    for path in sorted(Path(out).glob(f"*/{RESULT_FILE}"), reverse=True):
        try:
            result = json.loads(path.read_text(encoding="utf-8"))
            final = result["final"]
            facts = {name: result[name] for name in ("command", "started", "metric", "seconds", "outcome")}
            errors = {name: final[name] for name in ("verdict", "dev_error", "test_error")}
            listed.append({"run": str(path.parent), "data": result["data"]["name"], **facts, **errors})
        except (ValueError, KeyError, TypeError):
            listed.append({"run": str(path.parent), "outcome": "damaged"})
    return listed
