"""The end of a job that chose a predictor: what it leaves in the run's folder, and what it says of its fit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from goodfit.data.dataset import Splits
from goodfit.diagnose.gaps import gaps_from_runs
from goodfit.improve import archive, summary
from goodfit.improve.assembly import Assembled
from goodfit.improve.measurement import Measurement
from goodfit.improve.pictures import write_pictures
from goodfit.plan import Plan
from goodfit.verbs.common import Tested, groups_of


def leave(
    folder: Path, splits: Splits, plan: Plan, measured: Sequence[Measurement], closed: Assembled, tested: Tested
) -> None:
    """Leave the plan, the model, its history and its predictions."""
    archive.write_source(folder, splits, plan)
    closed.predictor.save(folder)
    archive.write_history(folder, measured)
    sets = {"train": (closed.train_rows, closed.train_outputs), "dev": (closed.rows, closed.outputs)}
    if tested.outputs is not None:
        sets["test"] = (splits.test, tested.outputs)
    archive.write_predictions(folder, splits, sets)
    write_pictures(folder, splits, closed.rows, closed.outputs)


def final(
    splits: Splits,
    closed: Assembled,
    told: summary.Told,
    human_error: float | None,
    tested: Tested,
    bias_shown: bool | None = None,
) -> dict[str, Any]:
    """The end of the story: verdict, errors, intervals, advice."""
    gaps = gaps_from_runs(
        closed.train_errors,
        closed.dev_errors,
        test_errors=tested.errors,
        human_error=human_error,
        min_gap=told.min_gap,
        bias_shown=bias_shown,
        train_groups=groups_of(splits, closed.train_rows),
        dev_groups=groups_of(splits, closed.rows),
        test_groups=groups_of(splits, splits.test),
    )
    return summary.of_gaps(gaps) | {
        "train_error": float(closed.train_errors.mean()),
        "dev_error": float(closed.dev_errors.mean()),
        "test_error": tested.error.value if tested.error else None,
        "test_low": tested.error.low if tested.error else None,
        "test_high": tested.error.high if tested.error else None,
        "test_note": tested.note,
        "models": len(closed.predictor.members),
        "next": summary.advice(gaps, splits, told),
        "train_metrics": summary.of_metrics(splits, closed.train_outputs, closed.train_rows),
        "dev_metrics": summary.of_metrics(splits, closed.outputs, closed.rows),
        "test_metrics": None if tested.outputs is None else summary.of_metrics(splits, tested.outputs, splits.test),
    }
