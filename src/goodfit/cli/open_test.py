"""`goodfit open-test`: open a run's test set, once."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

import goodfit
from goodfit.cli import options, output


def open_test(
    run: options.Run,
    data: options.Moved = None,
    force: Annotated[
        bool, typer.Option("--force", help="Open the test set though it was opened before; this is recorded.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Measure a trained run on its test set, which opens once.

    Example: goodfit open-test runs/20260101-120000-digits-3f2a
    """
    result = goodfit.open_test(run, data, force=force)
    output.show(result, as_json, _answers)


def _answers(result: dict[str, Any]) -> Iterator[str]:
    """The error to expect, and how far the dev set was overfitted."""
    yield output.expected_error(result, result["metric"])
    yield from output.metric_lines(result)
    gap = result.get("dev_overfitting")
    if gap:
        yield f"Dev overfitting: {output.gap_text(gap)}"
        if gap["low"] > 0 and result.get("reason"):
            yield result["reason"]
