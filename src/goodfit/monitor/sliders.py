"""The knobs of a live training: every number of its plan, the scale it lives on, and why one cannot move."""

from collections.abc import Mapping
from typing import Any

from goodfit.errors import PlanError
from goodfit.plan import SETTINGS, Plan, Structure, renumbered
from goodfit.settings import Choices, Setting

_FURTHER = 4  # times the epochs that a slider of epochs reaches
_TRIED = 0.5  # a value with which the work of any hyperparameter is turned on
# A branch keeps the parameters whose shapes fit; with another kind of layer or another depth, none do.
_NOT_BRANCHED = ("layer", "depth")


def knobs(plan: Plan, begun: Structure, task: str | None = None) -> list[dict[str, Any]]:
    """What a page needs to draw a slider and a typed box for each hyperparameter, the ones most turned first.

    Each has `name`, `value`, `scale`, `low`, `high`, `off`, `says` (what the plan takes), `first` (whether it is shown
    before the others), `fixed` (why it cannot move in this run, or None) and `idle` (why it moves nothing, or None).
    A keep_prob of each layer is one knob a layer, with its `layer`, from 0.

    Args:
        plan: as nudged so far.
        begun: the structure that was compiled.
        task: "binary", "classes" or "regression", where it is known.
    """
    found = []
    for setting in _in_order():
        name, value = setting.name, getattr(plan, setting.name)
        facts: dict[str, Any] = {"name": name, "first": setting.slider is not None and setting.slider.rank > 0}
        facts |= {"fixed": _fixed(plan, begun, setting), "idle": _idle(plan, setting, task)}
        if isinstance(value, tuple):
            for layer, number in enumerate(value):
                of_layer = {"layer": layer, "label": f"{name}, layer {layer + 1}"}
                found.append(facts | of_layer | _drawn(plan, setting, number))
        else:
            found.append(facts | {"layer": None, "label": name} | _drawn(plan, setting, value))
    return found


def _in_order() -> list[Setting]:
    """The hyperparameters: the ranked ones first."""
    numbers = [setting for setting in SETTINGS.values() if setting.slider]
    return sorted(numbers, key=lambda setting: setting.slider.rank or len(numbers) if setting.slider else 0)


def _drawn(plan: Plan, setting: Setting, value: float) -> dict[str, Any]:
    """Value and ends; a value beyond the ends moves them."""
    variant = setting.variant(plan)
    slider = (variant.slider if variant else None) or setting.slider
    values = (variant.values if variant else None) or setting.values
    assert slider is not None, "every hyperparameter has a slider"
    off = slider.scale == "log" and setting.takes(0.0)  # 0 is one more step below the lower end
    low, high = slider.low, slider.high
    if setting.unit == "epochs":
        high = float(_FURTHER * plan.epochs)
    if value > 0 or not off:
        low = min(low, value)
    high = max(high, value if slider.scale != "one-minus-log" or value < 1 else high)
    words = slider.words or values.words
    return {"value": value, "scale": slider.scale, "low": low, "high": high, "off": off, "says": words}


def _fixed(plan: Plan, begun: Structure, setting: Setting) -> str | None:
    """The refusal that any other value of this number would meet, or nothing."""
    if not setting.flag:
        return None
    try:
        renumbered(plan, begun, {setting.name: _TRIED})
    except PlanError as error:
        return str(error)
    return None


def moves(plan: Plan, begun: Structure, numbers: Mapping[str, Any]) -> bool:
    """Whether a nudge could change these numbers so in this run."""
    try:
        renumbered(plan, begun, numbers)
    except PlanError:
        return False
    return True


def _idle(plan: Plan, setting: Setting, task: str | None) -> str | None:
    """With what in this plan the number does nothing, or nothing."""
    reason = setting.idle_reason(plan, task)
    return f"moves nothing with {reason}" if reason else None


def structure(plan: Plan) -> list[dict[str, Any]]:
    """What a branch may change and a nudge cannot: `name`, `value`, and `choices` where there are only some."""
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
