"""Diagnose a run, or four bare numbers."""

from pathlib import Path
from typing import Any

import numpy as np

from goodfit.diagnosis.gaps import Gaps, gaps_from_runs, judge
from goodfit.run_folder import summary
from goodfit.run_folder.archive import Errors, SavedRun, read_run, saved_errors


def diagnose(
    run: str | Path,
    data: Any = None,
    *,
    folds: int | None = None,
    human_error: float | None = None,
    min_gap: float | None = None,
) -> dict[str, Any]:
    """Bias, variance and verdict of a run.

    Args:
        run: its directory.
        data: the data it was trained on, for `folds`, where that was in memory or has moved.
        folds: train its plan again on K folds of training and dev set, and judge on all of them.
        human_error: the human or Bayes error; the run's own when not given.
        min_gap: the smallest gap that matters; the run's own when not given.

    Returns:
        verdict, reason, avoidable_bias, variance, train_error, dev_error, sizes, and
        train_metrics and dev_metrics as the run has them (None with `folds`), and
        findings: what ails the training, the most important first.

    Raises:
        InputError: no such run, or data that cannot be opened again.
    """
    saved = read_run(run)
    human = saved.result["human_error"] if human_error is None else human_error
    gap: float = saved.result["min_gap"] if min_gap is None else min_gap
    errors = _by_folds(saved, data, folds) if folds else saved_errors(saved)
    final = {} if folds else saved.result["final"]
    gaps = gaps_from_runs(
        errors.train,
        errors.dev,
        human_error=human,
        min_gap=gap,
        train_groups=errors.train_groups,
        dev_groups=errors.dev_groups,
    )
    return _told(gaps, float(errors.train.mean()), float(errors.dev.mean())) | {
        "run": str(run),
        "metric": saved.result["metric"],
        "folds": folds,
        "sizes": {"train": errors.train.shape[1], "dev": errors.dev.shape[1]},
        "train_metrics": final.get("train_metrics"),
        "dev_metrics": final.get("dev_metrics"),
        "findings": final.get("findings", []),
    }


def diagnose_errors(
    train_error: float,
    dev_error: float,
    train_size: int | None = None,
    dev_size: int | None = None,
    *,
    test_error: float | None = None,
    test_size: int | None = None,
    human_error: float = 0.0,
    min_gap: float = 0.02,
) -> dict[str, Any]:
    """Bias, variance and verdict of bare error rates.

    Args:
        train_error: share of wrong training examples, 0 to 1.
        dev_error: the same of the dev set.
        train_size: examples in the training set; without sizes the numbers are taken as exact.
        dev_size: the same of the dev set.
        test_error: the same of the test set, for overfitting of the dev set.
        test_size: its examples.
        human_error: the human or Bayes error.
        min_gap: the smallest gap that matters.

    Raises:
        InputError: an error outside 0 to 1, or a size below 1.

    Example:
        >>> diagnose_errors(0.01, 0.11, 6000, 2000)["verdict"]
        'high variance'
    """
    gaps = judge(
        train_error,
        dev_error,
        train_size=train_size,
        dev_size=dev_size,
        test_error=test_error,
        test_size=test_size,
        human_error=human_error,
        min_gap=min_gap,
    )
    return _told(gaps, train_error, dev_error)


def _told(gaps: Gaps, train_error: float, dev_error: float) -> dict[str, Any]:
    return {**summary.of_gaps(gaps), "train_error": train_error, "dev_error": dev_error}


def _by_folds(saved: SavedRun, data: Any, folds: int) -> Errors:
    """Errors of the run's plan by K-fold cross-validation."""
    from goodfit.api.options import quiet
    from goodfit.api.results import reopen
    from goodfit.data.dataset import groups_of
    from goodfit.data.splits import folds as cut
    from goodfit.engine.machine import prepare_jax
    from goodfit.experiments.clock import Clock
    from goodfit.experiments.laboratory import Laboratory
    from goodfit.record.measurement import Entry, sample
    from goodfit.run_folder.journal import Journal

    prepare_jax()
    splits = reopen(saved, data)
    seed = saved.result["seed"]
    laboratory = Laboratory(splits, cut(splits, folds, seed), Clock(Journal(None), None), quiet)
    measured = laboratory.measure("folds", [Entry("plan", saved.plan, (seed,))])[0]
    trained = np.unique(np.concatenate([sample(run.train) for run in measured.runs[0]]))
    groups = (groups_of(splits, trained), groups_of(splits, measured.rows))
    return Errors(measured.train_errors, measured.errors, *groups)
