"""Diagnose a run, or four bare numbers."""

from typing import Any

import numpy as np

from goodfit.api.requests.data import DataSource, quiet
from goodfit.api.requests.inspection import DiagnoseRequest, ErrorsRequest
from goodfit.api.requests.request import takes
from goodfit.diagnosis.gaps import Gaps, gaps_from_runs, judge
from goodfit.run_folder import summary
from goodfit.run_folder.saved_run import SavedRun, read_run
from goodfit.run_folder.tables import ExampleErrors, example_errors


@takes(DiagnoseRequest)
def diagnose(request: DiagnoseRequest) -> dict[str, Any]:
    """Judge bias and variance of a run.

    Returns:
        verdict, reason, avoidable_bias, variance, train_error, dev_error, sizes, and
        train_metrics and dev_metrics as the run has them (None with `folds`), and
        findings: problems in the training, the most important first.

    Raises:
        InputError: no such run, or data that cannot be opened again.
    """
    saved = read_run(request.run)
    folds = request.folds
    errors = _by_folds(saved, request.data, folds) if folds else example_errors(saved.folder, saved.schema)
    final = None if folds else saved.result.final
    gaps = gaps_from_runs(
        errors.train,
        errors.dev,
        human_error=saved.result.human_error if request.human_error is None else request.human_error,
        min_gap=saved.result.min_gap if request.min_gap is None else request.min_gap,
        train_groups=errors.train_groups,
        dev_groups=errors.dev_groups,
    )
    return _diagnosis(gaps, float(errors.train.mean()), float(errors.dev.mean())) | {
        "run": str(request.run),
        "metric": saved.result.metric,
        "folds": folds,
        "sizes": {"train": errors.train.shape[1], "dev": errors.dev.shape[1]},
        "train_metrics": final and final.train_metrics,
        "dev_metrics": final and final.dev_metrics,
        "findings": [finding.to_dict() for finding in final.findings] if final else [],
    }


@takes(ErrorsRequest)
def diagnose_errors(request: ErrorsRequest) -> dict[str, Any]:
    """Judge bias and variance by bare error rates.

    Raises:
        InputError: an error outside 0 to 1, or a size below 1.

    Example:
        >>> diagnose_errors(0.01, 0.11, 6000, 2000)["verdict"]
        'high variance'
    """
    gaps = judge(
        request.train_error,
        request.dev_error,
        train_size=request.train_size,
        dev_size=request.dev_size,
        test_error=request.test_error,
        test_size=request.test_size,
        human_error=request.human_error or 0.0,
        min_gap=0.02 if request.min_gap is None else request.min_gap,
    )
    return _diagnosis(gaps, request.train_error, request.dev_error)


def _diagnosis(gaps: Gaps, train_error: float, dev_error: float) -> dict[str, Any]:
    return {**summary.gap_figures(gaps).to_dict(), "train_error": train_error, "dev_error": dev_error}


def _by_folds(saved: SavedRun, data: DataSource | None, folds: int) -> ExampleErrors:
    """Errors of the run's plan by K-fold cross-validation."""
    from goodfit.api.data import reopen_run
    from goodfit.data.dataset import groups_of
    from goodfit.data.splits import folds as cut
    from goodfit.engine.machine import prepare_jax
    from goodfit.experiments.clock import Clock
    from goodfit.experiments.laboratory import Laboratory
    from goodfit.record.measurement import Entry, sample
    from goodfit.run_folder.journal import Journal

    prepare_jax()
    splits = reopen_run(saved, data)
    seed = saved.result.seed
    laboratory = Laboratory(splits, cut(splits, folds, seed), Clock(Journal(None), None), quiet)
    measured = laboratory.measure("folds", [Entry("plan", saved.plan, (seed,))])[0]
    trained = np.unique(np.concatenate([sample(run.train) for run in measured.runs[0]]))
    groups = (groups_of(splits, trained), groups_of(splits, measured.rows))
    return ExampleErrors(measured.train_errors, measured.errors, *groups)
