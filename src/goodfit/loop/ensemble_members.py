"""After the loop: members for the ensemble, trained while there is time, and the final predictor.

The ensemble's members are the experiments' own networks, and networks trained on folds of training and dev set
together: each dev row is judged only by networks that did not train on it, so the choice stays honest while every row
helps to train most members.
"""

from dataclasses import dataclass, field

import numpy as np

from goodfit.data.splits import folds
from goodfit.experiments.assembly import Assembled, assemble, tell
from goodfit.experiments.laboratory import Laboratory
from goodfit.interrupt import interruptible
from goodfit.loop.loop import Loop
from goodfit.plan import Plan
from goodfit.record.measurement import Entry, Measurement

_BAG_SIZES = (8, 4)  # folds, the larger where there is time: an even number keeps two devices equally busy
_MOST_PLANS = 4
_MOST_BAGS = 8
_MOST_SEEDS = 12
_BAGS_OF_ROUNDS = 1  # with --rounds, where the clock decides nothing
_ROOM = 1.25  # times the estimated seconds
_CLOSE = 1.25  # plans up to this multiple of the best dev cost may join


def close(loop: Loop, incumbent: Measurement) -> Assembled:
    """Train the ensemble's members, then build, judge and calibrate the final predictor."""
    if not loop.interrupted:
        with interruptible(loop.pace.asked):
            _train_members(loop, incumbent)
    rows, question = loop.laboratory.rows, loop.question
    closed = assemble(loop.measured, incumbent, question.splits, rows, loop.groups(rows), question.seed)
    tell(loop.journal, closed)
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
            own = Laboratory(question.splits, cuts, main.pace, main.tell, main.speed, main.trainings)
            self._laboratories[size, repeat] = own
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
