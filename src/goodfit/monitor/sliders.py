"""Sliders of a live training: one for each hyperparameter of its plan, with range and reasons it may not move."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from goodfit.allowed_values import Choices
from goodfit.errors import PlanError
from goodfit.plan import SETTINGS, Plan, Structure, renumbered
from goodfit.record.plain import PlainData
from goodfit.settings import Setting

_REACH = 4  # times the plan's epochs that a slider of epochs reaches
_PROBE = 0.5  # a value that turns any hyperparameter on
# A branch keeps the parameters whose shapes fit; with another kind of layer or another depth, none do.
_NOT_BRANCHED = ("layer", "depth")


@dataclass(frozen=True, kw_only=True)
class Slider(PlainData):
    """A hyperparameter that people turn: a slider and a box to type in.

    Attributes:
        name: of the setting.
        label: its name, with the layer if each layer has its own value.
        layer: counted from 0; None if one value holds for all layers.
        value: now.
        scale: `linear`, `log`, `one-minus-log` or `integer`.
        low: the slider's lower end; with `off`, the end above 0.
        high: its upper end.
        off: True if 0 is one more step below the lower end.
        allowed: the values that the plan takes, in words.
        primary: True if it is shown before the others.
        fixed_reason: why it cannot move in this run; None if it can.
        idle_reason: why it has no effect with this plan; None if it has one.
    """

    name: str
    label: str
    layer: int | None
    value: float
    scale: str
    low: float
    high: float
    off: bool
    allowed: str
    primary: bool
    fixed_reason: str | None
    idle_reason: str | None


@dataclass(frozen=True, kw_only=True)
class StructureField(PlainData):
    """A setting that a branch may change and a nudge cannot.

    Attributes:
        name: of the setting.
        value: now.
        choices: the values it takes; None if there are too many to list.
    """

    name: str
    value: Any
    choices: tuple[Any, ...] | None


def sliders(plan: Plan, structure: Structure, task: str | None = None) -> tuple[Slider, ...]:
    """Return a slider for each hyperparameter, the ones most used first; with a value per layer, one for each layer.

    Args:
        plan: as nudged so far.
        structure: that the program was compiled for.
        task: `binary`, `classes` or `regression`; None if unknown.
    """
    rows: list[Slider] = []
    for setting in _in_order():
        value = getattr(plan, setting.name)
        if isinstance(value, tuple):
            rows += [_slider(plan, structure, setting, task, number, layer) for layer, number in enumerate(value)]
        else:
            rows.append(_slider(plan, structure, setting, task, value, None))
    return tuple(rows)


def _in_order() -> list[Setting]:
    """Return the hyperparameters, the ranked ones first."""
    settings = [setting for setting in SETTINGS.values() if setting.slider]
    # Rank 0 means unranked: such settings come after all ranks, in the order of the table.
    return sorted(settings, key=lambda setting: setting.slider.rank or len(settings) if setting.slider else 0)


def _slider(
    plan: Plan, structure: Structure, setting: Setting, task: str | None, value: float, layer: int | None
) -> Slider:
    # Some settings mean something else with other settings: a decay rate is a factor or a slope.
    variant = setting.variant(plan)
    slider = (variant.slider if variant else None) or setting.slider
    values = (variant.values if variant else None) or setting.values
    assert slider is not None, "every hyperparameter has a slider"
    off = slider.scale == "log" and setting.takes(0.0)  # a log scale has no 0
    high = float(_REACH * plan.epochs) if setting.unit == "epochs" else slider.high
    reason = setting.idle_reason(plan, task)
    return Slider(
        name=setting.name,
        label=setting.name if layer is None else f"{setting.name}, layer {layer + 1}",
        layer=layer,
        value=value,
        scale=slider.scale,
        # A value beyond the ends, which was typed, moves them.
        low=slider.low if off and value <= 0 else min(slider.low, value),
        high=high if slider.scale == "one-minus-log" and value >= 1 else max(high, value),
        off=off,
        allowed=slider.words or values.words,
        primary=setting.slider is not None and setting.slider.rank > 0,
        fixed_reason=_fixed_reason(plan, structure, setting),
        idle_reason=f"no effect with {reason}" if reason else None,
    )


def _fixed_reason(plan: Plan, structure: Structure, setting: Setting) -> str | None:
    """Return the refusal that any other value would meet in this run; None if the setting can move."""
    if not setting.flag:
        return None
    try:
        renumbered(plan, structure, {setting.name: _PROBE})
    except PlanError as error:
        return str(error)
    return None


def can_nudge(plan: Plan, structure: Structure, values: Mapping[str, Any]) -> bool:
    """Return True if a nudge could set these values in this run."""
    try:
        renumbered(plan, structure, values)
    except PlanError:
        return False
    return True


def structure_fields(plan: Plan) -> tuple[StructureField, ...]:
    """Return the settings that a branch may change and a nudge cannot."""
    values = plan.to_dict()
    return tuple(
        StructureField(
            name=setting.name,
            value=values[setting.name],
            choices=tuple(setting.values.names) if isinstance(setting.values, Choices) else None,
        )
        for setting in SETTINGS.values()
        if setting.role != "hyperparameter" and setting.name not in _NOT_BRANCHED
    )
