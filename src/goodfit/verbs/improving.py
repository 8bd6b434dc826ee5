"""The main job: train a network to a good fit, and prove why it fits."""

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Unpack

from goodfit.data.dataset import Splits
from goodfit.data.splits import open_splits
from goodfit.errors import InputError, TestSetLockedError
from goodfit.improve import archive, story, summary
from goodfit.improve.assembly import Assembled
from goodfit.improve.closing import close
from goodfit.improve.journal import Journal, read_journal
from goodfit.improve.laboratory import Tell
from goodfit.improve.loop import Loop
from goodfit.improve.pace import Pace
from goodfit.improve.rounds import Question
from goodfit.plan import Plan
from goodfit.train.machine import prepare_jax
from goodfit.verbs import ending
from goodfit.verbs.common import (
    Data,
    DataOptions,
    Tested,
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
    question = Question(splits, options.get("seed", 0), human_error, min_gap, rounds, folds, start)
    asked = _asked(question, budget)
    recorded = _recorded(Path(replay), question, options, asked) if replay is not None else None
    given = options | {"folds": folds, "human_error": human_error, "min_gap": min_gap, "plan": plan, "replay": replay}
    given |= {"budget": budget} if rounds is None else {"rounds": rounds}
    given |= {"force_test": True} if force_test else {}
    with archive.fresh_folder(out, splits.dataset.name) as folder:
        journal = Journal(folder)
        loop = Loop(question, journal, Pace(journal, asked["budget"], recorded, started=began), tell)
        facts = _job(loop, folder, force_test)
        return finish(folder, header("improve", folder, started, splits, data, given) | asked | facts, began)


def _job(loop: Loop, folder: Path, force_test: bool) -> dict[str, Any]:
    """The job itself; returns what came of it, and leaves the model and its history in the folder."""
    splits = loop.question.splits
    for note in splits.notes:
        loop.journal.write("note", note)
    incumbent = loop.run()
    closed = close(loop, incumbent)
    tested = _test(splits, closed, folder, force_test, loop)
    ending.leave(folder, splits, incumbent.plan, loop.measured, closed, tested)
    question, bias_shown = loop.question, loop.bias_shown(incumbent)
    told = summary.Told("improve", folder, question.min_gap, question.folds, loop.learning_curve)
    return {
        "outcome": "interrupted" if loop.interrupted else "finished",
        "baseline": loop.baseline,
        "rounds": story.of_rounds(loop),
        "learning_curve": loop.learning_curve,
        "ensemble": story.of_ensemble(closed),
        "calibration": story.of_calibration(closed),
        "final": ending.final(splits, closed, told, question.human_error, tested, bias_shown)
        | {"findings": [summary.of_finding(finding) for finding in loop.findings(incumbent)]},
        "plan": incumbent.plan.to_dict(),
    }


def _asked(question: Question, budget: float) -> dict[str, Any]:
    """What was asked, as the result keeps it and a replay compares it."""
    return {
        "seed": question.seed,
        "rounds_asked": question.rounds,
        "budget": budget if question.rounds is None else None,
        "folds": question.folds,
        "human_error": question.human_error,
        "min_gap": question.min_gap,
        "given_plan": question.plan.to_dict() if question.plan else None,
    }


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


def _recorded(run: Path, question: Question, options: DataOptions, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """The decisions of an earlier run, which was asked the same of the same data.

    Raises:
        InputError: it was not; the sentence names the first difference.
    """
    saved = archive.read_run(run)
    result, splits = saved.result, question.splits
    if result["command"] != "improve":
        raise InputError(
            f"{run} was made by `goodfit {result['command']}`; only a run of `goodfit improve` is replayed"
        )
    if result["outcome"] == "interrupted":
        raise InputError(f"the run {run} was interrupted, and cannot be replayed; replay one that finished")
    if saved.source["fingerprint"] != splits.dataset.fingerprint:
        raise InputError(f"{run} was trained on other data; a replay needs the same")
    earlier = {name: result["options"].get(name) for name in ("group", "time")} | {
        name: result.get(name) for name in asked
    }
    now = {name: options.get(name) for name in ("group", "time")} | json.loads(json.dumps(asked))
    for name in now:
        if now[name] != earlier[name]:
            raise InputError(f"the run {run} was made {_setting(name, earlier[name], result)}")
    if any(saved.source["rows"][name] != getattr(splits, name).tolist() for name in ("train", "dev", "test")):
        raise InputError(
            f"the run {run} had other training, dev and test rows; give the same --dev, --test and --no-test"
        )
    return [line for line in read_journal(run) if line["event"] in ("decision", "training")]


def _setting(name: str, value: Any, result: dict[str, Any]) -> str:
    """How a run was made, and what to do to make another so."""
    flag = {"rounds_asked": "--rounds", "given_plan": "--plan"}.get(name, "--" + name.replace("_", "-"))
    if value is None:
        return f"without {flag}; leave it out"
    if name == "given_plan":
        return f"with the plan {result['options'].get('plan', 'that its first round shows')}; give the same with --plan"
    return f"with {flag} {value}; give the same"


def _test(splits: Splits, closed: Assembled, folder: Path, force: bool, loop: Loop) -> Tested:
    """The final test; a refusal or an interruption leaves the rest of the job as it is."""
    if loop.interrupted:
        tested = Tested(None, "the job was interrupted, so the test set stays closed")
    else:
        try:
            tested = open_test(splits, closed.predictor, folder, force)
        except (TestSetLockedError, InputError) as refused:
            tested = Tested(None, str(refused))
    if tested.error:
        figures = (tested.error.value, tested.error.low, tested.error.high)
        regression = splits.dataset.schema.task == "regression"
        value, low, high = (f"{x:.4f}" if regression else f"{100 * x:.2f} %" for x in figures)
        sentence = f"On the test set the error is {value} [{low}, {high}]."
    else:
        sentence = f"No test figure: {tested.note}."
    loop.journal.write("test", sentence, error=summary.interval(tested.error))
    return tested
