"""The main job: train a network to a good fit, and prove why it fits."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from polars.exceptions import PolarsError
from safetensors import SafetensorError

from goodfit.api import results
from goodfit.api.advice import AdviceContext
from goodfit.api.data import check_human_error, open_data, read_plan
from goodfit.api.replay import loop_options, replay_decisions
from goodfit.api.requests.data import quiet
from goodfit.api.requests.fit import ImproveRequest
from goodfit.api.requests.request import takes
from goodfit.api.result_types.fit import Fit
from goodfit.api.results import finish, run_facts
from goodfit.api.test_set import FinalTest, final_test
from goodfit.api.training_job import fresh_run, job_request
from goodfit.data.dataset import Splits, groups_of
from goodfit.engine.machine import prepare_jax
from goodfit.errors import GoodfitError, InputError, TestSetLockedError, UnfinishedError
from goodfit.experiments import assembly
from goodfit.experiments.assembly import Assembly
from goodfit.experiments.clock import Clock
from goodfit.experiments.default_plans import default_plan
from goodfit.experiments.progress import Notify
from goodfit.experiments.simple_predictions import simpler_sentence
from goodfit.experiments.training_cache import TrainingCache
from goodfit.loop.augmentation_worth import augmentation_worth
from goodfit.loop.ensemble_members import build_ensemble
from goodfit.loop.loop import open_loop, run_loop
from goodfit.loop.round_diagnosis import is_bias_shown, measurement_findings
from goodfit.loop.state import LoopContext, LoopSettings, LoopState
from goodfit.loop.summary import round_results
from goodfit.record.result import RunFacts, RunResult
from goodfit.run_folder import summary
from goodfit.run_folder.decisions import Decisions
from goodfit.run_folder.folders import check_writable
from goodfit.run_folder.job import JobRequest, finish_run, lock_run
from goodfit.run_folder.journal import fresh_journal
from goodfit.run_folder.names import CHECKPOINT_FOLDER
from goodfit.run_folder.saved_run import remove_result
from goodfit.wording.numbers import percent


@takes(ImproveRequest)
def improve(request: ImproveRequest) -> Fit:
    """Train a network to a good fit: baseline, diagnosis, experiments, ensemble, one honest test error, a report.

    Returns:
        The fit, with the error on the test set.

    Raises:
        GoodfitError: bad input, with one sentence that says what to do.
    """
    start, started = time.perf_counter(), datetime.now().astimezone()
    notify = request.progress or quiet
    plan = read_plan(request.plan)
    check_writable(request.out)
    prepare_jax()
    notify("opening the data", None, None)
    splits = open_data(request, request.out)
    check_human_error(request.human_error, splits)
    if request.target_transform is not None:
        plan = (plan or default_plan(splits)).with_(target_transform=request.target_transform)
    job = job_request("improve", request, plan, started)
    if request.replay is not None:
        job = replace(job, decisions=replay_decisions(Path(request.replay), splits, request, job))
    with fresh_run(job, splits, plan or default_plan(splits), request.out) as folder, lock_run(folder):
        return Fit(complete(folder, job, splits, notify, start)[0])


def complete(
    folder: Path, run_request: JobRequest, splits: Splits, notify: Notify, start_time: float
) -> tuple[RunResult, tuple[str, ...]]:
    """Do the job, from its beginning or from where it was cut off, and leave everything in the folder.

    All its steps are gone through again: decisions are taken as they were, and trainings read, as far as there are any.

    Returns:
        The result, and sentences that say from where it went on.
    """
    decisions = trainings = None
    # Data in memory is gone with the process, so nobody could resume the job: nothing is kept for it.
    if not run_request.in_memory:
        decisions = Decisions.read(folder)
        trainings = TrainingCache(folder / CHECKPOINT_FOLDER, splits, lambda text: notify(text, None, None))
        start_time -= decisions.seconds  # the budget covers the whole job, the part before the interruption too
    # A replay that was cut off has repeated some of the old decisions already; the clock reads those from `decisions`.
    to_repeat = run_request.decisions[len(decisions.entries) if decisions else 0 :] if run_request.decisions else None
    journal = fresh_journal(folder)  # not continued: each step is gone through again and writes its entry anew
    request = ImproveRequest.from_dict(run_request.options, data=run_request.data or "")
    clock = Clock(journal, request.time_limit, to_repeat, started=start_time, decisions=decisions)
    context = open_loop(splits, _settings(run_request, request), journal, clock, notify, trainings)
    with _resumable(folder, run_request, "the job could not go on"):
        for note in splits.notes:
            journal.write("note", note.text)
        state, ensemble = build_ensemble(run_loop(context), context)
    # The trainings are done now, and whatever goes wrong must not lose them: hence GoodfitError, too.
    with _resumable(folder, run_request, "the trainings are done, but not their run", GoodfitError):
        remove_result(folder)  # of a job that was interrupted, and is resumed
        facts = run_facts(folder, run_request, splits, ImproveRequest)
        result = finish(folder, _result(facts, run_request, request, state, ensemble, context), start_time)
    if not context.interrupted:  # an interrupted job has a result, but stays open for `goodfit resume`
        finish_run(folder)
    if decisions is None or trainings is None:
        return result, ()
    return result, (*decisions.warnings, *trainings.warnings, trainings.sentence)


@contextmanager
def _resumable(folder: Path, run_request: JobRequest, problem: str, *errors: type[Exception]) -> Iterator[None]:
    """Tell the user to resume if the work cannot be written or ends in one of these errors.

    Raises:
        UnfinishedError: it does; what is in the folder is good to go on with.
    """
    try:
        yield
    except (OSError, SafetensorError, PolarsError, *errors) as error:
        if run_request.in_memory:
            raise
        raise UnfinishedError(
            f"{problem} ({error}); mend that, and `goodfit resume {folder}` goes on with it"
        ) from None


def _result(
    facts: RunFacts,
    run_request: JobRequest,
    request: ImproveRequest,
    state: LoopState,
    ensemble: Assembly,
    context: LoopContext,
) -> RunResult:
    """Make the final test and leave everything but the result in the folder; return the result."""
    splits, settings, incumbent, folder = context.splits, context.settings, state.incumbent, Path(facts.run)
    tested = _test(splits, ensemble, folder, request.force_test, context)
    results.leave(folder, splits, incumbent.plan, state.measured, ensemble, tested)
    curve = state.learning_curve
    groups = groups_of(splits, ensemble.rows)
    simpler = simpler_sentence(state.simple_errors, ensemble.dev.errors, groups, request.seed)
    advice_context = AdviceContext(
        "improve", folder, settings.min_gap, settings.folds, curve and curve.sentence, simpler
    )
    bias_shown = is_bias_shown(incumbent, state.measured, context)
    findings = measurement_findings(incumbent, context, ensemble.outputs)
    return RunResult(
        **facts.field_values(),
        **loop_options(request, run_request)._asdict(),
        outcome="interrupted" if context.interrupted else "finished",
        baseline=dict(state.baseline),
        rounds=round_results(state),
        learning_curve=curve,
        augmentation=augmentation_worth(state.experiments, curve),
        ensemble=assembly.ensemble_result(ensemble),
        calibration=ensemble.calibration,
        final=results.final_figures(
            splits, ensemble, advice_context, settings.human_error, tested, bias_shown, findings, incumbent.fit_share
        ),
        plan=incumbent.plan,
        seconds=0.0,  # filled in when it is written
    )


def _settings(run_request: JobRequest, request: ImproveRequest) -> LoopSettings:
    """Return the request in the loop's words."""
    return LoopSettings(
        request.seed,
        min_gap=request.min_gap,
        plan=run_request.plan,
        human_error=request.human_error,
        rounds=request.rounds,
        folds=request.folds,
    )


def _test(splits: Splits, ensemble: Assembly, folder: Path, force: bool, context: LoopContext) -> FinalTest:
    """The final test; a refusal or an interruption leaves the rest of the job as it is."""
    if context.interrupted:
        tested = FinalTest(None, "the job was interrupted, so the test set stays closed")
    else:
        try:
            # A job that died after its test repeats it with the same model: that is no second look at the test set.
            tested = final_test(splits, ensemble.predictor, folder, force, count_own=False)
        except (TestSetLockedError, InputError) as refused:
            tested = FinalTest(None, str(refused))
    if tested.error:
        error = percent(tested.error.value, tested.error.low, tested.error.high)
        sentence = f"On the test set the error is {error}."
    else:
        sentence = f"No test figure: {tested.note}."
    context.journal.write("test", sentence, error=tested.error and summary.estimate(tested.error).to_dict())
    return tested
