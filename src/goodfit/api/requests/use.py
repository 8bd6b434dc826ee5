"""Requests of the commands that use runs, data and lessons."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from goodfit.api.requests.data import DataRequest, DataSource, MovedData, Out, Run
from goodfit.api.requests.option import Check, Option
from goodfit.api.requests.request import Request


@dataclass(frozen=True)
class OpenTestRequest(Request):
    """Request of `open_test`."""

    run: Run
    data: MovedData = None
    force: Annotated[bool, Option("Open the test set even if another model opened it before; the log records it.")] = (
        field(default=False, kw_only=True)
    )


@dataclass(frozen=True)
class PredictRequest(Request):
    """Request of `predict`."""

    run: Run
    data: Annotated[DataSource, Option("Rows to predict.", metavar="DATA", command_line_type=str)]
    out: Annotated[
        str | Path | None,
        Option("CSV file to write. Default: standard output.", metavar="FILE", command_line_type=Path | None),
    ] = field(default=None, kw_only=True)


@dataclass(frozen=True, kw_only=True)
class AugmentRequest(DataRequest):
    """Request of `augment`."""

    strength: Annotated[
        float,
        Option(
            "Strength of all changes, 0 to 2: `augmentation` in a plan.",
            check=Check(lambda value: 0 <= value <= 2, "a number from 0 to 2"),
        ),
    ] = 0.5
    flip: Annotated[
        float,
        Option(
            "Probability of a swap of left and right.",
            check=Check(lambda value: 0 <= value <= 1, "a number from 0 to 1"),
        ),
    ] = 0.0
    out: Annotated[str | Path, Option("PNG file to write.", metavar="FILE", command_line_type=Path)] = "augmented.png"


@dataclass(frozen=True)
class RunsRequest(Request):
    """Request of `runs`."""

    out: Out = "runs"


@dataclass(frozen=True)
class ReportRequest(Request):
    """Request of `report`."""

    run: Run
