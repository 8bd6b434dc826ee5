"""What a nudge was worth: the nudged model against a copy that trained on untouched from the moment of the nudge."""

import functools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from goodfit.data.dataset import Splits
from goodfit.data.preparation import Preparation
from goodfit.diagnosis.paired_test import PairedEffect, paired_test
from goodfit.engine.control import Action, Checkpoint, Progress
from goodfit.engine.moment import Moment
from goodfit.engine.predictor import Member
from goodfit.experiments.calibration import cross_calibrated
from goodfit.plan import Plan
from goodfit.record.measurement import judge_outputs
from goodfit.record.nudge import Nudge
from goodfit.record.run import Run, Weights, flatten
from goodfit.wording import numbers

_SECONDS = 2.0  # between two comparisons of a live training
_ONE_PAIR = "one pair: the interval covers the examples, not the luck of one training"

Costs = Float[np.ndarray, "2 rows"]  # cost and error of each dev example


@dataclass(frozen=True)
class Judge:
    """Judges parameters on the dev rows.

    Attributes:
        splits: the data.
        plan: as begun.
    """

    splits: Splits
    plan: Plan

    @functools.cached_property
    def _preparation(self) -> Preparation:
        return Preparation.fit(self.plan.preparation, self.splits.dataset, self.splits.train)

    def __call__(self, weights: Weights) -> Costs:
        """Cost, calibrated as `improve` judges by it, and error of each dev row."""
        member = Member("", self.plan.structure, weights, self._preparation)
        outputs = member.outputs(self.splits.dataset.features, self.splits.dataset.schema, self.splits.dev)
        error = judge_outputs(self.splits, outputs[None], self.splits.dev)[1]
        if self.splits.dataset.schema.classes:  # else a nudge of label smoothing would change every cost
            outputs = cross_calibrated(outputs, self.splits.dataset.target[self.splits.dev])
        return np.concatenate([judge_outputs(self.splits, outputs[None], self.splits.dev)[0], error])

    def compare(self, nudged: Sequence[Costs], untouched: Sequence[Costs]) -> tuple[PairedEffect, PairedEffect]:
        """The differences that the nudge made in cost and error, by seed and example."""
        groups = self.splits.dataset.groups
        own = None if groups is None else groups[self.splits.dev]
        cost, error = (paired_test(np.stack(untouched)[:, k], np.stack(nudged)[:, k], own) for k in (0, 1))
        return cost, error

    def words(self, cost: PairedEffect, error: PairedEffect, pairs: int) -> str:
        """What came of it; the cost decides, as it sees what is too small to turn a right answer into a wrong one."""
        verdict = "it helped" if cost.high < 0 else "it hurt" if cost.low > 0 else "not told apart from no nudge"
        seeds = _ONE_PAIR if pairs == 1 else f"{pairs} pairs"
        change_of_error = numbers.change(error.effect, error.low, error.high)
        changes = (
            f"dev error {change_of_error}, calibrated dev cost {numbers.cost_change(cost.effect, cost.low, cost.high)}"
        )
        return f"{changes} of the parameters that are kept, against those of an untouched copy: {verdict} ({seeds})"


@dataclass
class Comparison:
    """The nudges of one epoch, and what they are worth so far.

    Attributes:
        epoch: after which they were made.
        what: name, old and new value of each.
        pairs: the untouched copy's job, by the nudged one's.
        at: the epoch of the last comparison.
        cost: nudged minus untouched; as is the error.
        ended: whether a later nudge, or the end, closed it.
    """

    epoch: int
    what: list[tuple[str, Any, Any]]
    pairs: dict[int, int]
    at: int | None = None
    cost: PairedEffect | None = None
    error: PairedEffect | None = None
    sentence: str = ""
    ended: bool = False

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> "Comparison":
        """One that was closed, as `to_dict` gave it; its jobs have gone."""
        cost, error = (
            PairedEffect(*(facts[name][key] for key in ("value", "low", "high", "p"))) for name in ("cost", "error")
        )
        pairs = dict.fromkeys(range(facts["pairs"]), -1)
        return cls(
            facts["epoch"],
            [tuple(each) for each in facts["what"]],
            pairs,
            facts["at"],
            cost,
            error,
            facts["sentence"],
            ended=True,
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        facts: dict[str, Any] = {"epoch": self.epoch, "what": self.what, "at": self.at, "pairs": len(self.pairs)}
        for name, paired in (("error", self.error), ("cost", self.cost)):
            facts[name] = paired and {"value": paired.effect, "low": paired.low, "high": paired.high, "p": paired.p}
        return facts | {"sentence": self.sentence, "ended": self.ended}


@dataclass
class Worth:
    """Compares the nudged models with their untouched copies, now and then and when a comparison closes.

    Attributes:
        judge: of parameters.
        copies: the job that is the copy of a pair's, by the pair's job; empty where none was asked for.
        all: the comparisons, in the order of their nudges.
    """

    judge: Judge
    copies: Mapping[int, int]
    all: list[Comparison] = field(default_factory=list)
    _seen: dict[int, Costs] = field(default_factory=dict, init=False)
    _last: float = field(default_factory=lambda: time.monotonic(), init=False)

    @property
    def open(self) -> Comparison | None:
        """The comparison that goes on."""
        return self.all[-1] if self.all and not self.all[-1].ended else None

    def begins(self, epoch: int, nudges: Sequence[Nudge], live: Sequence[int]) -> Comparison | None:
        """Note nudges that are made after an epoch; the comparison that they open, where they open one."""
        what = [(nudge.what, nudge.old, nudge.new) for nudge in nudges]
        if self.open and self.open.epoch == epoch:  # the copy is of before the first of them
            self.open.what += what
            return None
        if self.open:
            self.open.ended = True
        pairs = {pair: copy for pair, copy in self.copies.items() if pair in live}
        if not pairs:
            return None
        self.all.append(Comparison(epoch, what, pairs))
        return self.all[-1]

    def back(self, epoch: int) -> None:
        """Forget the nudges from an epoch on."""
        self.all = [each for each in self.all if each.epoch < epoch]

    def due(self, progress: Sequence[Progress], closes: bool) -> dict[int, list[Action]]:
        """A look at every model of the comparison that goes on, where it is time for one or a nudge will close it."""
        running, now = self.open, time.monotonic()
        if not running or not (closes or now - self._last > _SECONDS):
            return {}
        epochs = {each.job: each.epoch for each in progress if each.between_epochs}
        jobs = [*running.pairs, *running.pairs.values()]
        if len({epochs.get(job) for job in jobs}) != 1 or epochs[jobs[0]] == running.epoch:
            return {}
        self._last, self._seen = now, {}
        taken = functools.partial(self._take, running, epochs[jobs[0]])
        return {job: [Checkpoint(functools.partial(taken, job))] for job in jobs}

    def _take(self, running: Comparison, epoch: int, job: int, moment: Moment) -> None:
        self._seen[job] = self.judge(flatten(*moment.state.best))
        if len(self._seen) == 2 * len(running.pairs):
            self._judge(running, epoch, self._seen)

    def close(self, runs: Sequence[Run]) -> None:
        """Compare what the trainings ended with, by job."""
        running = self.open
        if running and all(runs[job].usable for pair in running.pairs.items() for job in pair):
            seen = {job: self.judge(runs[job].best) for pair in running.pairs.items() for job in pair}
            self._judge(running, len(runs[0].history["epoch"]), seen)
            running.ended = True

    def _judge(self, running: Comparison, epoch: int, seen: Mapping[int, Costs]) -> None:
        nudged, untouched = ([seen[job] for job in jobs] for jobs in (running.pairs.keys(), running.pairs.values()))
        running.cost, running.error = self.judge.compare(nudged, untouched)
        running.at = epoch
        running.sentence = self.judge.words(running.cost, running.error, len(running.pairs))

    def to_list(self) -> list[dict[str, Any]]:
        """The comparisons as JSON has them, with what each nudge was worth."""
        return [each.to_dict() for each in self.all]
