"""The start of a run: its request is checked and written down, or read again where the run was cut off."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from goodfit.api.data import check_human_error, is_in_memory, open_data, read_plan
from goodfit.api.requests.data import DataRequest
from goodfit.api.requests.fit import TrainRequest
from goodfit.data.dataset import Splits
from goodfit.engine.active_job import beginning
from goodfit.engine.jobs import Job
from goodfit.engine.machine import prepare_jax
from goodfit.engine.moment import Moment
from goodfit.errors import InputError
from goodfit.experiments.default_plans import default_plan
from goodfit.live.checkpoints import CheckpointStore, first_moment
from goodfit.live.warm_start import read_origin, warm_started, write_origin
from goodfit.plan import Plan
from goodfit.record.nudge import Nudge, standing
from goodfit.record.run import Weights
from goodfit.run_folder.folders import check_writable, fresh_folder
from goodfit.run_folder.job import Command, JobRequest
from goodfit.run_folder.nudges import read_own, read_replay
from goodfit.run_folder.source import write_source


def begin_training(request: TrainRequest, paused: bool = False) -> Path:
    """Make the folder of a training that `resume` will run from its beginning; arguments and errors as `train`.

    Args:
        request: as of `train`; its data must be a file or a built-in name.
        paused: True if the training waits at its beginning until it is unpaused.
    """
    job, splits, plan = prepare(request)
    if job.in_memory:
        raise InputError("the data is in memory, where no other process can find it; give a file")
    with fresh_run(replace(job, paused=paused), splits, plan, request.out) as folder:
        return folder


def prepare(request: TrainRequest) -> tuple[JobRequest, Splits, Plan]:
    """Read the plan, the data and the nudges that a training asks for; nothing is written."""
    started = datetime.now().astimezone()
    given_plan = read_plan(request.plan)
    check_writable(request.out)
    prepare_jax()
    splits = open_data(request, request.out)
    check_human_error(request.human_error, splits)
    changes = dict(request.changes or {})
    if request.target_transform is not None:
        changes["target_transform"] = request.target_transform
    plan = (given_plan or _start_plan(splits, changes)).with_(**changes)
    nudges = [] if request.replay is None else read_replay(request.replay, plan)
    job = replace(
        job_request("train", request, plan, started),
        nudges=tuple(nudges),
        untouched_copies=request.untouched_copies,
    )
    return job, splits, plan


def job_request(command: Command, request: DataRequest, plan: Plan | None, started: datetime) -> JobRequest:
    """Return a request as its run keeps it."""
    return JobRequest(
        data=str(request.data) if isinstance(request.data, str | Path) else None,
        options=request.to_dict(),
        started=started.isoformat(timespec="seconds"),
        in_memory=is_in_memory(request),
        plan=plan,
        command=command,
    )


@contextmanager
def fresh_run(
    job: JobRequest, splits: Splits, plan: Plan, out: str | Path, weights: Weights | None = None
) -> Iterator[Path]:
    """Make a run's folder that holds its request, and the weights that it starts from where they are given."""
    with fresh_folder(out, splits.dataset.name) as folder:
        _write_request(folder, job, splits, plan)
        if weights:
            write_origin(folder, weights)
        yield folder


def _write_request(folder: Path, job: JobRequest, splits: Splits, plan: Plan) -> None:
    """Write down what another process needs to go on."""
    try:
        write_source(folder, splits, plan)
        job.write(folder)
    except OSError as error:
        why = error.strerror or error
        raise InputError(f"cannot write to {folder} ({why}); make room, or choose another folder with --out") from None


@dataclass(frozen=True)
class StartedJob:
    """A training that is ready to go on.

    Attributes:
        jobs: its model, models with other seeds, and the untouched copies of all.
        checkpoints: of the model and of those with other seeds.
        moments: to go on from.
        skipped: sentences on checkpoints that could not be used.
        nudges: made so far.
    """

    jobs: list[Job]
    checkpoints: CheckpointStore
    moments: list[Moment]
    skipped: list[str]
    nudges: list[Nudge]


def start_job(folder: Path, job: JobRequest, splits: Splits, plan: Plan) -> StartedJob:
    """Read from the folder how far a training has come; it may be at its beginning.

    With untouched copies it goes on from before the last nudge, because the copies start there, too.
    """
    seeds = range(job.seed, job.seed + max(1, job.untouched_copies))
    models = [Job(plan, seed, splits.train, splits.dev) for seed in seeds]
    origin = None
    if job.origin:
        weights, origin = read_origin(folder)
        models = [
            replace(model, start=first_moment(model, splits, warm_started(beginning(model, splits), weights)))
            for model in models
        ]
    checkpoints, nudges = CheckpointStore.open(folder, models, splits, origin), read_own(folder)
    in_force = standing(nudges)
    # Without copies the newest moment will do, since its plan is rebuilt from the nudges in force.
    last = in_force[-1].epoch if in_force and job.untouched_copies else math.inf
    moments, skipped = checkpoints.newest(in_force, last)
    keeps = [None if job.in_memory else checkpoint.keep for checkpoint in checkpoints.folders]
    resumed = [
        replace(model, start=moment, keep=keep) for model, moment, keep in zip(models, moments, keeps, strict=True)
    ]
    # Asleep until a nudge: before it they would only repeat their model, number for number.
    copies = [replace(model, asleep=True) for model in models[: job.untouched_copies]]
    return StartedJob([*resumed, *copies], checkpoints, moments, skipped, nudges)


def _start_plan(splits: Splits, changes: dict[str, Any]) -> Plan:
    """Return the default plan; if the changes set a depth, with one size per stage of feature maps."""
    plan = default_plan(splits)
    # With a depth each size is a stage, and the size that the default plan repeats would be one more.
    deep = plan.layer == "convolutional" and changes.get("depth")
    return plan.with_(hidden_units=tuple(dict.fromkeys(plan.hidden_units))) if deep else plan
