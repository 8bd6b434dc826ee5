"""`goodfit report`: write a run's report anew and say where it is."""

import goodfit
from goodfit.cli import options, output


def report(run: options.Run, as_json: options.Json = False) -> None:
    """Write the report of a run, one HTML file, and say where it is.

    Example: goodfit report runs/20260101-120000-digits-3f2a
    """
    path = goodfit.report(run)
    if as_json:
        output.print_json({"report": path})
    else:
        print(path)
