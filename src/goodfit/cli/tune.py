"""`goodfit tune`: hyperparameters searched coarse to fine, many models at once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import goodfit
from goodfit.api.requests.search import TuneRequest
from goodfit.cli import options, output, progress
from goodfit.wording.numbers import percent


def tune(request: TuneRequest, as_json: options.Json = False) -> None:
    """Search hyperparameters coarse to fine, many models at once; the same command goes on where it stopped.

    Example: goodfit tune digits --trials 64 --space learning_rate=log:1e-4..1e-1 --space units=16..128
    """
    with progress.reporting(quiet=as_json) as callback:
        result = goodfit.tune(**request.arguments(), progress=callback)
    output.show(result, as_json, _answers)


def with_address(words: Sequence[str]) -> list[str]:
    """The words, where a `--ray` without an address is given one; Typer knows no value that may be left out.

    >>> with_address(["--ray", "iris"]), with_address(["iris", "--ray", "10.0.0.7:6379"])
    (['--ray', 'local', 'iris'], ['iris', '--ray', '10.0.0.7:6379'])
    >>> with_address([])
    []
    """
    words_read: list[str] = []
    for word, after in zip(words, [*words, ""][1:], strict=True):
        words_read.append(word)
        if word == "--ray" and ":" not in after:
            words_read.append("local")
    return words_read


def _answers(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield the space, the trials, the finalists and the plan that won."""
    if result["outcome"] == "interrupted":
        yield "Stopped by Ctrl-C; this is the best so far, and the same command goes on."
    yield result["study"]["space"]
    states = [trial["state"] for trial in result["trials"]]
    counts = ", ".join(f"{states.count(state)} {state}" for state in ("complete", "pruned", "fail") if state in states)
    yield f"Trials: {len(states)} ({counts})."
    yield from (f"Note: {note}." for note in result["search"]["notes"])
    first, metric = result["finalists"][0], result["metric"]
    yield f"Best trials trained again with {first['seeds']} new seeds each:"
    for place, finalist in enumerate(result["finalists"], 1):
        won = " (the winner)" if finalist["against_the_winner"] is None else ""
        yield f"  {place}: dev {output.metric_name(metric)} {percent(finalist['dev_error'])}{won}"
    yield from output.verdict_lines(result["final"], metric)
    yield f"Plan: {result['run']}/plan.yaml"
    yield f"Report: {result['report']}"
