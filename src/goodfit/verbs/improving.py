"""The main job: train a network to a good fit, and prove why it fits."""

import time
from datetime import datetime
from pathlib import Path
from typing import Any, Unpack

from goodfit.data.dataset import Splits
from goodfit.data.splits import open_splits
from goodfit.diagnose.intervals import difference
from goodfit.errors import InputError, TestSetLockedError
from goodfit.improve import archive, story, summary
from goodfit.improve.closing import Closed, close
from goodfit.improve.journal import Journal, read_journal
from goodfit.improve.laboratory import Tell
from goodfit.improve.loop import Loop, Question
from goodfit.improve.pace import Pace
from goodfit.plan import Plan
from goodfit.train.machine import prepare_jax
from goodfit.verbs.common import (
    Data,
    DataOptions,
    Tested,
    error_interval,
    finish,
    header,
    open_test,
    quiet,
    read_plan,
)


def improve(
    data: Data,
    *,
    budget: float = 120.0,
    rounds: int | None = None,
    folds: int | None = None,
    human_error: float | None = None,
    min_gap: float = 0.02,
    plan: Plan | str | Path | None = None,
    replay: str | Path | None = None,
    out: str | Path = "runs",
    force_test: bool = False,
    progress: Tell | None = None,
    **options: Unpack[DataOptions],
) -> dict[str, Any]:
    """Train a network to a good fit: baseline, diagnosis, experiments, ensemble, one honest test figure, a report.

    Args:
        data: a CSV, TSV, Parquet or NPZ file, a built-in name, arrays (X, y) or a pandas or Polars frame.
        budget: seconds that the whole job may take.
        rounds: at most so many rounds of the loop in place of the budget; reproducible to the bit.
        folds: judge by K-fold cross-validation over training and dev set.
        human_error: the human or Bayes error; 0 is assumed for classes, unknown for regression.
        min_gap: the smallest gap between errors that matters.
        plan: where to start: a Plan, or a YAML file of one.
        replay: an earlier run on the same data, whose decisions by the clock are taken again.
        out: the folder of the runs.
        force_test: open the test set even if another model opened it before.
        progress: told what is being done, how much of it is done, and the seconds left.
        options: target, task, group, time, dev, test, no_test, seed: see DataOptions.

    Returns:
        What `goodfit improve --json` prints and the run's `result.json` holds.

    Raises:
        GoodfitError: bad input, with one sentence that says what to do.
    """
    began, started = time.perf_counter(), datetime.now().astimezone()
    tell = progress or quiet
    _check(budget, rounds, folds, human_error, min_gap)
    start = read_plan(plan)
    archive.check_writable(out)
    prepare_jax()
    tell("opening the data", None, None)
    splits = open_splits(data, **options)
    seed = options.get("seed", 0)
    recorded = _recorded(Path(replay), splits) if replay else None
    folder = archive.new_folder(out, splits.dataset.name)
    journal = Journal(folder)
    clock = None if rounds is not None else budget
    loop = Loop(
        Question(splits, seed, human_error, min_gap, rounds, folds, start),
        journal,
        Pace(journal, clock, recorded, started=began),
        tell,
    )
    for note in splits.notes:
        journal.write("note", note)
    incumbent = loop.run()
    closed = close(loop, incumbent)
    tested = _test(splits, closed, folder, force_test, loop)
    _write(folder, loop, closed, tested)
    asked = options | {"folds": folds, "human_error": human_error, "min_gap": min_gap, "plan": plan}
    asked |= {"budget": budget} if rounds is None else {"rounds": rounds}
    result = header("improve", folder, started, splits, data, asked) | {
        "outcome": "interrupted" if loop.interrupted else "finished",
        "seed": seed,
        "budget": clock,
        "rounds_asked": rounds,
        "folds": folds,
        "human_error": human_error,
        "min_gap": min_gap,
        "baseline": loop.baseline,
        "rounds": story.of_rounds(loop),
        "learning_curve": loop.learning_curve,
        "ensemble": story.of_ensemble(closed),
        "calibration": story.of_calibration(closed),
        "final": _final(splits, loop, closed, tested),
        "plan": incumbent.plan.to_dict(),
    }
    return finish(folder, result, began)


def _check(budget: float, rounds: int | None, folds: int | None, human_error: float | None, min_gap: float) -> None:
    if rounds is None and not budget > 0:
        raise InputError(f"the budget is {budget:g} seconds; it must be above 0")
    if rounds is not None and rounds < 0:
        raise InputError(f"rounds is {rounds}; it must be 0 or more")
    if folds is not None and folds < 2:
        raise InputError(f"folds is {folds}; cross-validation needs at least 2")
    if human_error is not None and not human_error >= 0:
        raise InputError(f"the human error is {human_error:g}; it must be 0 or more (2 % is 0.02)")
    if not min_gap > 0:
        raise InputError(f"the smallest gap that matters is {min_gap:g}; it must be above 0 (2 points are 0.02)")


def _recorded(run: Path, splits: Splits) -> list[dict[str, Any]]:
    """The decisions of an earlier run on the same data."""
    saved = archive.read_run(run)
    if saved.source["fingerprint"] != splits.dataset.fingerprint:
        raise InputError(f"{run} was trained on other data; a replay needs the same")
    return [line for line in read_journal(run) if line["event"] in ("decision", "training")]


def _test(splits: Splits, closed: Closed, folder: Path, force: bool, loop: Loop) -> Tested:
    """The final test; a refusal or an interruption leaves the rest of the job as it is."""
    if loop.interrupted:
        tested = Tested(None, None, "the job was interrupted, so the test set stays closed")
    else:
        try:
            tested = open_test(splits, closed.predictor, folder, force)
        except TestSetLockedError as refused:
            tested = Tested(None, None, str(refused))
    if tested.error:
        low, high = tested.error.low, tested.error.high
        sentence = f"On the test set the error is {tested.error.value:.4f} [{low:.4f}, {high:.4f}]."
    else:
        sentence = f"No test figure: {tested.note}."
    loop.journal.write("test", sentence, error=summary.interval(tested.error))
    return tested


def _write(folder: Path, loop: Loop, closed: Closed, tested: Tested) -> None:
    splits = loop.question.splits
    archive.write_source(folder, splits, closed.plan)
    closed.predictor.save(folder)
    archive.write_history(folder, loop.measured)
    sets = {"train": (closed.train_rows, closed.train_outputs), "dev": (closed.rows, closed.outputs)}
    if tested.outputs is not None:
        sets["test"] = (splits.test, tested.outputs)
    archive.write_predictions(folder, splits, sets)


def _final(splits: Splits, loop: Loop, closed: Closed, tested: Tested) -> dict[str, Any]:
    """The end of the story: verdict, errors, intervals, advice."""
    dev_errors = closed.dev_errors
    final = summary.of_gaps(closed.gaps) | {
        "train_error": float(closed.train_errors.mean()),
        "dev_error": float(dev_errors.mean()),
        "test_error": tested.error.value if tested.error else None,
        "test_low": tested.error.low if tested.error else None,
        "test_high": tested.error.high if tested.error else None,
        "test_note": tested.note,
        "models": len(closed.predictor.members),
        "dev_overfitting": None,
        "next": summary.advice(closed.gaps, splits, loop.learning_curve),
        "train_metrics": summary.of_metrics(splits, closed.train_outputs, closed.train_rows),
        "dev_metrics": summary.of_metrics(splits, closed.outputs, closed.rows),
        "test_metrics": None,
    }
    if tested.error and tested.outputs is not None:
        gap = difference(tested.error, error_interval(splits, dev_errors))
        final["dev_overfitting"] = summary.interval(gap)
        final["test_metrics"] = summary.of_metrics(splits, tested.outputs, splits.test)
    return final
