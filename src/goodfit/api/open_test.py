"""Open a run's test set."""

from dataclasses import replace

from goodfit.api.advice import AdviceContext, advice
from goodfit.api.data import reopen_run
from goodfit.api.requests.request import takes
from goodfit.api.requests.use import OpenTestRequest
from goodfit.api.result_types.diagnosis import TestResult
from goodfit.api.test_set import FinalTest, final_test
from goodfit.data.dataset import Splits, groups_of
from goodfit.diagnosis.gaps import Gaps, gaps_from_runs
from goodfit.diagnosis.verdict import conclude
from goodfit.engine.machine import prepare_jax
from goodfit.errors import InputError
from goodfit.experiments.guess import guess_beside
from goodfit.experiments.saved_predictor import load_predictor
from goodfit.reports.page import write_report
from goodfit.run_folder import summary
from goodfit.run_folder.saved_run import SavedRun, read_run, write_result
from goodfit.run_folder.tables import add_test_predictions, example_misses


@takes(OpenTestRequest)
def open_test(request: OpenTestRequest) -> TestResult:
    """Open the test set for this run: once for this data, unless forced.

    Returns:
        The error with its interval, and its distance to the dev error.

    Raises:
        TestSetLockedError: another model opened it before.
        InputError: no such run, or no such data.
    """
    run = request.run
    saved = read_run(run)
    prepare_jax()
    splits = reopen_run(saved, request.data)
    predictor = load_predictor(saved)
    tested = final_test(splits, predictor, saved.folder, request.force)
    if tested.error is None or tested.outputs is None or tested.judgment is None:
        raise InputError(f"the run {run} has no test set; train again without --no-test to have one")
    final = saved.result.final
    guess = guess_beside(splits, tested.judgment.errors, splits.test)
    gaps = conclude(_gaps(saved, splits, tested), guess, final.findings)
    figures = summary.gap_figures(gaps)
    test = TestResult(
        run=str(run),
        metric=saved.result.metric,
        test_error=summary.estimate(tested.error),
        test_note=tested.note,
        test_metrics=summary.set_metrics(splits, tested.outputs, splits.test),
        dev_overfitting=figures.dev_overfitting,
        spread=gaps.spread,
        by_time=gaps.by_time,
        reason=gaps.reason,
    )
    next_steps = final.next_steps
    if gaps.verdict != final.verdict:
        context = AdviceContext(saved.result.command, saved.folder, saved.result.min_gap, saved.result.folds)
        next_steps = tuple(advice(gaps, splits, context, final.findings))
    final = replace(
        final,
        **figures.field_values(),
        test_error=test.test_error,
        test_note=test.test_note,
        test_metrics=test.test_metrics,
        guess=summary.guess_figures(guess),
        next_steps=next_steps,
    )
    write_result(saved.folder, replace(saved.result, final=final))
    add_test_predictions(saved.folder, splits, tested.outputs)
    write_report(saved.folder)
    return test


def _gaps(saved: SavedRun, splits: Splits, tested: FinalTest) -> Gaps:
    """The run's gaps again, that between dev and test set among them."""
    misses = example_misses(saved.folder, saved.schema)
    return gaps_from_runs(
        misses.train,
        misses.dev,
        test_misses=None if tested.judgment is None else tested.judgment.misses,
        spread=splits.spread,
        human_error=saved.result.human_error,
        min_gap=saved.result.min_gap,
        bias_shown=saved.result.final.bias_shown,
        fit_share=saved.result.final.fit_share,
        by_time=splits.by_time,
        train_groups=misses.train_groups,
        dev_groups=misses.dev_groups,
        test_groups=groups_of(splits, splits.test),
    )
