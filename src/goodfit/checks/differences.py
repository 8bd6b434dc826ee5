"""Numerical derivatives by central differences, and how far they can be trusted.

The seed's notes lack the brackets: it is (J(θ+ε) − J(θ−ε)) / (2ε). Each is taken at ε and at ε/2. Where a smooth cost
is resolved well, both agree and the second difference J(+) − 2J(0) + J(−) falls to a quarter. Rounding, too large an ε,
and kinks (a ReLU at 0, where the second difference falls with ε alone) each show in one of the two.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from goodfit.checks.surface import Surface

UNIT = float(np.finfo(np.float64).eps)
EPSILON = UNIT ** (1 / 3)  # 6e-6: rounding of size u/ε and curvature of size ε² are in balance

_FEWEST_QUIET = 8  # probes from which the quiet ones tell what rounding does
_QUIET = 0.1  # share of the probes: one kink late in a network bends the cost for most of the entries before it
_QUIET_TO_MEDIAN = 5.4  # of the size of normal numbers: their median over their tenth percentile
_SHARP = 10.0  # times what rounding does; its own tail is far below
_KINK_SHARE = 0.2  # of the difference in question; a kink anywhere within ε shows at least half of what it distorts
_SMOOTH_SHARE = 0.5  # a smooth cost moves the slope by far more than it bends so; 9 of 10 kinks by less than twice


class Differences(NamedTuple):
    """Derivatives of the cost by probe: by entry, or by random direction.

    Attributes:
        cost: at the parameters.
        largest: the largest cost around them, by size.
        slopes: central differences at ε.
        halved: the same at ε/2.
        bends: how far second differences at ε and ε/2 are from those of a smooth cost, as a slope.
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
        """How much each slope changes as ε is halved; never below the rounding of the cost itself."""
        return np.maximum(np.abs(self.slopes - self.halved), UNIT * self.largest / self.widths)

    def better(self, other: "Differences") -> "Differences":
        """Of these and others at another ε, those that are less in doubt, probe by probe."""
        ours, theirs = (np.maximum(each.doubts, each.bends) for each in (self, other))
        columns = [np.where(ours <= theirs, *both) for both in zip(self[2:], other[2:], strict=True)]
        return Differences(self.cost, max(self.largest, other.largest), *columns)

    def rounding_rules(self, kept: Bool[np.ndarray, "probes"]) -> bool:
        """Whether these slopes are in doubt for rounding rather than for curvature within ε."""
        moved = np.abs(self.slopes - self.halved)
        return float(np.median(moved[kept])) <= float(np.median(self.bends[kept]))

    def kinks(self, gradient: Float[np.ndarray, "probes"]) -> Bool[np.ndarray, "probes"]:
        """Where a kink within ε, and not the gradient, explains that slope and gradient differ."""
        bends, moved = self.bends * self.widths, np.abs(self.slopes - self.halved) * self.widths
        felt = bends[bends > 0]
        quiet = float(np.quantile(felt, _QUIET)) * _QUIET_TO_MEDIAN if len(felt) >= _FEWEST_QUIET else 0.0
        least = _SHARP * max(quiet, 8 * UNIT * self.largest)
        apart = np.abs(gradient - self.slopes) * self.widths
        sharp = np.maximum(bends, moved)
        suspects = (sharp > least) & (apart > least / 3) & (sharp > _KINK_SHARE * apart)
        kinked = suspects & (bends > _SMOOTH_SHARE * moved)
        return suspects if 2 * kinked.sum() > suspects.sum() else kinked


def entry_differences(surface: Surface, epsilon: Float[np.ndarray, "n"]) -> Differences:
    """The derivative by each entry of the parameters, moved by its own epsilon."""
    theta = surface.parameters.values
    values = [theta, *(theta + share * epsilon for share in (1.0, -1.0, 0.5, -0.5))]
    entries = np.tile(np.arange(theta.size), len(values) - 1)
    costs = surface.at_entries(np.append(0, entries), np.append(theta[0], np.concatenate(values[1:])))
    widths = values[1] - values[2]  # as it is after rounding, which may leave nothing of it
    half_widths = np.where(values[3] > values[4], values[3] - values[4], epsilon)
    widths = np.where(widths > 0, widths, 2 * epsilon)
    return _differences(float(costs[0]), costs[1:].reshape(4, theta.size), widths, half_widths)


def line_differences(
    surface: Surface, block: slice, directions: Float[np.ndarray, "probes size"], step: float
) -> Differences:
    """The derivative along each direction, in which one block alone moves."""
    shares = step * np.array([1.0, -1.0, 0.5, -0.5, 0.0])
    costs = np.stack([surface.at_moves(_whole(surface, block, each), shares) for each in directions], axis=1)
    widths = np.full(len(directions), 2 * step)
    return _differences(float(costs[4, 0]), costs[:4], widths, widths / 2)


def _whole(surface: Surface, block: slice, direction: Float[np.ndarray, "size"]) -> Float[np.ndarray, "n"]:
    move = np.zeros_like(surface.parameters.values)
    move[block] = direction
    return move


def joined(parts: list[Differences]) -> Differences:
    """The differences of several groups of probes, one after the other."""
    arrays = [np.concatenate(columns) for columns in zip(*(part[2:] for part in parts), strict=True)]
    return Differences(parts[0].cost, max(part.largest for part in parts), *arrays)


def _differences(
    center: float,
    costs: Float[np.ndarray, "4 probes"],
    widths: Float[np.ndarray, "probes"],
    half_widths: Float[np.ndarray, "probes"],
) -> Differences:
    plus, minus, half_plus, half_minus = costs
    bends = np.abs((plus - 2 * center + minus) - 4 * (half_plus - 2 * center + half_minus)) / widths
    largest = float(np.max(np.abs(costs), initial=abs(center)))
    return Differences(center, largest, (plus - minus) / widths, (half_plus - half_minus) / half_widths, bends, widths)
