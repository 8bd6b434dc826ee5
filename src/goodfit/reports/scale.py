"""A straight scale for the intervals that the page draws without a script: positions in percent, round ticks."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

_ALL_ZERO = 0.01  # upper end of a scale for values that are all 0: 1 %, a common error


@dataclass(frozen=True)
class Scale:
    """From the values `low` to `high` onto 0 to 100 percent of a track."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Return the place of a value on the track, in percent, clipped to its ends."""
        return round(min(max(100 * (value - self.low) / (self.high - self.low), 0.0), 100.0), 2)


def scale(values: Iterable[float | None], *, room: float = 0.04) -> Scale:
    """A scale that shows zero and all known values, with about five round ticks.

    Args:
        values: what will be drawn; unknown and infinite ones are passed over.
        room: share of the span left free at an end that is not zero.
    """
    finite_values = [0.0, *(value for value in values if value is not None and math.isfinite(value))]
    low, high = min(finite_values), max(finite_values)
    if low == high:
        high = _ALL_ZERO
    span = high - low
    low, high = low - room * span * (low < 0), high + room * span * (high > 0)
    return Scale(low, high, round_ticks(low, high))


def round_ticks(low: float, high: float, *, least: float = 0.0) -> tuple[float, ...]:
    """About five round numbers from low to high, no closer than `least`.

    >>> round_ticks(0.5, 3.5, least=1)
    (1.0, 2.0, 3.0)
    """
    step = max(_round_step((high - low) / 5), least)
    return tuple(round(step * i, 12) for i in range(math.ceil(low / step), math.floor(high / step) + 1))


def _round_step(rough: float) -> float:
    """The smallest of 1, 2 or 5 times a power of ten that is not below `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    # The tolerance keeps a step that is round but for its last binary digit.
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough * (1 - 1e-9))
