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
from goodfit.run_folder.tables import ExampleMisses, example_misses


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
    if folds:
        misses, errors, spread = _by_folds(saved, request.data, folds)
    else:
        final = saved.result.final
        misses, errors = example_misses(saved.folder, saved.schema), (final.train_error, final.dev_error)
        spread = final.spread
    gaps = gaps_from_runs(
        misses.train,
        misses.dev,
        spread=spread,
        human_error=saved.result.human_error if request.human_error is None else request.human_error,
        min_gap=saved.result.min_gap if request.min_gap is None else request.min_gap,
        train_groups=misses.train_groups,
        dev_groups=misses.dev_groups,
    )
    diagnosis = Diagnosis(
        **summary.gap_figures(gaps).field_values(),
        train_error=errors[0],
        dev_error=errors[1],
        run=str(request.run),
        metric=saved.result.metric,
        folds=folds,
        sizes={"train": misses.train.shape[1], "dev": misses.dev.shape[1]},
    )
    if folds:
        return diagnosis
    final = saved.result.final
    return replace(diagnosis, train_metrics=final.train_metrics, dev_metrics=final.dev_metrics, findings=final.findings)


def _by_folds(
    saved: SavedRun, data: DataSource | None, folds: int
) -> tuple[ExampleMisses, tuple[float, float], float | None]:
    """Return misses, train and dev error of the run's plan by K-fold cross-validation, and the target's spread."""
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
    misses = ExampleMisses(measured.train_misses, measured.misses, *groups)
    return misses, (measured.train_error, measured.dev_error), splits.spread
