"""`goodfit lesson`: pages that show how the techniques work, with numbers computed by the textbook."""

from pathlib import Path
from typing import Annotated

import typer

import goodfit
from goodfit.cli import options, output


def lesson(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Name of a lesson; lists all without it.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Page to write. Default: lesson-NAME.html.")] = None,
    as_json: options.Json = False,
) -> None:
    """Write a lesson, one interactive HTML page; without a name, list the lessons.

    Example: goodfit lesson averages
    """
    if name is not None:
        path = goodfit.lesson(name, out)
        output.show({"lesson": name, "page": str(path)}, as_json, lambda result: [result["page"]])
        return
    lessons = goodfit.lesson(None, out)
    width = max(len(item.name) for item in lessons)
    output.show(lessons, as_json, lambda items: [f"{item.name:{width}}  {item.question}" for item in items])
