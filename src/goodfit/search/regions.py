"""The regions of a coarse-to-fine search: where the good trials so far suggest that each parameter be drawn."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from goodfit.search.scales import readable
from goodfit.search.unit_interval import NumberDistribution, cell, value_at
from goodfit.wording.numbers import setting

# Set on four of the tables of `benchmarks/search_tables.py`, where all values that were tried differ little: .1 to .3
# good trials, weighted equally, by rank or by its square; 0 to 0.2 global; deviations of 0.03 to 0.1 of the range and 0
# to 0.7 of a step.
GOOD = 0.2  # of the finished trials
GLOBAL = 0.1  # of the trials are drawn over the whole range
_NARROWEST = 0.05  # of the range: the least deviation of draws around a good trial
_NARROWEST_CELLS = 0.7  # the same in steps of whole numbers: about a third of the draws leave the step
_FEWEST_GOOD = 3  # trials; draws around fewer would follow an accident
_WIDENED = 2.0  # deviations, beyond a best value on the edge
_OUTERMOST = 0.1  # of the range, which counts as its end
_ROUNDING = 1e-9  # of ends that were divided by the number of steps


@dataclass(frozen=True)
class Region:
    """The region of one parameter in one wave, in Optuna's values.

    Attributes:
        low: the lower end; None for a choice.
        high: the upper end; None for a choice.
        widened: True where the best value lay on an edge of the region, which was moved outward there.
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
        widened: True where an end was moved outward.
        deviation: standard deviation of draws around a good trial.
    """

    low: float
    high: float
    widened: bool
    deviation: float


def finished_before(study: Study, number: int) -> list[FrozenTrial]:
    """Return the trials before this number that were completed or pruned; like Optuna, without failed ones."""
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    return [trial for trial in trials if trial.number < number]


def good_trials(trials: Sequence[FrozenTrial], direction: StudyDirection) -> list[FrozenTrial]:
    """Return the best fifth, at least three, the best first; pruned ones come after all others, as in Optuna's TPE."""
    # Among pruned trials those that came farther are better, whatever their errors were by then.
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


def trials_with(trials: Sequence[FrozenTrial], name: str, distribution: BaseDistribution) -> list[FrozenTrial]:
    """Return the trials that have the parameter, with a value that is in its present range."""
    return [trial for trial in trials if name in trial.params and _contains(distribution, trial.params[name])]


def rank_weights(count: int) -> np.ndarray:
    """Return weights that fall with the square of the rank: 9/14, 4/14 and 1/14 for three."""
    weights = np.arange(count, 0, -1.0) ** 2
    return weights / weights.sum()


def zoom(good: Sequence[FrozenTrial], name: str, distribution: NumberDistribution) -> Zoom:
    """Return the region of a numeric parameter that at least two of these good trials have, the best first."""
    cells = np.array([cell(distribution, trial.params[name]) for trial in trials_with(good, name, distribution)])
    # Scott's rule (1992): narrower with more trials and fewer parameters
    scott = len(cells) ** (-1 / (len(good[0].params) + 4))
    best_low, best_high = cells[0]
    step = best_high - best_low
    # Good trials that agree by chance must not end the search around them: there is a least deviation.
    deviation = max(cells.mean(axis=1).std(), _NARROWEST, _NARROWEST_CELLS * step) * scott
    low, high = cells[:, 0].min(), cells[:, 1].max()
    # a best value on the edge may have better ones beyond it
    margin = max(_WIDENED * deviation, step)
    wide_low = max(low - margin, 0.0) if best_low == low else low
    wide_high = min(high + margin, 1.0) if best_high == high else high
    return Zoom(float(wide_low), float(wide_high), bool(wide_low < low or wide_high > high), float(deviation))


def region(good: Sequence[FrozenTrial], name: str, distribution: BaseDistribution) -> Region:
    """Return the parameter's region after these good trials; its whole range where fewer than two of them have it.

    Args:
        good: the good trials, the best first.
        name: the parameter's name in Optuna.
        distribution: the parameter's whole range.
    """
    holders = trials_with(good, name, distribution)
    zooms = len(holders) > 1
    if isinstance(distribution, CategoricalDistribution):
        following = (1 - GLOBAL) * (1 - uniform_share(len(holders))) if zooms else 0.0
        shares = dict.fromkeys(distribution.choices, (1 - following) / len(distribution.choices))
        for trial, weight in zip(holders, rank_weights(len(holders)), strict=True):
            shares[trial.params[name]] += following * float(weight)
        return Region(None, None, shares=shares)
    assert isinstance(distribution, NumberDistribution), "Optuna has no other distributions"
    if not zooms:
        return Region(distribution.low, distribution.high)
    ends = zoom(good, name, distribution)
    # The place where a step ends is where the next one begins: just below it is still the step itself.
    low, high = (value_at(distribution, end) for end in (ends.low, math.nextafter(ends.high, 0)))
    return Region(low, high, ends.widened)


def uniform_share(good: int) -> float:
    """Return the share of a choice's draws that follow no good trial: one vote beside theirs, so none dies out."""
    return 1 / (good + 1)


def range_notes(study: Study) -> list[str]:
    """Return a sentence for each parameter whose best values lie at an end of its whole range."""
    good = good_trials(finished_before(study, len(study.get_trials(deepcopy=False))), study.direction)
    if len(good) < _FEWEST_GOOD:
        return []
    notes = []
    for parameter, distribution in good[0].distributions.items():
        holders = trials_with(good, parameter, distribution)
        if isinstance(distribution, NumberDistribution) and not distribution.single() and len(holders) > 1:
            cells = np.array([cell(distribution, trial.params[parameter]) for trial in holders])
            if _gather_at_upper_end(cells):
                notes.append(_range_note(parameter, distribution.high, upper=True))
            elif _gather_at_upper_end(1 - cells[:, ::-1]):  # the range turned around
                notes.append(_range_note(parameter, distribution.low, upper=False))
    return notes


def _gather_at_upper_end(cells: np.ndarray) -> bool:
    """True where the best and at least half of the good trials lie at the upper end."""
    at_end = (cells.mean(axis=1) > 1 - _OUTERMOST) | (cells[:, 1] > 1 - _ROUNDING)
    return bool(at_end[0] and at_end.mean() >= 0.5)


def _range_note(parameter: str, end: float, *, upper: bool) -> str:
    name, value = readable(parameter, end)
    upper ^= readable(parameter, 2.0)[1] < readable(parameter, 1.0)[1]  # 1 − β is read as β: its range is reversed
    side = "upper" if upper else "lower"
    whose = f"{name}'" if name.endswith("s") else f"{name}'s"
    return f"{whose} best values lie at the {side} end of its range ({setting(value)}): widen it"


def _contains(distribution: BaseDistribution, value: Any) -> bool:
    if isinstance(distribution, CategoricalDistribution):
        return value in distribution.choices
    assert isinstance(distribution, NumberDistribution), "Optuna has no other distributions"
    return isinstance(value, int | float) and distribution.low <= value <= distribution.high
