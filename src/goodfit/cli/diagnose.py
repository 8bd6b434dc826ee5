"""`goodfit diagnose`: bias and variance of a run, or of bare error rates."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import goodfit
from goodfit.api.requests.data import RUN
from goodfit.api.requests.inspection import (
    DEV_ERROR,
    DEV_SIZE,
    TRAIN_ERROR,
    TRAIN_SIZE,
    DiagnoseRequest,
    ErrorsRequest,
)
from goodfit.cli import options, output
from goodfit.errors import InputError


@dataclass(frozen=True, kw_only=True)
class DiagnoseCommand(DiagnoseRequest, ErrorsRequest):
    """Request of the command: a run, or error rates."""

    run: Annotated[str | Path | None, replace(RUN, metavar="[RUN]")] = field(  # pyright: ignore[reportIncompatibleVariableOverride]
        default=None, kw_only=False
    )
    train_error: Annotated[float | None, TRAIN_ERROR] = None  # pyright: ignore[reportIncompatibleVariableOverride]
    dev_error: Annotated[float | None, DEV_ERROR] = None  # pyright: ignore[reportIncompatibleVariableOverride]
    train_size: Annotated[int | None, TRAIN_SIZE] = None
    dev_size: Annotated[int | None, DEV_SIZE] = None


def diagnose(request: DiagnoseCommand, as_json: options.Json = False) -> None:
    """Tell bias from variance, with intervals, for a run or for bare error rates.

    Example: goodfit diagnose --train-error 0.01 --dev-error 0.11 --train-size 6000 --dev-size 2000
    """
    _check(request)
    if request.run is not None:
        result = goodfit.diagnose(**request.shared_with(DiagnoseRequest))
    else:
        result = goodfit.diagnose_errors(**request.shared_with(ErrorsRequest))
    output.show(result, as_json, lambda diagnosis: output.verdict_lines(diagnosis, diagnosis.metric))


def _check(request: DiagnoseCommand) -> None:
    """Refuse a run beside numbers, and numbers that are not complete."""
    levels = ("human_error", "min_gap")
    numbers = [name for name in request.shared_with(ErrorsRequest) if name not in levels]
    of_runs = [name for name in request.shared_with(DiagnoseRequest) if name not in (*levels, "run")]
    if request.run is not None and numbers:
        flags = ", ".join("--" + name.replace("_", "-") for name in numbers)
        raise InputError(f"a run and {flags} are both given; give the run alone or the numbers alone")
    if request.run is None and (request.train_error is None or request.dev_error is None):
        raise InputError("nothing to diagnose; give a run's folder, or both --train-error and --dev-error")
    if request.run is None and of_runs:
        raise InputError(f"--{of_runs[0]} needs a run's folder; bare numbers cannot be trained again")
