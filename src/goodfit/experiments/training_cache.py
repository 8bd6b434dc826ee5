"""Trainings of a job, one file for each call in the checkpoint of its run: a resumed job reads them again."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int

from goodfit.data.dataset import Splits
from goodfit.data.preparation import Preparation
from goodfit.engine import sealed_files
from goodfit.engine.checkpoint import identity
from goodfit.engine.jobs import Job
from goodfit.plan import Plan
from goodfit.record.run import Health, Outcome, Run, Weights
from goodfit.run_folder.names import training_stem

_MOST_BYTES = 2 << 30  # of a file, which is assembled in memory; a larger training is repeated


class TrainingResult(NamedTuple):
    """The result of one call of the laboratory.

    Attributes:
        runs: one for each job.
        stopped: epochs after which the deadline stopped models, by job.
        seconds: that the call took.
    """

    runs: list[Run]
    stopped: dict[int, int]
    seconds: float


@dataclass
class TrainingCache:
    """The laboratory's calls in their order, each known by its number.

    Attributes:
        folder: of the files; it exists.
        splits: the data.
        warn: receives a sentence for each file that could not be used.
        warnings: these sentences.
        hits: calls that needed no training.
    """

    folder: Path
    splits: Splits
    warn: Callable[[str], None]
    warnings: list[str] = field(default_factory=list)
    hits: int = 0
    _calls: int = 0
    _identity: str = ""
    _fitted: dict[tuple[str, bytes], Preparation] = field(default_factory=dict)

    def find(self, training_id: str, jobs: Sequence[Job]) -> TrainingResult | None:
        """Return the next call's result, if it was saved; None where these jobs must be trained."""
        self._calls += 1
        self._identity = self._identity_of(training_id, jobs)
        for path in sorted(self.folder.glob(f"{self._stem}-*.safetensors")):
            try:
                arrays, facts = sealed_files.read(path, self._identity)
                result = self._unpacked(jobs, arrays, facts)
            except Exception as error:  # a damaged file may raise anything
                self.warnings.append(sealed_files.set_aside(path, error))
                self.warn(self.warnings[-1])
            else:
                self.hits += 1
                return result
        return None

    def save(self, result: TrainingResult) -> None:
        """Write the result of the call that was not found, unless Ctrl-C ended a run of it.

        Raises:
            OSError: it cannot be written; earlier files are intact.
        """
        runs = result.runs
        if any(run.outcome is Outcome.INTERRUPTED for run in runs):
            return
        arrays = {f"{place}/{name}": leaf for place, run in enumerate(runs) for name, leaf in _arrays(run)}
        if sum(leaf.nbytes for leaf in arrays.values()) > _MOST_BYTES:
            return
        different = dict.fromkeys(id(run.preparation) for run in runs)
        places = {preparation: place for place, preparation in enumerate(different)}
        facts = {
            "runs": [_facts(run) | {"preparation": places[id(run.preparation)]} for run in runs],
            "stopped": list(result.stopped.items()),
            "seconds": result.seconds,
        }
        sealed_files.write(self.folder, self._stem, self._identity, arrays, facts)

    @property
    def sentence(self) -> str:
        """The point from which a resumed job went on, for people."""
        if not self.hits:
            return "there was no training to go on from, so the job began again"
        return f"the job went on after {self.hits} of its trainings"

    @property
    def _stem(self) -> str:
        return training_stem(self._calls)

    def _identity_of(self, training_id: str, jobs: Sequence[Job]) -> str:
        digest = hashlib.sha256(training_id.encode())
        for job in jobs:
            digest.update(identity(self.splits.dataset.fingerprint, job.plan, job.seed, *self._rows(job)).encode())
        return digest.hexdigest()

    def _rows(self, job: Job) -> tuple[Int[np.ndarray, "train"], Int[np.ndarray, "dev"]]:
        splits = self.splits
        return splits.train if job.train is None else job.train, splits.dev if job.dev is None else job.dev

    def _unpacked(self, jobs: Sequence[Job], arrays: Weights, facts: dict[str, Any]) -> TrainingResult:
        """Return the saved runs.

        Runs that shared a preparation share one again, so that a saved model is the same to the byte.
        """
        run_arrays: list[Weights] = [{} for _ in jobs]
        for path, leaf in arrays.items():
            place, _, name = path.partition("/")
            run_arrays[int(place)][name] = leaf.copy()
        shared: dict[int, Preparation] = {}
        runs = []
        for job, leaves, run_facts in zip(jobs, run_arrays, facts["runs"], strict=True):
            place = run_facts["preparation"]
            if place not in shared:
                # A new object for each place: the predictor recognizes a shared preparation by identity.
                shared[place] = replace(self._preparation(job.plan, self._rows(job)[0]))
            runs.append(_run(job, self._rows(job), shared[place], leaves, run_facts))
        stopped = {int(job): int(epoch) for job, epoch in facts["stopped"]}
        return TrainingResult(runs, stopped, float(facts["seconds"]))

    def _preparation(self, plan: Plan, train: Int[np.ndarray, "train"]) -> Preparation:
        key = f"{plan.preparation} {plan.target_transform} {plan.loss}", train.tobytes()
        if key not in self._fitted:
            self._fitted[key] = Preparation.fit_plan(plan, self.splits.dataset, train)
        return self._fitted[key]


def _arrays(run: Run) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the arrays of a run by name."""
    for name, column in run.history.items():
        yield f"history/{name}", column
    for name, leaf in run.best.items():
        yield f"best/{name}", leaf
    for place, snapshot in enumerate(run.snapshots):
        for name, leaf in snapshot.items():
            yield f"snapshot {place}/{name}", leaf
    if run.health:
        yield "health/epochs", run.health.epochs
        yield "health/statistics", run.health.statistics


def _facts(run: Run) -> dict[str, Any]:
    """Return the facts of a run that are no arrays; also names in their order, which a file of arrays does not keep."""
    return {
        "outcome": str(run.outcome),
        "reason": run.reason,
        "best_epoch": run.best_epoch,
        "seconds": run.seconds,
        "history": list(run.history),
        "weights": list(run.best),
        "snapshots": len(run.snapshots),
        "layers": list(run.health.layers) if run.health else None,
        "residuals": run.residuals,
    }


def _run(
    job: Job,
    rows: tuple[Int[np.ndarray, "train"], Int[np.ndarray, "dev"]],
    preparation: Preparation,
    arrays: Weights,
    facts: dict[str, Any],
) -> Run:
    """Return the run of these arrays and facts."""

    def weights(part: str) -> Weights:
        return {name: arrays[f"{part}/{name}"] for name in facts["weights"]}

    train, dev = rows
    layers = facts["layers"]
    return Run(
        plan=job.plan,
        seed=job.seed,
        train=train,
        dev=dev,
        preparation=preparation,
        outcome=Outcome(facts["outcome"]),
        reason=facts["reason"],
        history={name: arrays[f"history/{name}"] for name in facts["history"]},
        best=weights("best"),
        best_epoch=facts["best_epoch"],
        seconds=facts["seconds"],
        residuals=tuple(facts["residuals"]),
        snapshots=tuple(weights(f"snapshot {place}") for place in range(facts["snapshots"])),
        health=layers and Health(arrays["health/epochs"], tuple(layers), arrays["health/statistics"]),
    )
