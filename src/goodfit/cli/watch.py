"""`goodfit watch`: a page, or a view in the terminal, that shows a training while it goes on and turns its knobs."""

import json
from typing import Annotated, Any

import typer

import goodfit
from goodfit.cli import options
from goodfit.errors import InputError


def watch(
    source: Annotated[
        str,
        typer.Argument(metavar="DATA|RUN", help="Data, as `train` takes it, or a run's folder.", show_default=False),
    ],
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
    untouched_copies: Annotated[
        int,
        typer.Option(
            metavar="N",
            callback=options.whole(0),
            help="Train so many untouched copies on from each nudge, and say what it was worth.",
        ),
    ] = 0,
    human_error: options.HumanError = None,
    min_gap: Annotated[
        float | None, typer.Option(callback=options.share, help="A gap is high above this, beyond its interval.")
    ] = None,
    out: options.Out = "runs",
    port: Annotated[int, typer.Option(callback=options.whole(0), help="Of the page; 0 is any that is free.")] = 0,
    terminal: Annotated[
        bool, typer.Option("--terminal", help="Show it here instead, turned by keys: without a browser.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Watch one training in a browser: its curves and its health as they come, sliders, pause, back, branch and stop.

    Example: goodfit watch digits --untouched-copies 1
    """
    settings = locals()  # the options are named as the verb's arguments
    del settings["as_json"]
    if terminal and (as_json or port):
        raise InputError("--terminal shows no page and prints no facts; leave --port and --json out")
    settings["changes"] = options.read_changes(changes or [])

    def told(facts: dict[str, Any]) -> None:
        if as_json:
            print(json.dumps(facts, ensure_ascii=False), flush=True)
        else:
            print(f"Open {facts['address']}")
            print("It is good for one browser. Ctrl-C ends the page, not the training.", flush=True)

    facts = goodfit.watch(**settings, told=told)
    if not as_json:
        print(_farewell(facts, terminal))


def _farewell(facts: dict[str, Any], terminal: bool) -> str:
    """What to do with the run, now that its page or view has ended."""
    run, what = facts["run"], "view" if terminal else "page"
    again = f"goodfit watch {run}{' --terminal' if terminal else ''} shows it again"
    if not facts["training"]:
        return f"The {what} has ended. {again}."
    return f"The {what} has ended, the training goes on: {again}, goodfit stop {run} ends it."
