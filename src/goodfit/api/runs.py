"""List the runs in a folder."""

from pathlib import Path

from goodfit.api.requests.request import takes
from goodfit.api.requests.use import RunsRequest
from goodfit.api.result_types.listing import RunListing
from goodfit.errors import InputError
from goodfit.run_folder.folders import is_unfinished
from goodfit.run_folder.job import is_live
from goodfit.run_folder.saved_run import has_result, read_result


@takes(RunsRequest)
def runs(request: RunsRequest) -> list[RunListing]:
    """List the runs in a folder, the newest first.

    Returns:
        The runs; of one that is damaged, training, or unfinished and waiting for `resume`, only folder and outcome.
    """
    folders = sorted(Path(request.out).glob("*"), reverse=True)
    return [_listing(folder) for folder in folders if has_result(folder) or is_unfinished(folder)]


def _listing(run: Path) -> RunListing:
    if is_live(run):
        return RunListing(run=str(run), outcome="training")
    if not has_result(run):
        return RunListing(run=str(run), outcome="unfinished")
    try:
        result = read_result(run)
    except InputError:
        return RunListing(run=str(run), outcome="damaged")
    return RunListing(
        run=str(run),
        outcome=result.outcome,
        data=result.data.name,
        command=result.command,
        started=result.started,
        metric=result.metric,
        seconds=result.seconds,
        verdict=result.final.verdict,
        dev_error=result.final.dev_error,
        test_error=result.final.test_error,
    )
