"""Sliders of a live training: one per hyperparameter, with its range and the reasons it may not move."""

from collections.abc import Mapping
from typing import Any

from goodfit.errors import PlanError
from goodfit.plan import SETTINGS, Plan, Structure, renumbered
from goodfit.settings import Choices, Setting

_REACH = 4  # times the plan's epochs: people go on training what still improves
_PROBE = 0.5  # turns any hyperparameter on
# A branch keeps the parameters whose shapes fit; with another kind of layer or another depth, none do.
_NOT_BRANCHED = ("layer", "depth")


def sliders(plan: Plan, compiled: Structure, task: str | None = None) -> list[dict[str, Any]]:
    """Return a slider with a typed box for each hyperparameter, the ones most used first.

    Each has `name`, `value`, `scale`, `low`, `high`, `off`, `allowed` (the plan's values in words), `primary` (True if
    it is shown before the others), `fixed_reason` (it cannot move in this run) and `idle_reason` (it has no effect).
    A keep_prob per layer has one slider per layer, with its `layer`, from 0.

    Args:
        plan: as nudged so far.
        begun: the structure that was compiled.
        task: "binary", "classes" or "regression", None if unknown.
    """
    rows = []
    for setting in _in_order():
        name, value = setting.name, getattr(plan, setting.name)
        facts: dict[str, Any] = {"name": name, "primary": setting.slider is not None and setting.slider.rank > 0}
        facts |= {"fixed_reason": _fixed(plan, compiled, setting), "idle_reason": _idle(plan, setting, task)}
        if isinstance(value, tuple):
            for layer, number in enumerate(value):
                of_layer = {"layer": layer, "label": f"{name}, layer {layer + 1}"}
                rows.append(facts | of_layer | _range(plan, setting, number))
        else:
            rows.append(facts | {"layer": None, "label": name} | _range(plan, setting, value))
    return rows


def _in_order() -> list[Setting]:
    """Return the hyperparameters, the ranked ones first."""
    numbers = [setting for setting in SETTINGS.values() if setting.slider]
    return sorted(numbers, key=lambda setting: setting.slider.rank or len(numbers) if setting.slider else 0)


def _range(plan: Plan, setting: Setting, value: float) -> dict[str, Any]:
    """Return value and ends; a value beyond the ends, which was typed, moves them."""
    variant = setting.variant(plan)
    slider = (variant.slider if variant else None) or setting.slider
    values = (variant.values if variant else None) or setting.values
    assert slider is not None, "every hyperparameter has a slider"
    off = slider.scale == "log" and setting.takes(0.0)  # 0 is one more step below the lower end
    low, high = slider.low, slider.high
    if setting.unit == "epochs":
        high = float(_REACH * plan.epochs)
    if value > 0 or not off:
        low = min(low, value)
    high = max(high, value if slider.scale != "one-minus-log" or value < 1 else high)
    words = slider.words or values.words
    return {"value": value, "scale": slider.scale, "low": low, "high": high, "off": off, "allowed": words}


def _fixed(plan: Plan, compiled: Structure, setting: Setting) -> str | None:
    """Return the refusal that any other value would meet in this run; None if the number can move."""
    if not setting.flag:
        return None
    try:
        renumbered(plan, compiled, {setting.name: _PROBE})
    except PlanError as error:
        return str(error)
    return None


def can_nudge(plan: Plan, compiled: Structure, numbers: Mapping[str, Any]) -> bool:
    """Return True if a nudge could set these numbers in this run."""
    try:
        renumbered(plan, compiled, numbers)
    except PlanError:
        return False
    return True


def _idle(plan: Plan, setting: Setting, task: str | None) -> str | None:
    """Return the setting with which the number has no effect; None if it has one."""
    reason = setting.idle_reason(plan, task)
    return f"no effect with {reason}" if reason else None


def structure_fields(plan: Plan) -> list[dict[str, Any]]:
    """Return what a branch may change and a nudge cannot: `name`, `value`, and `choices` if they can be listed."""
    values = plan.to_dict()
    return [
        {
            "name": setting.name,
            "value": values[setting.name],
            "choices": setting.values.names if isinstance(setting.values, Choices) else None,
        }
        for setting in SETTINGS.values()
        if setting.role != "hyperparameter" and setting.name not in _NOT_BRANCHED
    ]
