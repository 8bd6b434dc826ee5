"""The main job: train a network to a good fit, and prove why it fits."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Unpack

from polars.exceptions import PolarsError
from safetensors import SafetensorError

from goodfit.api import results
from goodfit.api.advice import AdviceContext
from goodfit.api.options import Data, DataOptions, image_cache, plain_options, quiet, read_plan
from goodfit.api.replay import recorded
from goodfit.api.results import finish, header
from goodfit.api.test_set import FinalTest, final_test
from goodfit.api.training_job import fresh_run, is_in_memory
from goodfit.data.dataset import Splits
from goodfit.data.splits import open_splits
from goodfit.engine.machine import prepare_jax
from goodfit.errors import GoodfitError, InputError, TestSetLockedError, UnfinishedError
from goodfit.experiments import assembly
from goodfit.experiments.assembly import Assembly
from goodfit.experiments.clock import Clock
from goodfit.experiments.default_plans import default_plan
from goodfit.experiments.progress import Notify
from goodfit.experiments.training_cache import TrainingCache
from goodfit.loop import summary as rounds_summary
from goodfit.loop.augmentation_worth import augmentation_worth
from goodfit.loop.ensemble_members import build_ensemble
from goodfit.loop.loop import open_loop, run_loop
from goodfit.loop.round_diagnosis import is_bias_shown, measurement_findings
from goodfit.loop.state import LoopContext, LoopSettings, LoopState
from goodfit.plan import Plan
from goodfit.run_folder import archive, summary
from goodfit.run_folder.decisions import Decisions
from goodfit.run_folder.job import JobRequest, finish_run, lock_run
from goodfit.run_folder.journal import JOURNAL_FILE, Journal
from goodfit.wording.numbers import percent


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
    progress: Notify | None = None,
    **options: Unpack[DataOptions],
) -> dict[str, Any]:
    """Train a network to a good fit: baseline, diagnosis, experiments, ensemble, one honest test figure, a report.

    Args:
        data: a table (CSV, TSV, Parquet, NPZ), a folder of images, a built-in name, arrays (X, y) or a data frame.
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
        options: target, task, group, time, dev, test, no_test, seed, as_: see DataOptions.

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
    splits = open_splits(data, **options, cache=image_cache(out))
    given = options | {"folds": folds, "human_error": human_error, "min_gap": min_gap, "plan": plan, "replay": replay}
    given |= {"budget": budget} if rounds is None else {"rounds": rounds}
    given |= {"force_test": True} if force_test else {}
    asked = JobRequest(
        data=str(data) if isinstance(data, str | Path) else None,
        options=plain_options(given),
        started=started.isoformat(timespec="seconds"),
        in_memory=is_in_memory(data, options),
        plan=start.to_dict() if start else {},
        replay=[],
        command="improve",
    )
    if replay is not None:
        asked = replace(asked, replay=recorded(Path(replay), splits, options, _facts(asked)))
    with fresh_run(asked, splits, start or default_plan(splits), out) as folder, lock_run(folder):
        return complete(folder, asked, splits, tell, began)[0]


def complete(
    folder: Path, asked: JobRequest, splits: Splits, tell: Notify, began: float
) -> tuple[dict[str, Any], list[str]]:
    """Do the job, from its beginning or from where it was cut off, and leave everything in the folder.

    All its steps are gone through again: decisions are taken as they were, and trainings read, as far as there are any.

    Returns:
        The result, and sentences that say from where it went on.
    """
    decisions = trainings = None
    if not asked.in_memory:
        decisions = Decisions.read(folder)
        trainings = TrainingCache(folder / archive.CHECKPOINT_FOLDER, splits, lambda told: tell(told, None, None))
        began -= decisions.seconds
    again = asked.replay[len(decisions.lines) if decisions else 0 :] if asked.replay else None
    (folder / JOURNAL_FILE).unlink(missing_ok=True)
    journal = Journal(folder)
    clock = Clock(journal, asked.options.get("budget"), again, started=began, decisions=decisions)
    context = open_loop(splits, _settings(asked), journal, clock, tell, trainings)
    with _resumable(folder, asked, "the job could not go on"):
        for note in splits.notes:
            journal.write("note", note.text)
        state, ensemble = build_ensemble(run_loop(context), context)
    with _resumable(folder, asked, "the trainings are done, but not their run", GoodfitError):
        (folder / archive.RESULT_FILE).unlink(missing_ok=True)  # of a job that was interrupted, and is resumed
        facts = _end(state, ensemble, context, folder, asked.options.get("force_test", False))
        started = datetime.fromisoformat(asked.started)
        first = header("improve", folder, started, splits, asked.data, asked.options)
        result = finish(folder, first | _facts(asked) | facts, began)
    if not context.interrupted:
        finish_run(folder)
    return result, [*decisions.told, *trainings.warnings, trainings.sentence] if decisions and trainings else []


@contextmanager
def _resumable(folder: Path, asked: JobRequest, told: str, *errors: type[Exception]) -> Iterator[None]:
    """Where the work cannot be written, or ends in one of these errors, say that what is there is good to go on with.

    Raises:
        UnfinishedError: so it is.
    """
    try:
        yield
    except (OSError, SafetensorError, PolarsError, *errors) as error:
        if asked.in_memory:
            raise
        raise UnfinishedError(f"{told} ({error}); mend that, and `goodfit resume {folder}` goes on with it") from None


def _end(state: LoopState, ensemble: Assembly, context: LoopContext, folder: Path, force_test: bool) -> dict[str, Any]:
    """The final test, and what is left in the folder; returns what came of the job."""
    splits, settings, incumbent = context.splits, context.settings, state.incumbent
    tested = _test(splits, ensemble, folder, force_test, context)
    results.leave(folder, splits, incumbent.plan, state.measured, ensemble, tested)
    curve = state.learning_curve
    learning_curve = None if curve is None else asdict(curve)
    told = AdviceContext("improve", folder, settings.min_gap, settings.folds, learning_curve)
    augmentation = augmentation_worth(state.experiments, curve)
    bias_shown = is_bias_shown(incumbent, state.measured, context)
    return {
        "outcome": "interrupted" if context.interrupted else "finished",
        "baseline": state.baseline,
        "rounds": rounds_summary.rounds_facts(state),
        "learning_curve": learning_curve,
        "augmentation": None if augmentation is None else augmentation._asdict(),
        "ensemble": assembly.ensemble_facts(ensemble),
        "calibration": assembly.calibration_facts(ensemble),
        "final": results.final(splits, ensemble, told, settings.human_error, tested, bias_shown)
        | {"findings": [summary.of_finding(finding) for finding in measurement_findings(incumbent, context)]},
        "plan": incumbent.plan.to_dict(),
    }


def _settings(asked: JobRequest) -> LoopSettings:
    """What was asked, in the loop's words."""
    given = {name: asked.options.get(name) for name in ("human_error", "rounds", "folds")}
    plan = Plan.from_dict(asked.plan) if asked.plan else None
    return LoopSettings(asked.seed, min_gap=asked.options["min_gap"], plan=plan, **given)


def _facts(asked: JobRequest) -> dict[str, Any]:
    """What was asked, as the result keeps it and a replay compares it."""
    options = asked.options
    return {
        "seed": asked.seed,
        "rounds_asked": options.get("rounds"),
        "budget": options.get("budget"),
        "folds": options.get("folds"),
        "human_error": options.get("human_error"),
        "min_gap": options["min_gap"],
        "given_plan": asked.plan or None,
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


def _test(splits: Splits, ensemble: Assembly, folder: Path, force: bool, context: LoopContext) -> FinalTest:
    """The final test; a refusal or an interruption leaves the rest of the job as it is."""
    if context.interrupted:
        tested = FinalTest(None, "the job was interrupted, so the test set stays closed")
    else:
        try:
            tested = final_test(splits, ensemble.predictor, folder, force, own=False)
        except (TestSetLockedError, InputError) as refused:
            tested = FinalTest(None, str(refused))
    if tested.error:
        error = percent(tested.error.value, tested.error.low, tested.error.high)
        sentence = f"On the test set the error is {error}."
    else:
        sentence = f"No test figure: {tested.note}."
    context.journal.write("test", sentence, error=summary.interval(tested.error))
    return tested
