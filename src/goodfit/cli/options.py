"""What several commands ask for: the data's options, and numbers that are checked as they come in."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from goodfit.errors import InputError
from goodfit.plan import Plan
from goodfit.wording.key_value import read_pairs as read_pairs

Check = Callable[[Any, Any, float | None], float | None]


def _number(fits: Callable[[float], bool], wanted: str) -> Check:
    """A check of one option: its value must fit, or one sentence says what is wanted."""

    def check(context: Any, option: Any, value: float | None) -> float | None:
        if value is not None and not fits(value):
            raise InputError(f"{option.opts[0]} is {value:g}; give {wanted}")
        return value

    return check


def whole(least: int) -> Check:
    """Whole numbers of at least so many."""
    return _number(lambda value: value >= least, f"a whole number of at least {least}")


seconds = _number(lambda value: 0 < value < math.inf, "a number of seconds above 0")
positive = _number(lambda value: 0 < value < math.inf, "a number above 0")
share = _number(lambda value: 0 <= value <= 1, "a share between 0 and 1 (0.15 for 15 %)")


DataSource = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A CSV, TSV, Parquet or NPZ file, a folder of images with one sub-folder a class, an IDX file, or digits, "
        "wine, breast_cancer, iris, diabetes.",
        show_default=False,
    ),
]
Run = Annotated[str, typer.Argument(metavar="RUN", help="A run's folder.", show_default=False)]
Moved = Annotated[
    str | None, typer.Option("--data", metavar="DATA", help="The data it was trained on, where that has moved.")
]
Target = Annotated[str | None, typer.Option(metavar="COLUMN", help="The column to predict.")]
Task = Annotated[
    Literal["binary", "classes", "regression"] | None,
    typer.Option(help="What is predicted; inferred from the target when not given."),
]
Group = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="Rows with one value stay in one set (a patient's rows)."),
]
Time = Annotated[str | None, typer.Option(metavar="COLUMN", help="Train on the oldest rows, test on the newest.")]
Dev = Annotated[str | None, typer.Option(metavar="FILE", help="Your own dev set.")]
Test = Annotated[str | None, typer.Option(metavar="FILE", help="Your own test set.")]
NoTest = Annotated[bool, typer.Option("--no-test", help="Keep no test set: train and dev only.")]
As = Annotated[Literal["images"] | None, typer.Option("--as", help="Open digits as images of 8 × 8.")]
Seed = Annotated[int, typer.Option(callback=whole(0), help="Of the split and of everything random.")]
PlanFile = Annotated[Path | None, typer.Option(metavar="FILE", help="Start from this plan (YAML).")]
HumanError = Annotated[
    float | None,
    typer.Option(callback=share, help="Error of a person or the best known way; 0 is assumed for classes."),
]
MinGap = Annotated[float, typer.Option(callback=share, help="A gap is high above this, beyond its interval.")]
Folds = Annotated[int | None, typer.Option(callback=whole(2), help="Measure by so many folds over train and dev sets.")]
Out = Annotated[str, typer.Option(metavar="FOLDER", help="Where runs are kept.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON value on stdout and nothing else.")]


def read_changes(words: Sequence[str]) -> dict[str, Any]:
    """The settings in the `key=value` words of `--set`; a value is written as in YAML.

    >>> read_changes(["hidden_units=[64, 64]", "activation=relu"])
    {'hidden_units': [64, 64], 'activation': 'relu'}

    Raises:
        PlanError: a word is not `key=value`, or no plan could take it.
    """
    changes = read_pairs(words, "--set ")
    # refuses what no plan takes, before any data is read; a depth is for images, whose own plan is convolutional
    Plan(layer="convolutional" if "depth" in changes else "dense").with_(**changes)
    return changes
