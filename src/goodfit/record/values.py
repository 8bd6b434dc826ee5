"""Measured values with their intervals, which results are made of."""

from dataclasses import dataclass

from goodfit.record.plain import PlainData


@dataclass(frozen=True)
class Estimate(PlainData):
    """A measured value with the limits of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class EffectEstimate(Estimate):
    """A measured change, and the one-sided p value of no improvement."""

    p: float

    @property
    def significant(self) -> bool:
        """True if the 95 % interval excludes zero."""
        return self.low > 0 or self.high < 0
