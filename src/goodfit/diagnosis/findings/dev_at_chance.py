"""Nothing carries over to the dev set: the network learns the training set, and is at chance on dev.

The evidence is a train error well below that of a constant guess, and dev errors that never were. Overfitting alone
seldom goes so far; the usual causes are in the data: labels that do not belong to their rows, a dev set of other
classes (a split of sorted rows), a dev set on another scale. Facts about both sets tell them apart.
"""

import math
from typing import NamedTuple

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings.costs import GUESS_COST, cost_plot, guess_cost, series
from goodfit.diagnosis.program_facts import InputFacts, TargetFacts
from goodfit.wording.numbers import number, percent, relative

ID = "dev-at-chance"
NAME = "nothing carries over to the dev set"
_LEARNED = 0.9  # of the error by chance, for the train set
_CHANCE = 0.95  # of the error by chance, for the median dev error of the second half of the epochs
_NO_BETTER = 0.99  # of the guess's cost, for the lowest on dev: whoever overfits something real gets below it at first
_HALF = 0.5  # of the guess's cost
_OTHER_SCALE = 3.0  # ratio of deviations, or distance of means in deviations; samples of one source stay near 1 and 0
_WORSE = 2.0  # dev over train cost, for another scale to have done harm
_OTHER_TARGETS = 0.3  # difference of a class's share between the sets


class _Cause(NamedTuple):
    """A clause on what differs between the sets, and its remedy."""

    clause: str
    remedy: Remedy


_SHUFFLE = Remedy(
    "shuffle-before-split",
    "shuffle the rows before they are split, or split by class",
    "the last rows of a sorted table are of other classes than the first",
    {},
)
_ONE_SCALE = Remedy(
    "scale-dev-as-train",
    "scale the dev set with the training set's own numbers, and everything that is predicted later",
    "the network has only seen inputs on the training set's scale",
    {},
)
_MATCH_LABELS = Remedy(
    "match-labels",
    "check that labels belong to their rows: shuffle inputs and targets together, with one order",
    "a network can learn labels by heart that have nothing to do with the inputs, but not predict them",
    {},
)
_NO_SIGNAL = Remedy(
    "check-signal",
    "if the labels are right: the inputs may say nothing of the target; try a simple model on the same rows",
    "what no model predicts no network will",
    {},
)


def find(observation: Observation) -> Finding | None:
    """Return the finding if the training set was learned, and the best dev error or cost is that of chance.

    goodfit's own splits are shuffled and scaled together, so it is not looked for in trainings with a plan.
    """
    if observation.plan is not None:
        return None
    causes = _differences(observation)
    clause = _chance_clause(observation) or (_harm_clause(observation) if causes else None)
    if clause is None:
        return None
    likely = "; ".join(cause.clause for cause in causes)
    reason = f": {likely}" if causes else ", as if its labels had nothing to do with what was learned"
    remedies = tuple(cause.remedy for cause in causes) or (_MATCH_LABELS, _SHUFFLE, _ONE_SCALE, _NO_SIGNAL)
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=0.95 if causes else 0.85,
        sentence=f"Nothing carries over to the dev set: {clause}{reason}.",
        evidence={},
        remedies=remedies,
        plot=cost_plot(observation),
    )


def _chance_clause(observation: Observation) -> str | None:
    """Return a clause on dev errors, or else costs, that are no better than a guess, beside lower train errors."""
    costs, dev_costs = series(observation, "train_cost").values, series(observation, "dev_cost").values
    guess = guess_cost(observation.data)
    is_cost_at_chance = guess is None or len(dev_costs) == 0 or dev_costs.min() > _NO_BETTER * guess
    train, dev = series(observation, "train_error").values, series(observation, "dev_error").values
    chance = _chance(observation)
    if len(train) and len(dev):
        typical = float(np.median(dev[len(dev) // 2 :]))
        if not chance or train[-1] > _LEARNED * chance or typical < _CHANCE * chance or not is_cost_at_chance:
            return None
        errors = f"the train error is {percent(train[-1])}, but the dev error {percent(typical)}"
        return f"{errors}, and {percent(chance)} would be chance"
    if guess and len(costs) and len(dev_costs) and costs[-1] < _HALF * guess and is_cost_at_chance:
        least = relative(float(dev_costs.min()) / guess, GUESS_COST)
        return f"the train cost fell to {number(costs[-1], 3)}, but the lowest dev cost is {least}"
    return None


def _chance(observation: Observation) -> float | None:
    """Return the error of classes drawn at random by their shares, 1 − Σp², as of labels that were learned by heart.

    Without class counts they are as many classes of one size as the network has outputs. Of a regression it is 1.
    """
    data, guess = observation.data, guess_cost(observation.data)
    if data is None or data.task == "regression":
        return 1.0
    if data.class_counts:
        shares = np.asarray(data.class_counts, np.float64) / sum(data.class_counts)
        return float(1 - np.square(shares).sum())
    return None if guess is None else 1 - math.exp(-guess)


def _harm_clause(observation: Observation) -> str | None:
    """Return a clause on a dev cost that is far above the train cost."""
    costs, dev_costs = series(observation, "train_cost").values, series(observation, "dev_cost").values
    guess = guess_cost(observation.data)
    if guess is None or not len(costs) or not len(dev_costs) or dev_costs[-1] < max(_WORSE * costs[-1], _HALF * guess):
        return None
    return f"the train cost is {number(costs[-1], 3)}, and the dev cost {number(dev_costs[-1], 3)}"


def _differences(observation: Observation) -> list[_Cause]:
    """Return what is known to differ between the sets."""
    program = observation.program
    if program is None:
        return []
    scale = None if program.inputs.scaling == "embedding" else _other_scale(program.inputs, program.dev_inputs)
    clauses = ((_ONE_SCALE, scale), (_SHUFFLE, _other_targets(program.targets, program.dev_targets)))
    return [_Cause(clause, remedy) for remedy, clause in clauses if clause]


def _other_scale(train: InputFacts, dev: InputFacts) -> str | None:
    """Return a clause on dev inputs whose mean or deviation is far from that of the training inputs."""
    if train.mean is None or dev.mean is None or not train.deviation or dev.deviation is None:
        return None
    is_near = train.deviation / _OTHER_SCALE < dev.deviation < train.deviation * _OTHER_SCALE
    if is_near and abs(dev.mean - train.mean) < _OTHER_SCALE * train.deviation:
        return None
    sizes = [f"mean {number(facts.mean, 3)} and deviation {number(facts.deviation, 3)}" for facts in (dev, train)]
    return f"the dev inputs have {sizes[0]}, the training inputs {sizes[1]}"


def _other_targets(train: TargetFacts, dev: TargetFacts) -> str | None:
    """Return a clause on a class whose share differs much between the sets, or on means of numbers that do."""
    if train.counts and dev.counts:
        totals = sum(train.counts.values()), sum(dev.counts.values())
        shares = {
            value: (train.counts.get(value, 0) / totals[0], dev.counts.get(value, 0) / totals[1])
            for value in train.counts | dev.counts
        }
        value, (share, dev_share) = max(shares.items(), key=lambda item: abs(item[1][1] - item[1][0]))
        if abs(dev_share - share) < _OTHER_TARGETS:
            return None
        return f"class {number(value)} is {percent(dev_share)} of the dev examples and {percent(share)} of the others"
    if train.mean is None or dev.mean is None or not train.deviation:
        return None
    if abs(dev.mean - train.mean) < train.deviation:
        return None
    return f"the mean of the dev targets is {number(dev.mean, 3)}, that of the others {number(train.mean, 3)}"
