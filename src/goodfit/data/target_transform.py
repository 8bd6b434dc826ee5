"""Transforms of a regression's target that tame a long tail, their exact inverse, and the correction of its bias."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Self

import numpy as np
from jaxtyping import Float, Num
from scipy.stats import yeojohnson_normmax

from goodfit.data.dataset import spread
from goodfit.plan import TransformKind

_ROOM = 0.5  # of the range of the fitted targets, beyond either end: an inverse reaches no further, as it may explode
_LOG_ROOM = np.log(10)  # positive predictions go down to a tenth of the least fitted target
_NEAREST = 1e-6  # to a power of 0
QUANTILES = (np.arange(99) + 0.5) / 99  # of the residuals; a few numbers in place of thousands


@dataclass(frozen=True)
class TargetTransform:
    """A monotone transform t of the reduced target (y − center)/unit, fitted on training rows.

    `log` is log(y/unit + offset); the offset is 0 if all fitted targets are positive, else the smallest positive one.
    `yeo-johnson` is the power transform of Yeo & Johnson 2000 about the median, with the power of highest likelihood.

    Attributes:
        kind: `log` or `yeo-johnson`.
        center: 0, or the median.
        unit: the median of the positive targets, or the target's spread.
        parameter: offset of the logarithm, or power.
        low: the least transformed value that is inverted.
        high: the greatest one.
    """

    kind: TransformKind
    center: float
    unit: float
    parameter: float
    low: float
    high: float

    @classmethod
    def fit(cls, kind: TransformKind, target: Float[np.ndarray, "rows"]) -> Self:
        """Fit on these targets, for a logarithm none of them negative."""
        room = _ROOM * float(np.ptp(target))
        ends = np.array([target.min() - room, target.max() + room])
        if kind == "log":
            positive = target[target > 0]
            unit = float(np.median(positive)) if len(positive) else 1.0
            offset = 0.0 if len(positive) == len(target) else float(positive.min(initial=unit)) / unit
            # With an offset the least value is that of a target of 0, below which there is none.
            low = np.log(offset) if offset else float(np.log(target.min() / unit)) - _LOG_ROOM
            return cls(kind, 0.0, unit, offset, float(low), float(np.log(ends[1] / unit + offset)))
        center, unit = float(np.median(target)), spread(target)
        power = float(yeojohnson_normmax((target - center) / unit))  # pyright: ignore[reportArgumentType]
        transform = cls(kind, center, unit, power, -np.inf, np.inf)
        low, high = transform.forward(ends)
        return replace(transform, low=float(low), high=float(high))

    def with_room_for_trend(self) -> Self:
        """Return the transform with ends as far out again: a trend goes on beyond the targets that were fitted."""
        span = self.high - self.low
        has_floor = self.kind == "log" and self.parameter > 0
        return replace(self, low=self.low if has_floor else self.low - span, high=self.high + span)

    def reduced(self, target: Num[np.ndarray, "*shape"]) -> Num[np.ndarray, "*shape"]:
        """Return (y − center)/unit."""
        return (target - self.center) / self.unit

    def forward(self, target: Num[np.ndarray, "*shape"]) -> Num[np.ndarray, "*shape"]:
        """Return the transformed target."""
        reduced = self.reduced(target)
        if self.kind == "log":
            return np.log(np.maximum(reduced + self.parameter, np.exp(self.low)))
        power, complement = self.powers
        above, below = np.maximum(reduced, 0), np.maximum(-reduced, 0)
        # ((1 + y)^λ − 1)/λ for y ≥ 0, else −((1 − y)^(2 − λ) − 1)/(2 − λ); expm1 and log1p stay exact for small y.
        return np.where(
            reduced >= 0,
            np.expm1(power * np.log1p(above)) / power,
            -np.expm1(complement * np.log1p(below)) / complement,
        )

    @property
    def powers(self) -> tuple[float, float]:
        """Yeo and Johnson's λ and 2 − λ, neither of them 0; for a logarithm the offset, and 0."""
        return (self.parameter, 0.0) if self.kind == "log" else (_nonzero(self.parameter), _nonzero(2 - self.parameter))

    def inverse(self, values: Num[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """Return the reduced target of transformed values."""
        if self.kind == "log":
            return np.exp(values) - self.parameter
        return yeo_johnson_inverse(values, *self.powers, np)

    def backward(
        self, values: Float[np.ndarray, "*shape"], residuals: Sequence[float] = ()
    ) -> Float[np.ndarray, "*shape"]:
        """Return the predicted mean of the target.

        The inverse of a mean is not the mean of the inverse: it is corrected by averaging over the residuals (Duan
        1983, Smearing estimate: a nonparametric retransformation method).

        Args:
            values: predicted transformed targets.
            residuals: of the transformed training targets; empty for the plain inverse.
        """
        shifts = np.array(residuals if len(residuals) else [0.0])
        mean = np.zeros(values.shape)
        for shift in shifts:
            mean += self.inverse(np.clip(values + shift, self.low, self.high)) / len(shifts)
        return mean * self.unit + self.center


def residual_quantiles(residuals: Float[np.ndarray, "rows"]) -> tuple[float, ...]:
    """Return the residuals of a fit as a few quantiles, which stand for all of them."""
    return tuple(np.quantile(residuals, QUANTILES).tolist())


def yeo_johnson_inverse(values: Any, power: Any, complement: Any, xp: ModuleType) -> Any:
    """Return the inverse of Yeo and Johnson's transform.

    Args:
        values: transformed values.
        power: λ, not 0.
        complement: 2 − λ, not 0.
        xp: NumPy, or a module with its functions.
    """
    above, below = xp.maximum(values, 0), xp.maximum(-values, 0)
    return xp.where(
        values >= 0, xp.expm1(xp.log1p(power * above) / power), -xp.expm1(xp.log1p(complement * below) / complement)
    )


def _nonzero(power: float) -> float:
    """Return a power whose limit at 0, the logarithm, needs no formula of its own."""
    return power if abs(power) > _NEAREST else _NEAREST
