"""`goodfit unpause`: let a training that was paused go on."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

import goodfit
from goodfit.cli import options, output


def unpause(
    run: options.Run,
    to: Annotated[int | None, typer.Option(metavar="EPOCH", min=1, help="Pause again after this epoch.")] = None,
    as_json: options.Json = False,
) -> None:
    """Let a run that was paused train on.

    Example: goodfit unpause runs/20260101-120000-digits-3f2a
    """
    output.show(goodfit.unpause(run, to=to, who="terminal"), as_json, _answers)


def _answers(result: dict[str, Any]) -> Iterator[str]:
    if result["answered"]:
        yield f"The training goes on after epoch {result['epoch']}."
    else:
        yield output.not_yet(result, "it goes on where it looks next")
