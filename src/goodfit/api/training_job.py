"""The beginning of a training: what is asked is checked and written down, or read where it was cut off."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Unpack

import yaml

from goodfit.api.options import Data, DataOptions, image_cache, plain_options, read_plan
from goodfit.data.dataset import Splits
from goodfit.data.splits import open_splits
from goodfit.engine.active_job import beginning
from goodfit.engine.jobs import Job
from goodfit.engine.machine import prepare_jax
from goodfit.engine.moment import Moment
from goodfit.errors import InputError
from goodfit.experiments.default_plans import default_plan
from goodfit.live.checkpoints import CheckpointStore, first
from goodfit.live.warm_start import grafted, read_origin, write_origin
from goodfit.plan import Plan
from goodfit.record.nudge import Nudge, standing
from goodfit.record.run import Weights
from goodfit.run_folder import archive
from goodfit.run_folder.job import JobRequest
from goodfit.run_folder.nudges import read_own, read_replay

MOST_COPIES = 8  # with their models they fill a stack


def begin(
    data: Data,
    *,
    plan: Plan | str | Path | None = None,
    changes: dict[str, Any] | None = None,
    untouched_copies: int = 0,
    human_error: float | None = None,
    min_gap: float = 0.02,
    out: str | Path = "runs",
    paused: bool = False,
    **options: Unpack[DataOptions],
) -> Path:
    """Make the directory of a training that `resume` will do, from its beginning; arguments and errors as `train`.

    `paused`: it waits there until it is told to continue.
    """
    settings = {"untouched_copies": untouched_copies, "human_error": human_error, "min_gap": min_gap}
    asked, splits, chosen = ask(data, plan, changes, out, settings, options)
    if asked.in_memory:
        raise InputError("the data is in memory, where no other process finds it; give a file")
    with fresh_run(replace(asked, paused=paused), splits, chosen, out) as folder:
        return folder


def ask(
    data: Data,
    plan: Plan | str | Path | None,
    changes: dict[str, Any] | None,
    out: str | Path,
    settings: dict[str, Any],
    options: DataOptions,
) -> tuple[JobRequest, Splits, Plan]:
    """Read and check what is asked; nothing is written."""
    started = datetime.now().astimezone()
    given = read_plan(plan)
    archive.check_writable(out)
    untouched_copies, replay = settings["untouched_copies"], settings.get("replay")
    if (
        isinstance(untouched_copies, bool)
        or not isinstance(untouched_copies, int)
        or not 0 <= untouched_copies <= MOST_COPIES
    ):
        raise InputError(
            f"untouched_copies is {untouched_copies!r}; give a whole number of copies from 0 to {MOST_COPIES}"
        )
    prepare_jax()
    splits = open_splits(data, **options, cache=image_cache(out))
    chosen = (given or _start(splits, changes or {})).with_(**(changes or {}))
    again = [] if replay is None else read_replay(replay, chosen)
    settings |= {"plan": plan, "set": settings_words(changes or {}), "untouched_copies": untouched_copies or None}
    asked = JobRequest(
        data=str(data) if isinstance(data, str | Path) else None,
        options=plain_options(options | settings),
        started=started.isoformat(timespec="seconds"),
        in_memory=is_in_memory(data, options),
        plan=chosen.to_dict(),
        replay=[asdict(nudge) for nudge in again],
        untouched_copies=untouched_copies,
    )
    return asked, splits, chosen


def is_in_memory(data: Data, options: DataOptions) -> bool:
    """Whether data, dev or test set is, so that no other process finds it again."""
    sources = [each for each in (data, options.get("dev"), options.get("test")) if each is not None]
    return not all(isinstance(each, str | Path) for each in sources)


@contextmanager
def fresh_run(
    asked: JobRequest, splits: Splits, plan: Plan, out: str | Path, weights: Weights | None = None
) -> Iterator[Path]:
    """A fresh run directory that says what is asked, with the weights that it starts from where they are given."""
    with archive.fresh_folder(out, splits.dataset.name) as folder:
        _begin(folder, asked, splits, plan)
        if weights:
            write_origin(folder, weights)
        yield folder


def _begin(folder: Path, asked: JobRequest, splits: Splits, plan: Plan) -> None:
    """Write down what is asked, so that another process can go on with it."""
    try:
        archive.write_source(folder, splits, plan)
        asked.write(folder)
    except OSError as error:
        why = error.strerror or error
        raise InputError(f"cannot write to {folder} ({why}); make room, or choose another folder with --out") from None


@dataclass(frozen=True)
class StartedJob:
    """A training that is ready to go on.

    Attributes:
        jobs: its model, siblings with other seeds, and the untouched copies of all.
        kept: the moments of model and siblings.
        moments: to go on from.
        told: sentences on checkpoints that were left aside.
        made: nudges so far.
    """

    jobs: list[Job]
    kept: CheckpointStore
    moments: list[Moment]
    told: list[str]
    made: list[Nudge]


def begun(folder: Path, asked: JobRequest, splits: Splits, plan: Plan) -> StartedJob:
    """What the folder holds of a training, its beginning at least.

    With untouched copies, it goes on from before the last nudge, so that they go on from there, too.
    """
    pairs = [Job(plan, asked.seed + place, splits.train, splits.dev) for place in range(max(1, asked.untouched_copies))]
    known = None
    if asked.origin:
        weights, known = read_origin(folder)
        pairs = [replace(job, start=first(job, splits, grafted(beginning(job, splits), weights))) for job in pairs]
    kept, made = CheckpointStore.of(folder, pairs, splits, known), read_own(folder)
    stay = standing(made)
    moments, told = kept.newest(stay, stay[-1].epoch if stay and asked.untouched_copies else math.inf)
    keeps = [None if asked.in_memory else each.keep for each in kept.folders]
    going = [replace(job, start=at, keep=keep) for job, at, keep in zip(pairs, moments, keeps, strict=True)]
    copies = [replace(job, asleep=True) for job in pairs[: asked.untouched_copies]]
    return StartedJob([*going, *copies], kept, moments, told, made)


def _start(splits: Splits, changes: dict[str, Any]) -> Plan:
    """The default plan; where the changes give it a depth, its sizes of feature maps once each: those of the stages."""
    plan = default_plan(splits)
    deep = plan.layer == "convolutional" and changes.get("depth")
    return plan.with_(hidden_units=tuple(dict.fromkeys(plan.hidden_units))) if deep else plan


def settings_words(changes: dict[str, Any]) -> list[str] | None:
    """The changes as `--set` takes them."""
    words = {key: yaml.safe_dump(value, default_flow_style=True, width=10**6) for key, value in changes.items()}
    return [f"{key}={word.removesuffix('...' + chr(10)).strip()}" for key, word in words.items()] or None
