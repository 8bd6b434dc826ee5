"""What several findings ask of the looks inside a network: growth by layer, how far weights move, their size."""

import numpy as np
from jaxtyping import Bool, Float

from goodfit.diagnosis.finding import Observation, Plot
from goodfit.diagnosis.growth import Growth, growth
from goodfit.record.run import Health

# Rates beyond these are too high for nearly every network; usual ones are ten times lower.
SENSIBLE = {"gradient_descent": 1.0, "momentum": 1.0, "rmsprop": 0.03, "adam": 0.03}

_VANISHED = 1e-2  # over all hidden layers


def looked(case: Observation) -> Health | None:
    """The looks, if there are any."""
    health = case.signals.health
    return health if health is not None and len(health.epochs) else None


def widths(case: Observation) -> list[int] | None:
    """Inputs of the network, then units of each layer: from the weights, which alone know the first and the last."""
    health, weights = looked(case), case.signals.weights
    if health is None or not weights:
        return None
    shapes = [np.shape(weights.get(f"layers.{i}.W", ())) for i in range(len(health.layers) - 1)]
    if any(len(shape) != 2 for shape in shapes):
        return None
    return [shapes[0][0], *(shape[1] for shape in shapes)]


def signal_back(case: Observation) -> Float[np.ndarray, "looks layers"] | None:
    """Size of dJ/dz at each layer that has weights, but for a common factor.

    dJ/dW is the outputs before times dJ/dz, so its norm over theirs is that of dJ/dz; by unit, lest widths count.
    """
    health, units = looked(case), widths(case)
    if health is None:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        signal = health.of("gradient")[:, 1:] / health.of("size")[:, :-1]
    if units:
        signal = signal / np.sqrt(np.multiply(units[:-1], units[1:]))
    return signal


def growth_back(case: Observation) -> list[Growth | None]:
    """For each look, how dJ/dz changes from the output back to the first layer."""
    signal = signal_back(case)
    return [] if signal is None else [growth(look[::-1].tolist()) for look in signal]


def growth_forward(case: Observation) -> list[Growth | None]:
    """For each look, how the outputs of the hidden layers change with depth."""
    health = looked(case)
    return [] if health is None else [growth(look[1:-1].tolist()) for look in health.of("size")]


def outputs_vanish(case: Observation) -> Bool[np.ndarray, "looks"]:
    """Looks whose outputs shrink so much with depth that examples cannot be told apart, though no unit is silent.

    In dozens of convolutions the signal is gone after a third of them, and biases alone go on from there: then the
    smallest output counts, as a share of the first, and not the trend.
    """
    health = looked(case)
    if health is not None and case.plan is not None and case.plan.depth:
        hidden = health.of("size")[:, 1:-1]
        smallest = hidden.min(axis=1)
        return (smallest > 0) & (smallest < _VANISHED * hidden[:, 0])
    forward = growth_forward(case)
    return np.array([each is not None and 0 < each.factor < _VANISHED for each in forward], bool)


def moves(case: Observation) -> Float[np.ndarray, "looks layers"] | None:
    """The change of each layer's weights in one step, as a share of them."""
    health = looked(case)
    if health is None:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        return health.of("update")[:, 1:] / health.of("weight")[:, 1:]


def weights_by_he(case: Observation) -> Float[np.ndarray, "looks layers"] | None:
    """The norm of each layer's weights over what He's initialization would give: √(2/n)·√(n·units)."""
    health, units = looked(case), widths(case)
    return None if health is None or not units else health.of("weight")[:, 1:] / np.sqrt(2 * np.asarray(units[1:]))


def largest(values: Float[np.ndarray, "layers"]) -> float:
    """The largest finite value; 0 where there is none."""
    return float(np.max(values, where=np.isfinite(values), initial=0.0))


def latest(shares: Float[np.ndarray, "looks layers"]) -> tuple[int, int, float] | None:
    """The last look at which any is known: its index, and place and value of the largest share in it."""
    finite = np.where(np.isfinite(shares), shares, 0.0)
    known = np.flatnonzero(np.isfinite(shares).any(axis=1))
    if len(known) == 0:
        return None
    look = int(known[-1])
    place = int(finite[look].argmax())
    return look, place, float(finite[look, place])


def sensible_rate(case: Observation) -> bool:
    """Whether the learning rate is one that most networks stand with their optimizer; true where it is unknown."""
    if case.plan is not None:
        return case.plan.learning_rate <= SENSIBLE[case.plan.optimizer]
    rates = np.asarray(case.signals.history.get("learning_rate", ()), np.float64)
    return bool(np.max(rates, where=np.isfinite(rates), initial=0.0) <= max(SENSIBLE.values()))


def plot_by_layer(
    case: Observation, title: str, y_name: str, values: Float[np.ndarray, "looks layers"], first: int
) -> Plot:
    """The first and the last look's values over the layers; `first` is the number of the first of them."""
    health = looked(case)
    assert health is not None
    lines = {f"epoch {health.epochs[look]}": values[look] for look in sorted({0, len(values) - 1})}
    return Plot(title, "layer", y_name, np.arange(first, first + values.shape[1], dtype=np.float64), lines, log=True)
