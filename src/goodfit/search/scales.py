"""The scales of a search: a parameter as Optuna draws it, as people read it, and its position between the ends.

Optuna's name of a parameter carries its scale, so that every sampler works on the quantity's own scale, and a parameter
can be read without its space: `1-beta1` is 1 − β on a log scale, and `log2 units` counts octaves: 4 → 16, 4.5 → 24 (the
middle of 16 and 32, nearly 2^4.5), 5 → 32.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import optuna

from goodfit.settings import complement

Scale = Literal["linear", "log", "one-minus-log", "integer", "power", "ladder", "choice"]
SCALES: tuple[Scale, ...] = get_args(Scale)
REAL: tuple[Scale, ...] = ("linear", "log", "one-minus-log")

_COMPLEMENT, _OCTAVES, _LAYER = "1-", "log2 ", " layer "
_STEPS = {"power": 1.0, "ladder": 0.5}  # in octaves
_MOST_OCTAVES = 30  # no memory holds a wider layer or a larger batch than 2^30


@dataclass(frozen=True)
class Dimension:
    """A searched hyperparameter.

    Attributes:
        name: the plan's setting, or `units` or `layers`.
        tier: 1 is the most important (course notes: tuning process).
        scale: the scale on which draws are uniform.
        low: the range's lower end, as people read it; 0 for a choice.
        high: the range's upper end, likewise.
        choices: of a choice, in the order in which they were written.
        each_layer: True where each hidden layer of a trial has a parameter of its own.
    """

    name: str
    tier: int
    scale: Scale
    low: float = 0.0
    high: float = 0.0
    choices: tuple[Any, ...] = ()
    each_layer: bool = False


def parameter(dimension: Dimension, layer: int | None = None) -> str:
    """Return Optuna's name of it, in hidden layer number `layer` where each layer has its own.

    >>> parameter(Dimension("keep_prob", 4, "one-minus-log", 0.5, 0.98, each_layer=True), 2)
    '1-keep_prob layer 2'
    """
    prefix = {"one-minus-log": _COMPLEMENT, "power": _OCTAVES, "ladder": _OCTAVES}.get(dimension.scale, "")
    return prefix + dimension.name + ("" if layer is None else f"{_LAYER}{layer}")


def readable(parameter: str, value: Any) -> tuple[str, Any]:
    """Return the name and the value that people read, from those of Optuna's parameter.

    >>> readable("log2 units", 5.5), readable("1-keep_prob layer 2", 0.25)
    (('units', 48), ('keep_prob layer 2', 0.75))
    """
    if parameter.startswith(_COMPLEMENT):
        return parameter.removeprefix(_COMPLEMENT), 1 - value
    if parameter.startswith(_OCTAVES):
        return parameter.removeprefix(_OCTAVES), _rung(value)
    return parameter, value


def suggest(dimension: Dimension, trial: optuna.trial.BaseTrial, layer: int | None = None) -> Any:
    """Return a value for this trial, drawn by Optuna on the dimension's scale."""
    name = parameter(dimension, layer)
    low, high = dimension.low, dimension.high
    match dimension.scale:
        case "choice":
            return trial.suggest_categorical(name, dimension.choices)
        case "integer":
            return trial.suggest_int(name, int(low), int(high))
        case "power" | "ladder":
            ends = octaves(low), octaves(high)  # Optuna has no scale of octaves, so it draws the exponent in steps
            return readable(name, trial.suggest_float(name, *ends, step=_STEPS[dimension.scale]))[1]
        case "one-minus-log":
            # 1 − β is drawn on a log scale, since β averages 1/(1 − β) values (course notes: appropriate scale).
            return readable(name, trial.suggest_float(name, complement(high), complement(low), log=True))[1]
        case "linear" | "log":
            return trial.suggest_float(name, low, high, log=dimension.scale == "log")


def position(dimension: Dimension, value: Any) -> float:
    """Return the position between the ends, 0 to 1 on the dimension's scale, of a value as people read it.

    >>> round(position(Dimension("beta1", 2, "one-minus-log", 0.9, 0.999), 0.99), 9)
    0.5
    """
    if dimension.scale == "choice":
        return dimension.choices.index(value) / max(len(dimension.choices) - 1, 1)
    low, place, high = (_on_scale(dimension.scale, number) for number in (dimension.low, value, dimension.high))
    return (place - low) / (high - low)


def values(dimension: Dimension) -> list[Any]:
    """Return every value of a choice, a power or a ladder; the ends and a middle of whole and real numbers."""
    low, high = dimension.low, dimension.high
    match dimension.scale:
        case "choice":
            return list(dimension.choices)
        case "integer":
            return sorted({int(low), int(low + high) // 2, int(high)})
        case "power" | "ladder":
            step = _STEPS[dimension.scale]
            count = round((octaves(high) - octaves(low)) / step) + 1
            return [_rung(octaves(low) + index * step) for index in range(count)]
        case "linear" | "log" | "one-minus-log":
            return [low, (low + high) / 2, high]


def octaves(rung: float) -> float:
    """Return a rung's place on the ladder, as Optuna has it.

    >>> octaves(16), octaves(24)
    (4.0, 4.5)
    """
    exponent = math.floor(math.log2(rung))
    return float(exponent) if rung == 2**exponent else exponent + 0.5


def on_ladder(scale: Scale, value: float) -> bool:
    """True where the value is a power of two or, on the ladder, the middle of two such powers.

    >>> [number for number in range(30) if on_ladder("ladder", number)]
    [2, 3, 4, 6, 8, 12, 16, 24]
    """
    least = 2 if scale == "ladder" else 1  # the middle of 1 and 2 is no whole number
    return value >= least and _rung(octaves(value)) == value and octaves(value) % _STEPS[scale] == 0


def nearest_rung(scale: Scale, value: float) -> int:
    """Return the nearest number that `on_ladder` accepts."""
    places = range(2, 2 * _MOST_OCTAVES, int(2 * _STEPS[scale]))
    return min((_rung(place / 2) for place in places), key=lambda rung: abs(rung - value))


def _rung(place: float) -> int:
    """The inverse of `octaves`: halfway between 2^n and 2^(n + 1) lies 3·2^(n − 1)."""
    exponent = math.floor(place)
    return 2**exponent if place == exponent else 3 * 2 ** (exponent - 1)


def _on_scale(scale: Scale, value: float) -> float:
    match scale:
        case "log":
            return math.log10(value)
        case "one-minus-log":
            return -math.log10(1 - value)
        case "power" | "ladder":
            return octaves(value)
        case _:
            return float(value)
