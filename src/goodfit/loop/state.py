"""The loop's settings, state and services. Each step is a function from one state to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np
from jaxtyping import Float

from goodfit.data.dataset import Splits
from goodfit.diagnosis.finding import DataFacts, Finding
from goodfit.diagnosis.gaps import Gaps
from goodfit.diagnosis.paired_test import PairedEffect
from goodfit.experiments.clock import Clock
from goodfit.experiments.examination import data_facts
from goodfit.experiments.laboratory import Laboratory
from goodfit.loop.mirror_test import MirrorTest
from goodfit.loop.prescription import Proposal
from goodfit.plan import Plan
from goodfit.record.learning_curve import LearningCurve
from goodfit.record.measurement import Measurement
from goodfit.run_folder.journal import Journal

_ROUNDS_END = 0.55  # share of the budget: from then on the time goes to the ensemble's members


@dataclass(frozen=True)
class LoopSettings:
    """The options of `improve` that the loop needs.

    Attributes:
        seed: random seed of the whole job.
        human_error: the human or Bayes level; None where it is not given.
        min_gap: the smallest gap that counts.
        rounds: most rounds, in place of a time budget; None with a budget.
        folds: number of folds to judge plans by; None judges them on the dev set.
        plan: plan to start from; None starts from the default network.
    """

    seed: int = 0
    human_error: float | None = None
    min_gap: float = 0.02
    rounds: int | None = None
    folds: int | None = None
    plan: Plan | None = None


@dataclass(frozen=True)
class LoopContext:
    """Settings and services that every step may use.

    Attributes:
        settings: options of the job.
        laboratory: trains plans and judges them; it holds the data.
        journal: receives a line for each step.
        clock: makes the decisions that depend on the time left.
        default_plan: the default network for this data.
    """

    settings: LoopSettings
    laboratory: Laboratory
    journal: Journal
    clock: Clock
    default_plan: Plan

    @property
    def splits(self) -> Splits:
        """The data."""
        return self.laboratory.splits

    @property
    def interrupted(self) -> bool:
        """True once Ctrl-C was pressed."""
        return self.clock.interrupted

    def has_time_for_round(self) -> bool:
        """Decide by the clock if there is time for another round; what comes later goes to the ensemble's members."""
        budget = self.clock.budget or 0
        return bool(
            self.clock.decide("another-round", lambda seconds_left: int(seconds_left > (1 - _ROUNDS_END) * budget), 1)
        )

    @cached_property
    def data_facts(self) -> DataFacts:
        """Facts of the data for the doctor; computed once, since they take a pass over all rows."""
        return data_facts(self.splits)


@dataclass(frozen=True)
class Experiment:
    """A proposal that was run beside the rerun incumbent, and its effect.

    Attributes:
        proposal: the change that was tried.
        measurement: the changed plan, measured.
        cost: effect on the dev cost, which decides on adoption.
        error: effect on the dev error, which people read.
        p_holm: p-value of the cost effect, adjusted for all experiments so far.
        adopted: True if its plan became the incumbent.
        cured: True if the finding it was aimed at is gone; None if it was aimed at none.
    """

    proposal: Proposal
    measurement: Measurement
    cost: PairedEffect
    error: PairedEffect
    p_holm: float = 1.0
    adopted: bool = False
    cured: bool | None = None


@dataclass(frozen=True)
class Round:
    """One turn of the loop.

    Attributes:
        number: counted from 1.
        gaps: gaps and verdict of the incumbent.
        incumbent: the plan that the round started from.
        findings: problems found in the incumbent's trainings.
        experiments: proposals that were run to their end.
    """

    number: int
    gaps: Gaps
    incumbent: Measurement
    findings: tuple[Finding, ...] = ()
    experiments: tuple[Experiment, ...] = ()

    @property
    def sick(self) -> bool:
        """True if the training hardly learns for a reason that a change of plan may cure."""
        return any(
            finding.severity == 1 and any(remedy.changes for remedy in finding.remedies) for finding in self.findings
        )

    @property
    def adopted(self) -> Experiment | None:
        """The experiment whose plan became the incumbent."""
        return next((experiment for experiment in self.experiments if experiment.adopted), None)


@dataclass(frozen=True)
class LoopState:
    """All that the loop has learned so far.

    Attributes:
        incumbent: the best plan so far, as measured.
        next_seed: first seed that no training of this job has had.
        baseline: dev error of each baseline by name.
        simple_errors: errors on the judged rows, example by example, of predictions that need no network, by name.
        measured: every measured plan, in order.
        rounds: finished rounds, and the one under way.
        learning_curve: expected value of more data; None until it was measured.
        mirror_test: effect of mirroring the images; None until it was measured, and for tables.
    """

    incumbent: Measurement
    next_seed: int
    baseline: Mapping[str, float] = field(default_factory=dict)
    simple_errors: Mapping[str, Float[np.ndarray, "rows"]] = field(default_factory=dict)
    measured: tuple[Measurement, ...] = ()
    rounds: tuple[Round, ...] = ()
    learning_curve: LearningCurve | None = None
    mirror_test: MirrorTest | None = None

    @property
    def current_round(self) -> Round:
        """The round under way."""
        return self.rounds[-1]

    @property
    def measured_plans(self) -> set[Plan]:
        """Plans that need no further measurement."""
        return {measurement.plan for measurement in self.measured}

    @property
    def experiments(self) -> list[Experiment]:
        """Experiments of all rounds, in order."""
        return [experiment for earlier_round in self.rounds for experiment in earlier_round.experiments]

    def draw_seeds(self, count: int) -> tuple[tuple[int, ...], Self]:
        """Return fresh seeds, and the state without them."""
        after = self.next_seed + count
        return tuple(range(self.next_seed, after)), replace(self, next_seed=after)

    def with_measured(self, *measurements: Measurement) -> Self:
        """Return the state with these measurements added."""
        return replace(self, measured=(*self.measured, *measurements))

    def with_current_round(self, current_round: Round) -> Self:
        """Return the state with the round under way replaced."""
        return replace(self, rounds=(*self.rounds[:-1], current_round))
