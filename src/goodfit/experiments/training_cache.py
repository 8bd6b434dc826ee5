"""The trainings of a job, a file each in the checkpoint of its run: who goes on with the job has them already."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from goodfit.data.dataset import Splits
from goodfit.data.preparation import Preparation
from goodfit.engine import sealed_files
from goodfit.engine.checkpoint import identity
from goodfit.engine.jobs import Job
from goodfit.plan import PreparationKind
from goodfit.record.run import Health, Outcome, Run, Weights

_MOST_BYTES = 2 << 30  # of a file, which is put together in memory; what is larger is trained again


class Trained(NamedTuple):
    """A call of the laboratory: a run a job, the epochs after which the pace stopped some, and its seconds."""

    runs: list[Run]
    stopped: dict[int, int]
    seconds: float


@dataclass
class TrainingCache:
    """The laboratory's calls in their order, each by its number.

    Attributes:
        folder: of the files; it is there.
        splits: the data.
        tell: is told of each file that is left aside.
        told: the same.
        found: calls that needed no training.
    """

    folder: Path
    splits: Splits
    tell: Callable[[str], None]
    told: list[str] = field(default_factory=list)
    found: int = 0
    _calls: int = 0
    _identity: str = ""
    _fitted: dict[tuple[str, bytes], Preparation] = field(default_factory=dict)

    def find(self, what: str, jobs: Sequence[Job]) -> Trained | None:
        """The next call, where it was trained before; None where these jobs are to be trained."""
        self._calls += 1
        self._identity = self._identity_of(what, jobs)
        for path in sorted(self.folder.glob(f"{self._stem}-*.safetensors")):
            try:
                arrays, facts = sealed_files.read(path, self._identity)
                trained = self._unpacked(jobs, arrays, facts)
            except Exception as error:  # whatever a damaged file does to a reader
                self.told.append(sealed_files.set_aside(path, error))
                self.tell(self.told[-1])
            else:
                self.found += 1
                return trained
        return None

    def keep(self, trained: Trained) -> None:
        """Write the call that was not found, unless Ctrl-C ended a run of it.

        Raises:
            OSError: it cannot be written; those before it are as they were.
        """
        runs = trained.runs
        if any(run.outcome is Outcome.INTERRUPTED for run in runs):
            return
        arrays = {f"{place}/{name}": leaf for place, run in enumerate(runs) for name, leaf in _arrays(run)}
        if sum(leaf.nbytes for leaf in arrays.values()) > _MOST_BYTES:
            return
        different = dict.fromkeys(id(run.preparation) for run in runs)
        places = {own: place for place, own in enumerate(different)}
        facts = {
            "runs": [_facts(run) | {"preparation": places[id(run.preparation)]} for run in runs],
            "stopped": list(trained.stopped.items()),
            "seconds": trained.seconds,
        }
        sealed_files.write(self.folder, self._stem, self._identity, arrays, facts)

    @property
    def where(self) -> str:
        """From where the job went on, in a sentence."""
        if not self.found:
            return "there was no training to go on from, so the job began again"
        return f"the job went on after {self.found} of its trainings"

    @property
    def _stem(self) -> str:
        return f"training-{self._calls:04}"

    def _identity_of(self, what: str, jobs: Sequence[Job]) -> str:
        digest = hashlib.sha256(what.encode())
        for job in jobs:
            digest.update(identity(self.splits.dataset.fingerprint, job.plan, job.seed, *self._rows(job)).encode())
        return digest.hexdigest()

    def _rows(self, job: Job) -> tuple[np.ndarray, np.ndarray]:
        splits = self.splits
        return splits.train if job.train is None else job.train, splits.dev if job.dev is None else job.dev

    def _unpacked(self, jobs: Sequence[Job], arrays: Weights, facts: dict[str, Any]) -> Trained:
        """The runs as they were; those that shared a preparation share one again, so that a saved model is the same."""
        of_run: list[Weights] = [{} for _ in jobs]
        for name, leaf in arrays.items():
            place, _, own = name.partition("/")
            of_run[int(place)][own] = leaf.copy()
        shared: dict[int, Preparation] = {}
        runs = []
        for job, own, known in zip(jobs, of_run, facts["runs"], strict=True):
            train, dev = self._rows(job)
            if known["preparation"] not in shared:
                shared[known["preparation"]] = replace(self._preparation(job.plan.preparation, train))
            preparation = shared[known["preparation"]]
            runs.append(_run(own, known, plan=job.plan, seed=job.seed, train=train, dev=dev, preparation=preparation))
        return Trained(runs, {int(job): int(epoch) for job, epoch in facts["stopped"]}, float(facts["seconds"]))

    def _preparation(self, kind: PreparationKind, train: np.ndarray) -> Preparation:
        key = kind, train.tobytes()
        if key not in self._fitted:
            self._fitted[key] = Preparation.fit(kind, self.splits.dataset, train)
        return self._fitted[key]


def _arrays(run: Run) -> Iterator[tuple[str, np.ndarray]]:
    """What was computed in a run, by name."""
    for name, column in run.history.items():
        yield f"history/{name}", column
    for name, leaf in run.best.items():
        yield f"best/{name}", leaf
    for place, snapshot in enumerate(run.snapshots):
        for name, leaf in snapshot.items():
            yield f"snapshot {place}/{name}", leaf
    if run.health:
        yield "health/epochs", run.health.epochs
        yield "health/seen", run.health.seen


def _facts(run: Run) -> dict[str, Any]:
    """What else is to be known of it; names in their order, which a file of arrays does not keep."""
    return {
        "outcome": str(run.outcome),
        "reason": run.reason,
        "best_epoch": run.best_epoch,
        "seconds": run.seconds,
        "history": list(run.history),
        "weights": list(run.best),
        "snapshots": len(run.snapshots),
        "layers": list(run.health.layers) if run.health else None,
    }


def _run(arrays: Weights, facts: dict[str, Any], **of_job: Any) -> Run:
    """The run of these arrays and facts."""

    def weights(part: str) -> Weights:
        return {name: arrays[f"{part}/{name}"] for name in facts["weights"]}

    layers = facts["layers"]
    return Run(
        outcome=Outcome(facts["outcome"]),
        reason=facts["reason"],
        history={name: arrays[f"history/{name}"] for name in facts["history"]},
        best=weights("best"),
        best_epoch=facts["best_epoch"],
        seconds=facts["seconds"],
        snapshots=tuple(weights(f"snapshot {place}") for place in range(facts["snapshots"])),
        health=layers and Health(arrays["health/epochs"], tuple(layers), arrays["health/seen"]),
        **of_job,
    )
