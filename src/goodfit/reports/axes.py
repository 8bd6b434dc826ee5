"""A hyperparameter's axis: places on the scale where the quantity lives, and the ticks that people read there.

Plotly has logarithmic axes in some figures and not in others, and none of 1 − β, so the places are computed here and
every figure gets a straight axis.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from goodfit.record.search_result import SearchParameter
from goodfit.reports import plotly_types as plotly
from goodfit.reports.drawing import axis_title, escaped, hundredfold, log_ticks
from goodfit.reports.scale import round_ticks, scale
from goodfit.wording import numbers

_MOST_RUNGS = 6  # whole numbers that all have their names on a logarithmic axis: more run together on a phone
_EDGE = 0.05  # of the range, so that no mark lies on the frame
_WIDE = 20.0  # the largest over the smallest error from which an axis is logarithmic, as for a descent
_NEAREST = 1e-12  # 1 − β for a β of 1


@dataclass(frozen=True)
class Axis:
    """The axis of one quantity: the place of each of its values.

    Attributes:
        name: what is shown.
        scale: "linear", "log", "one-minus-log" or "choice".
        low: the place where the axis begins.
        high: where it ends.
        ticks: places that carry a name.
        names: of the ticks.
    """

    name: str
    scale: str
    low: float
    high: float
    ticks: tuple[float, ...]
    names: tuple[str, ...]

    def place(self, value: Any) -> float | None:
        """The place of a value; None for what is not known or not on the axis."""
        if self.scale == "choice":
            return float(self.names.index(str(value))) if str(value) in self.names else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return None
        if self.scale == "log":
            return math.log10(value) if value > 0 else None
        return -math.log10(max(1 - value, _NEAREST)) if self.scale == "one-minus-log" else float(value)

    def text(self, value: Any) -> str:
        """A value in words."""
        if self.scale == "choice" or isinstance(value, bool) or not isinstance(value, int | float):
            return str(value)
        return numbers.setting(value) if self.scale == "one-minus-log" else numbers.number(value)

    @property
    def title(self) -> str:
        """The words that say that the scale is not linear; empty if it is."""
        return {"log": "logarithmic", "one-minus-log": f"logarithmic in 1 − {self.name}"}.get(self.scale, "")

    @property
    def name_and_scale(self) -> str:
        """The name, and the words for the scale if it is not linear."""
        return f"{self.name}, {self.title}" if self.title else self.name

    def to_plotly(self, title: str) -> plotly.Axis:
        """Return the axis for a figure."""
        low, high = (float(f"{end:.4g}") for end in (self.low, self.high))
        return plotly.Axis(
            range=(low, high),
            zeroline=False,
            title=axis_title(escaped(title)),
            tickangle=None if self.scale == "choice" else 0,  # names of choices may be long
            tickvals=tuple(float(f"{tick:.4g}") for tick in self.ticks),
            ticktext=tuple(map(escaped, self.names)),
        )


def parameter_axis(name: str, parameter: SearchParameter, values: Iterable[Any]) -> Axis:
    """The axis of a hyperparameter.

    Args:
        name: as people read it.
        parameter: its scale and range.
        values: what the trials had.
    """
    if parameter.choices is not None:
        names = tuple(str(choice) for choice in parameter.choices)
        return Axis(name, "choice", -0.5, len(names) - 0.5, tuple(map(float, range(len(names)))), names)
    finite_values = [value for value in (parameter.low, parameter.high, *values) if isinstance(value, int | float)]
    integers = all(isinstance(value, int) for value in finite_values)
    match parameter.scale:
        case "log" if min(finite_values) > 0:
            return _logarithmic(name, finite_values, integers=integers)
        case "one-minus-log":
            scale_ticks = log_ticks([max(1 - value, _NEAREST) for value in finite_values])
            # Places are −log₁₀(1 − β): ticks and ends of an axis of 1 − β, in reverse and with the other sign.
            complements = scale_ticks.ticks[::-1]
            ticks = tuple(-math.log10(tick) for tick in complements)
            names = tuple(f"{1 - tick:g}" for tick in complements)
            low, high = -scale_ticks.high, -scale_ticks.low
            return Axis(name, "one-minus-log", low, high, ticks, names)
    edge = _EDGE * (max(finite_values) - min(finite_values)) or 0.5  # where all values are equal
    low, high = min(finite_values) - edge, max(finite_values) + edge
    ticks = round_ticks(low, high, least=float(integers))
    return Axis(name, "linear", low, high, ticks, tuple(numbers.number(tick) for tick in ticks))


def error_axis(name: str, errors: Iterable[float | None]) -> Axis:
    """The axis of errors: from zero, or logarithmic where they lie far apart."""
    finite_values = [error for error in errors if error is not None and math.isfinite(error)]
    if finite_values and min(finite_values) > 0 and max(finite_values) > _WIDE * min(finite_values):
        scale_ticks = log_ticks(hundredfold(finite_values))
        ticks = tuple(math.log10(tick / 100) for tick in scale_ticks.ticks)
        low, high = scale_ticks.low - 2, scale_ticks.high - 2  # from percentages back to shares
        return Axis(
            name, "log", low, high, ticks, tuple(numbers.tick_percent(tick / 100) for tick in scale_ticks.ticks)
        )
    straight = scale(finite_values)
    low = straight.low - _EDGE * (straight.high - straight.low)
    return Axis(name, "linear", low, straight.high, straight.ticks, tuple(map(numbers.tick_percent, straight.ticks)))


def _logarithmic(name: str, finite_values: Sequence[float], *, integers: bool) -> Axis:
    """Whole numbers have names of their own while they are few, and else the powers of two among them, if they are."""
    scale_ticks = log_ticks(finite_values)
    values = list(scale_ticks.ticks)
    if integers:
        rungs = sorted(set(finite_values))
        if len(rungs) > _MOST_RUNGS:
            rungs = [rung for rung in rungs if math.log2(rung).is_integer()]
        values = rungs if 1 < len(rungs) <= _MOST_RUNGS else values
    ticks = tuple(math.log10(value) for value in values)
    low, high = scale_ticks.low, scale_ticks.high
    return Axis(name, "log", low, high, ticks, tuple(numbers.number(float(f"{value:.6g}")) for value in values))
