"""`goodfit nudge`: change numbers of a training that is going on."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

import goodfit
from goodfit.cli import options, output
from goodfit.wording.key_value import read_pairs


def nudge(
    run: options.Run,
    changes: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE…", help="Numbers of the plan, such as learning_rate=3e-4.")
    ],
    as_json: options.Json = False,
) -> None:
    """Change hyperparameters of a run while it trains, from the end of its epoch on.

    Example: goodfit nudge runs/20260101-120000-digits-3f2a learning_rate=3e-4 l2=0.1
    """
    asked = read_pairs(changes)
    output.show(goodfit.nudge(run, sender="terminal", **asked), as_json, _answers)


def _answers(result: dict[str, Any]) -> Iterator[str]:
    """What changed, or when it will."""
    for name, old, new in result.get("changes", []):
        yield f"{name} went from {old} to {new}, from epoch {result['epoch'] + 1} on."
    if not result["answered"]:
        yield output.not_yet(result, "the numbers change at the end of the epoch")
