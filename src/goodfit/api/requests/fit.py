"""Requests of the commands that fit a network: improve, train, watch, branch and resume."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from goodfit.api.requests.data import (
    Changes,
    CrossValidation,
    DataRequest,
    DataSource,
    Folds,
    HumanError,
    MinGap,
    OptionalMinGap,
    Out,
    PlanSource,
    Progress,
    Run,
    SplitRequest,
    TargetTransform,
)
from goodfit.api.requests.option import POSITIVE_SHARE, SECONDS, Option, integer
from goodfit.api.requests.request import Request
from goodfit.api.result_types.listing import WatchedRun

MOST_COPIES = 8  # with their models they fill a stack

UntouchedCopies = Annotated[
    int,
    Option(
        "Number of untouched copies to train beside each nudge, to measure its effect: the first with the run's seed, "
        "the others with seeds of their own.",
        metavar="N",
        check=integer(0, MOST_COPIES),
    ),
]


@dataclass(frozen=True, kw_only=True)
class ImproveRequest(DataRequest):
    """Request of `improve`."""

    budget: Annotated[float, Option("Time to spend, within 10 %.", metavar="SECONDS", check=SECONDS)] = 120.0
    rounds: Annotated[
        int | None, Option("Number of rounds instead of a budget; reproducible to the bit.", check=integer(0))
    ] = None
    folds: Folds = None
    cv: CrossValidation = None
    human_error: HumanError = None
    min_gap: Annotated[
        float, Option("Smallest gap that counts; its interval must exceed it.", check=POSITIVE_SHARE)
    ] = 0.02
    plan: PlanSource = None
    target_transform: TargetTransform = None
    replay: Annotated[
        str | Path | None,
        Option(
            "Repeat the time-based decisions of an earlier run on the same data.",
            metavar="RUN",
            command_line_type=str | None,
        ),
    ] = None
    out: Out = "runs"
    force_test: Annotated[
        bool, Option("Open the test set even if another model opened it before; the log records it.")
    ] = False
    progress: Progress = None

    @property
    def time_limit(self) -> float | None:
        """The budget in seconds; None if rounds are counted instead."""
        return self.budget if self.rounds is None else None


@dataclass(frozen=True, kw_only=True)
class TrainRequest(DataRequest):
    """Request of `train`."""

    plan: PlanSource = None
    changes: Changes = None
    target_transform: TargetTransform = None
    replay: Annotated[
        str | Path | None,
        Option(
            "Repeat the nudges of an earlier run at their epochs, from its nudges.jsonl; with the same data, plan and "
            "seed it becomes the same run, bit for bit.",
            metavar="FILE",
            command_line_type=Path | None,
        ),
    ] = None
    untouched_copies: UntouchedCopies = 0
    human_error: HumanError = None
    min_gap: MinGap = 0.02
    out: Out = "runs"
    progress: Progress = None


@dataclass(frozen=True, kw_only=True)
class WatchRequest(SplitRequest):
    """Request of `watch`."""

    source: Annotated[
        DataSource,
        Option("Data, as for `train`, or the folder of a run.", metavar="DATA|RUN", command_line_type=str),
    ] = field(kw_only=False)
    plan: PlanSource = None
    changes: Changes = None
    untouched_copies: UntouchedCopies = 0
    human_error: HumanError = None
    min_gap: OptionalMinGap = None
    out: Out = "runs"
    port: Annotated[int, Option("Port of the page; 0 takes any free one.", check=integer(0))] = 0
    terminal: Annotated[
        bool, Option("Show the training in the terminal, with keyboard control, instead of a browser.")
    ] = False
    started: Annotated[
        Callable[[WatchedRun], None] | None,
        Option(
            "Called with the run and its address as soon as the page is ready; by default they are printed.",
            python_only=True,
        ),
    ] = None


@dataclass(frozen=True)
class ResumeRequest(Request):
    """Request of `resume`."""

    run: Run
    progress: Progress = field(default=None, kw_only=True)
