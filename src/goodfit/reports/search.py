"""A search as plain facts to show: its winner, the regions it looked in, and the trials that were stopped."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from goodfit.record.search_result import FinalistResult, SearchRegion, SearchResult, TrialResult
from goodfit.reports.axes import Axis, error_axis, parameter_axis
from goodfit.reports.scale import Scale, scale
from goodfit.wording import numbers
from goodfit.wording.text import count, sentence

MOST_TRIALS = 500  # drawn: more cannot be told apart, and each is drawn once for every hyperparameter
MOST_STOPPED = 20
_DIGITS = 4  # of a setting in a table; the final plan has them all


@dataclass(frozen=True)
class Finalist:
    """One of the best plans, trained again with fresh seeds."""

    place: int
    settings: dict[str, Any]  # in which the finalists differ
    result: FinalistResult


@dataclass(frozen=True)
class Search:
    """Everything that a page shows of a search.

    Attributes:
        summary: the outcome in one sentence.
        count: of all trials.
        middle: the middle of the dev errors of the trials that trained to the end.
        endings: the ends of the trials, in words.
        axes: of the hyperparameters, the most important first.
        error: the axis of dev errors.
        trials: that are drawn, by number.
        left_out: trials that are not drawn; the best are.
        regions: of each wave, by hyperparameter.
        importance: shares of the differences in error, the largest first.
        finalists: the winner first, then by dev cost.
        scale: of their distances from the winner.
        stopped: the first trials that did not train to the end.
        stopped_left_out: number of further ones.
        notes: advice for the next search.
    """

    summary: str
    count: int
    middle: float | None
    endings: str
    axes: tuple[Axis, ...]
    error: Axis
    trials: tuple[TrialResult, ...]
    left_out: int
    regions: tuple[dict[str, SearchRegion], ...]
    importance: tuple[tuple[str, float], ...]
    finalists: tuple[Finalist, ...]
    scale: Scale
    stopped: tuple[TrialResult, ...]
    stopped_left_out: int
    notes: tuple[str, ...]

    @property
    def complete(self) -> list[TrialResult]:
        """The trials that trained to the end and have an error."""
        return [trial for trial in self.trials if trial.state == "complete" and trial.dev_error is not None]

    @property
    def best(self) -> TrialResult | None:
        """The trial with the lowest dev error of one training."""
        return min(self.complete, key=_order, default=None)

    def error_place(self, trial: TrialResult) -> float | None:
        """Return the place of a trial's dev error on the axis of errors."""
        return self.error.place(trial.dev_error)


def search_view(facts: SearchResult, trials: Sequence[TrialResult], candidates: Sequence[FinalistResult]) -> Search:
    """Return the view of a search.

    Args:
        facts: its space and course.
        trials: all of them.
        candidates: the best plans, trained again.
    """
    drawn_trials = _drawn_trials(trials)
    errors = [trial.dev_error for trial in trials if trial.state == "complete" and trial.dev_error is not None]
    finalists, importance = _finalists(candidates), facts.importance
    distances_to_winner = [finalist.result.against_the_winner for finalist in finalists]
    distances = [end for distance in distances_to_winner if distance for end in (distance.low, distance.high)]
    stopped = [trial for trial in trials if trial.state in ("pruned", "fail")]
    ordered = sorted(facts.parameters, key=lambda name: -importance.get(name, 0.0))
    return Search(
        summary=_summary(finalists, len(trials)),
        count=len(trials),
        middle=median(errors) if errors else None,
        endings=_endings(trials),
        axes=tuple(
            parameter_axis(name, facts.parameters[name], [trial.parameters.get(name) for trial in drawn_trials])
            for name in ordered
        ),
        error=error_axis("dev error", [trial.dev_error for trial in drawn_trials]),
        trials=drawn_trials,
        left_out=len(trials) - len(drawn_trials),
        regions=facts.regions,
        importance=tuple(sorted(importance.items(), key=lambda item: -item[1])),
        finalists=finalists,
        scale=scale(distances),
        stopped=tuple(stopped[:MOST_STOPPED]),
        stopped_left_out=max(len(stopped) - MOST_STOPPED, 0),
        notes=facts.notes,
    )


def _drawn_trials(trials: Sequence[TrialResult]) -> tuple[TrialResult, ...]:
    """The best trials in the order of their numbers, as many as can be drawn."""
    return tuple(sorted(sorted(trials, key=_order)[:MOST_TRIALS], key=lambda trial: trial.number))


def _order(trial: TrialResult) -> float:
    """The place of a trial from the best to the worst."""
    return math.inf if trial.dev_error is None else trial.dev_error


def _summary(finalists: Sequence[Finalist], trials: int) -> str:
    if not finalists:
        return f"{count(trials, 'trial')} started, and no winner was chosen."
    winner = finalists[0].result
    seeds = count(winner.seeds, "fresh seed")
    words = f"The winner of {count(trials, 'trial')} has a dev error of {numbers.percent(winner.dev_error)}"
    words += f", the mean over {seeds} that no trial used"
    distances = [distance for finalist in finalists[1:] if (distance := finalist.result.against_the_winner)]
    worse = sum(distance.low > 0 for distance in distances)
    if not distances:
        return f"{words}."
    if not worse:
        return f"{words}; no measurable difference from {count(len(distances), 'other finalist')}."
    return f"{words}; of {count(len(distances), 'other finalist')}, {worse} did measurably worse."


def _endings(trials: Sequence[TrialResult]) -> str:
    states = Counter(trial.state for trial in trials)
    phrases = {
        "complete": "trained to the end",
        "pruned": "stopped early, because others were far ahead or they learned nothing",
        "fail": "failed",
        "running": "still running",
        "waiting": "not started",
    }
    parts = [f"{states[state]:,} {meaning}" for state, meaning in phrases.items() if states[state]]
    return sentence("; ".join(parts))


def _finalists(finalists: Sequence[FinalistResult]) -> tuple[Finalist, ...]:
    """The winner first, then by dev cost, each with the settings in which they differ."""
    # Only the winner has no distance from the winner.
    order = sorted(finalists, key=lambda finalist: (finalist.against_the_winner is not None, finalist.dev_cost))
    plans = [finalist.plan.to_dict() for finalist in order]
    differing = [name for name in (plans[0] if plans else ()) if any(plan[name] != plans[0][name] for plan in plans)]
    return tuple(
        Finalist(place, {name: _short(plan[name]) for name in differing}, finalist)
        for place, (finalist, plan) in enumerate(zip(order, plans, strict=True), 1)
    )


def _short(value: Any) -> Any:
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value
