"""Moments that a run can continue from: of its model and of its siblings with other seeds, all at the same step."""

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
from goodfit.run_folder.names import sibling_folder


@dataclass(frozen=True)
class CheckpointStore:
    """The checkpoints of a run's trainings.

    Attributes:
        folders: checkpoints of each training.
        start: moment before the first step of each training.
        per_epoch: steps per epoch.
    """

    folders: Sequence[Checkpoints]
    start: Sequence[Moment]
    per_epoch: int

    @classmethod
    def open(cls, run: Path, jobs: Sequence[Job], splits: Splits, origin: str | None) -> "CheckpointStore":
        """Open the checkpoints of these jobs in a run's folder.

        Args:
            run: its folder.
            jobs: the model and its siblings.
            splits: the data.
            origin: digest of the parameters that they start from; None if those are drawn from their seeds.
        """
        folders, start = [], []
        for place, job in enumerate(jobs):
            folder = run / sibling_folder(place)
            folder.mkdir(exist_ok=True)
            rows = splits.train, splits.dev
            key = identity(splits.dataset.fingerprint, job.plan, job.seed, *rows, origin=origin)
            folders.append(Checkpoints(folder, key, run))
            start.append(job.start or first_moment(job, splits))
        return cls(folders, start, enter(0, jobs[0], splits)[0].per_epoch)

    def newest(self, nudges: Sequence[Nudge], epoch: float = math.inf) -> tuple[list[Moment], list[str]]:
        """Return the newest moment up to an epoch that every training has, or else their start.

        Args:
            nudges: that were not rewound.
            epoch: infinite for the newest of all.

        Returns:
            A moment of each training, with the plan that the nudges had made of it, and a sentence on each file that
            was skipped.
        """
        step, problems = epoch * self.per_epoch, []
        # A crash may have left one training a checkpoint behind the others: step back to what all of them have.
        while True:
            moments: list[Moment] = []
            for folder, start in zip(self.folders, self.start, strict=True):
                moment, skipped = folder.last(start.state, step)
                problems += skipped
                moments.append(moment or start)
            earliest = min(moment.step for moment in moments)
            if all(moment.step == earliest for moment in moments):
                return [self._with_nudged_plan(moment, nudges) for moment in moments], problems
            step = earliest

    def _with_nudged_plan(self, moment: Moment, nudges: Sequence[Nudge]) -> Moment:
        """Return a moment with the plan of its step: nudges at its own epoch boundary are still to be made."""
        # A moment inside an epoch is past the nudges made before that epoch, although none of its records say so.
        inside_epoch = moment.step % self.per_epoch > 0
        plan = self.start[0].plan
        for nudge in nudges:
            if nudge.epoch < moment.epoch + inside_epoch:
                plan = plan.with_(**{nudge.setting: nudge.new})
        return replace(moment, plan=plan)

    def rewind(self, epoch: int, nudges: Sequence[Nudge]) -> list[Moment]:
        """Remove the checkpoints after an epoch, and return the newest moments up to it."""
        for folder in self.folders:
            folder.forget(epoch * self.per_epoch)
        return self.newest(nudges, epoch)[0]


def first_moment(job: Job, splits: Splits, state: State | None = None) -> Moment:
    """Return the moment before a job's first step, with its own first state or the one given."""
    records = np.zeros((0, recorded(job.plan.structure)), np.float32)
    return Moment(job.plan, records, (), state or beginning(job, splits))
