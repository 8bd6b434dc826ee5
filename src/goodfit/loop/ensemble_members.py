"""The step after the rounds: members for the ensemble, trained while there is time, and the final predictor.

The ensemble's members are the experiments' own networks, and networks trained on folds of training and dev set
together: each dev row is judged only by networks that did not train on it, so the choice stays honest while every row
helps to train most members.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from goodfit.data.dataset import groups_of
from goodfit.data.splits import draw_folds
from goodfit.experiments.assembly import Assembly, assemble, write_assembly
from goodfit.experiments.laboratory import Laboratory
from goodfit.interrupt import interruptible
from goodfit.loop.state import LoopContext, LoopState
from goodfit.plan import Plan
from goodfit.record.measurement import Entry, Measurement

_FOLD_COUNTS = (8, 4)  # the larger where there is time: an even number keeps two devices equally busy
_MOST_PLANS = 4
_MOST_BAGS = 8
_MOST_SEEDS = 12
_BAGS_OF_ROUNDS = 1  # with --rounds, where the clock decides nothing
_MARGIN = 1.25  # times the estimated seconds
_CLOSE = 1.25  # plans up to this multiple of the best dev cost may join


class _NamedPlan(NamedTuple):
    name: str
    plan: Plan


def build_ensemble(state: LoopState, context: LoopContext) -> tuple[LoopState, Assembly]:
    """Train the ensemble's members, then build, judge and calibrate the final predictor."""
    if not context.interrupted:
        with interruptible(context.clock.interrupt):
            state = _train_members(state, context)
    rows, splits = context.laboratory.rows, context.splits
    groups = groups_of(splits, rows)
    assembly = assemble(state.measured, state.incumbent, splits, rows, groups, context.settings.seed)
    write_assembly(context.journal, assembly)
    return state, assembly


def _train_members(state: LoopState, context: LoopContext) -> LoopState:
    """Train the best plans on folds of training and dev set while there is time; then the best one with more seeds."""
    plans = _best_plans(state)
    counts = [count for count in _FOLD_COUNTS if count <= _most_folds(context)]
    if counts:
        state = _train_bags(state, plans, counts, context)
    # More seeds of a network without hidden layers would find the same minimum: its cost is convex.
    name, plan = next((named for named in plans if named.plan.hidden_units), plans[0])
    laboratory = context.laboratory
    pair = _MARGIN * laboratory.seconds(laboratory.jobs([Entry(name, plan, (0, 1))]))
    # In pairs, which keep two devices equally busy.
    count = context.clock.decide(
        "more-seeds", lambda seconds_left: 2 * int(np.clip(seconds_left / pair, 0, _MOST_SEEDS // 2)), 0
    )
    if not count or context.interrupted:
        return state
    seeds, state = state.draw_seeds(count)
    entry = Entry(name, plan, seeds, round=-1)
    return state.with_measured(*laboratory.measure("more-seeds", [entry], title=f"more seeds: {name}"))


def _train_bags(
    state: LoopState, plans: Sequence[_NamedPlan], fold_counts: Sequence[int], context: LoopContext
) -> LoopState:
    """Train the plans on folds, one after another and again with different folds.

    A bag is one plan trained on all K parts of one division into folds.
    """
    laboratories = _FoldLaboratories(context)
    fold_count = _choose_fold_count(plans, fold_counts, laboratories, context)
    bags: list[Measurement] = []
    while fold_count and len(bags) < _MOST_BAGS:
        repeats = [sum(bag.plan == named.plan for bag in bags) for named in plans]
        place = _choose_plan(plans, repeats, len(bags), fold_count, laboratories)
        if place is None:
            break
        name, plan = plans[place]
        seeds, state = state.draw_seeds(1)
        laboratory = laboratories.open(fold_count, repeats[place])
        (bag,) = laboratory.measure(
            f"ensemble-members-{len(bags) + 1}",
            [Entry(name, plan, seeds, round=-1)],
            title=f"ensemble members: {name}",
        )
        if bag.cut_short:
            break
        bags.append(bag)
    return state.with_measured(*bags)


def _choose_fold_count(
    plans: Sequence[_NamedPlan], fold_counts: Sequence[int], laboratories: "_FoldLaboratories", context: LoopContext
) -> int:
    """Return the largest number of folds for which a plan fits the time left; 0 where none does."""

    def by_clock(seconds_left: float) -> int:
        for count in fold_counts:
            if any(laboratories.seconds(count, 0, named.plan) < seconds_left for named in plans):
                return count
        return 0

    count = context.clock.decide("member-folds", by_clock, fold_counts[0])
    if count:
        sentence = (
            f"Members are trained on {count} folds of training and dev set; each dev row is judged by networks that "
            "did not see it."
        )
        context.journal.write("folds", sentence, folds=count)
    return count


def _choose_plan(
    plans: Sequence[_NamedPlan],
    repeats: Sequence[int],
    bag_count: int,
    fold_count: int,
    laboratories: "_FoldLaboratories",
) -> int | None:
    """Return the place of the plan to train next, each in turn; None where none fits the time left."""
    # A recorded decision is a number, so places count from 1 and 0 means none.
    order = [(bag_count + place) % len(plans) for place in range(len(plans))]

    def by_clock(seconds_left: float) -> int:
        for place in order:
            plan = plans[place].plan
            useful = plan.hidden_units or not repeats[place]  # a convex cost has one minimum: no use in another bag
            if useful and laboratories.seconds(fold_count, repeats[place], plan) < seconds_left:
                return place + 1
        return 0

    fixed = order[0] + 1 if bag_count < _BAGS_OF_ROUNDS else 0
    decision = laboratories.context.clock.decide(f"member-plan-{bag_count + 1}", by_clock, fixed)
    return decision - 1 if decision else None


@dataclass(frozen=True)
class _FoldLaboratories:
    """The laboratories of the folds, one for each number of folds and repetition; they share the speed learned."""

    context: LoopContext
    _opened: dict[tuple[int, int], Laboratory] = field(default_factory=dict)

    def open(self, fold_count: int, repeat: int) -> Laboratory:
        """Return the laboratory of these folds."""
        if (fold_count, repeat) not in self._opened:
            seed = self.context.settings.seed + 1 + repeat  # folds that differ from those that plans are judged by
            folds = draw_folds(self.context.splits, fold_count, seed)
            self._opened[fold_count, repeat] = replace(self.context.laboratory, folds=folds)
        return self._opened[fold_count, repeat]

    def seconds(self, fold_count: int, repeat: int, plan: Plan) -> float:
        """Return about how long this plan's bag would take, with a margin."""
        laboratory = self.open(fold_count, repeat)
        return _MARGIN * laboratory.seconds(laboratory.jobs([Entry("", plan, (0,))]))


def _most_folds(context: LoopContext) -> int:
    """Return the most folds that rows and groups allow; with a time order 0, since folds would train on later rows."""
    splits = context.splits
    if splits.dataset.times is not None:
        return 0
    groups = groups_of(splits, splits.pool)
    return len(splits.pool if groups is None else np.unique(groups))


def _best_plans(state: LoopState) -> list[_NamedPlan]:
    """Return the distinct plans nearest to the best dev cost, the best first; the incumbent's is among them."""
    best = min(measurement.dev_cost for measurement in state.measured)
    plans: dict[Plan, str] = {}
    for measurement in sorted(state.measured, key=lambda measurement: measurement.dev_cost):
        if measurement.dev_cost <= _CLOSE * best and len(plans) < _MOST_PLANS:
            plans.setdefault(measurement.plan, measurement.name)
    plans.setdefault(state.incumbent.plan, state.incumbent.name)
    return [_NamedPlan(name, plan) for plan, name in plans.items()]
