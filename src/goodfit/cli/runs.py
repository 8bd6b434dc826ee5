"""`goodfit runs`: list the runs in a folder."""

import goodfit
from goodfit.api.requests.use import RunsRequest
from goodfit.api.result_types.listing import RunListing
from goodfit.cli import options, output
from goodfit.wording import numbers


def runs(request: RunsRequest, as_json: options.Json = False) -> None:
    """List the runs in a folder, the newest first.

    Example: goodfit runs --out runs
    """
    listings = goodfit.runs(**request.arguments())
    if as_json:
        output.print_json(listings)
    elif listings:
        _print_table(listings)
        for run in listings:
            if run.outcome == "unfinished":
                print(f"goodfit resume {run.run} goes on with it.")
    else:
        print(f"No runs in {request.out} yet; `goodfit improve digits` makes one.")


def _print_table(listings: list[RunListing]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("run", overflow="fold")
    table.add_column("verdict")
    for name in ("dev", "test"):
        table.add_column(name, justify="right")
    for run in listings:
        if run.verdict is None:  # damaged, training or unfinished
            table.add_row(run.run, run.outcome)
        else:
            test = run.test_error.value if run.test_error else None
            table.add_row(run.run, run.verdict, numbers.percent(run.dev_error), numbers.percent(test))
    Console().print(table)
