"""`goodfit tune`: hyperparameters searched coarse to fine, many models at once."""

from collections.abc import Iterator, Sequence

import goodfit
from goodfit.api.requests.search import TuneRequest
from goodfit.api.result_types.fit import Search
from goodfit.cli import options, output, progress
from goodfit.run_folder.names import PLAN_FILE
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


def _answers(search: Search) -> Iterator[str]:
    """Yield the space, the trials, the finalists and the plan that won."""
    result = search.result
    if search.outcome == "interrupted":
        yield "Stopped by Ctrl-C; this is the best so far, and the same command goes on."
    if result.study:
        yield result.study.space
    states = [trial.state for trial in search.trials]
    counts = ", ".join(f"{states.count(state)} {state}" for state in ("complete", "pruned", "fail") if state in states)
    yield f"Trials: {len(states)} ({counts})."
    yield from (f"Note: {note}." for note in (result.search.notes if result.search else ()))
    yield f"Best trials trained again with {search.finalists[0].seeds} new seeds each:"
    for place, finalist in enumerate(search.finalists, 1):
        won = " (the winner)" if finalist.against_the_winner is None else ""
        yield f"  {place}: dev {output.metric_name(result.metric)} {percent(finalist.dev_error)}{won}"
    yield from output.verdict_lines(result.final, result.metric)
    yield from (f"Next: {sentence}" for sentence in search.next_steps)
    yield f"Plan: {search.run / PLAN_FILE}"
    yield f"Report: {search.report}"
