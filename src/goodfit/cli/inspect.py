"""`goodfit inspect`: data before any training."""

import goodfit
from goodfit.api.requests.inspection import InspectRequest
from goodfit.api.result_types.inspection import TITLES, Inspection
from goodfit.cli import options, output


def inspect(request: InspectRequest, as_json: options.Json = False) -> None:
    """Show how each column is read, and what was guessed, left out or lost; nothing is trained.

    Example: goodfit inspect customers.csv --target churned
    """
    inspection = goodfit.inspect(**request.arguments())
    if as_json:
        output.print_json(inspection)
        return
    print(inspection.headline)
    _print_table(inspection)
    for line in output.note_lines(inspection.notes, remarks=True):
        print(line)


def _print_table(inspection: Inspection) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title in TITLES:
        table.add_column(title, justify="right" if title == "missing" else "left", overflow="fold")
    for column in inspection.columns:
        table.add_row(*map(Text, column.cells))  # names of columns are no markup
    Console().print(table)
