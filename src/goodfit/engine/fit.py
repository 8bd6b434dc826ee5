"""The one way to train: jobs in, runs out. Drives each stack to its end and obeys the control."""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from goodfit.data.dataset import Splits
from goodfit.data.preparation import width
from goodfit.data.target_transform import residual_quantiles
from goodfit.engine import machine
from goodfit.engine.active_job import ActiveJob, enter
from goodfit.engine.control import Action, Change, Checkpoint, Control, Fork, Progress, Return, Snapshot, Stop, Wait
from goodfit.engine.jobs import Job, traced
from goodfit.engine.moment import Keep, Moment
from goodfit.engine.packing import Loaded, stacks
from goodfit.engine.pool import Pool
from goodfit.engine.stack import MOST_EPOCHS, Stack, logits
from goodfit.engine.step import DIVERGED, RECORDED, STOPPED_EARLY
from goodfit.engine.task import Program, State
from goodfit.errors import PlanError
from goodfit.interrupt import interruptible
from goodfit.nets.architectures import forward_flops
from goodfit.plan import renumbered
from goodfit.record.measurement import sample
from goodfit.record.run import Outcome, Run, flatten, health_of

_PIECE_SECONDS = 0.2  # of work between two visits to the host, as estimated by `seconds_per_epoch`
_SECONDS_PER_STEP = 15e-6  # of a tiny network's step (benchmarks/engine.py)
_FLOPS_PER_SECOND = 7e10  # of one core in large products (benchmarks/engine.py)
_ORDER: dict[type[Action], int] = {Checkpoint: 0, Fork: 1}  # these actions first; the others in the control's order
_WAIT_SECONDS = 0.1  # between two calls of a control that waits; also the delay of Ctrl-C


def fit(job: Job, splits: Splits, control: Control | None = None) -> Run:
    """Train one model: `fit_many` of one."""
    return fit_many([job], splits, control)[0]


def fit_many(
    jobs: Sequence[Job], splits: Splits, control: Control | None = None, memory: int | None = None
) -> list[Run]:
    """Train every job; a job's results do not depend on the others.

    Args:
        jobs: plans, seeds and, optionally, rows; rows default to the training and dev sets of the splits.
        splits: the data. Rows of the test set are never touched.
        control: sees the records at fixed steps; may stop models, change their numbers, keep snapshots.
        memory: limit of a stack in bytes; half of the free memory when None.

    Returns:
        One run per job, in the same order. After Ctrl-C, unfinished runs are `interrupted` and hold their best
        parameters so far.

    Raises:
        PlanError: a batch or network does not fit in memory, or a plan does not fit the data.
    """
    machine.devices()  # before anything uses JAX: the number of CPU devices cannot change later
    pool = Pool(splits)
    groups: dict[tuple[Program, int], list[ActiveJob]] = {}
    for index, job in enumerate(jobs):
        member, program = enter(index, job, splits)
        # The width is no part of the program, but of the shapes that it is compiled for.
        inputs = width(job.plan.preparation, splits.dataset.schema)
        groups.setdefault((program, inputs), []).append(member)
    runs: dict[int, Run] = {}
    with interruptible(threading.Event()) as interrupted:
        for (program, _), members in groups.items():
            for loaded in stacks(program, members, pool, memory):
                runs |= _train(program, loaded, pool, control, interrupted)
    return [runs[index] for index in range(len(jobs))]


def seconds_per_epoch(program: Program, m: int, dev: int, inputs: int) -> float:
    """Estimate the seconds of one model's epoch on one core.

    The estimate only decides how often the host looks at the models; it never changes a result.
    """
    steps = m // program.structure.batch_size
    # A step costs about three forward passes (forward, and two products per layer backward). The evaluation adds one
    # pass over the dev rows and over about as many training rows.
    return steps * _SECONDS_PER_STEP + forward_flops(program.structure, inputs) * (3 * m + 2 * dev) / _FLOPS_PER_SECOND


def _train(
    program: Program, loaded: Loaded, pool: Pool, control: Control | None, interrupted: threading.Event
) -> dict[int, Run]:
    """Drive one stack until every model has ended."""
    start = time.perf_counter()
    members = loaded.members
    stack = Stack(program, loaded.data, loaded.tasks, loaded.states, loaded.places)
    first = members[0]  # stands for all: they share the program, and the estimate may be rough
    epoch_seconds = seconds_per_epoch(program, len(first.train), len(first.dev), loaded.data.inputs.shape[2])
    piece = min(_PIECE_SECONDS / epoch_seconds, MOST_EPOCHS)
    if control and not interrupted.is_set():
        # Before anything is compiled: the control may stop the models right away.
        _ask(control, stack, members, list(range(len(members))), interrupted)
    while live := [place for place, member in enumerate(members) if member.end is None]:
        if interrupted.is_set():
            for place in live:
                member = members[place]
                _hand(member, stack.state(place), member.job.keep)
                member.end = (Outcome.INTERRUPTED, f"interrupted after epoch {member.epoch}")
            break
        targets = {place: _next_visit(members[place], piece, control) for place in live}
        records = stack.advance(targets)
        for place in live:
            member = members[place]
            member.step = targets[place]
            _take_in(member, records[place], stack.status(place))
            epoch_complete = member.step % member.per_epoch == 0
            # A diverged model has no parameters worth keeping.
            if epoch_complete and member.epoch in _snapshot_epochs(member) and stack.status(place) != DIVERGED:
                member.snapshots.append(flatten(*stack.predictive(place)))
        if control:
            _ask(control, stack, members, live, interrupted)
    seconds = time.perf_counter() - start
    return {member.index: _run(member, stack.state(place), pool, seconds) for place, member in enumerate(members)}


def _next_visit(member: ActiveJob, piece: float, control: Control | None) -> int:
    """Return the step at which the host looks next.

    It depends on the plan, the program and the control, never on a clock, so that a run can be repeated.

    Args:
        member: the model.
        piece: epochs of work between two visits; less than 1 where an epoch takes long.
        control: may ask for an earlier visit.
    """
    ends = [member.plan.epochs, *(epoch for epoch in _snapshot_epochs(member) if epoch > member.epoch)]
    if control and (visit := control.next_visit(member.index, member.epoch, member.plan.epochs)):
        ends.append(visit)
    # Whole epochs where one fits into a piece; else a part of an epoch, at least a step.
    steps = int(piece) * member.per_epoch or max(1, int(piece * member.per_epoch))
    return min(member.step + steps, *(epoch * member.per_epoch for epoch in ends))


def _snapshot_epochs(member: ActiveJob) -> list[int]:
    """Return the epochs after which a snapshot is saved: evenly spaced, the last at the end."""
    count = member.job.plan.snapshots
    return sorted({max(1, round(member.plan.epochs * (i + 1) / count)) for i in range(count)})


def _take_in(member: ActiveJob, records: np.ndarray, status: int) -> None:
    """Append the records of completed epochs; set `end` if the model has ended."""
    # Rows of epochs that were not reached are NaN; a learning rate never is.
    completed = records[~np.isnan(records[:, RECORDED.index("learning_rate")])]
    member.records.append(completed)
    member.epoch += len(completed)
    if status == DIVERGED:
        member.end = (Outcome.DIVERGED, f"the cost became infinite or undefined in epoch {member.epoch}")
    elif status == STOPPED_EARLY:
        member.end = (Outcome.STOPPED_EARLY, f"no better dev cost in {member.plan.patience} epochs")
    elif member.epoch >= member.plan.epochs:
        member.end = (Outcome.FINISHED, f"all {member.plan.epochs} epochs done")


def _ask(
    control: Control, stack: Stack, members: list[ActiveJob], live: list[int], interrupted: threading.Event
) -> None:
    """Call the control and do what it answers, again and again while it waits."""
    # A sleep, not the event's own wait: a signal handler that needs the event's lock while it is held would deadlock.
    while _obey(control, stack, members, live) and not interrupted.is_set():
        time.sleep(_WAIT_SECONDS)


def _obey(control: Control, stack: Stack, members: list[ActiveJob], live: list[int]) -> bool:
    """Call the control and do what it answers; return True if it waits."""
    places = {members[place].index: place for place in live}
    answer = control([_progress(members[place]) for place in live])
    requests = [(index, action) for index, actions in answer.items() if index in places for action in actions]
    waits = False
    # Checkpoints come first: a run resumed from one calls the control again and gets the other actions again.
    for index, action in sorted(requests, key=lambda request: _ORDER.get(type(request[1]), len(_ORDER))):
        place, member = places[index], members[places[index]]
        if isinstance(action, Checkpoint):
            _hand(member, stack.state(place), action.keep or member.job.keep)
        elif isinstance(action, Fork):
            for job in action.jobs:
                _take_up(stack, members, job, member.moment(stack.state(place)))
        elif isinstance(action, Return):
            _take_up(stack, members, index, action.moment)
        elif isinstance(action, Snapshot):
            member.snapshots.append(flatten(*stack.predictive(place)))
        elif isinstance(action, Stop) and member.end is None:
            member.end = (action.outcome, action.reason)
        elif isinstance(action, Change):
            # Checked against the job's first structure, which was compiled: a penalty turned off can come back.
            member.plan = renumbered(member.plan, member.job.plan.structure, action.hyperparameters)
            stack.change(place, traced(member.plan))
        elif isinstance(action, Wait):
            waits |= member.end is None
    return waits


def _progress(member: ActiveJob) -> Progress:
    """Return the part of a model that controls see."""
    between = member.end is None and member.step % member.per_epoch == 0
    return Progress(member.index, member.epoch, member.plan.epochs, member.recorded, between)


def _hand(member: ActiveJob, state: State, keep: Keep | None) -> None:
    """Hand the model's moment to its keeper, unless the model has ended."""
    if keep and member.end is None:
        keep(member.moment(state))


def _take_up(stack: Stack, members: list[ActiveJob], job: int, moment: Moment) -> None:
    """Continue a job of this stack from a moment."""
    place = next((place for place, member in enumerate(members) if member.index == job), None)
    if place is None:
        raise PlanError("the copies of this model do not fit in memory beside it; train without untouched copies")
    members[place].take_up(moment)
    stack.restore(place, moment.state)
    stack.change(place, traced(moment.plan))


def _residuals(member: ActiveJob, state: State, pool: Pool) -> tuple[float, ...]:
    """Return the residuals of the transformed training targets as quantiles; none without a transform."""
    preparation = pool.prepared(member)[0]
    if preparation.target_transform is None:
        return ()
    dataset, rows = pool.splits.dataset, sample(member.train)
    structure = replace(member.plan.structure, image=preparation.pixels and preparation.pixels.shape)
    inputs = preparation.transform(dataset.features.take(rows))
    residuals = preparation.target_in(dataset.target[rows], inputs) - logits(structure, state.best, inputs)[:, 0]
    return residual_quantiles(residuals * preparation.target_scale)


def _run(member: ActiveJob, state: State, pool: Pool, seconds: float) -> Run:
    """Return the run of a model whose training is over."""
    records = member.recorded
    history = {name: records[:, column] for column, name in enumerate(RECORDED)}
    history["epoch"] = np.arange(1, len(records) + 1)
    history["step"] = history["epoch"] * member.per_epoch
    outcome, reason = member.end or (Outcome.INTERRUPTED, "interrupted before it started")
    return Run(
        plan=member.plan,
        seed=member.job.seed,
        train=member.train,
        dev=member.dev,
        outcome=outcome,
        reason=reason,
        history=history,
        best=flatten(*state.best),
        best_epoch=int(state.best_step) // member.per_epoch,
        preparation=pool.prepared(member)[0],
        residuals=_residuals(member, state, pool),
        seconds=seconds,
        snapshots=tuple(member.snapshots),
        health=health_of(records[:, len(RECORDED) :], member.plan.structure.hidden_layers),
    )
