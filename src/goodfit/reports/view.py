"""A run directory as plain data to show: no JAX, no drawing, so that the report and the live page show the same."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from goodfit.reports.curves import Curve, read_curves
from goodfit.reports.pictures import Pictures, read_pictures
from goodfit.reports.predictions import SetView, error_interval, set_view
from goodfit.reports.scale import Scale, scale
from goodfit.reports.search import Search, search_view
from goodfit.run_folder.archive import _journal, _plan_yaml, _read_json, _read_result, _table

SETS = {"train": "Training", "dev": "Dev", "test": "Test"}
GAPS = {"train": "avoidable_bias", "dev": "variance", "test": "dev_overfitting"}
GAP_NAMES = {
    "avoidable_bias": "avoidable bias",
    "variance": "variance",
    "dev_overfitting": "overfitting to the dev set",
}


@dataclass(frozen=True)
class Level:
    """One bar of the gap bar: an error with its interval, and the gap to the level above it."""

    name: str  # "human", "train", "dev" or "test"
    label: str
    error: float
    low: float | None
    high: float | None
    before: float  # the error of the level above; the gap is drawn from there
    gap_name: str | None
    gap: dict[str, float] | None
    size: int | None


@dataclass(frozen=True)
class Round:
    """One turn of the loop: its diagnosis, and what was tried, the best first."""

    facts: dict[str, Any]
    trials: tuple[dict[str, Any], ...]  # the round's experiments
    error_scale: Scale
    cost_scale: Scale


@dataclass(frozen=True)
class View:
    """All that a page shows of a run."""

    run: Path
    result: dict[str, Any]
    source: dict[str, Any]
    plan_yaml: str
    journal: tuple[dict[str, Any], ...]
    levels: tuple[Level, ...]
    level_scale: Scale
    rounds: tuple[Round, ...]
    curves: tuple[Curve, ...]
    curves_left_out: int
    sets: tuple[SetView, ...]  # the test set first: its figures are the honest ones
    search: Search | None  # of `tune`
    pictures: Pictures | None = None  # of a run on images

    @property
    def final(self) -> dict[str, Any]:
        """The last diagnosis; empty when the run ended before one."""
        return self.result.get("final") or {}

    @property
    def is_regression(self) -> bool:
        """Whether a number is predicted, not a class."""
        return self.result["task"] == "regression"

    def set(self, name: str) -> SetView | None:
        """The predictions of the dev or the test set, where they were saved."""
        return next((one for one in self.sets if one.name == name), None)


def read_view(run: Path) -> View:
    """Read what a run's directory holds; what an interrupted run has not written is left out.

    Raises:
        InputError: not a run directory, or its result.json is damaged.
    """
    result = _read_result(run)
    history, predictions = _table(run / "history.parquet"), _table(run / "predictions.parquet")
    levels = _levels(result, predictions)
    curves, left_out = ((), 0) if history is None else read_curves(history)
    return View(
        run=run,
        result=result,
        source=_read_json(run / "source.json") if (run / "source.json").exists() else {},
        plan_yaml=_plan_yaml(run, result),
        journal=_journal(run / "journal.jsonl"),
        levels=levels,
        level_scale=scale(value for level in levels for value in (level.error, level.low, level.high)),
        rounds=tuple(_round(facts) for facts in result.get("rounds") or []),
        curves=curves,
        curves_left_out=left_out,
        sets=() if predictions is None else _sets(predictions, tuple(result.get("classes") or ())),
        search=search_view(result),
        pictures=read_pictures(run / "pictures.npz"),
    )


def _sets(predictions: pl.DataFrame, classes: tuple[str, ...]) -> tuple[SetView, ...]:
    parts = ((name, predictions.filter(pl.col("set") == name)) for name in ("test", "dev"))
    return tuple(set_view(name, part, classes) for name, part in parts if len(part))


def _round(facts: dict[str, Any]) -> Round:
    experiments = facts["experiments"]
    limits = ("value", "low", "high")
    return Round(
        facts=facts,
        trials=tuple(sorted(experiments, key=lambda experiment: experiment["cost_effect"]["value"])),
        error_scale=scale(experiment["error_effect"][end] for experiment in experiments for end in limits),
        cost_scale=scale(experiment["cost_effect"][end] for experiment in experiments for end in limits),
    )


def _levels(result: dict[str, Any], predictions: pl.DataFrame | None) -> tuple[Level, ...]:
    """Human, train, dev and test error, each with the gap that opens there."""
    final, human = result.get("final") or {}, result.get("human_error")
    levels = []
    if human is not None:
        levels.append(Level("human", "Human", human, None, None, 0.0, None, None, None))
    elif result["task"] != "regression":
        levels.append(Level("human", "Human (assumed)", 0.0, None, None, 0.0, None, None, None))
    for name, label in SETS.items():
        error, gap = final.get(f"{name}_error"), final.get(GAPS[name])
        if error is None:
            continue
        low, high = final.get(f"{name}_low"), final.get(f"{name}_high")
        size = (result.get("sizes") or {}).get(name)
        part = None if predictions is None else predictions.filter(pl.col("set") == name)
        if part is not None and len(part):
            size = len(part)  # a sample of the training set, or with folds more than the dev set
            interval = error_interval(part, error, is_regression=result["task"] == "regression")
            if low is None and interval:
                low, high = interval.low, interval.high
        before = levels[-1].error if levels else error
        levels.append(Level(name, label, error, low, high, before, GAP_NAMES[GAPS[name]] if gap else None, gap, size))
    return tuple(levels) if any(level.name != "human" for level in levels) else ()
