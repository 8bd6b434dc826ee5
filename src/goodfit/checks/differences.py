"""Numerical derivatives by central differences, and their inaccuracy.

The derivative is (J(θ+ε) − J(θ−ε)) / (2ε); the course notes lack these brackets. It is taken at ε and at ε/2. If a
smooth cost is resolved well, both agree, and the second difference J(+) − 2J(0) + J(−) falls to a quarter. Rounding,
too large an ε, and kinks (a ReLU at 0, where the second difference only falls to a half) each break one of the two.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from goodfit.checks.surface import Surface

UNIT = float(np.finfo(np.float64).eps)
EPSILON = UNIT ** (1 / 3)  # 6e-6 balances the errors of rounding, about u/ε, and of curvature, about ε²

_FEWEST_QUIET = 8  # probes that are needed to estimate rounding from the quietest
_QUIET = 0.1  # quantile that only rounding explains: one kink late in a network bends the cost for most entries before
_QUIET_TO_MEDIAN = 5.4  # median of |x| over its tenth percentile, for normal x
_SHARP = 10.0  # multiple of the rounding from which a bend is real; the tail of rounding ends far below
_KINK_SHARE = 0.2  # of the disagreement that a kink must show; within ε, it shows at least half of what it distorts
_SMOOTH_SHARE = 0.5  # bend over change of slope: far lower for a smooth cost, above a half for 9 kinks of 10


class Differences(NamedTuple):
    """Derivatives of the cost by probe; a probe is an entry or a random direction.

    Attributes:
        cost: at the parameters.
        largest: the largest |cost| around them.
        slopes: central differences at ε.
        halved: central differences at ε/2.
        bends: deviation of the second differences at ε and ε/2 from those of a smooth cost, over 2ε.
        widths: 2ε.
    """

    cost: float
    largest: float
    slopes: Float[np.ndarray, "probes"]
    halved: Float[np.ndarray, "probes"]
    bends: Float[np.ndarray, "probes"]
    widths: Float[np.ndarray, "probes"]

    @property
    def doubts(self) -> Float[np.ndarray, "probes"]:
        """Change of each slope when ε is halved, at least the rounding error of the cost itself."""
        return np.maximum(np.abs(self.slopes - self.halved), UNIT * self.largest / self.widths)

    def better(self, alternative: "Differences") -> "Differences":
        """Return, probe by probe, the differences in less doubt of these and of those at another ε."""
        doubt, alternative_doubt = (np.maximum(these.doubts, these.bends) for these in (self, alternative))
        columns = [np.where(doubt <= alternative_doubt, *pair) for pair in zip(self[2:], alternative[2:], strict=True)]
        return Differences(self.cost, max(self.largest, alternative.largest), *columns)

    def rounding_dominates(self, trusted: Bool[np.ndarray, "probes"]) -> bool:
        """Return True if rounding rather than curvature within ε makes the trusted slopes inaccurate."""
        moved = np.abs(self.slopes - self.halved)
        return float(np.median(moved[trusted])) <= float(np.median(self.bends[trusted]))

    def kinks(self, gradient: Float[np.ndarray, "probes"]) -> Bool[np.ndarray, "probes"]:
        """Return the probes at which a kink within ε explains why slope and gradient differ."""
        # All in units of the cost, so that they compare with its rounding. The quietest probes bend by rounding alone;
        # from them, as from normal noise, follows the median of the rounding.
        bends, moved = self.bends * self.widths, np.abs(self.slopes - self.halved) * self.widths
        nonzero = bends[bends > 0]
        rounding = float(np.quantile(nonzero, _QUIET)) * _QUIET_TO_MEDIAN if len(nonzero) >= _FEWEST_QUIET else 0.0
        least = _SHARP * max(rounding, 8 * UNIT * self.largest)
        disagreement = np.abs(gradient - self.slopes) * self.widths
        sharp = np.maximum(bends, moved)
        suspects = (sharp > least) & (disagreement > least / 3) & (sharp > _KINK_SHARE * disagreement)
        # A smooth cost that bends much within ε is suspect, too; kinks bend it more than they move its slope.
        kinked = suspects & (bends > _SMOOTH_SHARE * moved)
        return suspects if 2 * kinked.sum() > suspects.sum() else kinked


def entry_differences(surface: Surface, epsilon: Float[np.ndarray, "n"]) -> Differences:
    """Return the derivative by each entry of the parameters, moved by its own epsilon."""
    theta = surface.parameters.values
    values = [theta, *(theta + share * epsilon for share in (1.0, -1.0, 0.5, -0.5))]
    entries = np.tile(np.arange(theta.size), len(values) - 1)
    costs = surface.at_entries(np.append(0, entries), np.append(theta[0], np.concatenate(values[1:])))
    widths = values[1] - values[2]  # after rounding, beside a large value, the step may be 0
    half_widths = np.where(values[3] > values[4], values[3] - values[4], epsilon)
    widths = np.where(widths > 0, widths, 2 * epsilon)
    return _differences(float(costs[0]), costs[1:].reshape(4, theta.size), widths, half_widths)


def line_differences(
    surface: Surface, block: slice, directions: Float[np.ndarray, "probes size"], step: float
) -> Differences:
    """Return the derivative along each direction; only one block moves."""
    shares = step * np.array([1.0, -1.0, 0.5, -0.5, 0.0])
    costs = np.stack(
        [surface.at_moves(_in_theta(surface, block, direction), shares) for direction in directions], axis=1
    )
    widths = np.full(len(directions), 2 * step)
    return _differences(float(costs[4, 0]), costs[:4], widths, widths / 2)


def _in_theta(surface: Surface, block: slice, direction: Float[np.ndarray, "size"]) -> Float[np.ndarray, "n"]:
    """Return a direction in one block as a direction in theta."""
    move = np.zeros_like(surface.parameters.values)
    move[block] = direction
    return move


def joined(parts: list[Differences]) -> Differences:
    """Return the differences of several groups of probes, concatenated."""
    arrays = [np.concatenate(columns) for columns in zip(*(part[2:] for part in parts), strict=True)]
    return Differences(parts[0].cost, max(part.largest for part in parts), *arrays)


def _differences(
    center: float,
    costs: Float[np.ndarray, "4 probes"],
    widths: Float[np.ndarray, "probes"],
    half_widths: Float[np.ndarray, "probes"],
) -> Differences:
    # J(+) − 2J(0) + J(−) is ε²·J″ for a smooth cost, and a quarter of that at ε/2: four times the latter leaves 0.
    plus, minus, half_plus, half_minus = costs
    bends = np.abs((plus - 2 * center + minus) - 4 * (half_plus - 2 * center + half_minus)) / widths
    largest = float(np.max(np.abs(costs), initial=abs(center)))
    return Differences(center, largest, (plus - minus) / widths, (half_plus - half_minus) / half_widths, bends, widths)
