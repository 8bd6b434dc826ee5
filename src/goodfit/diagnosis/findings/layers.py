"""Numbers by layer from the looks inside a network: signals forward and back, steps and weights in proportion."""

import numpy as np
from jaxtyping import Bool, Float

from goodfit.diagnosis.finding import Observation, Plot
from goodfit.diagnosis.growth import Growth, growth
from goodfit.record.run import Health

# Higher learning rates fail in nearly every network; usual ones are ten times lower. `benchmarks/doctor.py` checks
# that they separate healthy trainings from those with a rate planted too high.
HIGHEST_RATES = {"gradient_descent": 1.0, "momentum": 1.0, "rmsprop": 0.03, "adam": 0.03}

_VANISHED = 1e-2  # of the outputs' size, over all hidden layers


def recorded_health(observation: Observation) -> Health | None:
    """Return the looks; None if there are none."""
    health = observation.signals.health
    return health if health is not None and len(health.epochs) else None


def layer_widths(observation: Observation) -> list[int] | None:
    """Return the number of inputs, then of units of each layer; None if not all weights are known matrices.

    They come from the weights, because a plan knows neither the number of inputs nor that of outputs.
    """
    health, weights = recorded_health(observation), observation.signals.weights
    if health is None or not weights:
        return None
    shapes = [np.shape(weights.get(f"layers.{i}.W", ())) for i in range(len(health.layers) - 1)]
    if any(len(shape) != 2 for shape in shapes):
        return None
    return [shapes[0][0], *(shape[1] for shape in shapes)]


def backward_signal(observation: Observation) -> Float[np.ndarray, "looks layers"] | None:
    """Return the size of dJ/dz at each layer with weights, up to a common factor; None without looks.

    dJ/dW is the outer product of the layer's inputs and dJ/dz, so dividing its norm by the inputs' size leaves the norm
    of dJ/dz. Dividing by √(inputs · units) as well makes it a root mean square, which does not depend on widths.
    """
    health, widths = recorded_health(observation), layer_widths(observation)
    if health is None:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        signal = health.of("gradient")[:, 1:] / health.of("size")[:, :-1]
    if widths:
        signal = signal / np.sqrt(np.multiply(widths[:-1], widths[1:]))
    return signal


def backward_growth(observation: Observation) -> list[Growth | None]:
    """Return, for each look, the growth of dJ/dz from the output back to the first layer."""
    signal = backward_signal(observation)
    return [] if signal is None else [growth(look[::-1].tolist()) for look in signal]


def forward_growth(observation: Observation) -> list[Growth | None]:
    """Return, for each look, the growth of the hidden layers' outputs with depth."""
    health = recorded_health(observation)
    return [] if health is None else [growth(look[1:-1].tolist()) for look in health.of("size")]


def vanished_outputs(observation: Observation) -> Bool[np.ndarray, "looks"]:
    """Return True for looks at which the outputs shrink so much with depth that examples cannot be distinguished.

    Looks with silent units (outputs of exactly 0) do not count. In dozens of convolutions the signal is gone after a
    third of them, and only biases go on from there: then the smallest output counts, relative to the first, and not the
    trend.
    """
    health = recorded_health(observation)
    if health is not None and observation.plan is not None and observation.plan.depth:
        hidden = health.of("size")[:, 1:-1]
        smallest = hidden.min(axis=1)
        return (smallest > 0) & (smallest < _VANISHED * hidden[:, 0])
    forward = forward_growth(observation)
    return np.array([trend is not None and 0 < trend.factor < _VANISHED for trend in forward], bool)


def relative_steps(observation: Observation) -> Float[np.ndarray, "looks layers"] | None:
    """Return the change of each layer's weights in one step, relative to their norm; None without looks."""
    health = recorded_health(observation)
    if health is None:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        return health.of("update")[:, 1:] / health.of("weight")[:, 1:]


def weights_over_he(observation: Observation) -> Float[np.ndarray, "looks layers"] | None:
    """Return the norm of each layer's weights over that of He's initialization; None if unknown.

    He et al. 2015 draw n·units weights with variance 2/n, whose norm is about √(2/n)·√(n·units) = √(2·units).
    """
    health, widths = recorded_health(observation), layer_widths(observation)
    if health is None or not widths:
        return None
    return health.of("weight")[:, 1:] / np.sqrt(2 * np.asarray(widths[1:]))


def largest(values: Float[np.ndarray, "layers"]) -> float:
    """Return the largest finite value; 0 if there is none."""
    return float(np.max(values, where=np.isfinite(values), initial=0.0))


def last_largest(shares: Float[np.ndarray, "looks layers"]) -> tuple[int, int, float] | None:
    """Return index of the last look with finite shares, index of its largest share, and that share; None if none is."""
    finite = np.where(np.isfinite(shares), shares, 0.0)
    measured = np.flatnonzero(np.isfinite(shares).any(axis=1))
    if len(measured) == 0:
        return None
    look = int(measured[-1])
    place = int(finite[look].argmax())
    return look, place, float(finite[look, place])


def is_rate_sensible(observation: Observation) -> bool:
    """Return True if most networks tolerate the learning rate with their optimizer, or if the rate is unknown."""
    if observation.plan is not None:
        return observation.plan.learning_rate <= HIGHEST_RATES[observation.plan.optimizer]
    rates = np.asarray(observation.signals.history.get("learning_rate", ()), np.float64)
    return bool(np.max(rates, where=np.isfinite(rates), initial=0.0) <= max(HIGHEST_RATES.values()))


def plot_by_layer(
    observation: Observation, title: str, y_name: str, values: Float[np.ndarray, "looks layers"], first: int
) -> Plot:
    """Return values by layer at the first and the last look.

    Args:
        observation: has looks.
        title: of the plot.
        y_name: label of the y axis.
        values: of each look and layer.
        first: number of the first of these layers.
    """
    health = recorded_health(observation)
    assert health is not None
    lines = {f"epoch {health.epochs[look]}": values[look] for look in sorted({0, len(values) - 1})}
    return Plot(title, "layer", y_name, np.arange(first, first + values.shape[1], dtype=np.float64), lines, log=True)
