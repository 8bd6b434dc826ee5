"""The table of settings: each field of `Plan` is an entry, from which everything else about a setting is derived.

An entry states the default, the allowed values, a sentence of help, and what sliders and searches need. Validation,
`Hyperparameters`, the sliders of the live page, the usual search space and docs/settings.md read it.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any, Literal

from goodfit.allowed_values import LayerNumbers, Numbers, Values
from goodfit.errors import PlanError, nearest

# hyperparameter: a traced number, so that changing it never recompiles; structure: compiled into the program;
# host: used outside of the program, before training or between its epochs
Role = Literal["hyperparameter", "structure", "host"]
SliderScale = Literal["linear", "log", "one-minus-log", "integer"]

NAMED_ONLY = 5  # the tier of what is searched only where a space names it


@dataclass(frozen=True)
class Slider:
    """The slider of a hyperparameter on the live page; the plan may take more, which is then typed.

    Ends are a step or two beyond those of the usual search: people turn sliders to find out what is there.

    Attributes:
        scale: the scale on which the slider moves evenly.
        low: the lower end; on a log scale whose setting may be 0, the lowest position above 0.
        high: the upper end.
        rank: 1 is shown first; 0 comes after all that have a rank.
        words: what the box beside it takes, where that is more than the setting's own values.
    """

    scale: SliderScale
    low: float
    high: float
    rank: int = 0
    words: str = ""


@dataclass(frozen=True)
class SearchRange:
    """The usual range of a search.

    Attributes:
        tier: 1 is the most important, 4 the last that a search without a space reaches (course notes: tuning process).
        text: scale and range as people write them in a space, such as "log:1e-4..1e-1"; empty where none is usual.
        name: what is searched, where one setting is searched as several quantities.
        only_if: another setting, and the value of it with which this is searched.
        place: in the course notes' list, from 1; what is not in it comes last in its tier, and has 0.
    """

    tier: int
    text: str
    name: str = ""
    only_if: tuple[str, str] | None = None
    place: int = 0


@dataclass(frozen=True)
class IdleWith:
    """A circumstance in which a setting has no effect.

    Attributes:
        setting: another setting, or "task".
        values: those of its values with which there is no effect.
        words: the circumstance as a noun phrase; empty where the value is one.
    """

    setting: str
    values: tuple[Any, ...]
    words: str = ""


@dataclass(frozen=True)
class Variant:
    """A setting whose meaning depends on another: what holds with one value of that.

    Attributes:
        default: the value taken where none is given.
        values: the allowed values, where they differ.
        slider: the slider, where it differs.
    """

    default: float
    values: Values | None = None
    slider: Slider | None = None


@dataclass(frozen=True)
class Setting:
    """One field of `Plan`.

    Attributes:
        name: the field's name.
        default: its value where none is given.
        values: what it takes.
        help: one sentence on what it does.
        role: how the engine uses it.
        unit: what a number counts, such as "epochs".
        off: of a hyperparameter, the value with which it does nothing.
        flag: of a hyperparameter whose work is left out of the program while it is off, the field of `Structure` that
            says so.
        regularizer: True where it keeps the network from fitting its training set, as long as it is not off.
        complement: a second name, under which people give 1 − value.
        other_names: names in other libraries; an error suggests this setting for them.
        idle_with: circumstances in which it has no effect.
        variants: the setting that it depends on, and what holds with each value of that.
        slider: of a hyperparameter, its slider on the live page.
        searches: its usual ranges in a search; none is searched by itself when empty.
    """

    name: str
    default: Any
    values: Values
    help: str
    role: Role
    unit: str = ""
    off: float | None = None
    flag: str = ""
    regularizer: bool = False
    complement: str = ""
    other_names: tuple[str, ...] = ()
    idle_with: tuple[IdleWith, ...] = ()
    variants: tuple[str, Mapping[str, Variant]] | None = None
    slider: Slider | None = None
    searches: tuple[SearchRange, ...] = ()

    def variant(self, plan: object) -> Variant | None:
        """Return the default and range that apply with the plan's value of the setting that this one depends on."""
        if self.variants is None:
            return None
        other, variants = self.variants
        return variants.get(getattr(plan, other))

    def idle_reason(self, plan: object, task: str | None = None) -> str:
        """Return the circumstance in which the setting has no effect in this plan, as a noun phrase, or nothing."""
        for circumstance in self.idle_with:
            value = task if circumstance.setting == "task" else getattr(plan, circumstance.setting)
            if value in circumstance.values:
                return circumstance.words or str(value)
        return ""

    def takes(self, value: Any) -> bool:
        """True where the value is allowed."""
        try:
            self.values.check(self.name, self.values.convert(value))
        except PlanError:
            return False
        return True

    def is_on(self, value: float | tuple[float, ...]) -> bool:
        """True where this value, or that of any layer, does something."""
        return any(number != self.off for number in (value if isinstance(value, tuple) else (value,)))


def setting(default: Any, values: Values, help: str, role: Role = "hyperparameter", **rest: Any) -> Any:
    """Declare a field of `Plan`; arguments as the attributes of `Setting`."""
    entry = Setting("", default, values, help, role, **rest)
    return field(default=default, metadata={"setting": entry})


def table(plan: type) -> dict[str, Setting]:
    """Return the entries of a plan's fields by name."""
    return {entry.name: replace(entry.metadata["setting"], name=entry.name) for entry in fields(plan)}


def canonical(settings: Mapping[str, Any], entries: Mapping[str, Setting]) -> dict[str, Any]:
    """Return settings under the names that plans have: 1 − `dropout` is `keep_prob`.

    Raises:
        PlanError: an unknown name, both names of one setting, or a value that has no complement.
    """
    renamed = {entry.complement: entry for entry in entries.values() if entry.complement}
    result: dict[str, Any] = {}
    for name, value in settings.items():
        if name in renamed:
            entry = renamed[name]
            if entry.name in settings:
                raise PlanError(f"{name} and {entry.name} are both given; give one, {name} is 1 − {entry.name}")
            result[entry.name] = _complement_of(name, value, entry)
        elif name in entries:
            result[name] = value
        else:
            raise PlanError(f"unknown plan key '{name}': {suggestion(str(name), entries)}")
    return result


def setting_called(name: str, entries: Mapping[str, Setting]) -> str | None:
    """Return the name by which plans take what this library or another calls so; None if no setting is."""
    for entry in entries.values():
        if name in (entry.name, entry.complement):
            return name
        if name in entry.other_names:
            return entry.name
    return None


def suggestion(name: str, entries: Mapping[str, Setting], further: Iterable[str] = ()) -> str:
    """Return a hint for an unknown name: the setting that other libraries call so, or the nearest name.

    Args:
        name: the unknown name.
        entries: the settings that could be meant.
        further: other names that are known where the name was given.
    """
    meant = setting_called(name, entries)
    if meant is not None:
        return f"did you mean '{meant}'?"
    complements = (entry.complement for entry in entries.values() if entry.complement)
    return nearest(name, (*entries, *complements, *further))


def complement(value: float) -> float:
    """1 − value without the rounding of binary fractions.

    >>> complement(0.999), 1 - 0.999
    (0.001, 0.0010000000000000009)
    """
    return float(1 - Decimal(repr(value)))


def page(entries: Iterable[Setting]) -> str:
    """Return docs/settings.md: a table of all settings in Markdown."""
    lines = [
        "# Settings of a plan",
        "",
        "Written from the table in `src/goodfit/plan.py`. Settings marked ● are numbers that can change while a model",
        "trains (`goodfit nudge`); the others need a new run (`goodfit branch`, `goodfit train --set`).",
        "",
        "| setting | default | takes | what it does |",
        "|---|---|---|---|",
    ]
    for entry in entries:
        live = " ●" if entry.role == "hyperparameter" else ""
        default = list(entry.default) if isinstance(entry.default, tuple) else entry.default
        default = "by `decay`" if isinstance(default, float) and math.isnan(default) else f"`{default}`"
        lines.append(f"| `{entry.name}`{live} | {default} | {entry.values.words} | {entry.help} |")
    return "\n".join(lines) + "\n"


def _complement_of(name: str, value: Any, entry: Setting) -> Any:
    """1 − value, or that of each layer."""
    numbers = entry.values.numbers if isinstance(entry.values, LayerNumbers) else entry.values
    assert isinstance(numbers, Numbers), "only real numbers have a complement"
    ends = Numbers(complement(numbers.high), complement(numbers.low), numbers.high_allowed, numbers.low_allowed)
    several = isinstance(value, list | tuple)
    converted = [ends.convert(number) for number in (value if several else (value,))]
    for number in converted:
        ends.check(name, number)
    complements = tuple(map(complement, converted))
    return complements if several else complements[0]
