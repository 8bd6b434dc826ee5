"""Write a run's report again."""

from pathlib import Path

from goodfit.api.requests.request import takes
from goodfit.api.requests.use import ReportRequest
from goodfit.reports.page import write_report
from goodfit.run_folder.saved_run import read_run


@takes(ReportRequest)
def report(request: ReportRequest) -> Path:
    """Write a run's report again.

    Returns:
        The path of the page.

    Raises:
        InputError: no such run.
    """
    return write_report(read_run(request.run).folder)
