"""Measured values with their intervals, which results are made of."""

from dataclasses import dataclass
from typing import Any

from goodfit.record.plain import PlainData


@dataclass(frozen=True)
class Estimate(PlainData):
    """A measured value with the limits of its 95 % interval."""

    value: float
    low: float
    high: float

    def scaled(self, factor: float) -> "Estimate":
        """Return the estimate in another unit."""
        return Estimate(factor * self.value, factor * self.low, factor * self.high)


@dataclass(frozen=True)
class EffectEstimate(Estimate):
    """A measured change; negative is better.

    Attributes:
        p: one-sided p value of the hypothesis that nothing became better.
    """

    p: float

    @property
    def significant(self) -> bool:
        """True if the 95 % interval excludes zero."""
        return self.low > 0 or self.high < 0

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values, and if the effect is significant: no reader judges it anew."""
        return super().to_dict() | {"significant": self.significant}
