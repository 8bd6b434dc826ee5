"""Looking at runs: the list of all, and a report written again."""

import json
from pathlib import Path
from typing import Any

from goodfit.run_folder.archive import RESULT_FILE, is_unfinished
from goodfit.run_folder.job import is_live


def runs(out: str | Path = "runs") -> list[dict[str, Any]]:
    """The runs in a folder, the newest first: run, started, data, metric, verdict, dev and test error.

    Of a run that is damaged, is training, or is unfinished and waits for `resume`, only run and outcome.
    """
    folders = sorted(Path(out).glob("*"), reverse=True)
    return [_facts(folder) for folder in folders if (folder / RESULT_FILE).exists() or is_unfinished(folder)]


def _facts(run: Path) -> dict[str, Any]:
    """What the list has of a run."""
    if is_live(run):
        return {"run": str(run), "outcome": "training"}
    if not (run / RESULT_FILE).exists():
        return {"run": str(run), "outcome": "unfinished"}
    try:
        result = json.loads((run / RESULT_FILE).read_text(encoding="utf-8"))
        final = result["final"]
        facts = {name: result[name] for name in ("command", "started", "metric", "seconds", "outcome")}
        errors = {name: final[name] for name in ("verdict", "dev_error", "test_error")}
        return {"run": str(run), "data": result["data"]["name"], **facts, **errors}
    except (ValueError, KeyError, TypeError):
        return {"run": str(run), "outcome": "damaged"}
