"""Branch a run: a new one that starts from its parameters, with another structure or other numbers."""

import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from goodfit.api.data import reopen_job, reopen_run
from goodfit.api.requests.data import Notify, quiet
from goodfit.api.requests.settings import settings_words
from goodfit.api.result_types.fit import Fit
from goodfit.api.steering import send
from goodfit.api.train import complete
from goodfit.api.training_job import fresh_run, start_job
from goodfit.data.dataset import Splits
from goodfit.engine.active_job import beginning
from goodfit.engine.jobs import Job
from goodfit.engine.machine import prepare_jax
from goodfit.engine.step import settled
from goodfit.errors import InputError
from goodfit.experiments.saved_predictor import load_predictor
from goodfit.live.warm_start import fitting_names
from goodfit.plan import Plan
from goodfit.record.nudge import standing
from goodfit.record.result import BranchOrigin
from goodfit.record.run import Weights, flatten
from goodfit.run_folder.folders import is_unfinished
from goodfit.run_folder.job import JobRequest, is_live, lock_run
from goodfit.run_folder.saved_run import read_run


def branch(run: str | Path, /, *, epoch: int | None = None, progress: Notify | None = None, **changes: Any) -> Fit:
    """Train a new run that starts from another one's parameters, where their shapes allow; the other is left as it is.

    Args:
        run: the directory of a training that is going on, was cut off, or has ended.
        epoch: of its parameters: the newest checkpoint up to it; the best on the dev set so far when None.
        progress: told what is being done, how much of it is done, and the seconds left.
        changes: settings to change in its plan: structure, batch size and optimizer as well as numbers.

    Returns:
        What `train` returns; `branched_from` says from where, and which parameters fitted.

    Raises:
        GoodfitError: no such run, a setting that does not fit, or nothing to start from.
    """
    start_time = time.perf_counter()
    folder = begin_branch(run, epoch=epoch, **changes)
    job = JobRequest.read(folder)
    with lock_run(folder):
        splits = reopen_job(folder, job)
        return Fit(complete(folder, job, splits, job.training_plan, progress or quiet, start_time))


def begin_branch(run: str | Path, /, *, epoch: int | None = None, **changes: Any) -> Path:
    """Make the folder of a branch, which `resume` will train; arguments and errors as `branch`."""
    folder = Path(run)
    prepare_jax()
    unfinished = is_unfinished(folder)
    job, splits, plan, weights, epoch_of_start = (_of_unfinished if unfinished else _of_ended)(folder, epoch)
    new_plan = plan.with_(**changes)
    fits = fitting_names(beginning(Job(new_plan, job.seed), splits), weights)
    if not fits:
        raise InputError(f"no parameters of {folder} fit this plan; a branch needs a layer of the same shape")
    branch_job = replace(
        job,
        options=job.options | {"set": settings_words(changes)},
        started=datetime.now().astimezone().isoformat(timespec="seconds"),
        plan=new_plan,
        nudges=(),
        paused=False,
        origin=BranchOrigin(run=str(folder), epoch=epoch_of_start, fitted=tuple(fits)),
    )
    # Nudges of the old run were made for its plan; the branch starts without them.
    branch_job.options.pop("replay", None)
    with fresh_run(branch_job, splits, new_plan, folder.parent, weights) as branch_folder:
        return branch_folder


def _of_unfinished(folder: Path, epoch: int | None) -> tuple[JobRequest, Splits, Plan, Weights, int]:
    """Return request, data, plan, parameters and their epoch of a run that has not ended."""
    job = JobRequest.read(folder)
    if job.in_memory:
        raise InputError(f"the data of {folder} was in memory, where no other process finds it; it cannot be branched")
    if is_live(folder):  # its checkpoints are some seconds old: let it write one now, and wait for the answer
        send(folder, "keep", "python")
    splits = reopen_job(folder, job)
    started = start_job(folder, job, splits, job.training_plan)
    (moment, *_), _ = started.checkpoints.newest(standing(started.nudges), *([] if epoch is None else [epoch]))
    if moment.step == 0:
        raise InputError(f"no checkpoint of {folder} is kept that is early enough; give a later epoch")
    state, per_epoch = moment.state, started.checkpoints.per_epoch
    # A named epoch means the parameters of that epoch, not the best ones up to it.
    if epoch is None and int(state.best_step):
        return job, splits, moment.plan, flatten(*state.best), int(state.best_step) // per_epoch
    return job, splits, moment.plan, flatten(*settled(state)), moment.epoch


def _of_ended(folder: Path, epoch: int | None) -> tuple[JobRequest, Splits, Plan, Weights, int]:
    """Return the same of a run that has ended: its best parameters, or those of the network with the largest weight."""
    saved = read_run(folder)
    result = saved.result
    if epoch is not None:
        raise InputError(f"the run {folder} has ended: only its best parameters are kept; leave the epoch out")
    splits = reopen_run(saved, None)
    member = max(load_predictor(saved).members, key=lambda member: member.weight)
    fitted = {"hidden_units": member.structure.hidden_units, "batch_norm": member.structure.batch_norm}
    plan = saved.plan if saved.plan.structure == member.structure else saved.plan.with_(**fitted)
    job = JobRequest(
        data=result.opened_from,
        options=result.options,
        started=result.started,
        in_memory=False,
        plan=plan,
    )
    return job, splits, plan, member.weights, result.best_epoch or 0
