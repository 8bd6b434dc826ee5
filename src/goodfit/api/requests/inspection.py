"""Requests of the commands that inspect data or a network: inspect, diagnose and check."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from goodfit.api.requests.data import (
    CrossValidation,
    DataRequest,
    DataSource,
    Folds,
    HumanError,
    MovedData,
    OptionalMinGap,
    PlanSource,
    Progress,
    Run,
    SplitRequest,
)
from goodfit.api.requests.option import POSITIVE, SHARE, Option, integer
from goodfit.api.requests.request import Request

TRAIN_ERROR = Option("Error rate on the training set, 0 to 1.", check=SHARE)
DEV_ERROR = Option("Error rate on the dev set, 0 to 1.", check=SHARE)
TRAIN_SIZE = Option("Number of training examples; without it the error is taken as exact.", check=integer(1))
DEV_SIZE = Option("Number of dev examples; without it the error is taken as exact.", check=integer(1))


@dataclass(frozen=True, kw_only=True)
class InspectRequest(DataRequest):
    """Request of `inspect`."""


@dataclass(frozen=True)
class DiagnoseRequest(Request):
    """Request of `diagnose`."""

    run: Run
    data: MovedData = None
    folds: Folds = field(default=None, kw_only=True)
    cv: CrossValidation = field(default=None, kw_only=True)
    human_error: HumanError = field(default=None, kw_only=True)
    min_gap: OptionalMinGap = field(default=None, kw_only=True)


@dataclass(frozen=True)
class ErrorsRequest(Request):
    """Request of `diagnose_errors`: error rates instead of a run."""

    train_error: Annotated[float, TRAIN_ERROR]
    dev_error: Annotated[float, DEV_ERROR]
    train_size: Annotated[int | None, TRAIN_SIZE] = None
    dev_size: Annotated[int | None, DEV_SIZE] = None
    test_error: Annotated[
        float | None, Option("Error rate on the test set, to measure overfitting of the dev set.", check=SHARE)
    ] = field(default=None, kw_only=True)
    test_size: Annotated[int | None, Option("Number of test examples.", check=integer(1))] = field(
        default=None, kw_only=True
    )
    human_error: HumanError = field(default=None, kw_only=True)
    min_gap: OptionalMinGap = field(default=None, kw_only=True)


@dataclass(frozen=True, kw_only=True)
class CheckRequest(SplitRequest):
    """Request of `check`."""

    source: Annotated[
        DataSource,
        Option("Folder of a run, or data as for `train`.", metavar="RUN|DATA", command_line_type=str),
    ] = field(kw_only=False)
    data: MovedData = field(default=None, kw_only=False)
    plan: PlanSource = None
    descent: Annotated[
        bool,
        Option("Check that the cost J never rises when the whole batch descends at the plan's rate, without dropout."),
    ] = False
    curvature: Annotated[
        bool,
        Option("Find out if the run's parameters, or fresh ones, are at a saddle, in a minimum or on a flat region."),
    ] = False
    sample: Annotated[
        int | None,
        Option(
            "Number of random directions to compare in each block of parameters. Default: every entry of a network of "
            "up to 20,000 parameters, else 10 directions.",
            check=integer(1),
        ),
    ] = None
    epsilon: Annotated[
        float | None,
        Option("Step of the finite differences. Default: scaled to the parameters.", check=POSITIVE),
    ] = None
    out: Annotated[
        str | Path | None,
        Option(
            "Page of --descent to write. Default: descent.html in the run, or goodfit-descent.html here.",
            metavar="FILE",
            command_line_type=Path | None,
        ),
    ] = None
    progress: Progress = None
