"""List the runs in a folder."""

import json
from pathlib import Path
from typing import Any

from goodfit.api.requests.request import takes
from goodfit.api.requests.use import RunsRequest
from goodfit.run_folder.archive import RESULT_FILE, is_unfinished
from goodfit.run_folder.job import is_live


@takes(RunsRequest)
def runs(request: RunsRequest) -> list[dict[str, Any]]:
    """List the runs in a folder, the newest first.

    Returns:
        Run, started, data, metric, verdict, dev and test error of each; only run and outcome of a run that is damaged,
        is training, or is unfinished and waits for `resume`.
    """
    folders = sorted(Path(request.out).glob("*"), reverse=True)
    return [_facts(folder) for folder in folders if (folder / RESULT_FILE).exists() or is_unfinished(folder)]


def _facts(run: Path) -> dict[str, Any]:
    """Return the entry of a run in the list."""
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
