"""Go on with a training or a whole job that was cut off, to the end that it would have had."""

import time
from collections.abc import Iterator
from pathlib import Path

from goodfit.api import improve, train
from goodfit.api.data import reopen_job
from goodfit.api.requests.data import quiet
from goodfit.api.requests.fit import ResumeRequest
from goodfit.api.requests.request import takes
from goodfit.api.result_types.fit import Fit
from goodfit.api.training_job import StartedJob, start_job
from goodfit.data.dataset import Splits
from goodfit.engine.machine import prepare_jax
from goodfit.engine.moment import Moment
from goodfit.errors import InputError, PlanError
from goodfit.experiments.progress import Notify
from goodfit.plan import Plan
from goodfit.record.result import RunResult
from goodfit.run_folder.folders import is_unfinished
from goodfit.run_folder.job import JobRequest, lock_run
from goodfit.run_folder.names import PLAN_FILE
from goodfit.run_folder.saved_run import read_run


@takes(ResumeRequest)
def resume(request: ResumeRequest) -> Fit:
    """Go on with a run of `train` or `improve` that was killed or interrupted; it ends as if it had never stopped.

    Finished trainings of `improve` are not repeated, and decisions that were taken stand, time-based ones among them;
    with a budget, the seconds up to the last decision count.

    Returns:
        The fit that the command would have returned; `resumed` says at which point it went on.

    Raises:
        GoodfitError: no such run, one that has ended or is another command's, or data that is not there or has changed.
    """
    start, folder, notify = time.perf_counter(), Path(request.run), request.progress or quiet
    job = _unfinished_job(folder)
    prepare_jax()
    with lock_run(folder):
        splits = reopen_job(folder, job)
        result, sentences = _GO_ON[job.command](folder, job, splits, notify, start)
        return Fit(result, sentences)


def _go_on_training(
    folder: Path, job: JobRequest, splits: Splits, notify: Notify, start_time: float
) -> tuple[RunResult, tuple[str, ...]]:
    """Go on with a run of `train`; return its result, and sentences on the point at which it went on."""
    plan = job.training_plan
    started_job = start_job(folder, job, splits, plan)
    sentences = (*started_job.skipped, *_edited_plan(folder, started_job), _from_where(started_job.moments[0]))
    for sentence in sentences:
        notify(sentence, None, None)
    return train.complete(folder, job, splits, plan, notify, start_time, started_job), sentences


_GO_ON = {"train": _go_on_training, "improve": improve.complete}


def _unfinished_job(folder: Path) -> JobRequest:
    """Return the request of a run that can be resumed.

    Raises:
        InputError: it cannot be.
    """
    if not is_unfinished(folder):
        result = read_run(folder).result
        if result.command == "tune":
            instead = f"goes on with a search where the same command is given again: {result.command_line}"
            raise InputError(f"the run {folder} is a search of `goodfit tune`, which {instead}")
        raise InputError(f"the run {folder} has ended ({result.outcome}): there is nothing to resume")
    job = JobRequest.read(folder, ("train", "improve"))
    if job.in_memory:
        wish = "train again, from a file if it shall be resumed"
        raise InputError(f"the data of {folder} was in memory, where no other process finds it; {wish}")
    return job


def _edited_plan(folder: Path, started_job: StartedJob) -> Iterator[str]:
    """Yield a sentence if `plan.yaml` is no longer the plan that the training goes on with."""
    if started_job.nudges:  # the file may have them or not, by where the training was cut off
        return
    try:
        plan = Plan.from_yaml((folder / PLAN_FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, PlanError):
        yield f"{PLAN_FILE} cannot be read, so the training went on by the plan that it began with"
        return
    # As text: settings that do not apply are NaN, which equals nothing.
    if plan.to_yaml() != started_job.jobs[0].plan.to_yaml():
        wish = "`goodfit train` with --plan trains the edited one, `goodfit branch` goes on from this one's parameters"
        yield f"{PLAN_FILE} was edited, but an unfinished training goes on by the plan that it began with; {wish}"


def _from_where(start: Moment) -> str:
    if start.step == 0:
        return "there is no checkpoint to go on from, so the training began again"
    return f"the training went on from step {start.step}, after epoch {start.epoch} of {start.plan.epochs}"
