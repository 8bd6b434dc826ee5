"""What one model's training is at a step: to a file and back, written whole or not at all, known by its checksum."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, Int
from safetensors.numpy import load, save

from goodfit.errors import UnfinishedError
from goodfit.plan import Plan
from goodfit.record import Weights
from goodfit.train.control import Action, Checkpoint, Progress
from goodfit.train.task import State

SECONDS = 10.0  # between two checkpoints; visits come every few tenths of a second, so that a kill costs less than 30 s
_KEPT = 2
_DIGITS = 16  # of the SHA-256 in a file's name


@dataclass(frozen=True)
class Moment:
    """All that a training needs to go on. Random keys are functions of the seed and the step, so none is kept.

    Attributes:
        plan: as it is now; a control may have changed numbers.
        records: of the epochs that ended.
        snapshots: parameters kept so far.
        state: parameters, averages of optimiser and batch norm, the best so far, and the step.
    """

    plan: Plan
    records: Float[np.ndarray, "epochs recorded"]
    snapshots: tuple[Weights, ...]
    state: State

    @property
    def epoch(self) -> int:
        """Epochs that ended."""
        return len(self.records)

    @property
    def step(self) -> int:
        """Steps that were done."""
        return int(self.state.step)


Keep = Callable[[Moment], None]


@dataclass
class Periodically:
    """A control that takes a checkpoint of every model at the first visit so many seconds after the last."""

    seconds: float
    last: float = field(default_factory=time.monotonic)

    def next_visit(self, job: int, epoch: int, epochs: int) -> None:
        """Any visit will do."""
        return

    def __call__(self, progress: list[Progress]) -> dict[int, list[Action]]:
        """A checkpoint of each model, or nothing."""
        now = time.monotonic()
        if now - self.last < self.seconds:
            return {}
        self.last = now
        return {each.job: [Checkpoint()] for each in progress}


def identity(fingerprint: str, plan: Plan, seed: int, *rows: Int[np.ndarray, "_"]) -> str:
    """The same for the same training: data, plan as begun, seed, rows of the sets, and version of goodfit."""
    facts = [version("goodfit"), fingerprint, plan.to_dict(), seed, *(each.tolist() for each in rows)]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


@dataclass(frozen=True)
class Checkpoints:
    """The last checkpoints of one training, in a folder of the run's.

    A file's name is its step and its checksum: what a crash, a full disk or a bad sector left of it is known as such.

    Attributes:
        folder: it is there.
        identity: of the training (see `identity`).
    """

    folder: Path
    identity: str

    def keep(self, moment: Moment) -> None:
        """Write a checkpoint, and remove all but the last two.

        Raises:
            UnfinishedError: it cannot be written; those before it are as they were.
        """
        data = _packed(moment, self.identity)
        beside = self.folder / "partial"
        try:
            with beside.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.folder / f"{moment.step:012}-{_checksum(data)}.safetensors")
        except OSError as error:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            run = self.folder.parent
            raise UnfinishedError(
                f"cannot write a checkpoint to {self.folder} ({error.strerror or error}); mend that, and "
                f"`goodfit resume {run}` goes on from the one before"
            ) from None
        for old in self._files()[_KEPT:]:
            old.unlink(missing_ok=True)

    def last(self, template: State) -> tuple[Moment | None, list[str]]:
        """The newest moment that is whole and of this training; None where there is none.

        Args:
            template: the training's first state: names, shapes and types must be its own.

        Returns:
            The moment, and a sentence for each newer file, which is left aside under another name.
        """
        told = []
        for path in self._files():
            try:
                return _unpacked(path, self.identity, template), told
            except Exception as error:  # whatever a damaged file does to a reader
                why = "of another training" if isinstance(error, _OfAnother) else "damaged"
                aside = path.replace(path.with_suffix(".aside"))
                told.append(f"the checkpoint {path.name} is {why}, so it was left aside as {aside.name}")
        return None, told

    def _files(self) -> list[Path]:
        """The checkpoints, the newest first."""
        return sorted(self.folder.glob("*.safetensors"), reverse=True)


class _OfAnother(Exception):
    """A checkpoint that is whole, but another training's."""


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_DIGITS]


def _packed(moment: Moment, identity: str) -> bytes:
    """Arrays by name, and as metadata the facts that are no arrays."""
    arrays = dict(_named(moment.state)) | {"records": moment.records}
    for place, snapshot in enumerate(moment.snapshots):
        arrays |= {f"snapshot {place}/{name}": leaf for name, leaf in snapshot.items()}
    facts = {"identity": identity, "plan": moment.plan.to_dict(), "snapshots": len(moment.snapshots)}
    whole = {name: np.asarray(leaf, order="C") for name, leaf in arrays.items()}
    return save(whole, {"facts": json.dumps(facts)})


def _unpacked(path: Path, identity: str, template: State) -> Moment:
    """The moment in a file."""
    data = path.read_bytes()
    if _checksum(data) != path.stem.partition("-")[2]:
        raise ValueError
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    facts = json.loads(header["__metadata__"]["facts"])
    if facts["identity"] != identity:
        raise _OfAnother
    arrays = load(data)
    leaves = [arrays[name] for name, _ in _named(template)]
    for leaf, (_, own) in zip(leaves, _named(template), strict=True):
        if (leaf.shape, leaf.dtype) != (own.shape, own.dtype):
            raise ValueError
    snapshots: list[Weights] = [{} for _ in range(facts["snapshots"])]
    for name, leaf in arrays.items():
        if name.startswith("snapshot "):
            place, _, own_name = name.removeprefix("snapshot ").partition("/")
            snapshots[int(place)][own_name] = leaf
    state = jax.tree.unflatten(jax.tree.structure(template), leaves)
    return Moment(Plan.from_dict(facts["plan"]), arrays["records"], tuple(snapshots), state)


def _named(state: State) -> Iterator[tuple[str, Any]]:
    """The leaves of a state by name."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(state):
        yield f"state{jax.tree_util.keystr(path)}", leaf
