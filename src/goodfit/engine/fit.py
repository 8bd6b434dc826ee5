"""The one way to train: jobs in, runs out. Drives each stack to its end and answers to the control."""

import threading
import time
from collections.abc import Sequence

import numpy as np

from goodfit.data.dataset import Splits
from goodfit.data.preparation import width
from goodfit.engine import machine
from goodfit.engine.active_job import ActiveJob, enter
from goodfit.engine.control import Action, Change, Checkpoint, Control, Fork, Progress, Return, Snapshot, Stop, Wait
from goodfit.engine.jobs import Job, traced
from goodfit.engine.moment import Keep, Moment
from goodfit.engine.packing import Loaded, stacks
from goodfit.engine.pool import Pool
from goodfit.engine.stack import MOST_EPOCHS, Stack
from goodfit.engine.step import DIVERGED, RECORDED, STOPPED_EARLY, settled
from goodfit.engine.task import Program, State
from goodfit.errors import PlanError
from goodfit.interrupt import interruptible
from goodfit.nets.architectures import forward_flops
from goodfit.plan import renumbered
from goodfit.record.run import Outcome, Run, Weights, flatten, health_of

_PIECE_SECONDS = 0.2  # work between two visits to the host, by the estimate of `seconds_per_epoch`
_SECONDS_PER_STEP = 15e-6  # of a tiny network's step (benchmarks/engine.py)
_FLOPS_PER_SECOND = 7e10  # of one core in large products (benchmarks/engine.py)
_ORDER: dict[type[Action], int] = {Checkpoint: 0, Fork: 1}  # of actions; the others as they are answered
_WAIT_SECONDS = 0.1  # between two looks of a control that waits: Ctrl-C is heard as soon


def fit(job: Job, splits: Splits, control: Control | None = None) -> Run:
    """Train one model: `fit_many` of one."""
    return fit_many([job], splits, control)[0]


def fit_many(
    jobs: Sequence[Job], splits: Splits, control: Control | None = None, memory: int | None = None
) -> list[Run]:
    """Train every job; a job's numbers do not depend on the others.

    Args:
        jobs: what to train; rows default to the splits' training and dev sets.
        splits: the data. Rows of the test set are never touched.
        control: sees the records at fixed steps; may stop models, change their numbers, keep snapshots.
        memory: bytes that a stack may take; half of what is free when None.

    Returns:
        A run a job, in the order of the jobs. After Ctrl-C the unfinished ones are `interrupted` and hold their best.

    Raises:
        PlanError: a batch or network larger than memory, or a plan that does not fit the data.
    """
    machine.prepare_jax()
    pool = Pool(splits)
    groups: dict[tuple[Program, int], list[ActiveJob]] = {}
    for index, job in enumerate(jobs):
        member, program = enter(index, job, splits)
        inputs = width(job.plan.preparation, splits.dataset.schema)
        groups.setdefault((program, inputs), []).append(member)
    runs: dict[int, Run] = {}
    with interruptible(threading.Event()) as interrupted:
        for (program, _), members in groups.items():
            for loaded in stacks(program, members, pool, memory):
                runs |= _train(program, loaded, pool, control, interrupted)
    return [runs[index] for index in range(len(jobs))]


def seconds_per_epoch(program: Program, m: int, dev: int, inputs: int) -> float:
    """A rough time of one model's epoch on one core; decides only how often the host looks, never a number."""
    steps = m // program.structure.batch_size
    return steps * _SECONDS_PER_STEP + forward_flops(program.structure, inputs) * (3 * m + 2 * dev) / _FLOPS_PER_SECOND


def _train(
    program: Program, loaded: Loaded, pool: Pool, control: Control | None, interrupted: threading.Event
) -> dict[int, Run]:
    """Drive one stack until every model has ended."""
    began = time.perf_counter()
    members = loaded.members
    stack = Stack(program, loaded.data, loaded.tasks, loaded.states, loaded.places)
    first = members[0]
    each = seconds_per_epoch(program, len(first.train), len(first.dev), loaded.data.inputs.shape[2])
    piece = min(_PIECE_SECONDS / each, MOST_EPOCHS)
    if control and not interrupted.is_set():
        # it may want no more before anything is compiled
        _ask(control, stack, members, list(range(len(members))), interrupted)
    while live := [place for place, member in enumerate(members) if member.ended is None]:
        if interrupted.is_set():
            for place in live:
                member = members[place]
                _hand(member, stack.state(place), member.job.keep)
                member.ended = (Outcome.INTERRUPTED, f"interrupted after epoch {member.epoch}")
            break
        targets = {place: _next_visit(members[place], piece, control) for place in live}
        records = stack.advance(targets)
        for place in live:
            member = members[place]
            member.step = targets[place]
            _take_in(member, records[place], stack.status(place))
            ended = member.step % member.per_epoch == 0
            if ended and member.epoch in _snapshot_epochs(member) and stack.status(place) != DIVERGED:
                member.snapshots.append(_weights(stack.state(place)))
        if control:
            _ask(control, stack, members, live, interrupted)
    seconds = time.perf_counter() - began
    return {member.index: _run(member, stack.state(place), pool, seconds) for place, member in enumerate(members)}


def _next_visit(member: ActiveJob, piece: float, control: Control | None) -> int:
    """The step after which the host looks next: fixed by the plan, the program and the control, never by a clock.

    `piece` is in epochs: whole ones, or a part of one where an epoch takes long.
    """
    ends = [member.plan.epochs, *(epoch for epoch in _snapshot_epochs(member) if epoch > member.epoch)]
    if control and (asked := control.next_visit(member.index, member.epoch, member.plan.epochs)):
        ends.append(asked)
    steps = int(piece) * member.per_epoch or max(1, int(piece * member.per_epoch))
    return min(member.step + steps, *(epoch * member.per_epoch for epoch in ends))


def _snapshot_epochs(member: ActiveJob) -> list[int]:
    """Epochs after which a snapshot is kept: evenly spaced, the last at the end."""
    count = member.job.plan.snapshots
    return sorted({max(1, round(member.plan.epochs * (i + 1) / count)) for i in range(count)})


def _take_in(member: ActiveJob, records: np.ndarray, status: int) -> None:
    """Append the epochs that ended, and note whether the model has ended."""
    ended = records[~np.isnan(records[:, RECORDED.index("learning_rate")])]
    member.records.append(ended)
    member.epoch += len(ended)
    if status == DIVERGED:
        member.ended = (Outcome.DIVERGED, f"the cost became infinite or undefined in epoch {member.epoch}")
    elif status == STOPPED_EARLY:
        member.ended = (
            Outcome.STOPPED_EARLY,
            f"no better dev cost in {member.plan.patience} epochs",
        )
    elif member.epoch >= member.plan.epochs:
        member.ended = (Outcome.FINISHED, f"all {member.plan.epochs} epochs done")


def _ask(
    control: Control, stack: Stack, members: list[ActiveJob], live: list[int], interrupted: threading.Event
) -> None:
    """Show the control its models and do what it says, again and again for as long as it waits."""
    # a sleep, not the event's own wait: a signal that falls into that one's lock would never get out
    while _obey(control, stack, members, live) and not interrupted.is_set():
        time.sleep(_WAIT_SECONDS)


def _obey(control: Control, stack: Stack, members: list[ActiveJob], live: list[int]) -> bool:
    """Show the control its models and do what it says; returns whether it waits."""
    going = {members[place].index: place for place in live}
    answer = control([_progress(members[place]) for place in live])
    asked = [(index, action) for index, actions in answer.items() if index in going for action in actions]
    waits = False
    # checkpoints first: who goes on from one asks the control again, and is told the rest again
    for index, action in sorted(asked, key=lambda each: _ORDER.get(type(each[1]), len(_ORDER))):
        place, member = going[index], members[going[index]]
        if isinstance(action, Checkpoint):
            _hand(member, stack.state(place), action.keep or member.job.keep)
        elif isinstance(action, Fork):
            for job in action.jobs:
                _take_up(stack, members, job, member.moment(stack.state(place)))
        elif isinstance(action, Return):
            _take_up(stack, members, index, action.moment)
        elif isinstance(action, Snapshot):
            member.snapshots.append(_weights(stack.state(place)))
        elif isinstance(action, Stop) and member.ended is None:
            member.ended = (action.outcome, action.reason)
        elif isinstance(action, Change):
            member.plan = renumbered(member.plan, member.job.plan.structure, action.hyperparameters)
            stack.change(place, traced(member.plan))
        elif isinstance(action, Wait):
            waits |= member.ended is None
    return waits


def _progress(member: ActiveJob) -> Progress:
    """What a control sees of a model."""
    between = member.ended is None and member.step % member.per_epoch == 0
    return Progress(member.index, member.epoch, member.plan.epochs, member.recorded, between)


def _hand(member: ActiveJob, state: State, keep: Keep | None) -> None:
    """Hand the model's moment to its keeper, where it has one and there is something to go on with."""
    if keep and member.ended is None:
        keep(member.moment(state))


def _take_up(stack: Stack, members: list[ActiveJob], job: int, moment: Moment) -> None:
    """Let a job of this stack go on from a moment."""
    place = next((place for place, member in enumerate(members) if member.index == job), None)
    if place is None:
        raise PlanError("the copies of this model do not fit the memory beside it; train it without control copies")
    members[place].take_up(moment)
    stack.restore(place, moment.state)
    stack.change(place, traced(moment.plan))


def _weights(state: State) -> Weights:
    """The model as it predicts now."""
    return flatten(*settled(state))


def _run(member: ActiveJob, state: State, pool: Pool, seconds: float) -> Run:
    """What is kept of a model when its training is over."""
    records = member.recorded
    history = {name: records[:, column] for column, name in enumerate(RECORDED)}
    history["epoch"] = np.arange(1, len(records) + 1)
    history["step"] = history["epoch"] * member.per_epoch
    outcome, reason = member.ended or (Outcome.INTERRUPTED, "interrupted before it began")
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
        seconds=seconds,
        snapshots=tuple(member.snapshots),
        health=health_of(records[:, len(RECORDED) :], member.plan.structure.hidden_layers),
    )
