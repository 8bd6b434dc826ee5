"""Jobs packed into stacks that are ready to train."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, Num

from goodfit.data.dataset import target_variance
from goodfit.data.preparation import Preparation, width
from goodfit.engine import machine
from goodfit.engine.active_job import ActiveJob, initial_state
from goodfit.engine.jobs import LARGEST_CHUNK, traced
from goodfit.engine.memory import fitting
from goodfit.engine.pool import Pool
from goodfit.engine.task import Data, Program, State, TargetNumbers, Task

_SMALL_COPY = 4 << 20  # bytes


@dataclass
class Loaded:
    """The models of one stack, ready to train."""

    members: list[ActiveJob]
    data: Data
    tasks: list[Task]
    states: list[State]
    places: int


def stacks(program: Program, members: list[ActiveJob], pool: Pool, memory: int | None = None) -> Iterator[Loaded]:
    """Yield the models of a group in portions that fit a stack.

    A portion is limited by the stack's places, its differently prepared copies of the data, and memory.
    """
    # Members that share prepared data stand together, so that a portion needs few copies.
    order = sorted(members, key=lambda member: pool.key(member))
    inputs = width(order[0].plan.preparation, pool.splits.dataset.schema)
    budget = memory or machine.free_memory() // 2  # the other half is left for copies on the host
    places, most_sets = fitting(program, pool.splits, inputs, len(members), budget)
    while order:
        keys = list(dict.fromkeys(pool.key(member) for member in order[:places]))[:most_sets]
        portion = [member for member in order[:places] if pool.key(member) in keys]
        order = order[len(portion) :]
        yield _load(program, portion, keys, pool, places, most_sets)


def _load(
    program: Program, portion: list[ActiveJob], keys: list[tuple[str, bytes]], pool: Pool, places: int, most_sets: int
) -> Loaded:
    prepared = {pool.key(member): pool.prepared(member) for member in reversed(portion)}
    copies = [prepared[key] for key in keys]
    schema = pool.splits.dataset.schema
    size = 0 if schema.image else copies[0][1].nbytes
    copies += [copies[0]] * (_set_places(len(copies), most_sets, size) - len(copies))
    data = _stacked(copies)
    tasks = [
        _task(program, member, keys.index(pool.key(member)), pool, prepared[pool.key(member)]) for member in portion
    ]
    jobs = [member.job for member in portion]
    states = [job.start.state if job.start else initial_state(program, job, schema) for job in jobs]
    return Loaded(portion, data, tasks, states, places)


def _stacked(copies: list[tuple[Preparation, np.ndarray, np.ndarray]]) -> Data:
    """Stack the copies; images have one copy, which stays as it is."""
    preparations, inputs, targets = zip(*copies, strict=True)
    scales = [preparation.pixels for preparation in preparations if preparation.pixels]
    if not scales:
        return Data(np.stack(inputs), np.stack(targets))  # pyright: ignore[reportArgumentType]
    moments = (np.stack([scale[place] for scale in scales]).astype(np.float32) for place in (1, 2))
    return Data(inputs[0][None], np.stack(targets), *moments)  # pyright: ignore[reportArgumentType]


def _set_places(copies: int, most: int, size: int) -> int:
    """Return the copies of the data in the stack: `most` if they are small, else 1, 2, 4 or 8.

    So few shapes keep the number of compiled programs small.
    """
    return most if size <= _SMALL_COPY else 1 << (copies - 1).bit_length()


def _task(
    program: Program,
    member: ActiveJob,
    place: int,
    pool: Pool,
    prepared: tuple[Preparation, Num[np.ndarray, "rows inputs"], Num[np.ndarray, "rows"]],
) -> Task:
    preparation, inputs, targets = prepared
    if preparation.trend:
        targets = targets + preparation.trend.line(inputs)  # the variance is that of the target with its trend
    if preparation.target_transform:
        targets = preparation.target_transform.reduced(pool.splits.dataset.target[pool.rows])
    classes = len(pool.splits.dataset.schema.classes)
    chunk = program.evaluation_chunk
    capacity = len(pool.rows)
    # A large training set is evaluated on a fixed sample of the size of the dev set.
    generator = np.random.default_rng(member.job.seed)
    sample = len(member.dev) if len(member.train) > 2 * LARGEST_CHUNK else len(member.train)
    watched_train = member.train
    if sample < len(watched_train):
        watched_train = np.sort(generator.choice(watched_train, sample, replace=False))
    watched = [pool.places(rows) for rows in (watched_train, member.dev)]
    # Each of the two parts begins a chunk of its own, so that no chunk mixes training and dev rows.
    parts = [_padded(places, -(-len(places) // chunk) * chunk) for places in watched]
    counts = np.bincount(pool.splits.dataset.target[member.train], minlength=classes) if classes else np.ones(1)
    # Mean count / count, the mean over the classes that these rows have; an absent class divides by 1 and is not used.
    present = np.maximum(counts, 1)
    weights = counts.sum() / (counts > 0).sum() / present
    # Lengths follow from the pool and the chunk alone, so that folds of any size share a program.
    return Task(
        hyperparameters=traced(member.plan),
        # SeedSequence mixes: neighboring seeds get unrelated keys.
        key=np.uint32(np.random.SeedSequence(member.job.seed).generate_state(1)[0]),  # pyright: ignore[reportArgumentType]
        set=np.int32(place),  # pyright: ignore[reportArgumentType]
        rows=_padded(pool.places(member.train), capacity),  # pyright: ignore[reportArgumentType]
        m=np.int32(len(member.train)),  # pyright: ignore[reportArgumentType]
        watched=_padded(np.concatenate(parts), 2 * (capacity + 2 * chunk)),  # pyright: ignore[reportArgumentType]
        watched_train=np.int32(len(watched_train)),  # pyright: ignore[reportArgumentType]
        watched_dev=np.int32(len(member.dev)),  # pyright: ignore[reportArgumentType]
        class_weights=weights.astype(np.float32),  # pyright: ignore[reportArgumentType]
        variances=np.array([target_variance(targets[places]) for places in watched], np.float32),  # pyright: ignore[reportArgumentType]
        target=_target_numbers(preparation),
    )


def _target_numbers(preparation: Preparation) -> TargetNumbers | None:
    transform = preparation.target_transform
    if transform is None:
        return None
    trend = preparation.trend
    place, slope = (trend.place, trend.slope) if trend else (0, 0.0)
    ends = (preparation.target_center, preparation.target_scale, transform.low, transform.high)
    numbers = map(np.float32, (slope, *ends, *transform.powers))
    return TargetNumbers(np.int32(place), *numbers)  # pyright: ignore[reportArgumentType]


def _padded(rows: Int[np.ndarray, "rows"], length: int) -> Int[np.ndarray, "places"]:
    return np.concatenate([rows, np.zeros(length - len(rows), np.int64)]).astype(np.int32)
