"""A run directory as plain data to show: no JAX, no drawing, so that the report and the live page show the same."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from goodfit.record.figures import DRIFT, FinalFigures
from goodfit.record.result import RunResult
from goodfit.record.rounds import ExperimentResult, RoundResult
from goodfit.record.values import Estimate
from goodfit.reports.curves import Curve, read_curves
from goodfit.reports.pictures import Pictures, read_pictures
from goodfit.reports.predictions import SetView, error_interval, set_view
from goodfit.reports.scale import Scale, scale
from goodfit.reports.search import Search, search_view
from goodfit.run_folder.journal import Step, read_steps
from goodfit.run_folder.names import PICTURES_FILE
from goodfit.run_folder.saved_run import read_result
from goodfit.run_folder.source import RunSource
from goodfit.run_folder.tables import read_history, read_predictions
from goodfit.wording import numbers

SETS = {"train": "Training", "dev": "Dev", "test": "Test"}
GAP_NAMES = {"train": "avoidable bias", "dev": "variance", "test": "overfitting to the dev set"}


@dataclass(frozen=True)
class Level:
    """One bar of the gap bar: an error with its interval, and the gap to the level above it.

    The errors of a regression are RMSEs in the target's unit: R² would measure each set by its own variance.
    """

    name: str  # "human", "train", "dev" or "test"
    label: str
    error: float
    low: float | None
    high: float | None
    before: float  # the error of the level above; the gap is drawn from there
    gap_name: str | None
    gap: Estimate | None
    size: int | None
    in_unit: bool = False  # True for RMSEs, False for shares

    @property
    def text(self) -> str:
        """The error as people read it."""
        return numbers.amount(self.error) if self.in_unit else numbers.percent(self.error)

    @property
    def interval_text(self) -> str:
        """Its interval; empty if unknown."""
        if self.in_unit:
            return numbers.amount_parts(self.error, self.low, self.high)[1]
        return numbers.percent_interval(self.low, self.high)

    @property
    def gap_text(self) -> str:
        """The gap to the level above, with its interval."""
        if self.gap is None:
            return "not known"
        show = numbers.amount if self.in_unit else numbers.gap
        return show(self.gap.value, self.gap.low, self.gap.high)


@dataclass(frozen=True)
class RoundView:
    """One round of the loop and its experiments, the best first."""

    result: RoundResult
    experiments: tuple[ExperimentResult, ...]
    error_scale: Scale
    cost_scale: Scale


@dataclass(frozen=True)
class ReportView:
    """Everything that a page shows of a run."""

    run: Path
    result: RunResult
    columns_left_out: tuple[str, ...]
    plan_yaml: str
    journal: tuple[Step, ...]
    levels: tuple[Level, ...]
    level_scale: Scale
    rounds: tuple[RoundView, ...]
    curves: tuple[Curve, ...]
    curves_left_out: int
    sets: tuple[SetView, ...]  # the test set first: its figures are the honest ones
    search: Search | None  # of `tune`
    pictures: Pictures | None = None  # of a run on images

    @property
    def final(self) -> FinalFigures:
        """The last diagnosis."""
        return self.result.final

    @property
    def is_regression(self) -> bool:
        """True if a number is predicted, not a class."""
        return self.result.task == "regression"

    def set(self, name: str) -> SetView | None:
        """The predictions of the dev or the test set, where they were saved."""
        return next((part for part in self.sets if part.name == name), None)


def read_view(run: Path) -> ReportView:
    """Read what a run's folder holds; what an interrupted run has not written is left out.

    Raises:
        InputError: it is no run, or a file of it is damaged.
    """
    result = read_result(run)
    history, predictions = read_history(run), read_predictions(run)
    levels = _levels(result, predictions)
    curves, left_out = ((), 0) if history is None else read_curves(history)
    return ReportView(
        run=run,
        result=result,
        columns_left_out=RunSource.read(run).schema.left_out,
        plan_yaml=result.plan.to_yaml(),
        journal=read_steps(run),
        levels=levels,
        level_scale=scale(value for level in levels for value in (level.error, level.low, level.high)),
        rounds=tuple(_round(record) for record in result.rounds),
        curves=curves,
        curves_left_out=left_out,
        sets=() if predictions is None else _sets(predictions, result.classes),
        search=search_view(result.search, result.trials, result.finalists) if result.search else None,
        pictures=read_pictures(run / PICTURES_FILE),
    )


def _sets(predictions: pl.DataFrame, classes: tuple[str, ...]) -> tuple[SetView, ...]:
    parts = ((name, predictions.filter(pl.col("set") == name)) for name in ("test", "dev"))
    return tuple(set_view(name, part, classes) for name, part in parts if len(part))


def _round(record: RoundResult) -> RoundView:
    experiments = sorted(record.experiments, key=lambda experiment: experiment.cost_effect.value)
    errors, costs = ([getattr(part, name) for part in experiments] for name in ("error_effect", "cost_effect"))
    return RoundView(record, tuple(experiments), _scale_of(errors), _scale_of(costs))


def _scale_of(estimates: Iterable[Estimate]) -> Scale:
    return scale(value for estimate in estimates for value in (estimate.value, estimate.low, estimate.high))


def _levels(result: RunResult, predictions: pl.DataFrame | None) -> tuple[Level, ...]:
    """Human, train, dev and test error, each with the gap that opens there."""
    final, is_regression = result.final, result.task == "regression"
    levels = []
    if result.human_error is not None:
        levels.append(Level("human", "Human", result.human_error, None, None, 0.0, None, None, None, is_regression))
    elif not is_regression:
        levels.append(Level("human", "Human (assumed)", 0.0, None, None, 0.0, None, None, None))
    errors = {"train": final.train_error, "dev": final.dev_error, "test": final.test_error and final.test_error.value}
    gaps = {"train": final.avoidable_bias, "dev": final.variance, "test": final.dev_overfitting}
    gap_names = GAP_NAMES | {"test": DRIFT} if final.by_time else GAP_NAMES
    if is_regression:
        metrics = {"train": final.train_metrics, "dev": final.dev_metrics, "test": final.test_metrics}
        errors = {name: (values or {}).get("rmse") for name, values in metrics.items()}
        gaps = {name: gap and gap.scaled(final.spread or 1.0) for name, gap in gaps.items()}
    for name, label in SETS.items():
        error, gap, size = errors[name], gaps[name], getattr(result.sizes, name)
        if error is None or math.isnan(error):
            continue
        interval = final.test_error if name == "test" and not is_regression else None
        part = None if predictions is None else predictions.filter(pl.col("set") == name)
        if part is not None and len(part):
            size = len(part)  # a sample of the training set, or with folds more than the dev set
            interval = interval or error_interval(part, error, is_regression=is_regression)
        low, high = (interval.low, interval.high) if interval else (None, None)
        before = levels[-1].error if levels else error
        gap_name = gap_names[name] if gap else None
        levels.append(Level(name, label, error, low, high, before, gap_name, gap, size, is_regression))
    return tuple(levels) if any(level.name != "human" for level in levels) else ()
