"""The loop: baseline, diagnosis, prescriptions run as experiments, verification, and what is left of the budget."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Cut
from goodfit.data.splits import folds
from goodfit.diagnosis.finding import DataFacts, Finding
from goodfit.diagnosis.gaps import Gaps, gaps_from_runs
from goodfit.diagnosis.paired_test import holm, paired_test
from goodfit.engine.jobs import Job
from goodfit.experiments.clock import Clock
from goodfit.experiments.default_plans import default_plan, perceptron_plan, regression_plan
from goodfit.experiments.examination import data_facts, findings_of
from goodfit.experiments.laboratory import Laboratory
from goodfit.experiments.progress import Notify
from goodfit.experiments.training_cache import TrainingCache
from goodfit.interrupt import interruptible
from goodfit.loop.mirror_test import MirrorTest, mirrored
from goodfit.loop.more_data import OF_AUGMENTATION, OF_DATA, Inquiry, ask, without_augmentation
from goodfit.loop.prescription import Gap, Proposal
from goodfit.loop.proposals import cures as find_cures
from goodfit.loop.proposals import recipe as from_recipe
from goodfit.loop.proposals import rest_of_recipe, variations, zoomed
from goodfit.loop.rounds import Question, Round, Tried
from goodfit.plan import Plan
from goodfit.record.measurement import Entry, Measurement, constant_outputs, judge_outputs, pooled
from goodfit.run_folder.journal import Journal
from goodfit.wording import numbers

SIGNIFICANCE = 0.05
SEEDS = 3  # of the first network, with --rounds
_SEEDS_OF_ROUNDS = 5  # of each experiment, with --rounds; by the clock 5 to 2
_FEW = 4  # experiments: where there is no time for so many, each gets fewer seeds
_ROUNDS_WITHOUT_ADOPTION = 2
_BASELINE_SHARE = 0.25  # of the budget, for the default network's seeds
_GIVEN_SHARE = 0.1  # where a plan is given: the default network comes in the first round
_PAIR_SHARE = 0.5  # of what is left, for the default network with pieces and without
_ROUND_SHARE = 0.35  # of what is left, for one round's experiments
_SICK_SHARE = 0.6  # where something ails the training, for without a cure the rest is not worth its time
_ROUNDS_END = 0.55  # of the budget: from then on it goes to the ensemble's members
_VARIATIONS = 6
_SNAPSHOTS = 2  # at half time and at the end


@dataclass
class Loop:
    """The state of the loop.

    Attributes:
        question: what was asked.
        journal: what is written down.
        pace: what decides by the clock.
        tell: is told what is being done.
        trainings: of this job so far, where it can be resumed.
        baseline: dev error by name.
        rounds: so far.
        measured: every plan measured, in order.
        learning_curve: what more data would be worth, once asked.
        mirrored: of images, what flips do to them, once asked.
    """

    question: Question
    journal: Journal
    pace: Clock
    tell: Notify
    trainings: TrainingCache | None = None
    baseline: dict[str, float] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    measured: list[Measurement] = field(default_factory=list)
    learning_curve: dict[str, Any] | None = None
    mirrored: MirrorTest | None = None
    _seeds_given: int = 0

    def __post_init__(self) -> None:
        splits = self.question.splits
        self.default = default_plan(splits).with_(snapshots=_SNAPSHOTS)
        self.start = self.question.plan or self.default
        k = self.question.folds
        cuts = folds(splits, k, self.question.seed) if k else [Cut(splits.train, splits.dev)]
        self.laboratory = Laboratory(splits, cuts, self.pace, self.tell, trainings=self.trainings)

    def fresh_seeds(self, count: int) -> tuple[int, ...]:
        """Seeds that no training of this job has had."""
        first = self.question.seed * 1_000_003 + self._seeds_given
        self._seeds_given += count
        return tuple(range(first, first + count))

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self.pace.interrupted

    def run(self) -> Measurement:
        """The whole loop but the ensemble and the test; returns the incumbent it ended with."""
        with interruptible(self.pace.asked):
            return self._run()

    def _run(self) -> Measurement:
        incumbent = self._baselines()
        unadopted = 0
        while not self.interrupted and self._another_round(len(self.rounds), unadopted):
            turn = self._diagnose(incumbent)
            if turn.gaps.verdict == "good fit":
                break
            gap = self._dominating(turn)
            if gap == "variance":
                self._ask_more_data(incumbent, OF_DATA)
            if self.interrupted:
                break
            incumbent = self._experiments(turn, self._prescribed(turn, gap))
            unadopted = 0 if any(tried.adopted for tried in turn.tried) else unadopted + 1
            if not turn.tried:
                break
        if self.question.rounds is None and not self.interrupted:
            incumbent = self._variations(incumbent)
        return incumbent

    def _baselines(self) -> Measurement:
        """Majority class or mean, then regression, of images a perceptron on the pixels, then the starting network."""
        splits, laboratory = self.question.splits, self.laboratory
        simplest = "mean" if splits.regression else "majority class"
        parts = [
            judge_outputs(splits, constant_outputs(splits, cut.train, len(cut.dev)), cut.dev)[1]
            for cut in laboratory.cuts
        ]
        self.baseline[simplest] = float(np.concatenate(parts).mean())
        kind = {"regression": "linear", "binary": "logistic", "classes": "softmax"}[splits.dataset.schema.task]
        entries = [Entry(f"{kind} regression", regression_plan(splits), self.fresh_seeds(1))]
        if splits.dataset.schema.image:
            entries.append(Entry("perceptron on pixels", perceptron_plan(splits), self.fresh_seeds(1)))
        measured = laboratory.measure("baselines", entries)
        self.measured += measured
        self.baseline |= {each.name: each.dev_error for each in measured}
        if self.interrupted:
            return self.measured[-1]
        self.start = self._affordable(self.start)
        starts = {"default network" if self.question.plan is None else "given plan": self.start}
        if self.question.plan is None and self.start.preparation == "piecewise":
            # Pieces or none is the choice that matters most, and no rule told them apart (benchmarks/quality.py).
            other = self.start.with_(preparation="robust")
            pair = laboratory.seconds(laboratory.jobs([Entry("", plan, (0, 1)) for plan in (self.start, other)]))
            if self.pace.decide("default network without pieces too", lambda left: int(pair < _PAIR_SHARE * left), 1):
                starts["default network without pieces"] = other
        entries = [Entry(name, plan, (0,)) for name, plan in starts.items()]
        each = laboratory.training_seconds(laboratory.jobs(entries))
        share = _GIVEN_SHARE if self.question.plan else _BASELINE_SHARE
        seeds = self.pace.decide(
            "seeds of the first network",
            lambda left: int(np.clip(share * left / max(each, 1e-3), 2, 4)),
            SEEDS,
        )
        entries = [entry._replace(seeds=self.fresh_seeds(seeds)) for entry in entries]
        measured = laboratory.measure("default network", entries)
        self.measured += measured
        self.baseline |= {each.name: each.dev_error for each in measured}
        incumbent = min(measured, key=lambda each: each.dev_cost)
        told = ", ".join(f"{name} {numbers.percent(error)}" for name, error in self.baseline.items())
        self.journal.write("baseline", f"Baselines, error on the dev set: {told}.", errors=self.baseline, round=0)
        return incumbent

    def _affordable(self, plan: Plan) -> Plan:
        """The plan with as many of its epochs as leave time for a loop around it."""
        each = self.laboratory.training_seconds(self.laboratory.jobs([Entry("", plan, (0, 1))]))
        epochs = self.pace.decide(
            "epochs of the first network",
            lambda left: int(np.clip(plan.epochs * _BASELINE_SHARE * left / each, 3, plan.epochs)),
            plan.epochs,
        )
        if epochs < plan.epochs:
            self.journal.write("note", f"The budget allows {epochs} of the plan's {plan.epochs} epochs.", round=0)
        return plan.with_(epochs=epochs)

    def _another_round(self, done: int, unadopted: int) -> bool:
        most = self.question.rounds if self.question.rounds is not None else 100
        if done >= most or unadopted >= _ROUNDS_WITHOUT_ADOPTION:
            return False
        budget = self.pace.budget or 0
        return bool(self.pace.decide("another round", lambda left: int(left > (1 - _ROUNDS_END) * budget), 1))

    def _diagnose(self, incumbent: Measurement) -> Round:
        question = self.question
        gaps = self.gaps(incumbent)
        turn = Round(len(self.rounds) + 1, gaps, incumbent, self.findings(incumbent))
        self.rounds.append(turn)
        self.journal.write(
            "diagnosis",
            f"Round {turn.number}: {gaps.verdict}. {gaps.reason}",
            round=turn.number,
            verdict=gaps.verdict,
            train_error=incumbent.train_error,
            dev_error=incumbent.dev_error,
            plan=incumbent.plan.to_dict(),
            seeds=incumbent.seeds,
            human_error=question.human_error,
        )
        for finding in turn.findings:
            facts = finding.to_dict()
            self.journal.write("finding", facts.pop("sentence"), round=turn.number, **facts)
        return turn

    @cached_property
    def facts(self) -> DataFacts:
        """What the doctor knows of the data."""
        return data_facts(self.question.splits)

    def findings(self, measurement: Measurement) -> list[Finding]:
        """What ails the measurement's trainings."""
        return findings_of(measurement, self.question.splits, self.facts)

    def gaps(self, measurement: Measurement) -> Gaps:
        """The measurement's gaps and verdict."""
        groups = self.groups(measurement.train_rows), self.groups(measurement.rows)
        return self.gaps_of(measurement.train_errors, measurement.errors, *groups, self.bias_shown(measurement))

    def gaps_of(
        self,
        train_errors: Float[np.ndarray, "seeds train"],
        dev_errors: Float[np.ndarray, "seeds dev"],
        train_groups: Int[np.ndarray, "train"] | None,
        dev_groups: Int[np.ndarray, "dev"] | None,
        bias_shown: bool | None = None,
    ) -> Gaps:
        """Gaps and verdict of these errors."""
        return gaps_from_runs(
            train_errors,
            dev_errors,
            human_error=self.question.human_error,
            min_gap=self.question.min_gap,
            bias_shown=bias_shown,
            train_groups=train_groups,
            dev_groups=dev_groups,
        )

    def bias_shown(self, measurement: Measurement) -> bool | None:
        """For regression without a human error: whether a bigger network lowered the train error by min_gap."""
        if not self.question.splits.regression or self.question.human_error is not None:
            return None
        units = measurement.plan.hidden_units
        larger = [
            other.train_error
            for other in self.measured
            if other.whole and len(other.plan.hidden_units) >= len(units) and sum(other.plan.hidden_units) > sum(units)
        ]
        return measurement.train_error - min(larger) > self.question.min_gap if larger else None

    def _dominating(self, turn: Round) -> Gap:
        bias = turn.gaps.avoidable_bias
        if bias is None:
            return "bias" if turn.gaps.verdict == "high bias" else "variance"
        return "bias" if bias.value > turn.gaps.variance.value else "variance"

    def _ask_more_data(self, incumbent: Measurement, inquiry: Inquiry) -> None:
        """The recipe's first answer to variance, "more data": what would it be worth?"""
        if self.learning_curve is None and not self.question.folds:
            self.learning_curve = ask(self.laboratory, incumbent, self.question.seed, inquiry)
            if self.learning_curve:
                self.journal.write("learning_curve", **self.learning_curve)

    def _prescribed(self, turn: Round, dominating: Gap) -> list[Proposal]:
        """What this round tries; cures of what ails the training come first."""
        known, last = self._known, self.rounds[-2].tried if len(self.rounds) > 1 else []
        bias_hidden = turn.gaps.avoidable_bias is None and self.bias_shown(turn.incumbent) is None
        flips = self._flips(turn.incumbent)
        proposals = from_recipe(self.question.splits, turn, dominating, last, known, bias_hidden, flips)
        cures = find_cures(turn, known, self.default if self.question.plan else None)
        proposals = cures if cures and turn.sick else cures + proposals
        self.journal.write(
            "prescription",
            f"Prescriptions against {dominating}: {', '.join(each.name for each in proposals) or 'none are left'}.",
            round=turn.number,
            gap=dominating,
            names=[proposal.name for proposal in proposals],
        )
        return proposals

    def _flips(self, incumbent: Measurement) -> bool | None:
        """Of images, whether left and right may change places: asked once, of networks that never saw a flip."""
        if self.question.splits.dataset.schema.image is None:
            return None
        if self.mirrored is None and incumbent.plan.flip == 0:
            self.mirrored = mirrored(incumbent, self.question.splits)
            if self.mirrored:
                self.journal.write("flips", self.mirrored.sentence, **self.mirrored._asdict())
        return self.mirrored is not None and self.mirrored.allowed

    @property
    def _known(self) -> set[Plan]:
        return {measurement.plan for measurement in self.measured}

    def _experiments(self, turn: Round, proposals: Sequence[Proposal]) -> Measurement:
        """Run what there is time for beside the incumbent with fresh seeds; verify; return the next incumbent."""
        plan = turn.incumbent.plan
        proposals = [each for each in proposals if self.laboratory.possible(plan.with_(**each.changes))]
        few = proposals[:_FEW]
        more = () if turn.sick else (5, 4, 3)  # what cures a sick training shows in two
        seeds = self.pace.decide(
            f"seeds of round {turn.number}",
            lambda left: next((n for n in more if self._fitting(turn, few, n, left) == 2 ** len(few) - 1), 2),
            _SEEDS_OF_ROUNDS,
        )
        mask = self.pace.decide(
            f"experiments of round {turn.number}, a bit each",
            lambda left: self._fitting(turn, proposals, seeds, left),
            2 ** len(proposals) - 1,
        )
        chosen = [each for place, each in enumerate(proposals) if mask >> place & 1]
        if not chosen:
            return turn.incumbent
        rerun, *entries = self._entries(turn, chosen, seeds)
        what = f"experiments of round {turn.number}"
        unchanged, *results = self.laboratory.measure(what, [rerun, *entries], give_up=True)
        self.measured += [unchanged, *results]
        ended = [pair for pair in zip(chosen, results, strict=True) if not pair[1].cut_short]
        if unchanged.cut_short or len(ended) < len(results):
            told = (
                f"{len(results) - len(ended)} of {len(results)} experiments were cut short; nothing follows from them."
            )
            self.journal.write("note", told, round=turn.number)
        if unchanged.cut_short or not ended:
            return turn.incumbent
        turn.tried += [self._tried(each, unchanged, result) for each, result in ended]
        self._verify(turn)
        if without_augmentation([turn]) and not self.interrupted:
            self._ask_more_data(turn.incumbent, OF_AUGMENTATION)
        adopted = next((tried.measurement for tried in turn.tried if tried.adopted), None)
        return adopted or pooled(turn.incumbent, unchanged)

    def _entries(self, turn: Round, proposals: Sequence[Proposal], seeds: int) -> list[Entry]:
        """The unchanged incumbent and each proposal, with fresh seeds."""
        plan = turn.incumbent.plan
        plans = [(turn.incumbent.name, plan)] + [(each.name, plan.with_(**each.changes)) for each in proposals]
        return [Entry(name, plan, self.fresh_seeds(seeds), turn.number) for name, plan in plans]

    def _fitting(self, turn: Round, proposals: Sequence[Proposal], seeds: int, left: float) -> int:
        """Which experiments fit this round's share of the time, a bit each; dear ones make room for those after."""
        plan, cuts, mask = turn.incumbent.plan, self.laboratory.cuts, 0
        share = _SICK_SHARE if turn.sick else _ROUND_SHARE
        jobs = [Job(plan, 0, cut.train, cut.dev) for cut in cuts] * seeds
        for place, proposal in enumerate(proposals):
            changed = plan.with_(**proposal.changes)
            more = jobs + [Job(changed, 0, cut.train, cut.dev) for cut in cuts] * seeds
            if self.laboratory.seconds(more) <= share * left:
                jobs, mask = more, mask | 1 << place
        return mask

    def groups(self, rows: Int[np.ndarray, "rows"]) -> Int[np.ndarray, "rows"] | None:
        """The groups of these rows, where the user named them."""
        groups = self.question.splits.dataset.groups
        return None if groups is None else groups[rows]

    def _tried(self, proposal: Proposal, rerun: Measurement, result: Measurement) -> Tried:
        groups, seed = self.groups(self.laboratory.rows), self.question.seed
        cost = paired_test(rerun.costs, result.costs, groups=groups, seed=seed)
        error = paired_test(rerun.errors, result.errors, groups=groups, seed=seed)
        return Tried(proposal, result, cost, error)

    def _verify(self, turn: Round) -> None:
        """Holm over all that was tried in all rounds; the best of what passes is adopted."""
        everything = [tried for each in self.rounds for tried in each.tried]
        adjusted = holm(np.array([each.cost.p for each in everything]))
        for tried, p in zip(turn.tried, adjusted[-len(turn.tried) :], strict=True):
            tried.p_holm = float(p)
            if tried.proposal.against:
                ids = [finding.id for finding in self.findings(tried.measurement)]
                tried.cured = tried.proposal.against not in ids
        passed = [
            tried
            for tried in turn.tried
            if tried.p_holm < SIGNIFICANCE and tried.cost.effect < 0 and tried.cured is not False
        ]
        best = min(passed, key=lambda tried: tried.cost.effect, default=None)
        for tried in turn.tried:
            tried.adopted = tried is best
            change = numbers.change(tried.error.effect, tried.error.low, tried.error.high)
            self.journal.write(
                "experiment",
                f"{tried.proposal.name}: dev error {change}.",
                round=turn.number,
                prescription=tried.proposal.name,
                changes=tried.proposal.changes,
                seeds=tried.measurement.seeds,
                effect=vars(tried.error),
                p=tried.cost.p,
                p_holm=tried.p_holm,
                against=tried.proposal.against,
                cured=tried.cured,
            )
        if best:
            self.journal.write(
                "adoption", f"Adopted: {best.proposal.name}.", round=turn.number, prescription=best.proposal.name
            )
        else:
            self.journal.write("no_adoption", "Nothing tried in this round helped beyond doubt.", round=turn.number)

    def _variations(self, incumbent: Measurement) -> Measurement:
        """What is left of the rounds' time: cures, the recipe's other lines and settings near the incumbent's; then a
        zoom around the best of all that.
        """
        last, known, seed = self.rounds[-1] if self.rounds else None, self._known, self.question.seed
        turn = last if last and not last.tried and last.incumbent is incumbent else self._diagnose(incumbent)
        recipe = rest_of_recipe(self.question.splits, incumbent.plan, known, self._flips(incumbent))
        drawn = variations(incumbent.plan, _VARIATIONS, np.random.default_rng([seed, 1]))
        cures = find_cures(turn, known, self.default if self.question.plan else None)
        incumbent = self._experiments(turn, [*cures, *recipe[:2], *drawn[:2], *recipe[2:], *drawn[2:]])
        while self.rounds[-1].tried and not self.interrupted and self._another_round(0, 0):
            turn = self._diagnose(incumbent)
            incumbent = self._experiments(turn, zoomed(incumbent.plan, self.measured, turn.number, seed))
            if not any(tried.adopted for tried in turn.tried):
                break
        return incumbent
