"""`goodfit train`: one plan, trained and diagnosed; the test set stays closed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

import goodfit
from goodfit.cli import options, output, progress


def train(
    data: options.DataSource,
    target: options.Target = None,
    task: options.Task = None,
    group: options.Group = None,
    time: options.Time = None,
    dev: options.Dev = None,
    test: options.Test = None,
    no_test: options.NoTest = False,
    seed: options.Seed = 0,
    as_: options.As = None,
    plan: options.PlanFile = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one setting of the plan; repeatable."),
    ] = None,
    replay: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Make the nudges of an earlier run again, at their epochs (nudges.jsonl)."),
    ] = None,
    untouched_copies: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, max=8, help="After a nudge, train N untouched copies on beside it, to tell its worth."
        ),
    ] = 0,
    human_error: options.HumanError = None,
    min_gap: options.MinGap = 0.02,
    out: options.Out = "runs",
    as_json: options.Json = False,
) -> None:
    """Train one network by one plan and diagnose it; the test set stays closed.

    Example: goodfit train digits --set "hidden_units=[64, 64]" --set l2=0.1
    """
    settings = locals()  # the options are named as the verb's arguments
    del settings["as_json"]
    settings["changes"] = options.read_changes(changes or [])
    with progress.shown(quiet=as_json) as callback:
        result = goodfit.train(**settings, progress=callback)
    output.show(result, as_json, answers)


def answers(result: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the data, how it ended, the verdict, both errors, and where the run is."""
    yield from output.warning_lines(result)
    if result.get("outcome", "finished") != "finished":
        yield f"Training {result['outcome']}: {result['reason'].rstrip('.')}."
    if result.get("outcome") == "interrupted":
        yield f"goodfit resume {result['run']} goes on with it."
    yield from output.verdict_lines(result["final"], result["metric"])
    for each in result.get("worth", []):
        if each["sentence"]:
            yield f"What was changed after epoch {each['epoch']}: {each['sentence']}."
    yield f"Run: {result['run']}"
    yield f"Report: {result['report']}"
