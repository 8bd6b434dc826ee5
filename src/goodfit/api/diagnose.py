"""Diagnose a run."""

from dataclasses import replace

import numpy as np

from goodfit.api.requests.data import DataSource, quiet
from goodfit.api.requests.inspection import DiagnoseRequest
from goodfit.api.requests.request import takes
from goodfit.api.result_types.diagnosis import Diagnosis
from goodfit.diagnosis.gaps import Gaps, gaps_from_runs
from goodfit.diagnosis.verdict import Guess, conclude
from goodfit.record.figures import GapFigures
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
    folds, final = request.folds, saved.result.final
    if folds:
        misses, errors, spread, guess = _by_folds(saved, request.data, folds)
    else:
        misses, errors = example_misses(saved.folder, saved.schema), (final.train_error, final.dev_error)
        spread, guess = final.spread, summary.guess_of(final.guess)
    if folds or request.human_error is not None or request.min_gap is not None:
        figures = summary.gap_figures(conclude(_gaps(saved, request, misses, spread), guess, final.findings))
    else:  # the verdict that the run ended with
        figures = GapFigures(**{name: getattr(final, name) for name in GapFigures.__dataclass_fields__})
    diagnosis = Diagnosis(
        **figures.field_values(),
        train_error=errors[0],
        dev_error=errors[1],
        run=str(request.run),
        metric=saved.result.metric,
        folds=folds,
        sizes={"train": misses.train.shape[1], "dev": misses.dev.shape[1]},
    )
    if folds:
        return diagnosis
    return replace(diagnosis, train_metrics=final.train_metrics, dev_metrics=final.dev_metrics, findings=final.findings)


def _gaps(saved: SavedRun, request: DiagnoseRequest, misses: ExampleMisses, spread: float | None) -> Gaps:
    """Return the gaps by the levels of the request, or those of the run where it has none."""
    result = saved.result
    return gaps_from_runs(
        misses.train,
        misses.dev,
        spread=spread,
        human_error=result.human_error if request.human_error is None else request.human_error,
        min_gap=result.min_gap if request.min_gap is None else request.min_gap,
        bias_shown=result.final.bias_shown,
        fit_share=result.final.fit_share,
        by_time=result.final.by_time,
        train_groups=misses.train_groups,
        dev_groups=misses.dev_groups,
    )


def _by_folds(
    saved: SavedRun, data: DataSource | None, folds: int
) -> tuple[ExampleMisses, tuple[float, float], float | None, Guess]:
    """Return misses, train and dev error of the run's plan by K-fold cross-validation, the spread, and a guess."""
    # Imported here, because without folds nothing is trained, and JAX takes a while to start.
    from goodfit.api.data import reopen_run
    from goodfit.data.dataset import groups_of
    from goodfit.data.splits import draw_folds
    from goodfit.engine.machine import prepare_jax
    from goodfit.experiments.clock import Clock
    from goodfit.experiments.guess import guess_beside
    from goodfit.experiments.laboratory import Laboratory
    from goodfit.record.measurement import Entry, sample
    from goodfit.run_folder.journal import Journal

    prepare_jax()
    splits = reopen_run(saved, data)
    seed = saved.result.seed
    laboratory = Laboratory(splits, draw_folds(splits, folds, seed), Clock(Journal(None), None), quiet)
    measured = laboratory.measure("folds", [Entry("plan", saved.plan, (seed,))])[0]
    # Each row once and sorted, as the misses are: a row that several folds trained on has their mean miss.
    trained = np.unique(np.concatenate([sample(run.train) for run in measured.runs[0]]))
    groups = (groups_of(splits, trained), groups_of(splits, measured.rows))
    misses = ExampleMisses(measured.train_misses, measured.misses, *groups)
    guess = guess_beside(splits, measured.errors, measured.rows)
    return misses, (measured.train_error, measured.dev_error), splits.spread, guess
