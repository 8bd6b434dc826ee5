"""`goodfit rewind`: let a training return to an earlier epoch."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

import goodfit
from goodfit.cli import options, output


def rewind(
    run: options.Run,
    to: Annotated[int, typer.Option(metavar="EPOCH", min=0, help="The epoch to go back to; 0 is the beginning.")],
    as_json: options.Json = False,
) -> None:
    """Let a run that is training go back to how it was after an epoch, and pause there; later nudges are void.

    Example: goodfit rewind runs/20260101-120000-digits-3f2a --to 10
    """
    output.show(goodfit.rewind(run, to=to, who="terminal"), as_json, _answers)


def _answers(result: dict[str, Any]) -> Iterator[str]:
    if result["answered"]:
        came, to = result["rewind"]
        yield f"Went back from epoch {came} to {to}, where it pauses; goodfit unpause {result['run']} goes on."
    else:
        yield output.not_yet(result, "it goes back where it looks next")
