"""`goodfit nudge`: change numbers of a training while it runs."""

from collections.abc import Iterator
from typing import Annotated

import typer

import goodfit
from goodfit.api.result_types.answer import Answer
from goodfit.cli import options, output
from goodfit.wording.key_value import read_pairs


def nudge(
    run: options.Run,
    changes: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE…", help="Numbers of the plan, such as learning_rate=3e-4.")
    ],
    as_json: options.Json = False,
) -> None:
    """Change hyperparameters of a run while it trains, from the end of its current epoch on.

    Example: goodfit nudge runs/20260101-120000-digits-3f2a learning_rate=3e-4 l2=0.1
    """
    output.show(goodfit.nudge(run, sender="terminal", **read_pairs(changes)), as_json, _answers)


def _answers(answer: Answer) -> Iterator[str]:
    for name, old, new in answer.changes:
        yield f"{name} went from {old} to {new}, from epoch {(answer.epoch or 0) + 1} on."
    if not answer.answered:
        yield output.waiting_line(answer, "The numbers will change at the end of the epoch")
