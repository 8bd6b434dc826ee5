"""Load the result of a run."""

from goodfit.api.requests.request import takes
from goodfit.api.requests.use import ReportRequest
from goodfit.api.result_types.fit import Fit, Search
from goodfit.run_folder.saved_run import read_run


@takes(ReportRequest)
def load(request: ReportRequest) -> Fit:
    """Load the result of a finished run: the same `Fit`, or `Search`, that its function returned.

    Raises:
        InputError: no such run, or one that is damaged or unfinished.
    """
    result = read_run(request.run).result
    return Search(result) if result.command == "tune" else Fit(result)
