"""`goodfit branch`: a new run from another one's parameters."""

from collections.abc import Iterator
from typing import Annotated

import typer

import goodfit
from goodfit.api.result_types.fit import Fit
from goodfit.cli import options, output, progress
from goodfit.cli.train import answers
from goodfit.wording.key_value import read_pairs


def branch(
    run: options.Run,
    changes: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE…]", help="Settings of the plan, such as optimizer=momentum."),
    ] = None,
    epoch: Annotated[
        int | None,
        typer.Option(min=1, help="Start from the newest checkpoint up to this epoch; the best so far when not given."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Train a new run, beside this one, that starts from its parameters where their shapes allow.

    Example: goodfit branch runs/20260101-120000-digits-3f2a batch_size=64 optimizer=momentum
    """
    changed = read_pairs(changes or [])
    with progress.reporting(quiet=as_json) as callback:
        result = goodfit.branch(run, epoch=epoch, progress=callback, **changed)
    output.show(result, as_json, _answers)


def _answers(fit: Fit) -> Iterator[str]:
    """Yield the point at which it started, then what `goodfit train` says."""
    if origin := fit.result.branched_from:
        yield f"Started from {len(origin.fitted)} arrays of {origin.run} after epoch {origin.epoch}."
    yield from answers(fit)
