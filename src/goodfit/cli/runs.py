"""`goodfit runs`: what was trained so far."""

from typing import Any

import goodfit
from goodfit.api.requests.use import RunsRequest
from goodfit.cli import options, output
from goodfit.wording.numbers import percent


def runs(request: RunsRequest, as_json: options.Json = False) -> None:
    """List the runs in a folder, the newest first.

    Example: goodfit runs --out runs
    """
    found = goodfit.runs(**request.arguments())
    if as_json:
        output.print_json(found)
    elif found:
        _print_table(found)
        for each in found:
            if each["outcome"] == "unfinished":
                print(f"goodfit resume {each['run']} goes on with it.")
    else:
        print(f"No runs in {request.out} yet; `goodfit improve digits` makes one.")


def _print_table(found: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("run", overflow="fold")
    table.add_column("verdict")
    for name in ("dev", "test"):
        table.add_column(name, justify="right")
    for each in found:
        if each["outcome"] in ("damaged", "training", "unfinished"):
            table.add_row(each["run"], each["outcome"])
            continue
        errors = [percent(each[f"{which}_error"]) for which in ("dev", "test")]
        table.add_row(each["run"], each["verdict"], *errors)
    Console().print(table)
