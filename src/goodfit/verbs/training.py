"""Train one plan and diagnose it; the test set stays closed. What is cut off on the way can be resumed."""

import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, Unpack

import yaml
from polars.exceptions import PolarsError
from safetensors import SafetensorError

from goodfit.data.dataset import Cut, Splits
from goodfit.data.splits import open_splits
from goodfit.diagnose.gaps import Gaps, gaps_from_runs
from goodfit.errors import GoodfitError, InputError, UnfinishedError
from goodfit.improve import archive, summary
from goodfit.improve.examination import data_facts, findings_of, with_curvature
from goodfit.improve.journal import JOURNAL_FILE, Journal
from goodfit.improve.laboratory import Laboratory, Tell
from goodfit.improve.live import Live
from goodfit.improve.measurement import Entry, Measurement, judge_outputs, sample
from goodfit.improve.nudges import Nudge, read_own, read_replay
from goodfit.improve.pace import Pace
from goodfit.improve.unfinished import Asked, end, held
from goodfit.plan import Plan
from goodfit.record import Outcome, Run
from goodfit.train import checkpoint
from goodfit.train.checkpoint import Checkpoints, Moment, Periodically, identity
from goodfit.train.control import Together
from goodfit.train.defaults import default_plan
from goodfit.train.jobs import Job
from goodfit.train.machine import prepare_jax
from goodfit.train.predictor import Predictor, member_of
from goodfit.verbs.common import Data, DataOptions, finish, groups_of, header, plain_options, quiet, read_plan


def train(
    data: Data,
    *,
    plan: Plan | str | Path | None = None,
    changes: dict[str, Any] | None = None,
    replay: str | Path | None = None,
    human_error: float | None = None,
    min_gap: float = 0.02,
    out: str | Path = "runs",
    progress: Tell | None = None,
    **options: Unpack[DataOptions],
) -> dict[str, Any]:
    """Train one network by one plan, keep its best parameters on the dev set, and diagnose it.

    Args:
        data: a CSV, TSV, Parquet or NPZ file, a built-in name, arrays (X, y) or a pandas or Polars frame.
        plan: the settings: a Plan, or a YAML file of one; the default network for this data when not given.
        changes: settings to change in the plan.
        replay: the `nudges.jsonl` of an earlier run, whose nudges are made again at their epochs: with the same data,
            plan and seed it becomes the same run, bit for bit.
        human_error: the human or Bayes error; 0 is assumed for classes, unknown for regression.
        min_gap: the smallest gap between errors that matters.
        out: the folder of the runs.
        progress: told what is being done, how much of it is done, and the seconds left.
        options: target, task, group, time, dev, test, no_test, seed: see DataOptions.

    Returns:
        What `goodfit train --json` prints and the run's `result.json` holds.

    Raises:
        GoodfitError: bad input, or a training that gave no network, with one sentence that says what to do.
    """
    began, started = time.perf_counter(), datetime.now().astimezone()
    given = read_plan(plan)
    archive.check_writable(out)
    prepare_jax()
    splits = open_splits(data, **options)
    chosen = (given or default_plan(splits)).with_(**(changes or {}))
    again = [] if replay is None else read_replay(replay, chosen)
    settings = {"human_error": human_error, "min_gap": min_gap, "plan": plan, "set": _settings(changes or {})}
    settings["replay"] = replay
    sources = [each for each in (data, options.get("dev"), options.get("test")) if each is not None]
    asked = Asked(
        data=str(data) if isinstance(data, str | Path) else None,
        options=plain_options(options | settings),
        started=started.isoformat(timespec="seconds"),
        in_memory=not all(isinstance(each, str | Path) for each in sources),
        plan=chosen.to_dict(),
        replay=[asdict(nudge) for nudge in again],
    )
    with archive.fresh_folder(out, splits.dataset.name) as folder:
        _begin(folder, asked, splits, chosen)
        with held(folder):
            return complete(folder, asked, splits, chosen, progress or quiet, began)


def _begin(folder: Path, asked: Asked, splits: Splits, plan: Plan) -> None:
    """Write down what is asked, so that another process can go on with it."""
    try:
        archive.write_source(folder, splits, plan)
        asked.write(folder)
    except OSError as error:
        why = error.strerror or error
        raise InputError(f"cannot write to {folder} ({why}); make room, or choose another folder with --out") from None


def checkpoints_of(folder: Path, asked: Asked, splits: Splits, plan: Plan) -> Checkpoints:
    """The checkpoints of this training, in the run's folder."""
    known = identity(splits.dataset.fingerprint, plan, asked.seed, splits.train, splits.dev)
    return Checkpoints(folder / archive.CHECKPOINT_FOLDER, known)


def complete(
    folder: Path, asked: Asked, splits: Splits, plan: Plan, tell: Tell, began: float, start: Moment | None = None
) -> dict[str, Any]:
    """Train, from the beginning or from a moment on, and leave everything in the folder; returns the result.

    `plan` is the plan as begun; that of the result, and `plan.yaml` in the end, is the plan as nudged.
    """
    keep = None if asked.in_memory else checkpoints_of(folder, asked, splits, plan).keep
    laboratory = Laboratory(splits, [Cut(splits.train, splits.dev)], Pace(Journal(None), None), tell)
    job = Job(plan, asked.seed, splits.train, splits.dev, start, keep)
    live = _live(folder, asked, plan, start)
    (run,) = laboratory.train("training", [job], control=Together([Periodically(checkpoint.SECONDS), live]))
    if not run.usable:
        _refuse(run, folder, asked)
    measured = laboratory.judge(Entry("plan", run.plan, (asked.seed,), round=1), ((run,),), run.seconds)
    try:
        result = finish(folder, _result(folder, asked, splits, measured, live), began)
    except (GoodfitError, OSError, SafetensorError, PolarsError) as error:
        if asked.in_memory:
            raise
        why = f"the training is done, but not its run ({error})"
        raise UnfinishedError(f"{why}; mend that, and `goodfit resume {folder}` ends it") from None
    if run.outcome is not Outcome.INTERRUPTED:
        end(folder)
    return result


def _live(folder: Path, asked: Asked, plan: Plan, start: Moment | None) -> Live:
    """The control that other processes reach, with the nudges that are known before: made once, or asked for again."""
    logged, replay = read_own(folder, plan), [Nudge(**facts) for facts in asked.replay]
    done = [(nudge.what, nudge.new, nudge.epoch) for nudge in logged if nudge.request is None]
    to_come = [nudge for nudge in replay if (nudge.what, nudge.new, nudge.epoch) not in done]
    return Live(folder, start.plan if start else plan, plan.structure, logged, to_come)


def _result(folder: Path, asked: Asked, splits: Splits, measured: Measurement, live: Live) -> dict[str, Any]:
    """Diagnose the training, and leave what came of it in the folder; returns the facts of the result."""
    run, plan = measured.runs[0][0], measured.plan
    human_error, min_gap = asked.options.get("human_error"), asked.options["min_gap"]
    facts = data_facts(splits)
    findings = with_curvature(findings_of(measured, splits, facts), run, splits, facts)
    gaps = gaps_from_runs(
        measured.train_errors,
        measured.errors,
        human_error=human_error,
        min_gap=min_gap,
        train_groups=groups_of(splits, sample(run.train)),
        dev_groups=groups_of(splits, splits.dev),
    )
    nudges = [nudge for nudge in live.made if nudge.epoch <= len(run.history["epoch"])]
    sentences = [nudge.sentence for nudge in nudges] + live.told
    final = _leave(folder, splits, measured, gaps, summary.Told("train", folder, min_gap), sentences)
    final["findings"] = [summary.of_finding(finding) for finding in findings]
    started = datetime.fromisoformat(asked.started)
    return header("train", folder, started, splits, asked.data, asked.options) | {
        "outcome": str(run.outcome),
        "reason": run.reason,
        "best_epoch": run.best_epoch,
        "seed": asked.seed,
        "human_error": human_error,
        "min_gap": min_gap,
        "baseline": {},
        "rounds": [],
        "nudges": [asdict(nudge) for nudge in nudges],
        "final": final,
        "plan": plan.to_dict(),
    }


def _refuse(run: Run, folder: Path, asked: Asked) -> NoReturn:
    """Say why there is no network, and what to do."""
    why = f"the training gave no network: {run.reason.rstrip('.')}"
    if run.outcome is not Outcome.INTERRUPTED:
        raise InputError(f"{why}; lower the learning rate")
    if asked.in_memory:
        raise InputError(f"{why}; let it train longer")
    raise UnfinishedError(f"{why}; `goodfit resume {folder}` goes on with it")


def _leave(
    folder: Path, splits: Splits, measured: Measurement, gaps: Gaps, told: summary.Told, nudges: list[str]
) -> dict[str, Any]:
    """Leave journal, plan, model, history and predictions in the folder; returns the end of the story."""
    run, outputs = measured.runs[0][0], measured.outputs[0]
    for name in (archive.RESULT_FILE, JOURNAL_FILE):  # of a training that was interrupted, and is resumed
        (folder / name).unlink(missing_ok=True)
    journal = Journal(folder)
    for sentence in nudges:
        journal.write("nudge", f"{sentence[0].upper()}{sentence[1:]}.")
    journal.write("training", f"Trained {run.plan.epochs} epochs at most: {run.reason}.", best_epoch=run.best_epoch)
    journal.write("diagnosis", f"{gaps.verdict}. {gaps.reason}", verdict=gaps.verdict)
    predictor = Predictor(splits.dataset.schema, (member_of(run, "plan"),))
    train_outputs = predictor.outputs(splits.dataset.features.take(splits.train))
    predictor.save(folder)
    (folder / archive.PLAN_FILE).write_text(run.plan.to_yaml(), encoding="utf-8")
    archive.write_history(folder, [measured])
    sets = {"train": (splits.train, train_outputs), "dev": (splits.dev, outputs)}
    archive.write_predictions(folder, splits, sets)
    return summary.of_gaps(gaps) | {
        "train_error": float(judge_outputs(splits, train_outputs[None], splits.train)[1].mean()),
        "dev_error": measured.dev_error,
        "test_error": None,
        "test_note": "the test set stays closed until `goodfit test` opens it",
        "models": 1,
        "next": summary.advice(gaps, splits, told),
        "train_metrics": summary.of_metrics(splits, train_outputs, splits.train),
        "dev_metrics": summary.of_metrics(splits, outputs, splits.dev),
    }


def _settings(changes: dict[str, Any]) -> list[str] | None:
    """The changes as `--set` takes them."""
    words = {key: yaml.safe_dump(value, default_flow_style=True, width=10**6) for key, value in changes.items()}
    return [f"{key}={word.removesuffix('...' + chr(10)).strip()}" for key, word in words.items()] or None
