"""Open a run's test set."""

from typing import Any

from goodfit.api.data import reopen_run
from goodfit.api.requests.request import takes
from goodfit.api.requests.use import OpenTestRequest
from goodfit.api.test_set import FinalTest, final_test
from goodfit.data.dataset import Splits, groups_of
from goodfit.diagnosis.gaps import Gaps, gaps_from_runs
from goodfit.engine.machine import prepare_jax
from goodfit.engine.predictor import Predictor
from goodfit.errors import InputError
from goodfit.reports.page import write_report
from goodfit.run_folder import archive, summary
from goodfit.run_folder.archive import RESULT_FILE, SavedRun, read_run, saved_errors


@takes(OpenTestRequest)
def open_test(request: OpenTestRequest) -> dict[str, Any]:
    """Open the test set for this run: once for this data, unless forced.

    Returns:
        test_error with its interval, test_metrics, dev_overfitting (test above dev error), the verdict's reason, and
        a test_note where it was opened before.

    Raises:
        TestSetLockedError: another model opened it before.
        InputError: no such run, or no such data.
    """
    run = request.run
    saved = read_run(run)
    prepare_jax()
    splits = reopen_run(saved, request.data)
    predictor = Predictor.load(saved.folder, saved.schema)
    tested = final_test(splits, predictor, saved.folder, request.force)
    if tested.error is None or tested.outputs is None:
        raise InputError(f"the run {run} has no test set; train again without --no-test to have one")
    figures = {
        "test_error": summary.estimate(tested.error).to_dict(),
        "test_note": tested.note,
        "test_metrics": summary.set_metrics(splits, tested.outputs, splits.test),
    }
    final = saved.result["final"]
    gaps = _gaps(saved, splits, tested)
    figures["dev_overfitting"] = summary.gap_figures(gaps).to_dict()["dev_overfitting"]
    if gaps.verdict == final["verdict"]:  # `improve` on a regression may know more of the bias than the run keeps
        figures["reason"] = gaps.reason
    final |= figures
    archive.write_json(saved.folder / RESULT_FILE, saved.result)
    write_report(saved.folder)
    return {"run": str(run), "metric": saved.result["metric"], **figures}


def _gaps(saved: SavedRun, splits: Splits, tested: FinalTest) -> Gaps:
    """The run's gaps again, that between dev and test set among them."""
    errors = saved_errors(saved)
    return gaps_from_runs(
        errors.train,
        errors.dev,
        test_errors=tested.errors,
        human_error=saved.result["human_error"],
        min_gap=saved.result["min_gap"],
        train_groups=errors.train_groups,
        dev_groups=errors.dev_groups,
        test_groups=groups_of(splits, splits.test),
    )
