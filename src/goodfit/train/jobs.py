"""From jobs to loaded stacks: rows, prepared data, programs, and what fits in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Schema, Splits
from goodfit.data.preparation import Preparation, width
from goodfit.errors import InputError, PlanError
from goodfit.nets.architectures import init, sizes
from goodfit.nets.losses import OUTPUT_OF_TASK
from goodfit.plan import Hyperparameters, Plan, Structure
from goodfit.record import Outcome, Weights
from goodfit.train import machine
from goodfit.train.moment import Keep, Moment
from goodfit.train.stack import capacity
from goodfit.train.step import first_state, recorded
from goodfit.train.task import Data, Program, State, Task

MOST_SETS = 8  # differently prepared copies of the data in one stack
LARGEST_CHUNK = 256
_SMALL_COPY = 4 << 20  # bytes


@dataclass(frozen=True)
class Job:
    """A plan, a seed and, where it needs them, its own rows (a fold, a quarter of the training set, a bag).

    Attributes:
        plan: as begun.
        seed: of the first weights, the shuffling and the dropout.
        train: rows to train on; the splits' when None.
        dev: rows to choose the best parameters on; the splits' when None.
        start: a moment of this job to go on from; the numbers are those of a training that never stopped.
        keep: is handed the moment where a control takes a checkpoint, and where Ctrl-C stops the training.
        asleep: trains nothing until a control forks another job to it.
    """

    plan: Plan
    seed: int
    train: Int[np.ndarray, "train"] | None = None
    dev: Int[np.ndarray, "dev"] | None = None
    start: Moment | None = None
    keep: Keep | None = None
    asleep: bool = False


@dataclass
class Member:
    """A job on its way through a stack; its plan is the job's until a control changes numbers."""

    index: int
    job: Job
    train: Int[np.ndarray, "train"]
    dev: Int[np.ndarray, "dev"]
    per_epoch: int
    plan: Plan
    epoch: int = 0
    step: int = 0
    ended: tuple[Outcome, str] | None = None
    records: list[Float[np.ndarray, "epochs recorded"]] = field(default_factory=list)
    snapshots: list[Weights] = field(default_factory=list)

    def go_on(self, moment: Moment) -> None:
        """Take up what a training was at this moment, all but its state."""
        self.plan, self.epoch, self.step, self.ended = moment.plan, moment.epoch, moment.step, None
        self.records, self.snapshots = [moment.records], list(moment.snapshots)

    def moment(self, state: State) -> Moment:
        """What the training is now."""
        return Moment(self.plan, self.recorded, tuple(self.snapshots), state)

    @property
    def recorded(self) -> Float[np.ndarray, "epochs recorded"]:
        """The records of the epochs that ended."""
        return np.concatenate([np.zeros((0, recorded(self.plan.structure)), np.float32), *self.records])


def shaped(structure: Structure, image: tuple[int, int, int] | None) -> Structure:
    """The structure with the data's image filled in, where convolutional layers or augmentation need it.

    Raises:
        PlanError: the data is no image.
    """
    if structure.layer == "dense" and not structure.augmentation:
        return structure
    if image is None:
        need, remedy = "convolutional layers need", "layer to dense"
        if structure.layer == "dense":
            need, remedy = "augmentation and flip need", "them to 0"
        raise PlanError(f"{need} images, and this data is a table; set {remedy}")
    return replace(structure, image=image)


def resolved_batch_size(plan: Plan, m: int) -> int:
    """Examples in a mini-batch of this plan on m training examples: never more than there are."""
    return m if plan.batch_size == 0 else min(plan.batch_size, m)


def enter(index: int, job: Job, splits: Splits) -> tuple[Member, Program]:
    """The job with its rows, and the program that trains it."""
    train = splits.train if job.train is None else job.train
    dev = splits.dev if job.dev is None else job.dev
    batch_size = resolved_batch_size(job.plan, len(train))
    if job.plan.batch_norm != "none" and batch_size < 2:
        raise PlanError("batch norm needs at least 2 examples in a batch; set batch_norm to none")
    watched = min(len(dev), LARGEST_CHUNK)
    program = Program(
        structure=replace(shaped(job.plan.structure, splits.dataset.schema.image), batch_size=batch_size),
        output=OUTPUT_OF_TASK[splits.dataset.schema.task],
        whole_batch=batch_size == len(train),
        evaluation_chunk=1 << max(0, watched - 1).bit_length(),
    )
    _check_memory(program, splits, width(job.plan.preparation, splits.dataset.schema))
    member = Member(index, job, train, dev, len(train) // batch_size, job.plan)
    if job.start:
        member.go_on(job.start)
    if job.asleep:
        member.ended = (Outcome.STOPPED, "never begun")
    return member, program


class Pool:
    """The training and dev rows of the data, prepared once for each kind of preparation and set of training rows.

    Images are not: their bytes, which may not fit the memory, stay where they are, all rows of them.
    """

    def __init__(self, splits: Splits) -> None:
        self.splits = splits
        images = splits.dataset.schema.image is not None
        self.rows = np.arange(len(splits.dataset)) if images else splits.pool
        self._prepared: dict[tuple[str, bytes], tuple[Preparation, np.ndarray, np.ndarray]] = {}

    def places(self, rows: Int[np.ndarray, "rows"]) -> Int[np.ndarray, "rows"]:
        """Where these rows of the data stand among the prepared ones.

        Raises:
            InputError: a row that is in neither the training nor the dev set.
        """
        open_rows = self.splits.pool
        if not np.array_equal(open_rows[np.minimum(np.searchsorted(open_rows, rows), len(open_rows) - 1)], rows):
            raise InputError("a job has rows outside the training and dev sets; rows of the test set stay closed")
        return np.searchsorted(self.rows, rows)

    def key(self, member: Member) -> tuple[str, bytes]:
        """Two members with equal keys see the same prepared data."""
        return member.job.plan.preparation, member.train.tobytes()

    def prepared(self, member: Member) -> tuple[Preparation, np.ndarray, np.ndarray]:
        """The member's preparation, and the features and targets of the pool's rows through it."""
        key = self.key(member)
        if key not in self._prepared:
            dataset = self.splits.dataset
            preparation = Preparation.fit(member.job.plan.preparation, dataset, member.train)
            pixels = dataset.features.pixels
            if pixels is None:
                inputs = preparation.transform(dataset.features.take(self.rows))
            else:
                inputs = pixels.reshape(len(pixels), -1)
            targets = preparation.target_in(dataset.target[self.rows])
            kind = np.float32 if dataset.schema.task == "regression" else np.int32
            if len(self._prepared) == MOST_SETS:  # dozens of subsets, each with its copy, would fill the memory
                del self._prepared[next(iter(self._prepared))]
            self._prepared[key] = (preparation, inputs, targets.astype(kind))
        return self._prepared[key]


@dataclass
class Loaded:
    """One stack's worth of members, ready to train."""

    members: list[Member]
    data: Data
    tasks: list[Task]
    states: list[State]
    places: int


def stacks(program: Program, members: list[Member], pool: Pool, memory: int | None = None) -> Iterator[Loaded]:
    """The group in portions that fit a stack: places, differently prepared copies, memory (see `fit_many`)."""
    order = sorted(members, key=lambda member: pool.key(member))
    inputs = width(order[0].plan.preparation, pool.splits.dataset.schema)
    budget = memory or machine.free_memory() // 2  # the other half is for the host's own copies
    places, most_sets = _fitting(program, pool.splits, inputs, len(members), budget)
    while order:
        keys = list(dict.fromkeys(pool.key(member) for member in order[:places]))[:most_sets]
        portion = [member for member in order[:places] if pool.key(member) in keys]
        order = order[len(portion) :]
        yield _load(program, portion, keys, pool, places, most_sets)


def _load(
    program: Program, portion: list[Member], keys: list[tuple[str, bytes]], pool: Pool, places: int, most_sets: int
) -> Loaded:
    first = {pool.key(member): pool.prepared(member) for member in reversed(portion)}
    copies = [first[key] for key in keys]
    schema = pool.splits.dataset.schema
    size = 0 if schema.image else copies[0][1].nbytes
    copies += [copies[0]] * (_set_places(len(copies), most_sets, size) - len(copies))
    data = _stacked(copies)
    tasks = [_task(program, each, keys.index(pool.key(each)), pool, len(schema.classes)) for each in portion]
    states = [each.job.start.state if each.job.start else _first(program, each.job, schema) for each in portion]
    return Loaded(portion, data, tasks, states, places)


def _stacked(copies: list[tuple[Preparation, np.ndarray, np.ndarray]]) -> Data:
    """The copies side by side; of images one, as they are."""
    preparations, inputs, targets = zip(*copies, strict=True)
    scales = [each.pixels for each in preparations if each.pixels]
    if not scales:
        return Data(np.stack(inputs), np.stack(targets))  # pyright: ignore[reportArgumentType]
    moments = (np.stack([each[place] for each in scales]).astype(np.float32) for place in (1, 2))
    return Data(inputs[0][None], np.stack(targets), *moments)  # pyright: ignore[reportArgumentType]


def beginning(job: Job, splits: Splits) -> State:
    """The job's state before its first step."""
    return _first(enter(0, job, splits)[1], job, splits.dataset.schema)


def _first(program: Program, job: Job, schema: Schema) -> State:
    outputs = len(schema.classes) if program.output == "softmax" else 1
    inputs = width(job.plan.preparation, schema)
    model = init(program.structure, job.plan.initialisation, job.seed, inputs, outputs)
    return jax.tree.map(np.asarray, first_state(program, traced(job.plan), *model))


def _set_places(copies: int, most: int, size: int) -> int:
    """Copies of the data in the stack: `most` where they are small, else 1, 2, 4 or 8; few shapes to compile."""
    return most if size <= _SMALL_COPY else 1 << (copies - 1).bit_length()


def traced(plan: Plan) -> Hyperparameters:
    """The plan's numbers as the program takes them."""
    return jax.tree.map(np.float32, plan.hyperparameters)


def _task(program: Program, member: Member, place: int, pool: Pool, classes: int) -> Task:
    chunk = program.evaluation_chunk
    capacity = len(pool.rows)
    # On large sets the training set is watched on a fixed sample the size of the dev set (issue: evaluation mode).
    generator = np.random.default_rng(member.job.seed)
    sample = len(member.dev) if len(member.train) > 2 * LARGEST_CHUNK else len(member.train)
    watched_train = member.train
    if sample < len(watched_train):
        watched_train = np.sort(generator.choice(watched_train, sample, replace=False))
    parts = [_padded(pool.places(rows), -(-len(rows) // chunk) * chunk) for rows in (watched_train, member.dev)]
    counts = np.bincount(pool.splits.dataset.target[member.train], minlength=classes) if classes else np.ones(1)
    present = np.maximum(counts, 1)
    weights = counts.sum() / (counts > 0).sum() / present
    return Task(
        hyperparameters=traced(member.plan),
        key=np.uint32(np.random.SeedSequence(member.job.seed).generate_state(1)[0]),  # pyright: ignore[reportArgumentType]
        set=np.int32(place),  # pyright: ignore[reportArgumentType]
        rows=_padded(pool.places(member.train), capacity),  # pyright: ignore[reportArgumentType]
        m=np.int32(len(member.train)),  # pyright: ignore[reportArgumentType]
        watched=_padded(np.concatenate(parts), 2 * (capacity + 2 * chunk)),  # pyright: ignore[reportArgumentType]
        watched_train=np.int32(len(watched_train)),  # pyright: ignore[reportArgumentType]
        watched_dev=np.int32(len(member.dev)),  # pyright: ignore[reportArgumentType]
        class_weights=weights.astype(np.float32),  # pyright: ignore[reportArgumentType]
    )


def _padded(rows: Int[np.ndarray, "rows"], length: int) -> Int[np.ndarray, "places"]:
    return np.concatenate([rows, np.zeros(length - len(rows), np.int64)]).astype(np.int32)


class _Memory(NamedTuple):
    """Bytes: of the prepared data on the host and each device, of a batch on its way, and of one model.

    Images are not copied on the host; a GPU holds their bytes.
    """

    data: int
    working: int
    model: int


def _memory(program: Program, splits: Splits, inputs: int) -> _Memory:
    rows = len(splits.pool)
    outputs = max(1, len(splits.dataset.schema.classes))
    numbers, activations = sizes(program.structure, inputs, outputs)
    weights, batch = 4 * numbers, max(program.structure.batch_size, program.evaluation_chunk)
    working = 4 * 4 * activations * batch
    model = 6 * weights + 4 * 4 * rows  # parameters, gradients, two averages, best, a copy; row lists
    data = 4 * rows * inputs * (len(machine.devices()) + 1)
    if splits.dataset.features.pixels is not None:
        data = splits.dataset.features.pixels.nbytes * len(machine.devices()) if machine.on_gpu() else 0
    return _Memory(data, working, model)


def _check_memory(program: Program, splits: Splits, inputs: int) -> None:
    """Raise PlanError where one model a device with one copy of the data does not fit."""
    memory, free = _memory(program, splits, inputs), machine.free_memory()
    needed = memory.data + len(machine.devices()) * (memory.working + memory.model)
    if needed > free:
        raise PlanError(
            f"a batch of {program.structure.batch_size} on this network and data needs about {needed / 2**30:.1f} GiB "
            f"and {free / 2**30:.1f} GiB are free; take a smaller batch_size or smaller hidden_units"
        )


def _fitting(program: Program, splits: Splits, inputs: int, models: int, budget: int) -> tuple[int, int]:
    """Places and copies of the data that a stack of these models may have in so many bytes."""
    memory, devices = _memory(program, splits, inputs), len(machine.devices())
    sets = max(1, min(MOST_SETS, int(budget / 2 / memory.data))) if splits.dataset.schema.image is None else MOST_SETS
    places = capacity()
    if machine.on_gpu():  # where every place costs time, few sizes to compile
        places = min(places, -(-(1 << (models - 1).bit_length()) // devices) * devices)
    while places > devices and places * memory.model > budget / 2:
        places -= devices
    return places, sets
