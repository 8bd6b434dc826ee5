"""What one model's training is at a step: to a file and back, written whole or not at all, known by its checksum."""

import hashlib
import json
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Int

from goodfit.engine import sealed_files
from goodfit.engine.control import Action, Checkpoint, Progress
from goodfit.engine.moment import Keep, Moment
from goodfit.engine.task import State
from goodfit.errors import UnfinishedError
from goodfit.plan import Plan
from goodfit.record.run import Weights

SECONDS = 10.0  # between two checkpoints; visits come every few tenths of a second, so that a kill costs less than 30 s
_MOST_SECONDS = 25.0  # between those of a large model
_SHARE = 0.04  # of the time may go into them
_KEPT = 16  # the last two, and others to go back to
_MOST_BYTES = 1 << 30  # of all together; two are kept anyhow


@dataclass
class Periodically:
    """A control that takes a checkpoint of some jobs at the first visit so many seconds after the last.

    Where writing one takes long, as for a large model, they come less often.

    Attributes:
        keeps: what a job's moment is handed to.
        seconds: at least, between two.
    """

    keeps: Mapping[int, Keep]
    seconds: float
    _last: float = field(default_factory=lambda: time.monotonic(), init=False)
    _cost: float = field(default=0.0, init=False)

    def next_visit(self, job: int, epoch: int, epochs: int) -> None:
        """Any visit will do."""
        return

    def __call__(self, progress: list[Progress]) -> dict[int, list[Action]]:
        """A checkpoint of each such job, or nothing."""
        now = time.monotonic()
        if now - self._last < max(self.seconds, min(self._cost / _SHARE, _MOST_SECONDS)):
            return {}
        self._last, self._cost = now, 0.0
        return {
            each.job: [Checkpoint(self._timed(self.keeps[each.job]))] for each in progress if each.job in self.keeps
        }

    def _timed(self, keep: Keep) -> Keep:
        def timed(moment: Moment) -> None:
            began = time.monotonic()
            keep(moment)
            self._cost += time.monotonic() - began

        return timed


def identity(fingerprint: str, plan: Plan, seed: int, *rows: Int[np.ndarray, "_"], origin: str | None = None) -> str:
    """The same for the same training: data, plan as begun, seed, rows, version of goodfit, and where it began."""
    facts = [version("goodfit"), fingerprint, plan.to_dict(), seed, origin, *(each.tolist() for each in rows)]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


@dataclass(frozen=True)
class Checkpoints:
    """Checkpoints of one training, in a folder of the run's: the last two, and others, evenly spread, to go back to.

    A file's name is its step and its checksum: what a crash, a full disk or a bad sector left of it is known as such.

    Attributes:
        folder: it is there.
        identity: of the training (see `identity`).
    """

    folder: Path
    identity: str

    def keep(self, moment: Moment) -> None:
        """Write a checkpoint; where there are too many, or too large ones, remove what leaves the smallest gap.

        Raises:
            UnfinishedError: it cannot be written; those before it are as they were.
        """
        arrays, facts = _packed(moment)
        try:
            size = sealed_files.write(self.folder, f"{moment.step:012}", self.identity, arrays, facts)
        except OSError as error:
            run = self.folder.parent
            raise UnfinishedError(
                f"cannot write a checkpoint to {self.folder} ({error.strerror or error}); mend that, and "
                f"`goodfit resume {run}` goes on from the one before"
            ) from None
        kept = self._files()
        while len(kept) > max(2, min(_KEPT, _MOST_BYTES // size)):
            steps = [*map(_step_of, kept), 0]
            gaps = {place: steps[place - 1] - steps[place + 1] for place in range(2, len(kept))}
            kept.pop(min(gaps, key=gaps.__getitem__)).unlink(missing_ok=True)

    def forget(self, step: int) -> None:
        """Remove the checkpoints after a step."""
        for path in self._files():
            if _step_of(path) > step:
                path.unlink(missing_ok=True)

    def last(self, template: State, step: float = math.inf) -> tuple[Moment | None, list[str]]:
        """The newest moment that is whole and of this training; None where there is none.

        Args:
            template: the training's first state: names, shapes and types must be its own.
            step: up to which one is wanted.

        Returns:
            The moment, and a sentence for each newer file, which is left aside under another name.
        """
        told = []
        for path in (path for path in self._files() if _step_of(path) <= step):
            try:
                return _unpacked(path, self.identity, template), told
            except Exception as error:  # whatever a damaged file does to a reader
                told.append(sealed_files.leave_aside(path, error))
        return None, told

    def _files(self) -> list[Path]:
        """The checkpoints, the newest first."""
        return sorted(self.folder.glob("[0-9]" * 12 + "-*.safetensors"), reverse=True)


def _step_of(path: Path) -> int:
    return int(path.stem.partition("-")[0])


def _packed(moment: Moment) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrays by name, and the facts that are no arrays."""
    arrays = dict(_named(moment.state)) | {"records": moment.records}
    for place, snapshot in enumerate(moment.snapshots):
        arrays |= {f"snapshot {place}/{name}": leaf for name, leaf in snapshot.items()}
    return arrays, {"plan": moment.plan.to_dict(), "snapshots": len(moment.snapshots)}


def _unpacked(path: Path, identity: str, template: State) -> Moment:
    """The moment in a file."""
    arrays, facts = sealed_files.read(path, identity)
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
