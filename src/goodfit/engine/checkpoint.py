"""Checkpoints: a training's moment written to a file, whole or not at all, and verified by its checksum."""

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

SECONDS = 10.0  # between two checkpoints; the host looks every few tenths of a second, so a kill costs less than 30 s
_MOST_SECONDS = 25.0  # between two checkpoints of a large model
_SHARE = 0.04  # of the time at most goes into checkpoints
_MOST_FILES = 16  # the last two, and others to rewind to
_MOST_BYTES = 1 << 30  # of all checkpoints together, except that two always stay


@dataclass
class Periodically:
    """A control that checkpoints some jobs at regular intervals.

    Checkpoints are less frequent where writing one takes long, as for a large model.

    Attributes:
        keeps: receiver of the moment, by job.
        seconds: least time between two checkpoints.
    """

    keeps: Mapping[int, Keep]
    seconds: float
    _last: float = field(default_factory=lambda: time.monotonic(), init=False)
    _cost: float = field(default=0.0, init=False)

    def next_visit(self, job: int, epoch: int, epochs: int) -> None:
        """Return None: any visit will do."""
        return

    def __call__(self, progress: list[Progress]) -> dict[int, list[Action]]:
        """Return a checkpoint action for each job that is due."""
        now = time.monotonic()
        # A checkpoint that took c seconds makes the next one due c/0.04 seconds later, and after 25 s at the latest.
        if now - self._last < max(self.seconds, min(self._cost / _SHARE, _MOST_SECONDS)):
            return {}
        self._last, self._cost = now, 0.0
        jobs = [model.job for model in progress if model.job in self.keeps]
        return {job: [Checkpoint(self._timed(self.keeps[job]))] for job in jobs}

    def _timed(self, keep: Keep) -> Keep:
        def timed(moment: Moment) -> None:
            start = time.monotonic()
            keep(moment)
            self._cost += time.monotonic() - start

        return timed


def identity(fingerprint: str, plan: Plan, seed: int, *rows: Int[np.ndarray, "_"], origin: str | None = None) -> str:
    """Return a hash of everything that determines a training: data, initial plan, seed, rows, version and origin."""
    facts = [version("goodfit"), fingerprint, plan.to_dict(), seed, origin, *(indices.tolist() for indices in rows)]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


@dataclass(frozen=True)
class Checkpoints:
    """Checkpoints of one training in one folder: the last two, and earlier ones, evenly spread, to rewind to.

    A file's name holds its step and its checksum, so that damage by a crash, a full disk or a bad sector is noticed.

    Attributes:
        folder: existing folder of the files.
        identity: hash of the training (see `identity`).
        run: folder of the run, for people.
    """

    folder: Path
    identity: str
    run: Path

    def keep(self, moment: Moment) -> None:
        """Write a checkpoint; if there are too many, remove the ones that leave the smallest gaps.

        Raises:
            UnfinishedError: the file cannot be written; earlier checkpoints are unchanged.
        """
        arrays, facts = _packed(moment)
        try:
            size = sealed_files.write(self.folder, f"{moment.step:012}", self.identity, arrays, facts)
        except OSError as error:
            raise UnfinishedError(
                f"cannot write a checkpoint to {self.folder} ({error.strerror or error}); fix that, then "
                f"`goodfit resume {self.run}` continues from the previous one"
            ) from None
        files = self._files()
        while len(files) > max(2, min(_MOST_FILES, _MOST_BYTES // size)):
            steps = [*map(_step_of, files), 0]  # newest first; 0, the start of the training, can be rewound to as well
            # The gap that removing each file would leave; the two newest stay.
            gaps = {place: steps[place - 1] - steps[place + 1] for place in range(2, len(files))}
            files.pop(min(gaps, key=gaps.__getitem__)).unlink(missing_ok=True)

    def forget(self, step: int) -> None:
        """Remove all checkpoints after a step."""
        for path in self._files():
            if _step_of(path) > step:
                path.unlink(missing_ok=True)

    def last(self, template: State, step: float = math.inf) -> tuple[Moment | None, list[str]]:
        """Return the newest intact moment of this training, or None.

        Args:
            template: the training's first state; names, shapes and types must agree with it.
            step: last step to consider.

        Returns:
            The moment, and a sentence for each newer file that was damaged and has been set aside.
        """
        sentences = []
        for path in (path for path in self._files() if _step_of(path) <= step):
            try:
                return _unpacked(path, self.identity, template), sentences
            except Exception as error:  # a damaged file can raise anything
                sentences.append(sealed_files.set_aside(path, error))
        return None, sentences

    def _files(self) -> list[Path]:
        """Return the checkpoint files, newest first."""
        # Steps have 12 digits in names, so that the order of names is the order of steps.
        return sorted(self.folder.glob("[0-9]" * 12 + "-*.safetensors"), reverse=True)


def _step_of(path: Path) -> int:
    return int(path.stem.partition("-")[0])


def _packed(moment: Moment) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split a moment into arrays by name and facts that are not arrays."""
    arrays = dict(_named(moment.state)) | {"records": moment.records}
    for place, snapshot in enumerate(moment.snapshots):
        arrays |= {f"snapshot {place}/{name}": leaf for name, leaf in snapshot.items()}
    return arrays, {"plan": moment.plan.to_dict(), "snapshots": len(moment.snapshots)}


def _unpacked(path: Path, identity: str, template: State) -> Moment:
    """Read the moment in a file."""
    arrays, facts = sealed_files.read(path, identity)
    leaves = [arrays[name] for name, _ in _named(template)]
    for leaf, (_, expected) in zip(leaves, _named(template), strict=True):
        if (leaf.shape, leaf.dtype) != (expected.shape, expected.dtype):
            raise ValueError  # without a message, as `last` says only that the file is damaged
    snapshots: list[Weights] = [{} for _ in range(facts["snapshots"])]
    for name, leaf in arrays.items():
        if name.startswith("snapshot "):
            place, _, leaf_name = name.removeprefix("snapshot ").partition("/")
            snapshots[int(place)][leaf_name] = leaf
    state = jax.tree.unflatten(jax.tree.structure(template), leaves)
    return Moment(Plan.from_dict(facts["plan"]), arrays["records"], tuple(snapshots), state)


def _named(state: State) -> Iterator[tuple[str, Any]]:
    """Yield the leaves of a state by name."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(state):
        yield f"state{jax.tree_util.keystr(path)}", leaf
