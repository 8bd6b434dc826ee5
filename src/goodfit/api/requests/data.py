"""Options that several requests share: the data, its split, the plan, the levels of a diagnosis, and the run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from goodfit.api.requests.option import ERROR, SHARE, Alias, Option, integer
from goodfit.api.requests.request import Request
from goodfit.api.requests.settings import read_settings, settings_words
from goodfit.data.data_source import ColumnName, DataSource
from goodfit.plan import Plan

Notify: TypeAlias = Callable[[str, float | None, float | None], None]


def quiet(step: str, share: float | None, seconds_left: float | None) -> None:
    """Progress that nobody sees."""


RUN = Option("Folder of the run.", metavar="RUN", command_line_type=str)
Run = Annotated[str | Path, RUN]
MovedData = Annotated[
    DataSource | None,
    Option(
        "The data the run was trained on, if it was in memory or has moved.",
        metavar="DATA",
        flag="--data",
        command_line_type=str | None,
    ),
]
PlanSource = Annotated[
    Plan | str | Path | None,
    Option("Start from this plan, a YAML file.", metavar="FILE", command_line_type=Path | None),
]
Changes = Annotated[
    Mapping[str, Any] | None,
    Option(
        "Change a setting of the plan; repeatable.",
        metavar="KEY=VALUE",
        flag="--set",
        command_line_type=list[str] | None,
        read=read_settings,
        write=settings_words,
    ),
]
HumanError = Annotated[
    float | None,
    Option(
        "Error of a person or of the best known method: a share of wrong answers, 0 if not given; for a regression an "
        "RMSE in the target's unit.",
        check=ERROR,
    ),
]
TargetTransform = Annotated[
    str | None,
    Option(
        "Fit a transform of a regression's target, against a heavy tail: none, log or yeo-johnson; predictions come in "
        "the target's unit.",
        metavar="NAME",
    ),
]
MinGap = Annotated[float, Option("Smallest gap that counts; its interval must exceed it.", check=SHARE)]
OptionalMinGap = Annotated[
    float | None, Option("Smallest gap that counts; its interval must exceed it. Default: 0.02.", check=SHARE)
]
Folds = Annotated[
    int | None,
    Option("Measure errors by cross-validation with this many folds of the training and dev sets.", check=integer(2)),
]
CrossValidation = Annotated[int | None, Alias("folds")]
Out = Annotated[
    str | Path, Option("Folder of the runs.", metavar="FOLDER", flag="--out", command_line_type=str, stored=False)
]
Progress = Annotated[
    Notify | None,
    Option(
        "Called with the current step, the share of the work done and the seconds left; the last two may be None.",
        python_only=True,
        stored=False,
    ),
]


@dataclass(frozen=True, kw_only=True)
class SplitRequest(Request):
    """Options for reading and splitting data."""

    target: Annotated[
        ColumnName | None, Option("Column to predict.", metavar="COLUMN", command_line_type=str | None)
    ] = None
    task: Annotated[
        Literal["binary", "classes", "regression"] | None,
        Option("Kind of prediction; inferred from the target by default."),
    ] = None
    group: Annotated[
        ColumnName | None,
        Option(
            "Column whose equal values stay in one set, such as a patient's ID.",
            metavar="COLUMN",
            command_line_type=str | None,
        ),
    ] = None
    time: Annotated[
        ColumnName | None,
        Option(
            "Column to order rows by: train on the oldest, test on the newest. It is learned from, with its trend.",
            metavar="COLUMN",
            command_line_type=str | None,
        ),
    ] = None
    dev: Annotated[DataSource | None, Option("Your own dev set.", metavar="FILE", command_line_type=str | None)] = None
    test: Annotated[DataSource | None, Option("Your own test set.", metavar="FILE", command_line_type=str | None)] = (
        None
    )
    no_test: Annotated[bool, Option("Split into training and dev sets only.")] = False
    seed: Annotated[int, Option("Random seed for the split and training.", check=integer(0, 2**32 - 1))] = 0
    random_state: Annotated[int | None, Alias("seed")] = None
    as_: Annotated[
        Literal["images"] | None, Option("Open the built-in digits as images of 8 × 8 pixels.", flag="--as")
    ] = None


@dataclass(frozen=True)
class DataRequest(SplitRequest):
    """Data, and options for reading and splitting it."""

    data: Annotated[
        DataSource,
        Option(
            "A CSV, TSV, Parquet, NPZ or IDX file, a folder of images with one subfolder per class or set, or digits, "
            "wine, breast_cancer, iris or diabetes.",
            metavar="DATA",
            command_line_type=str,
            stored=False,
        ),
    ]
