"""The regions of a coarse-to-fine search: what the good trials so far say of each parameter."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from goodfit.search.scales import readable
from goodfit.search.unit_interval import Numbers, span, value_at
from goodfit.wording.numbers import setting

# Set on four of the tables of `benchmarks/search_tables.py`, where all that were tried differ little: .1 to .3 good,
# weighted alike, by rank or by its square; 0 to 0.2 global; deviations of 0.03 to 0.1 of the range, 0 to 0.7 of a step.
GOOD = 0.2  # of the finished trials
GLOBAL = 0.1  # of the trials are drawn over the whole range
_NARROWEST = 0.05  # of the range: the least deviation of draws around a good trial
_NARROWEST_CELLS = 0.7  # the same in steps of whole numbers: about a third of the draws leave the step
_FEWEST_GOOD = 3
_WIDENED = 2.0  # deviations, beyond a best value on the edge
_OUTERMOST = 0.1  # of the range, which is called its end
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Region:
    """Where one parameter is drawn in a round, as Optuna has its values.

    Attributes:
        low: the lower end; None for a choice.
        high: the upper end.
        widened: the best value lay on an edge of the region, which was moved outward there.
        shares: of the draws that each choice gets, the global ones included.
    """

    low: float | None
    high: float | None
    widened: bool = False
    shares: dict[Any, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Zoom:
    """A numeric parameter's region, on the scale of 0 to 1.

    Attributes:
        low: the lower end.
        high: the upper end.
        widened: whether an end was moved outward.
        deviation: of draws around a good trial.
    """

    low: float
    high: float
    widened: bool
    deviation: float


def finished(study: Study, first: int) -> list[FrozenTrial]:
    """The trials before number `first` that ended with a value or pruned; failed ones do not count, as in Optuna."""
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    return [trial for trial in trials if trial.number < first]


def good_trials(trials: Sequence[FrozenTrial], direction: StudyDirection) -> list[FrozenTrial]:
    """The best fifth, at least three, the best first; pruned ones come after all others, as in Optuna's TPE."""
    sign = -1 if direction == StudyDirection.MAXIMIZE else 1

    def rank(trial: FrozenTrial) -> tuple[bool, float, float, int]:
        step, value = 0, trial.value
        if trial.state == TrialState.PRUNED:
            step = trial.last_step or 0
            value = trial.intermediate_values.get(step)
        worth = math.inf if value is None or math.isnan(value) else sign * value
        return trial.state == TrialState.PRUNED, -step, worth, trial.number

    count = max(_FEWEST_GOOD, math.ceil(GOOD * len(trials)))
    return [trial for trial in sorted(trials, key=rank) if math.isfinite(rank(trial)[2])][:count]


def holders(good: Sequence[FrozenTrial], name: str, distribution: BaseDistribution) -> list[FrozenTrial]:
    """Those that have the parameter, with a value that is in its range now."""
    return [trial for trial in good if name in trial.params and _inside(distribution, trial.params[name])]


def rank_weights(count: int) -> np.ndarray:
    """Falling with the square of the rank: the best of three has 9/14, the next 4/14, the last 1/14."""
    weights = np.arange(count, 0, -1.0) ** 2
    return weights / weights.sum()


def zoom(good: Sequence[FrozenTrial], name: str, distribution: Numbers) -> Zoom:
    """The region of a numeric parameter that at least two of these good trials have, the best first."""
    spans = np.array([span(distribution, trial.params[name]) for trial in holders(good, name, distribution)])
    scott = len(spans) ** (
        -1 / (len(good[0].params) + 4)
    )  # narrower with more trials and fewer parameters (Scott 1992)
    best_low, best_high = spans[0]
    cell = best_high - best_low
    deviation = max(spans.mean(axis=1).std(), _NARROWEST, _NARROWEST_CELLS * cell) * scott
    low, high = spans[:, 0].min(), spans[:, 1].max()
    out = max(_WIDENED * deviation, cell)
    wide_low = max(low - out, 0.0) if best_low == low else low
    wide_high = min(high + out, 1.0) if best_high == high else high
    return Zoom(float(wide_low), float(wide_high), bool(wide_low < low or wide_high > high), float(deviation))


def region(good: Sequence[FrozenTrial], name: str, distribution: BaseDistribution) -> Region:
    """Where the parameter is drawn after these good trials, the best first; everywhere where fewer than two have it."""
    having = holders(good, name, distribution)
    known = len(having) > 1
    if isinstance(distribution, CategoricalDistribution):
        following = (1 - GLOBAL) * (1 - free_vote(len(having))) if known else 0.0
        shares = dict.fromkeys(distribution.choices, (1 - following) / len(distribution.choices))
        for trial, weight in zip(having, rank_weights(len(having)), strict=True):
            shares[trial.params[name]] += following * float(weight)
        return Region(None, None, shares=shares)
    assert isinstance(distribution, Numbers), "Optuna has no other distributions"
    if not known:
        return Region(distribution.low, distribution.high)
    place = zoom(good, name, distribution)
    low, high = (value_at(distribution, end) for end in (place.low, math.nextafter(place.high, 0)))
    return Region(low, high, place.widened)


def free_vote(good: int) -> float:
    """The share of draws of a choice that follow none of the good trials: one vote beside theirs, so none dies out."""
    return 1 / (good + 1)


def at_ends(study: Study) -> list[str]:
    """A sentence for each parameter whose best values lie at an end of its whole range."""
    good = good_trials(finished(study, len(study.get_trials(deepcopy=False))), study.direction)
    if len(good) < _FEWEST_GOOD:
        return []
    told = []
    for parameter, distribution in good[0].distributions.items():
        having = holders(good, parameter, distribution)
        if isinstance(distribution, Numbers) and not distribution.single() and len(having) > 1:
            spans = np.array([span(distribution, trial.params[parameter]) for trial in having])
            if _gathered(spans):
                told.append(_told(parameter, distribution.high, upper=True))
            elif _gathered(1 - spans[:, ::-1]):
                told.append(_told(parameter, distribution.low, upper=False))
    return told


def _gathered(spans: np.ndarray) -> bool:
    """Whether the best and half of the good ones lie at the upper end."""
    there = (spans.mean(axis=1) > 1 - _OUTERMOST) | (spans[:, 1] > 1 - _ROUNDING)
    return bool(there[0] and there.mean() >= 0.5)


def _told(parameter: str, end: float, *, upper: bool) -> str:
    name, value = readable(parameter, end)
    upper ^= readable(parameter, 2.0)[1] < readable(parameter, 1.0)[1]  # 1 − β is read as β, upside down
    side = "upper" if upper else "lower"
    whose = f"{name}'" if name.endswith("s") else f"{name}'s"
    return f"{whose} best values lie at the {side} end of its range ({setting(value)}): widen it"


def _inside(distribution: BaseDistribution, value: Any) -> bool:
    if isinstance(distribution, CategoricalDistribution):
        return value in distribution.choices
    assert isinstance(distribution, Numbers), "Optuna has no other distributions"
    return isinstance(value, int | float) and distribution.low <= value <= distribution.high
