"""`goodfit lesson`: pages that show how the techniques work, with numbers computed by the textbook."""

from pathlib import Path
from typing import Annotated

import typer

import goodfit
from goodfit.cli import options, output


def lesson(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A lesson; without one, all are listed.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The page to write; lesson-NAME.html when not given.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Write a lesson, one HTML file with pictures to play with, and say where it is; or list the lessons.

    Example: goodfit lesson averages
    """
    if name is not None:
        path = goodfit.lesson(name, out)
        output.show({"lesson": name, "page": path}, as_json, lambda result: [str(result["page"])])
        return
    found = goodfit.lesson(None, out)
    if as_json:
        output.print_json(found)
    else:
        width = max(len(each["name"]) for each in found)
        print("\n".join(f"{each['name']:{width}}  {each['question']}" for each in found))
