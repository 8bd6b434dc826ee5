"""Diagnose a run."""

from dataclasses import replace

import numpy as np

from goodfit.api.requests.data import DataSource, quiet
from goodfit.api.requests.inspection import DiagnoseRequest
from goodfit.api.requests.request import takes
from goodfit.api.result_types.diagnosis import Diagnosis
from goodfit.diagnosis.gaps import gaps_from_runs
from goodfit.run_folder import summary
from goodfit.run_folder.saved_run import SavedRun, read_run
from goodfit.run_folder.tables import ExampleErrors, example_errors


@takes(DiagnoseRequest)
def diagnose(request: DiagnoseRequest) -> Diagnosis:
    """Judge bias and variance of a run.

    Returns:
        The diagnosis; with `folds`, of networks that are trained for it.

    Raises:
        InputError: no such run, or data that cannot be opened again.
    """
    saved = read_run(request.run)
    folds = request.folds
    errors = _by_folds(saved, request.data, folds) if folds else example_errors(saved.folder, saved.schema)
    gaps = gaps_from_runs(
        errors.train,
        errors.dev,
        human_error=saved.result.human_error if request.human_error is None else request.human_error,
        min_gap=saved.result.min_gap if request.min_gap is None else request.min_gap,
        train_groups=errors.train_groups,
        dev_groups=errors.dev_groups,
    )
    diagnosis = Diagnosis(
        **summary.gap_figures(gaps).field_values(),
        train_error=float(errors.train.mean()),
        dev_error=float(errors.dev.mean()),
        run=str(request.run),
        metric=saved.result.metric,
        folds=folds,
        sizes={"train": errors.train.shape[1], "dev": errors.dev.shape[1]},
    )
    if folds:
        return diagnosis
    final = saved.result.final
    return replace(diagnosis, train_metrics=final.train_metrics, dev_metrics=final.dev_metrics, findings=final.findings)


def _by_folds(saved: SavedRun, data: DataSource | None, folds: int) -> ExampleErrors:
    """Errors of the run's plan by K-fold cross-validation."""
    from goodfit.api.data import reopen_run
    from goodfit.data.dataset import groups_of
    from goodfit.data.splits import draw_folds
    from goodfit.engine.machine import prepare_jax
    from goodfit.experiments.clock import Clock
    from goodfit.experiments.laboratory import Laboratory
    from goodfit.record.measurement import Entry, sample
    from goodfit.run_folder.journal import Journal

    prepare_jax()
    splits = reopen_run(saved, data)
    seed = saved.result.seed
    laboratory = Laboratory(splits, draw_folds(splits, folds, seed), Clock(Journal(None), None), quiet)
    measured = laboratory.measure("folds", [Entry("plan", saved.plan, (seed,))])[0]
    trained = np.unique(np.concatenate([sample(run.train) for run in measured.runs[0]]))
    groups = (groups_of(splits, trained), groups_of(splits, measured.rows))
    return ExampleErrors(measured.train_errors, measured.errors, *groups)
