"""A search as plain facts to show: what was found, where it looked, which trials were stopped and why."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

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
    facts: dict[str, Any]


@dataclass(frozen=True)
class Search:
    """All that a page shows of a search.

    Attributes:
        found: what came of it, in one sentence.
        count: of all trials.
        middle: the middle of the dev errors of the trials that trained to the end.
        ended: how the trials ended, in words.
        axes: of the hyperparameters, the most important first.
        error: the axis of dev errors.
        trials: that are drawn, by number.
        left_out: trials that are not drawn; the best are.
        regions: of each wave, by hyperparameter.
        importance: shares of the differences in error, the largest first.
        finalists: the winner first, then by dev cost.
        scale: of their distances from the winner.
        stopped: the first trials that did not train to the end.
        stopped_left_out: how many more there are.
        notes: what to search differently next time.
    """

    found: str
    count: int
    middle: float | None
    ended: str
    axes: tuple[Axis, ...]
    error: Axis
    trials: tuple[dict[str, Any], ...]
    left_out: int
    regions: tuple[dict[str, Any], ...]
    importance: tuple[tuple[str, float], ...]
    finalists: tuple[Finalist, ...]
    scale: Scale
    stopped: tuple[dict[str, Any], ...]
    stopped_left_out: int
    notes: tuple[str, ...]

    @property
    def complete(self) -> list[dict[str, Any]]:
        """The trials that trained to the end and have an error."""
        return [one for one in self.trials if one["state"] == "complete" and one["dev_error"] is not None]

    @property
    def best(self) -> dict[str, Any] | None:
        """The trial with the lowest dev error of one training."""
        return min(self.complete, key=lambda one: one["dev_error"], default=None)


def search_view(result: dict[str, Any]) -> Search | None:
    """The search of a result; None for commands that do not search."""
    facts, trials = result.get("search"), result.get("trials")
    if not isinstance(facts, dict) or not isinstance(trials, list):
        return None
    shown = _shown(trials)
    errors = [one["dev_error"] for one in trials if one["state"] == "complete" and one["dev_error"] is not None]
    finalists, importance = _finalists(result.get("finalists") or []), facts.get("importance") or {}
    distances = [(one.facts.get("against_the_winner") or {}).get(end) for one in finalists for end in ("low", "high")]
    stopped = [one for one in trials if one["state"] in ("pruned", "fail")]
    ordered = sorted(facts["parameters"], key=lambda name: -importance.get(name, 0.0))
    return Search(
        found=_found(finalists, len(trials)),
        count=len(trials),
        middle=median(errors) if errors else None,
        ended=_ended(trials),
        axes=tuple(
            parameter_axis(name, facts["parameters"][name], [one["parameters"].get(name) for one in shown])
            for name in ordered
        ),
        error=error_axis("dev error", [one["dev_error"] for one in shown]),
        trials=shown,
        left_out=len(trials) - len(shown),
        regions=tuple(facts.get("regions") or ()),
        importance=tuple(sorted(importance.items(), key=lambda each: -each[1])),
        finalists=finalists,
        scale=scale(distances),
        stopped=tuple(stopped[:MOST_STOPPED]),
        stopped_left_out=max(len(stopped) - MOST_STOPPED, 0),
        notes=tuple(facts.get("notes") or ()),
    )


def _shown(trials: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """The best trials in the order of their numbers, as many as can be drawn."""
    worst_last = sorted(trials, key=lambda one: (one["dev_error"] is None, one["dev_error"]))
    return tuple(sorted(worst_last[:MOST_TRIALS], key=lambda one: one["number"]))


def _found(finalists: Sequence[Finalist], trials: int) -> str:
    if not finalists:
        return f"{count(trials, 'trial')} were begun and no winner was chosen."
    winner = finalists[0].facts
    seeds = count(winner["seeds"], "fresh seed")
    found = f"The winner of {count(trials, 'trial')} has a dev error of {numbers.percent(winner['dev_error'])}"
    found += f", the mean over {seeds} that no trial had"
    others = [one.facts["against_the_winner"] for one in finalists[1:]]
    worse = sum(each["low"] > 0 for each in others)
    if not others:
        return f"{found}."
    if not worse:
        return f"{found}; {count(len(others), 'other finalist')} cannot be told from it."
    return f"{found}; of {count(len(others), 'other finalist')} {worse} measurably did worse."


def _ended(trials: Sequence[dict[str, Any]]) -> str:
    states = Counter(one["state"] for one in trials)
    said = {
        "complete": "trained to the end",
        "pruned": "stopped early, because others were far ahead or nothing was learned",
        "fail": "failed",
        "running": "had not ended",
        "waiting": "had not begun",
    }
    parts = [f"{states[state]:,} {meaning}" for state, meaning in said.items() if states[state]]
    return sentence("; ".join(parts))


def _finalists(finalists: Sequence[dict[str, Any]]) -> tuple[Finalist, ...]:
    """The winner first, then by dev cost, each with the settings in which they differ."""
    order = sorted(finalists, key=lambda one: (one["against_the_winner"] is not None, one["dev_cost"]))
    plans = [one["plan"] for one in order]
    differing = [name for name in (plans[0] if plans else ()) if any(plan[name] != plans[0][name] for plan in plans)]
    return tuple(
        Finalist(place, {name: _short(one["plan"][name]) for name in differing}, one)
        for place, one in enumerate(order, 1)
    )


def _short(value: Any) -> Any:
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value
