"""List the runs in a folder."""

import json
from pathlib import Path

from goodfit.api.requests.request import takes
from goodfit.api.requests.use import RunsRequest
from goodfit.api.result_types.fit import read_test_error
from goodfit.api.result_types.listing import RunListing
from goodfit.record.plain import plain_value
from goodfit.run_folder.archive import RESULT_FILE, is_unfinished
from goodfit.run_folder.job import is_live


@takes(RunsRequest)
def runs(request: RunsRequest) -> list[RunListing]:
    """List the runs in a folder, the newest first.

    Returns:
        The runs; of one that is damaged, training, or unfinished and waiting for `resume`, only folder and outcome.
    """
    folders = sorted(Path(request.out).glob("*"), reverse=True)
    return [_listing(folder) for folder in folders if (folder / RESULT_FILE).exists() or is_unfinished(folder)]


def _listing(run: Path) -> RunListing:
    if is_live(run):
        return RunListing(run=str(run), outcome="training")
    if not (run / RESULT_FILE).exists():
        return RunListing(run=str(run), outcome="unfinished")
    try:
        result = json.loads((run / RESULT_FILE).read_text(encoding="utf-8"))
        final = result["final"]
        facts = {name: result[name] for name in ("command", "started", "metric", "seconds", "outcome")}
        listing = {"run": str(run), "data": result["data"]["name"], "verdict": final["verdict"], **facts}
        errors = {"dev_error": final["dev_error"], "test_error": plain_value(read_test_error(final))}
        return RunListing.from_dict(listing | errors)
    except (ValueError, KeyError, TypeError):
        return RunListing(run=str(run), outcome="damaged")
