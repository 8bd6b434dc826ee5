"""After the loop: members for the ensemble, the ensemble itself, calibration, and what is expected of it.

The ensemble's members are the experiments' own networks, and networks trained on folds of training and dev set
together: each dev row is judged only by networks that did not train on it, so the choice stays honest while every row
helps to train most members.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.splits import folds
from goodfit.diagnose.gaps import Gaps
from goodfit.improve.calibration import Calibration, calibrate
from goodfit.improve.ensemble import crossed, select
from goodfit.improve.laboratory import Laboratory
from goodfit.improve.loop import Loop
from goodfit.improve.measurement import Entry, Measurement, judge_outputs, sample
from goodfit.improve.verify import Paired, paired_test
from goodfit.plan import Plan
from goodfit.train.fit import interruptible
from goodfit.train.predictor import Member, Predictor, member_of, tempered

_BAG_SIZES = (8, 4)  # folds, the larger where there is time: an even number keeps two devices equally busy
_MOST_PLANS = 4
_MOST_CANDIDATES = 16  # plans that the selection looks at
_MOST_BAGS = 8
_MOST_SEEDS = 12
_BAGS_OF_ROUNDS = 1  # with --rounds, where the clock decides nothing
_ROOM = 1.25  # times the estimated seconds
_CLOSE = 1.25  # plans up to this multiple of the best dev cost may join


@dataclass(frozen=True)
class Candidate:
    """One plan as a possible part of the ensemble: its networks, and their mean output on rows they did not see."""

    name: str
    members: tuple[Member, ...]
    outputs: Float[np.ndarray, "rows outputs"]


@dataclass(frozen=True)
class Closed:
    """The final predictor and how it did.

    Attributes:
        predictor: calibrated.
        plan: of the incumbent.
        kept: whether the ensemble was kept.
        parts: the plans in it, with their weights.
        single: dev error of one network of the incumbent.
        ensemble: dev error of the ensemble, each half of the rows with weights chosen on the other half.
        gain: the ensemble's change of dev error, negative is better.
        calibration: of the probabilities; None for regression.
        rows: the rows it was judged on.
        outputs: calibrated outputs on those rows, by networks that did not see them.
        dev_errors: their errors.
        train_rows: (a sample of) the training rows.
        train_outputs: the predictor's outputs on them.
        train_errors: their errors.
        gaps: bias and variance of the final predictor.
    """

    predictor: Predictor
    plan: Plan
    kept: bool
    parts: list[dict[str, Any]]
    single: float
    ensemble: float
    gain: Paired
    calibration: Calibration | None
    rows: Int[np.ndarray, "rows"]
    outputs: Float[np.ndarray, "rows outputs"]
    dev_errors: Float[np.ndarray, "1 dev"]
    train_rows: Int[np.ndarray, "train"]
    train_outputs: Float[np.ndarray, "train outputs"]
    train_errors: Float[np.ndarray, "1 train"]
    gaps: Gaps


def close(loop: Loop, incumbent: Measurement) -> Closed:
    """Build, judge and calibrate the final predictor."""
    splits, rows = loop.question.splits, loop.laboratory.rows
    if not loop.interrupted:
        with interruptible(loop.pace.asked):
            _train_members(loop, incumbent)
    candidates = _candidates(loop, incumbent)
    truth, schema = splits.dataset.target[rows], splits.dataset.schema
    stacked = np.stack([candidate.outputs for candidate in candidates])
    seed, groups = loop.question.seed, loop.groups(rows)
    weights = select(stacked, truth, schema.task, seed).weights
    mean = crossed(stacked, truth, schema.task, seed, groups)
    cost, error = judge_outputs(splits, mean[None], rows)
    gain = paired_test(incumbent.errors, error, groups=groups, seed=seed)
    kept = float(cost.mean()) < float(judge_outputs(splits, incumbent.outputs, rows)[0].mean())
    if not kept:
        candidates, weights, mean = [_single(incumbent)], np.ones(1), incumbent.outputs[0]
    calibration = None if schema.task == "regression" else calibrate(mean, truth, seed=seed)
    temperature = calibration.temperature if calibration else 1.0
    predictor = Predictor(schema, _weighted(candidates, weights), temperature)
    outputs = mean if calibration is None else tempered(mean, temperature)
    train_rows = sample(splits.train)
    train_outputs = predictor.outputs(splits.dataset.features.take(train_rows))
    train_errors = judge_outputs(splits, train_outputs[None], train_rows)[1]
    dev_errors = judge_outputs(splits, outputs[None], rows)[1]
    closed = Closed(
        predictor=predictor,
        plan=incumbent.plan,
        kept=kept,
        parts=[
            {"name": candidate.name, "weight": float(weight), "networks": len(candidate.members)}
            for candidate, weight in zip(candidates, weights, strict=True)
            if weight > 0
        ],
        single=incumbent.dev_error,
        ensemble=float(error.mean()),
        gain=gain,
        calibration=calibration,
        rows=rows,
        outputs=outputs,
        dev_errors=dev_errors,
        train_rows=train_rows,
        train_outputs=train_outputs,
        train_errors=train_errors,
        gaps=loop.gaps_of(train_errors, dev_errors, loop.groups(train_rows), groups, loop.bias_shown(incumbent)),
    )
    _tell(loop, closed)
    return closed


def _train_members(loop: Loop, incumbent: Measurement) -> None:
    """Train the best plans on folds of training and dev set while there is time; then the best one with more seeds."""
    plans = _best_plans(loop, incumbent)
    sizes = [size for size in _BAG_SIZES if size <= _most_folds(loop)]
    if sizes:
        loop.measured += _bags(loop, plans, sizes)
    name, plan = next((each for each in plans if each[1].hidden_units), plans[0])  # a convex cost has one minimum
    laboratory = loop.laboratory
    pair = _ROOM * laboratory.seconds(laboratory.jobs([Entry(name, plan, (0, 1))]))
    more = loop.pace.decide("more seeds", lambda left: 2 * int(np.clip(left / pair, 0, _MOST_SEEDS // 2)), 0)
    if more and not loop.interrupted:
        entry = Entry(name, plan, loop.fresh_seeds(more), round=-1)
        loop.measured += laboratory.measure(f"more seeds: {name}", [entry])


def _bags(loop: Loop, plans: list[tuple[str, Plan]], sizes: list[int]) -> list[Measurement]:
    """The plans trained on folds, one after another and again with other folds."""
    pace, kiln = loop.pace, _Kiln(loop)
    size = pace.decide(
        "folds of the ensemble's members",
        lambda left: next((size for size in sizes for _, plan in plans if kiln.seconds(size, 0, plan) < left), 0),
        sizes[0],
    )
    if size:
        told = (
            f"Members are trained on {size} folds of training and dev set; each dev row is judged by networks that did "
        )
        loop.journal.write("folds", told + "not see it.", folds=size)
    bags: list[Measurement] = []
    while size and len(bags) < _MOST_BAGS:
        order = [(len(bags) + place) % len(plans) for place in range(len(plans))]
        repeats = [sum(bag.plan == plan for bag in bags) for _, plan in plans]

        def fitting(left: float, order: list[int] = order, repeats: list[int] = repeats) -> int:
            for place in order:
                plan = plans[place][1]
                fresh = plan.hidden_units or not repeats[place]  # a convex cost has one minimum: no use in another bag
                if fresh and kiln.seconds(size, repeats[place], plan) < left:
                    return place + 1
            return 0

        chosen = pace.decide("next plan", fitting, order[0] + 1 if len(bags) < _BAGS_OF_ROUNDS else 0)
        if not chosen:
            break
        name, plan = plans[chosen - 1]
        entry = Entry(name, plan, loop.fresh_seeds(1), round=-1)
        bag = kiln.laboratory(size, repeats[chosen - 1]).measure(f"ensemble members: {name}", [entry])[0]
        if bag.cut_short:
            break
        bags.append(bag)
    return bags


@dataclass
class _Kiln:
    """The laboratories of the folds, one a size and repetition, all as fast as the loop's own."""

    loop: Loop
    _laboratories: dict[tuple[int, int], Laboratory] = field(default_factory=dict)

    def laboratory(self, size: int, repeat: int) -> Laboratory:
        """The laboratory of these folds."""
        question, main = self.loop.question, self.loop.laboratory
        if (size, repeat) not in self._laboratories:
            cuts = folds(question.splits, size, question.seed + 1 + repeat)
            self._laboratories[size, repeat] = Laboratory(question.splits, cuts, main.pace, main.tell, main.speed)
        return self._laboratories[size, repeat]

    def seconds(self, size: int, repeat: int, plan: Plan) -> float:
        """About how long this plan's bag would take, with some room."""
        laboratory = self.laboratory(size, repeat)
        return _ROOM * laboratory.seconds(laboratory.jobs([Entry("", plan, (0,))]))


def _most_folds(loop: Loop) -> int:
    """Rows and groups limit the folds; with a time order there are none, for they would be judged on their past."""
    splits = loop.question.splits
    if splits.dataset.times is not None:
        return 0
    groups = loop.groups(splits.pool)
    return len(splits.pool if groups is None else np.unique(groups))


def _best_plans(loop: Loop, incumbent: Measurement) -> list[tuple[str, Plan]]:
    """The distinct plans nearest to the best dev cost, the best first; the incumbent's among them."""
    best = min(measurement.dev_cost for measurement in loop.measured)
    order = sorted(loop.measured, key=lambda measurement: measurement.dev_cost)
    plans: dict[Plan, str] = {}
    for measurement in order:
        if measurement.dev_cost <= _CLOSE * best and len(plans) < _MOST_PLANS:
            plans.setdefault(measurement.plan, measurement.name)
    plans.setdefault(incumbent.plan, incumbent.name)
    return [(name, plan) for plan, name in plans.items()]


def _candidates(loop: Loop, incumbent: Measurement) -> list[Candidate]:
    """One candidate a plan, and one a snapshot: all its networks, judged on the rows by those that did not see them."""
    rows = loop.laboratory.rows
    by_plan: dict[Plan, list[Measurement]] = {}
    for measurement in sorted(loop.measured, key=lambda each: each.dev_cost):
        if all(run.usable for runs in measurement.runs for run in runs):
            by_plan.setdefault(measurement.plan, []).append(measurement)
    candidates = []
    for same in list(by_plan.values())[:_MOST_CANDIDATES]:
        runs = [run for measurement in same for of_seed in measurement.runs for run in of_seed]
        parts = [measurement.outputs[:, np.isin(measurement.rows, rows)] for measurement in same]
        name = same[0].name
        members = tuple(member_of(run, name) for run in runs)
        candidates.append(Candidate(name, members, np.concatenate(parts).mean(axis=0)))
        for moment in range(same[0].plan.snapshots):
            if all(moment < len(run.snapshots) for run in runs):
                parts = [each.snapshots[moment][:, np.isin(each.rows, rows)] for each in same]
                members = tuple(member_of(run, name, run.snapshots[moment]) for run in runs)
                called = f"{name}, snapshot {moment + 1}"
                candidates.append(Candidate(called, members, np.concatenate(parts).mean(axis=0)))
    return candidates or [_single(incumbent)]


def _single(measurement: Measurement) -> Candidate:
    """One network (or one a fold) of a measurement."""
    return Candidate(
        measurement.name,
        tuple(member_of(run, measurement.name) for run in measurement.runs[0]),
        measurement.outputs[0],
    )


def _weighted(candidates: list[Candidate], weights: Float[np.ndarray, "candidates"]) -> tuple[Member, ...]:
    """Every member with its share of its candidate's weight.

    A dev row is judged by one network of each eight folds, a new row by all: the dev figure is a little pessimistic.
    """
    return tuple(
        replace(member, weight=float(weight) / len(candidate.members))
        for candidate, weight in zip(candidates, weights, strict=True)
        if weight > 0
        for member in candidate.members
    )


def _tell(loop: Loop, closed: Closed) -> None:
    count = len(closed.predictor.members)
    networks = "1 network" if count == 1 else f"{count} networks"
    regression = loop.question.splits.dataset.schema.task == "regression"
    figures = (closed.single, closed.ensemble, closed.gain.low, closed.gain.high)
    single, ensemble, low, high = (f"{x:.3f}" if regression else f"{x:.2%}" for x in figures)
    sentence = (
        f"An ensemble of {networks} has a dev error of {ensemble} where one network has {single} "
        f"(change between {low} and {high})."
        if closed.kept
        else "No ensemble was better than the single network, which is kept."
    )
    loop.journal.write("ensemble", sentence, kept=closed.kept, parts=closed.parts, models=count)
    if closed.calibration:
        told = f"Probabilities were calibrated with temperature {closed.calibration.temperature:.2f}."
        loop.journal.write("calibration", told, temperature=closed.calibration.temperature)
