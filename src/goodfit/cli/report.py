"""`goodfit report`: write a run's report anew and say where it is."""

import goodfit
from goodfit.api.requests.use import ReportRequest
from goodfit.cli import options, output


def report(request: ReportRequest, as_json: options.Json = False) -> None:
    """Write the report of a run, one HTML file, and say where it is.

    Example: goodfit report runs/20260101-120000-digits-3f2a
    """
    path = goodfit.report(**request.arguments())
    if as_json:
        output.print_json({"report": path})
    else:
        print(path)
