"""A job inside a running stack: its rows, its program and its state before the first step."""

from dataclasses import dataclass, field, replace

import jax
import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Schema, Splits
from goodfit.data.preparation import width
from goodfit.engine.jobs import LARGEST_CHUNK, Job, resolved_batch_size, shaped, traced
from goodfit.engine.memory import check_memory
from goodfit.engine.moment import Moment
from goodfit.engine.step import first_state, recorded
from goodfit.engine.task import Program, State
from goodfit.errors import PlanError
from goodfit.nets.architectures import init
from goodfit.nets.losses import output_of
from goodfit.plan import Plan
from goodfit.record.run import Outcome, Weights


@dataclass
class ActiveJob:
    """A job inside a running stack.

    Attributes:
        index: the job's place in the call of `fit_many`.
        job: as requested.
        train: training rows.
        dev: dev rows.
        per_epoch: steps in an epoch.
        plan: the job's plan, until a control changes its numbers.
        epoch: epochs completed.
        step: steps completed.
        end: outcome and reason, once training has ended.
        records: one array for each visit to the host.
        snapshots: parameters saved along the way.
    """

    index: int
    job: Job
    train: Int[np.ndarray, "train"]
    dev: Int[np.ndarray, "dev"]
    per_epoch: int
    plan: Plan
    epoch: int = 0
    step: int = 0
    end: tuple[Outcome, str] | None = None
    records: list[Float[np.ndarray, "epochs recorded"]] = field(default_factory=list)
    snapshots: list[Weights] = field(default_factory=list)

    def take_up(self, moment: Moment) -> None:
        """Continue from a moment; the stack restores the state itself."""
        self.plan, self.epoch, self.step, self.end = moment.plan, moment.epoch, moment.step, None
        self.records, self.snapshots = [moment.records], list(moment.snapshots)

    def moment(self, state: State) -> Moment:
        """Return everything needed to continue from here."""
        return Moment(self.plan, self.recorded, tuple(self.snapshots), state)

    @property
    def recorded(self) -> Float[np.ndarray, "epochs recorded"]:
        """Records of all completed epochs."""
        return np.concatenate([np.zeros((0, recorded(self.plan.structure)), np.float32), *self.records])


def enter(index: int, job: Job, splits: Splits) -> tuple[ActiveJob, Program]:
    """Return the job with its rows, and the program that trains it.

    Raises:
        PlanError: the plan does not fit the data, or the memory.
    """
    train = splits.train if job.train is None else job.train
    dev = splits.dev if job.dev is None else job.dev
    batch_size = resolved_batch_size(job.plan, len(train))
    if job.plan.batch_norm != "none" and batch_size < 2:
        raise PlanError("batch norm needs at least 2 examples in a batch; set batch_norm to none")
    _check_target(job.plan, splits, train)
    watched = min(len(dev), LARGEST_CHUNK)
    # The chunk is a power of two, so that folds of slightly different sizes share a program.
    program = Program(
        structure=replace(shaped(job.plan.structure, splits.dataset.schema.image), batch_size=batch_size),
        output=output_of(splits.dataset.schema.task, job.plan.loss),
        whole_batch=batch_size == len(train),
        evaluation_chunk=1 << max(0, watched - 1).bit_length(),
        target_transform=job.plan.target_transform,
    )
    check_memory(program, splits, width(job.plan.preparation, splits.dataset.schema))
    active = ActiveJob(index, job, train, dev, len(train) // batch_size, job.plan)
    if job.start:
        active.take_up(job.start)
    if job.asleep:  # an end keeps it out of the stack's work; a fork takes it up and clears the end
        active.end = (Outcome.STOPPED, "never started")
    return active, program


def _check_target(plan: Plan, splits: Splits, train: Int[np.ndarray, "train"]) -> None:
    """Refuse a transform or a loss that the target cannot have."""
    for name, value, default in (("target_transform", plan.target_transform, "none"), ("loss", plan.loss, "squared")):
        if value != default and not splits.regression:
            raise PlanError(f"{name} is {value}, which is for regressions, but the target has classes; leave it out")
    if plan.target_transform == "log" and splits.dataset.target[train].min() < 0:
        raise PlanError("target_transform is log, but the target has negative values; take yeo-johnson")


def beginning(job: Job, splits: Splits) -> State:
    """Return the job's state before its first step."""
    return initial_state(enter(0, job, splits)[1], job, splits.dataset.schema)


def initial_state(program: Program, job: Job, schema: Schema) -> State:
    """Return the job's state before its first step in this program."""
    outputs = len(schema.classes) if program.output == "softmax" else 1  # two classes need one sigmoid
    inputs = width(job.plan.preparation, schema)
    model = init(program.structure, job.plan.initialization, job.seed, inputs, outputs)
    # On the host, where the states of a stack are put together before they go to the devices.
    return jax.tree.map(np.asarray, first_state(program, traced(job.plan), *model))
