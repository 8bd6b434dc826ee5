"""The moments that a run can go on from: of its model, and of its siblings with other seeds, at the same step."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from goodfit.data.dataset import Splits
from goodfit.engine.active_job import beginning, enter
from goodfit.engine.checkpoint import Checkpoints, identity
from goodfit.engine.jobs import Job
from goodfit.engine.moment import Moment
from goodfit.engine.step import recorded
from goodfit.engine.task import State
from goodfit.record.nudge import Nudge
from goodfit.run_folder.archive import CHECKPOINT_FOLDER


@dataclass(frozen=True)
class CheckpointStore:
    """The checkpoints of a run's trainings.

    Attributes:
        folders: of each training's checkpoints.
        begun: each as it began.
        per_epoch: steps.
    """

    folders: Sequence[Checkpoints]
    begun: Sequence[Moment]
    per_epoch: int

    @classmethod
    def of(cls, run: Path, jobs: Sequence[Job], splits: Splits, origin: str | None) -> "CheckpointStore":
        """Those of these jobs in a run's folder; `origin` tells what they began from, where that is not their seed."""
        folders, begun = [], []
        for place, job in enumerate(jobs):
            folder = run / CHECKPOINT_FOLDER / (f"seed-{place}" if place else "")
            folder.mkdir(exist_ok=True)
            rows = splits.train, splits.dev
            own = identity(splits.dataset.fingerprint, job.plan, job.seed, *rows, origin=origin)
            folders.append(Checkpoints(folder, own))
            begun.append(job.start or first(job, splits))
        return cls(folders, begun, enter(0, jobs[0], splits)[0].per_epoch)

    def newest(self, nudges: Sequence[Nudge], epoch: float = math.inf) -> tuple[list[Moment], list[str]]:
        """The newest moment, up to an epoch, that every training has; their beginning where there is none.

        Returns:
            A moment a training, by the plan that these nudges had made of it, and a sentence for each file that was
            left aside.
        """
        step, told = epoch * self.per_epoch, []
        while True:
            moments: list[Moment] = []
            for folder, begun in zip(self.folders, self.begun, strict=True):
                moment, aside = folder.last(begun.state, step)
                told += aside
                moments.append(moment or begun)
            earliest = min(moment.step for moment in moments)
            if all(moment.step == earliest for moment in moments):
                return [self._as_nudged(moment, nudges) for moment in moments], told
            step = earliest

    def _as_nudged(self, moment: Moment, nudges: Sequence[Nudge]) -> Moment:
        """The moment before the nudges of its epoch's end, which are made again, and by those before it."""
        within = moment.step % self.per_epoch > 0
        plan = self.begun[0].plan
        for nudge in nudges:
            if nudge.epoch < moment.epoch + within:
                plan = plan.with_(**{nudge.what: nudge.new})
        return replace(moment, plan=plan)

    def back_to(self, epoch: int, nudges: Sequence[Nudge]) -> list[Moment]:
        """The newest moments up to an epoch; what came after it is removed."""
        for folder in self.folders:
            folder.forget(epoch * self.per_epoch)
        return self.newest(nudges, epoch)[0]


def first(job: Job, splits: Splits, state: State | None = None) -> Moment:
    """The job's moment before its first step, with its own state or another."""
    records = np.zeros((0, recorded(job.plan.structure)), np.float32)
    return Moment(job.plan, records, (), state or beginning(job, splits))
