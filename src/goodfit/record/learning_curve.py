"""The learning curve, and the worth of augmentation that is read from it, as values."""

from dataclasses import dataclass

from goodfit.record.plain import PlainData
from goodfit.record.values import Estimate


@dataclass(frozen=True, kw_only=True)
class LearningCurve(PlainData):
    """Dev error by number of training examples, continued to twice as many.

    Attributes:
        sizes: numbers of training examples, rising.
        dev_error: mean over the subsets of each size.
        low: lower limits of their intervals, over subsets.
        high: upper limits.
        doubled: error expected with twice the largest size.
        gain: the fall expected from that; positive is better.
        floor: a in error(m) = a + b·m^(−c), with m in units of the largest size.
        slope: b.
        power: c.
        sentence: the conclusion.
    """

    sizes: tuple[int, ...]
    dev_error: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    doubled: Estimate
    gain: Estimate
    floor: float
    slope: float
    power: float
    sentence: str


@dataclass(frozen=True, kw_only=True)
class AugmentationResult(PlainData):
    """The worth of augmentation, in real examples.

    Attributes:
        examples: number of real examples that it stands for; None if no learning curve was measured, or if it is more
            than the curve covers.
        low: lower limit.
        high: upper limit.
        sentence: the conclusion.
    """

    examples: int | None
    low: int | None
    high: int | None
    sentence: str
