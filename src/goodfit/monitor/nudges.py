"""The nudges of a live view: the log, the marks in the plot, and measured effects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from goodfit.monitor.curves import finite
from goodfit.record.nudge import REWIND, NudgeEffect
from goodfit.record.plain import PlainData
from goodfit.record.values import EffectEstimate
from goodfit.run_folder.nudges import LogEntry, NudgeMark
from goodfit.wording import numbers
from goodfit.wording.text import no_break, sentence


@dataclass(frozen=True, kw_only=True)
class LogLine(PlainData):
    """A change or a rewind in the log.

    Attributes:
        text: the change in words.
        epoch: after which it was made.
        sender: of the request, in words.
        when: in ISO's form.
        number: of its mark in the plot; None if it has none.
        rewind: True for a rewind.
        void: True if a later rewind discarded it.
    """

    text: str
    epoch: int
    sender: str
    when: str
    number: int | None = None
    rewind: bool
    void: bool


@dataclass(frozen=True, kw_only=True)
class Mark(PlainData):
    """A mark in the plot: all changes of one epoch that no rewind discarded.

    Attributes:
        epoch: after which they were made.
        number: from 1.
        text: the changes in words.
        label: the first change in short, and how many more there are.
    """

    epoch: int
    number: int
    text: str
    label: str


@dataclass(frozen=True, kw_only=True)
class ChangeView(PlainData):
    """A measured change, with its 95 % interval.

    Attributes:
        value: negative is better.
        low: lower limit; None if unknown.
        high: upper limit; None if unknown.
        text: the value in words.
        interval: the limits in words; empty if unknown.
        verdict: "helped" or "hurt" if the interval excludes zero; otherwise empty.
    """

    value: float
    low: float | None
    high: float | None
    text: str
    interval: str
    verdict: str


@dataclass(frozen=True, kw_only=True)
class EffectView(PlainData):
    """The measured effect of the nudges of one epoch.

    Attributes:
        epoch: after which they were made.
        number: of their mark; None if they have none.
        text: the changes in words.
        compared_epoch: epoch of the last comparison; None before the first.
        error: change of the dev error.
        cost: change of the calibrated dev cost.
        sentence: the conclusion; empty before the first comparison.
    """

    epoch: int
    number: int | None
    text: str
    compared_epoch: int | None
    error: ChangeView | None
    cost: ChangeView | None
    sentence: str


def mark_views(marks: Iterable[NudgeMark]) -> tuple[Mark, ...]:
    """Return the marks of the plot."""
    views = []
    for mark in marks:
        name, _, new = mark.changes[0]
        more = f" +{len(mark.changes) - 1}" if len(mark.changes) > 1 else ""
        label = f"{name} {numbers.setting(new)}{more}"
        views.append(Mark(epoch=mark.epoch, number=mark.number, text=changes_text(mark.changes), label=label))
    return tuple(views)


def log_lines(log: Iterable[LogEntry], marks: Iterable[Mark]) -> tuple[LogLine, ...]:
    """Return the lines of a log, in its order."""
    mark_numbers = {mark.epoch: mark.number for mark in marks}
    lines = []
    for entry in log:
        is_rewind = entry.setting == REWIND
        text = (
            f"rewound from epoch {numbers.number(entry.old)} to epoch {numbers.number(entry.new)}"
            if is_rewind
            else changes_text([(entry.setting, entry.old, entry.new)])
        )
        lines.append(
            LogLine(
                text=text,
                epoch=entry.epoch,
                sender=entry.sender,
                when=entry.when,
                number=None if is_rewind or entry.void else mark_numbers.get(entry.epoch),
                rewind=is_rewind,
                void=entry.void,
            )
        )
    return tuple(lines)


def effect_views(effects: Iterable[NudgeEffect], marks: Iterable[Mark]) -> tuple[EffectView, ...]:
    """Return the measured effects of nudges, in their order."""
    mark_numbers = {mark.epoch: mark.number for mark in marks}
    return tuple(
        EffectView(
            epoch=effect.epoch,
            number=mark_numbers.get(effect.epoch),
            text=changes_text(effect.changes),
            compared_epoch=effect.compared_epoch,
            error=_change(effect.error, *numbers.change_parts(*_limits(effect.error))),
            cost=_change(effect.cost, *numbers.cost_change_parts(*_limits(effect.cost))),
            sentence=no_break(sentence(effect.sentence)),
        )
        for effect in effects
    )


def _limits(effect: EffectEstimate | None) -> tuple[float, float, float] | tuple[None]:
    return (effect.value, effect.low, effect.high) if effect else (None,)


def _change(effect: EffectEstimate | None, text: str, interval: str) -> ChangeView | None:
    value = effect and finite(effect.value)
    if effect is None or value is None:
        return None
    low, high = finite(effect.low), finite(effect.high)
    return ChangeView(
        value=value,
        low=low,
        high=high,
        text=no_break(text),
        interval=no_break(interval),
        verdict="helped" if high is not None and high < 0 else "hurt" if low is not None and low > 0 else "",
    )


def changes_text(changes: Iterable[Sequence[Any]]) -> str:
    """Return changes of the plan (name, old and new value) in a line.

    >>> changes_text([["l2", 0.0, 0.5]])
    'l2 0 → 0.5'
    """
    return ", ".join(f"{name} {numbers.setting(old)} → {numbers.setting(new)}" for name, old, new in changes)
