"""`goodfit diagnose`: bias and variance of a run, or of bare numbers."""

from typing import Annotated, Any

import typer

import goodfit
from goodfit.cli import options, output
from goodfit.errors import InputError

Error = Annotated[float | None, typer.Option(callback=options.share, show_default=False)]
Size = Annotated[int | None, typer.Option(callback=options.whole(1), show_default=False)]


def diagnose(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="A run's folder; or give numbers.", show_default=False),
    ] = None,
    train_error: Error = None,
    dev_error: Error = None,
    train_size: Size = None,
    dev_size: Size = None,
    test_error: Error = None,
    test_size: Size = None,
    data: options.Moved = None,
    folds: options.Folds = None,
    human_error: options.HumanError = None,
    min_gap: Annotated[
        float | None,
        typer.Option(callback=options.share, help="A gap is high above this, beyond its interval; 0.02 for numbers."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Tell bias from variance, with intervals, for a run or for bare numbers.

    Example: goodfit diagnose --train-error 0.01 --dev-error 0.11 --train-size 6000 --dev-size 2000
    """
    numbers: dict[str, Any] = {
        "train_error": train_error,
        "dev_error": dev_error,
        "train_size": train_size,
        "dev_size": dev_size,
        "test_error": test_error,
        "test_size": test_size,
    }
    given = {name: value for name, value in numbers.items() if value is not None}
    _check(run, given, {"--data": data, "--folds": folds})
    if run is not None:
        result = goodfit.diagnose(run, data, folds=folds, human_error=human_error, min_gap=min_gap)
    else:
        levels: dict[str, Any] = {"human_error": human_error, "min_gap": min_gap}
        result = goodfit.diagnose_errors(
            **given, **{name: value for name, value in levels.items() if value is not None}
        )
    output.show(result, as_json, lambda facts: output.verdict_lines(facts, facts.get("metric", "error_rate")))


def _check(run: str | None, given: dict[str, Any], of_runs: dict[str, object]) -> None:
    """Refuse a run beside numbers, and numbers that are not complete."""
    flags = ["--" + name.replace("_", "-") for name in given]
    if run is not None and flags:
        raise InputError(f"a run and {', '.join(flags)} are both given; give the run alone or the numbers alone")
    if run is None and not {"train_error", "dev_error"} <= given.keys():
        raise InputError("nothing to diagnose; give a run's folder, or both --train-error and --dev-error")
    needless = [flag for flag, value in of_runs.items() if value is not None]
    if run is None and needless:
        raise InputError(f"{needless[0]} needs a run's folder; bare numbers cannot be trained again")
