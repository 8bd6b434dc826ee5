"""Train one plan and diagnose it; the test set stays closed. What is cut off on the way can be resumed."""

import time
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from polars.exceptions import PolarsError
from safetensors import SafetensorError

from goodfit.api import results
from goodfit.api.advice import AdviceContext
from goodfit.api.requests.data import quiet
from goodfit.api.requests.fit import TrainRequest
from goodfit.api.requests.request import takes
from goodfit.api.result_types.fit import Fit
from goodfit.api.results import finish, run_facts
from goodfit.api.test_set import FinalTest
from goodfit.api.training_job import StartedJob, fresh_run, prepare, start_job
from goodfit.data.dataset import Fold, Splits
from goodfit.engine import checkpoint
from goodfit.engine.checkpoint import Periodically
from goodfit.engine.control import Together
from goodfit.engine.predictor import Predictor, member_of
from goodfit.errors import GoodfitError, InputError, UnfinishedError
from goodfit.experiments.assembly import JudgedPredictor, judge_predictor
from goodfit.experiments.calibration import calibrate
from goodfit.experiments.clock import Clock
from goodfit.experiments.examination import class_recall, data_facts, shared_findings, with_curvature
from goodfit.experiments.laboratory import Laboratory
from goodfit.experiments.progress import Notify
from goodfit.experiments.saved_predictor import save_predictor
from goodfit.live.controller import LiveControl
from goodfit.live.nudge_effect import Comparison, DevScorer, EffectTracker
from goodfit.live.telemetry import write_about
from goodfit.plan import Plan
from goodfit.record.figures import FinalFigures
from goodfit.record.measurement import Entry, Measurement
from goodfit.record.nudge import standing
from goodfit.record.result import RunResult
from goodfit.record.run import Outcome, Run
from goodfit.run_folder.job import JobRequest, finish_run, lock_run
from goodfit.run_folder.journal import Journal, fresh_journal
from goodfit.run_folder.live_state import LiveState
from goodfit.run_folder.pictures import write_pictures
from goodfit.run_folder.saved_run import remove_result
from goodfit.run_folder.source import write_plan
from goodfit.run_folder.tables import write_history, write_predictions


@takes(TrainRequest)
def train(request: TrainRequest) -> Fit:
    """Train one network by one plan, keep its best parameters on the dev set, and diagnose it.

    Returns:
        The fit; its test error is None, because the test set stays closed.

    Raises:
        GoodfitError: bad input, or a training that gave no network, with one sentence that says what to do.
    """
    start = time.perf_counter()
    job, splits, plan = prepare(request)
    with fresh_run(job, splits, plan, request.out) as folder, lock_run(folder):
        return Fit(complete(folder, job, splits, plan, request.progress or quiet, start))


def complete(
    folder: Path,
    run_request: JobRequest,
    splits: Splits,
    plan: Plan,
    notify: Notify,
    start_time: float,
    started_job: StartedJob | None = None,
) -> RunResult:
    """Train, from the beginning or from where it was cut off, and leave everything in the folder; returns the result.

    `plan` is the plan as begun; that of the result, and `plan.yaml` in the end, is the plan as nudged.
    """
    started_job = started_job or start_job(folder, run_request, splits, plan)
    laboratory = Laboratory(splits, [Fold(splits.train, splits.dev)], Clock(Journal(None), None), notify)
    live = _live(folder, run_request, splits, plan, started_job)
    keeps = {place: job.keep for place, job in enumerate(started_job.jobs) if job.keep}
    # The copies keep no checkpoints: they start again from the model's, from before the last nudge.
    controls = [Periodically(keeps, checkpoint.SECONDS), live]
    runs = laboratory.train("training", started_job.jobs, control=Together(controls))
    run = runs[0]
    if not run.usable:
        _refuse(run, folder, run_request)
    live.effects.close(runs)
    measured = [laboratory.judge(Entry("plan", run.plan, (run_request.seed,), round=1), ((run,),), run.seconds)]
    # Only the copies of the last comparison were trained to the end; they show what the training would have become.
    last = live.effects.comparisons[-1] if live.effects.comparisons else None
    if last and (copies := [runs[job] for job in last.pairs.values() if runs[job].usable]):
        name = f"untouched since epoch {last.effect.epoch}"
        entry = Entry(name, copies[0].plan, tuple(copy.seed for copy in copies), 1, last.effect.epoch)
        measured.append(laboratory.judge(entry, tuple((copy,) for copy in copies), run.seconds))
    try:
        result = finish(folder, _result(folder, run_request, splits, measured, live), start_time)
    except (GoodfitError, OSError, SafetensorError, PolarsError) as error:
        if run_request.in_memory:
            raise
        why = f"the training is done, but not its run ({error})"
        raise UnfinishedError(f"{why}; mend that, and `goodfit resume {folder}` ends it") from None
    if run.outcome is not Outcome.INTERRUPTED:
        finish_run(folder)
    return result


def _live(folder: Path, run_request: JobRequest, splits: Splits, plan: Plan, started_job: StartedJob) -> LiveControl:
    """The control that other processes reach, with the nudges that are known before: made once, or asked for again."""
    nudges_done = [(nudge.setting, nudge.new, nudge.epoch) for nudge in started_job.nudges if nudge.request is None]
    to_come = [nudge for nudge in run_request.nudges if (nudge.setting, nudge.new, nudge.epoch) not in nudges_done]
    # The copies are the last jobs of the stack, in the order of the models that they copy.
    copies = {
        pair: len(started_job.jobs) - run_request.untouched_copies + pair
        for pair in range(run_request.untouched_copies)
    }
    epoch = started_job.moments[0].epoch
    state = LiveState.recover(folder)
    closed = [effect for effect in (state.nudge_effects if state else ()) if effect.is_closed and effect.epoch < epoch]
    # The copies of a closed comparison are gone, and -1 stands for them: only its effect is shown from now on.
    comparisons = [Comparison(dict.fromkeys(range(effect.pairs), -1), effect) for effect in closed]
    live = LiveControl(
        folder,
        started_job.moments[0].plan,
        plan.structure,
        EffectTracker(DevScorer(splits, plan), copies, comparisons),
        started_job.checkpoints.rewind,
        {place: job.keep for place, job in enumerate(started_job.jobs) if job.keep},
        started_job.nudges,
        to_come,
        paused=run_request.paused and not epoch,  # once it has been let go, a resumed training does not wait again
    )
    write_about(folder, splits, plan, run_request.untouched_copies)
    return live


def _result(
    folder: Path, run_request: JobRequest, splits: Splits, history: list[Measurement], live: LiveControl
) -> RunResult:
    """Diagnose the first of these trainings, leave everything but the result in the folder, and return the result."""
    measured = history[0]
    run, plan = measured.runs[0][0], measured.plan
    human_error, min_gap = run_request.options.get("human_error"), run_request.options.get("min_gap", 0.02)
    network = _network(measured, splits)
    facts = replace(data_facts(splits), recall=class_recall(network.outputs, splits, network.rows))
    findings = with_curvature(shared_findings(measured, splits, facts), run, splits, facts)
    final = results.final_figures(
        splits,
        network,
        AdviceContext("train", folder, min_gap),
        human_error,
        FinalTest(None, "the test set stays closed until `goodfit open-test` opens it"),
        findings=findings,
        fit_share=measured.fit_share,
    )
    # A replayed nudge may lie beyond the epoch at which this training ended; it was never made.
    nudges = [nudge for nudge in standing(live.nudges) if nudge.epoch <= len(run.history["epoch"])]
    effects = tuple(live.effects.effects)
    sentences = [nudge.sentence for nudge in live.nudges] + live.requests.problems
    sentences += [
        f"Effect of the nudge after epoch {effect.epoch}: {effect.sentence}" for effect in effects if effect.sentence
    ]
    _leave(folder, splits, history, network, final, sentences)
    return RunResult(
        **run_facts(folder, run_request, splits, TrainRequest).field_values(),
        outcome=str(run.outcome),
        outcome_reason=run.reason,
        best_epoch=run.best_epoch,
        seed=run_request.seed,
        human_error=human_error,
        min_gap=min_gap,
        baseline={},
        nudges=tuple(nudges),
        nudge_effects=effects,
        branched_from=run_request.origin,
        final=final,
        plan=plan,
        seconds=0.0,  # filled in when it is written
    )


def _network(measured: Measurement, splits: Splits) -> JudgedPredictor:
    """Return the calibrated network of a training."""
    calibration, outputs = calibrate(splits, measured.outputs[0], splits.dev)
    predictor = Predictor(splits.dataset.schema, (member_of(measured.runs[0][0], "plan"),), calibration)
    return judge_predictor(predictor, splits, splits.dev, outputs, splits.train)


def _refuse(run: Run, folder: Path, run_request: JobRequest) -> NoReturn:
    """Say why there is no network, and what to do."""
    why = f"the training gave no network: {run.reason.rstrip('.')}"
    if run.outcome is not Outcome.INTERRUPTED:
        raise InputError(f"{why}; lower the learning rate")
    if run_request.in_memory:
        raise InputError(f"{why}; let it train longer")
    raise UnfinishedError(f"{why}; `goodfit resume {folder}` goes on with it")


def _leave(
    folder: Path,
    splits: Splits,
    history: list[Measurement],
    network: JudgedPredictor,
    final: FinalFigures,
    nudges: list[str],
) -> None:
    """Leave journal, plan, model, history and predictions in the folder."""
    run = history[0].runs[0][0]
    remove_result(folder)  # of a training that was interrupted, and is resumed
    journal = fresh_journal(folder)
    for sentence in nudges:
        journal.write("nudge", f"{sentence[0].upper()}{sentence[1:]}.")
    journal.write("training", f"Trained {run.plan.epochs} epochs at most: {run.reason}.", best_epoch=run.best_epoch)
    journal.write("diagnosis", f"{final.verdict}. {final.reason}", verdict=final.verdict)
    save_predictor(network.predictor, folder)
    write_plan(folder, run.plan)
    write_history(folder, history)
    sets = {"train": (network.train_rows, network.train_outputs), "dev": (network.rows, network.outputs)}
    write_predictions(folder, splits, sets)
    write_pictures(folder, splits, network.rows, network.outputs)
