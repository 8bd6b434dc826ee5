"""The knobs of a live training: every number of its plan, the scale it lives on, and why one cannot move."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from goodfit.errors import PlanError
from goodfit.plan import (
    Activation,
    Architecture,
    BatchNorm,
    Decay,
    Initialization,
    Optimizer,
    Plan,
    PreparationKind,
    Structure,
    renumbered,
)

Scale = Literal["log", "one-minus-log", "linear", "integer"]


@dataclass(frozen=True)
class _Range:
    """Where a slider goes; the plan may take more, which is then typed.

    Attributes:
        scale: the quantity's own.
        low: the slider's lower end; where `off`, the end above 0.
        high: its upper end.
        says: what the plan takes, in words.
        off: whether 0 is one more step below the lower end.
    """

    scale: Scale
    low: float
    high: float
    says: str
    off: bool = False


_FROM_0, _ABOVE_0, _BELOW_1 = "a number of at least 0", "a number above 0", "at least 0 and below 1"
# Ends are a step or two beyond what a search tries (`search/importance.py`): people babysit to find out what is there.
_RANGES = {
    "learning_rate": _Range("log", 1e-6, 10, _ABOVE_0),
    "epochs": _Range("integer", 1, 100, "a whole number, not below the epochs that have passed"),
    "keep_prob": _Range("linear", 0.05, 1, "above 0 and at most 1"),
    "weight_decay": _Range("log", 1e-5, 10, _FROM_0, off=True),
    "l2": _Range("log", 1e-3, 1e3, _FROM_0, off=True),
    "patience": _Range("integer", 0, 100, "a whole number; 0 trains to the end"),
    "beta1": _Range("one-minus-log", 0, 0.9999, _BELOW_1),
    "beta2": _Range("one-minus-log", 0, 0.99999, _BELOW_1),
    "epsilon": _Range("log", 1e-12, 1, _FROM_0, off=True),
    "decay_rate": _Range("log", 1e-4, 100, _FROM_0, off=True),
    "l1": _Range("log", 1e-3, 1e3, _FROM_0, off=True),
    "clip_norm": _Range("log", 1e-3, 1e3, _FROM_0, off=True),
    "label_smoothing": _Range("linear", 0, 0.5, _BELOW_1),
    "input_keep_prob": _Range("linear", 0.05, 1, "above 0 and at most 1"),
    "batch_norm_beta": _Range("one-minus-log", 0, 0.9999, _BELOW_1),
    "class_balance": _Range("linear", 0, 1, "at least 0 and at most 1"),
    "augmentation": _Range("linear", 0, 2, "at least 0 and at most 2"),
    "flip": _Range("linear", 0, 1, "at least 0 and at most 1"),
}
_DECAY_RATES = {  # whose meaning is the decay's
    "exponential": _Range("one-minus-log", 0.5, 0.9999, _FROM_0),
    "one_cycle": _Range("linear", 0, 0.95, _BELOW_1),
}
_FIRST = 6  # of these are shown before the others
_LENGTHS = ("epochs", "patience")
_FURTHER = 4  # times the epochs that a slider of them reaches
# What makes work that a program was compiled without: a value to try.
_TURNED_ON = {"keep_prob": 0.5, "input_keep_prob": 0.5, "l1": 1.0, "clip_norm": 1.0, "augmentation": 0.5, "flip": 0.5}
_IDLE: dict[str, Callable[[Plan, str | None], str]] = {
    "beta1": lambda plan, _: "" if plan.optimizer in ("momentum", "adam") else plan.optimizer,
    "beta2": lambda plan, _: "" if plan.optimizer in ("rmsprop", "adam") else plan.optimizer,
    "epsilon": lambda plan, _: "" if plan.optimizer in ("rmsprop", "adam") else plan.optimizer,
    "decay_rate": lambda plan, _: "a constant learning rate" if plan.decay == "constant" else "",
    "batch_norm_beta": lambda plan, _: "no batch norm" if plan.batch_norm == "none" else "",
    "keep_prob": lambda plan, _: "" if plan.hidden_units else "no hidden layer",
    "class_balance": lambda _, task: "a regression" if task == "regression" else "",
    "label_smoothing": lambda _, task: "a regression" if task == "regression" else "",
}


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
    for name in _RANGES:
        value = getattr(plan, name)
        facts: dict[str, Any] = {"name": name, "first": name in list(_RANGES)[:_FIRST]}
        facts |= {"fixed": _fixed(plan, begun, name), "idle": _idle(plan, name, task)}
        if isinstance(value, tuple):
            for layer, own in enumerate(value):
                found.append(facts | {"layer": layer, "label": f"{name}, layer {layer + 1}"} | _drawn(plan, name, own))
        else:
            found.append(facts | {"layer": None, "label": name} | _drawn(plan, name, value))
    return found


def _drawn(plan: Plan, name: str, value: float) -> dict[str, Any]:
    """Value and ends; a value beyond the ends moves them."""
    usual = _DECAY_RATES.get(plan.decay, _RANGES[name]) if name == "decay_rate" else _RANGES[name]
    low, high = usual.low, usual.high
    if name in _LENGTHS:
        high = float(_FURTHER * plan.epochs)
    if value > 0 or not usual.off:
        low = min(low, value)
    high = max(high, value if usual.scale != "one-minus-log" or value < 1 else high)
    return {"value": value, "scale": usual.scale, "low": low, "high": high, "off": usual.off, "says": usual.says}


def _fixed(plan: Plan, begun: Structure, name: str) -> str | None:
    """The refusal that any other value of this number would meet, or nothing."""
    tried = _TURNED_ON.get(name)
    if tried is None:
        return None
    try:
        renumbered(plan, begun, {name: tried})
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


def _idle(plan: Plan, name: str, task: str | None) -> str | None:
    """With what in this plan the number does nothing, or nothing."""
    with_what = _IDLE[name](plan, task) if name in _IDLE else ""
    return f"moves nothing with {with_what}" if with_what else None


_CHOICES = {
    "architecture": get_args(Architecture),
    "activation": get_args(Activation),
    "batch_norm": get_args(BatchNorm),
    "optimizer": get_args(Optimizer),
    "decay": get_args(Decay),
    "initialization": get_args(Initialization),
    "preparation": get_args(PreparationKind),
}


def structure(plan: Plan) -> list[dict[str, Any]]:
    """What a branch may change and a nudge cannot: `name`, `value`, and `choices` where there are only some."""
    values = plan.to_dict()
    names = ("hidden_units", "batch_size", *_CHOICES, "snapshots")
    return [{"name": name, "value": values[name], "choices": _CHOICES.get(name)} for name in names]
