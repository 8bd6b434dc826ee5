"""Measured effect of a nudge: the nudged model against a copy that was left alone from the moment of the nudge."""

import functools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

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
from goodfit.record.nudge import Nudge, NudgeEffect
from goodfit.record.run import Run, Weights, flatten
from goodfit.record.values import EffectEstimate
from goodfit.wording import numbers

_SECONDS = 2.0  # between two comparisons of a live training: each predicts the whole dev set
_ONE_PAIR = "one pair of trainings: the interval covers the choice of dev examples, not the randomness of training"

Scores = Float[np.ndarray, "2 rows"]  # cost and error of each dev example


@dataclass(frozen=True)
class DevScorer:
    """Scores parameters on the dev examples.

    Attributes:
        splits: the data.
        plan: as the training started.
    """

    splits: Splits
    plan: Plan

    @functools.cached_property
    def _preparation(self) -> Preparation:
        return Preparation.fit_plan(self.plan, self.splits.dataset, self.splits.train)

    def __call__(self, weights: Weights) -> Scores:
        """Return the cost, calibrated as `improve` compares it, and the error of each dev example."""
        member = Member("", self.plan.structure, weights, self._preparation)
        outputs = member.outputs(self.splits.dataset.features, self.splits.dataset.schema, self.splits.dev)
        error = judge_outputs(self.splits, outputs[None], self.splits.dev).errors
        # Without calibration, a nudge of label smoothing alone would change every cost.
        if self.splits.dataset.schema.classes:
            outputs = cross_calibrated(outputs, self.splits.dataset.target[self.splits.dev])
        return np.concatenate([judge_outputs(self.splits, outputs[None], self.splits.dev).costs, error])

    def compare(self, nudged: Sequence[Scores], untouched: Sequence[Scores]) -> tuple[PairedEffect, PairedEffect]:
        """Return the changes of cost and error that the nudge made, by pair and example."""
        groups = self.splits.dataset.groups
        dev_groups = None if groups is None else groups[self.splits.dev]
        cost, error = (paired_test(np.stack(untouched)[:, k], np.stack(nudged)[:, k], dev_groups) for k in (0, 1))
        return cost, error


@dataclass
class Comparison:
    """The nudges of one epoch, the jobs that show their effect, and the effect measured so far.

    Attributes:
        pairs: the untouched copy's job, by the nudged one's.
        effect: its field `ended` is True once a later nudge or the end of the training closed the comparison.
    """

    pairs: dict[int, int]
    effect: NudgeEffect


@dataclass
class EffectTracker:
    """Compares nudged models with their untouched copies, every few seconds and when a comparison closes.

    Attributes:
        scorer: scores parameters.
        copies: the job that is the untouched copy, by the job that it is a copy of; empty without copies.
        comparisons: in the order of their nudges.
    """

    scorer: DevScorer
    copies: Mapping[int, int]
    comparisons: list[Comparison] = field(default_factory=list)
    _scores: dict[int, Scores] = field(default_factory=dict, init=False)
    _last_look: float = field(default_factory=time.monotonic, init=False)

    @property
    def current(self) -> Comparison | None:
        """The comparison that is still open."""
        return self.comparisons[-1] if self.comparisons and not self.comparisons[-1].effect.is_closed else None

    @property
    def effects(self) -> tuple[NudgeEffect, ...]:
        """The measured effects, in the order of their nudges."""
        return tuple(comparison.effect for comparison in self.comparisons)

    def start(self, epoch: int, nudges: Sequence[Nudge], jobs: Sequence[int]) -> Comparison | None:
        """Note the nudges made after an epoch, and return the comparison that they open.

        Args:
            epoch: after which they were made.
            nudges: of that epoch.
            jobs: still training.

        Returns:
            None if the comparison of this epoch is open already, or there is no copy to compare with.
        """
        changes = tuple((nudge.setting, nudge.old, nudge.new) for nudge in nudges)
        current = self.current
        if current and current.effect.epoch == epoch:  # the copy holds the state from before the first of them
            current.effect = replace(current.effect, changes=current.effect.changes + changes)
            return None
        if current:
            current.effect = replace(current.effect, is_closed=True)
        pairs = {job: copy for job, copy in self.copies.items() if job in jobs}
        if not pairs:
            return None
        effect = NudgeEffect(
            epoch=epoch,
            changes=changes,
            compared_epoch=None,
            pairs=len(pairs),
            error=None,
            cost=None,
            sentence="",
            is_closed=False,
        )
        self.comparisons.append(Comparison(pairs, effect))
        return self.comparisons[-1]

    def forget_from(self, epoch: int) -> None:
        """Forget the effects of nudges from an epoch on, since a rewind cancelled them."""
        self.comparisons = [comparison for comparison in self.comparisons if comparison.effect.epoch < epoch]

    def looks(self, progress: Sequence[Progress], closes: bool) -> dict[int, list[Action]]:
        """Return a checkpoint of each model of the open comparison, if a look at them is due.

        Args:
            progress: of all jobs.
            closes: True if a nudge is about to close the comparison.
        """
        current, time_now = self.current, time.monotonic()
        if not current or not (closes or time_now - self._last_look > _SECONDS):
            return {}
        epochs = {model.job: model.epoch for model in progress if model.between_epochs}
        jobs = [*current.pairs, *current.pairs.values()]
        # Both models of a pair must have seen equally many batches; at the nudge itself they are still the same.
        if len({epochs.get(job) for job in jobs}) != 1 or epochs[jobs[0]] == current.effect.epoch:
            return {}
        self._last_look, self._scores = time_now, {}
        score = functools.partial(self._score, current, epochs[jobs[0]])
        return {job: [Checkpoint(functools.partial(score, job))] for job in jobs}

    def close(self, runs: Sequence[Run]) -> None:
        """Compare the parameters that the trainings ended with, by job."""
        current = self.current
        if current and all(runs[job].usable for pair in current.pairs.items() for job in pair):
            scores = {job: self.scorer(runs[job].best) for pair in current.pairs.items() for job in pair}
            self._measure(current, len(runs[0].history["epoch"]), scores)
            current.effect = replace(current.effect, is_closed=True)

    def _score(self, comparison: Comparison, epoch: int, job: int, moment: Moment) -> None:
        """Score one model; the last of a look completes the comparison."""
        self._scores[job] = self.scorer(flatten(*moment.state.best))
        if len(self._scores) == 2 * len(comparison.pairs):
            self._measure(comparison, epoch, self._scores)

    def _measure(self, comparison: Comparison, epoch: int, scores: Mapping[int, Scores]) -> None:
        pairs = comparison.pairs
        cost, error = self.scorer.compare([scores[job] for job in pairs], [scores[job] for job in pairs.values()])
        comparison.effect = replace(
            comparison.effect,
            compared_epoch=epoch,
            cost=_estimate(cost),
            error=_estimate(error),
            sentence=_conclusion(cost, error, len(pairs)),
        )


def _estimate(effect: PairedEffect) -> EffectEstimate:
    return EffectEstimate(effect.effect, effect.low, effect.high, effect.p)


def _conclusion(cost: PairedEffect, error: PairedEffect, pairs: int) -> str:
    """Return the effect in words.

    The cost decides: it sees changes that are too small to turn a right answer into a wrong one.
    """
    verdict = "it helped" if cost.high < 0 else "it hurt" if cost.low > 0 else "no measurable effect"
    change_of_error = numbers.change(error.effect, error.low, error.high)
    change_of_cost = numbers.cost_change(cost.effect, cost.low, cost.high)
    trainings = _ONE_PAIR if pairs == 1 else f"{pairs} pairs of trainings"
    changes = f"dev error {change_of_error} and calibrated dev cost {change_of_cost}"
    return f"{changes}, compared with an untouched copy: {verdict} ({trainings})"
