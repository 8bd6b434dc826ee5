"""Vanishing gradients: the first layers get almost no gradient of the cost, so they hardly learn.

The evidence is dJ/dz that shrinks from the output back to the first layer, the more so the less was learned. The
remedies keep its size: ReLU with He's initialization (He et al. 2015), batch norm, and residual connections (He et al.
2016; course notes: vanishing / exploding gradients).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings import regularization
from goodfit.diagnosis.findings.costs import cost_clause, is_stuck
from goodfit.diagnosis.findings.layers import (
    backward_growth,
    backward_signal,
    is_rate_sensible,
    plot_by_layer,
    recorded_health,
    vanished_outputs,
)
from goodfit.diagnosis.findings.remedies import add_batch_norm, change_plan, default_network
from goodfit.diagnosis.growth import Growth
from goodfit.plan import Plan
from goodfit.record.run import Health
from goodfit.wording.numbers import number

ID = "vanishing-gradient"
NAME = "vanishing gradient"
# Set on the tuning half of `benchmarks/doctor.py`.
_FACTORS = ((0.75, 1e-2), (0.5, 1e-3))  # by share of the guess's cost: healthy networks of seven layers stay above 0.01
_DEEP_FACTOR, _DEEP = 5e-2, 6  # from so many layers on a twentieth is no chance, if nothing was learned
_OFTEN = 0.25  # of the looks: a network that recovers does so slowly
# If nothing was learned, the first look is enough: an output layer that has learned the class shares hides it later.
_STUCK = 0.9  # of the constant guess's cost
_VERY_DEEP = 10  # layers beyond which batch norm alone may not be enough
_SMALLEST = 1e-30
_DEAD = 0.9  # of a layer's units: then no gradient passes for that reason


class _Vanishing(NamedTuple):
    """The first look at which the gradient vanishes.

    Attributes:
        look: its index.
        growth: of dJ/dz from the output back to the first layer.
        share: of the looks that show it.
        limit: the largest factor over all layers that counts as vanishing.
    """

    look: int
    growth: Growth
    share: float
    limit: float


def find(observation: Observation) -> Finding | None:
    """Return the finding if dJ/dz shrinks much from the output back to the first layer, and little was learned."""
    health, signal = recorded_health(observation), backward_signal(observation)
    if health is None or signal is None:
        return None
    vanishing = _vanishing(observation, health, signal)
    if vanishing is None:
        return None
    growth, layers = vanishing.growth, signal.shape[1]
    layer = health.layers[1 + int(np.nanargmin(signal[vanishing.look]))]
    epoch = int(health.epochs[vanishing.look])
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=float(min(0.99, 0.8 + 0.03 * np.log10(vanishing.limit / max(growth.factor, _SMALLEST)))),
        sentence=f"The gradient vanishes: from the output back to {layer} {_shrinking_clause(growth, layers)} "
        f"(epoch {epoch}), and {cost_clause(observation)}.",
        evidence={"rate": growth.rate, "factor": growth.factor, "share_of_looks": vanishing.share},
        remedies=_remedies(observation),
        layer=layer,
        epoch=epoch,
        plot=plot_by_layer(observation, "dJ/dz by layer", "size of dJ/dz (relative)", signal, 1),
    )


def _vanishing(
    observation: Observation, health: Health, signal: Float[np.ndarray, "looks layers"]
) -> _Vanishing | None:
    """Return the first look at which the gradient vanishes, if it does from the start and often enough."""
    limit = next((factor for share, factor in _FACTORS if is_stuck(observation, share)), None)
    # A rate that is too high or a strong penalty destroys the weights, and with them the gradient.
    if limit is None or not is_rate_sensible(observation) or regularization.find(observation) is not None:
        return None
    stuck = is_stuck(observation, _STUCK)
    if signal.shape[1] >= _DEEP and stuck:
        limit = _DEEP_FACTOR
    trend, vanished = backward_growth(observation), vanished_outputs(observation)
    silent = (health.of("dead")[:, 1:-1] >= _DEAD).any(axis=1) & ~vanished
    # A factor of exactly 0 is dead units, except in dozens of convolutions, whose signal underflows.
    underflows = vanished & bool(observation.plan and observation.plan.depth)
    measured = [look for look, growth in enumerate(trend) if growth is not None]
    looks = [
        look
        for look, growth in enumerate(trend)
        if growth is not None and growth.factor < limit and not silent[look] and (growth.factor > 0 or underflows[look])
    ]
    growth = trend[looks[0]] if looks else None
    if growth is None or looks[0] > measured[0] or (len(looks) < _OFTEN * len(measured) and not stuck):
        return None
    return _Vanishing(looks[0], growth, len(looks) / len(measured), limit)


def _shrinking_clause(growth: Growth, layers: int) -> str:
    if growth.factor == 0:
        return f"nothing is left of it in some of the {layers} layers"
    rate, factor = number(growth.rate, 2), number(growth.factor, 2)
    return f"it shrinks by a factor of {rate} per layer, {factor} over all {layers} layers"


def _remedies(observation: Observation) -> tuple[Remedy, ...]:
    plan = observation.plan
    relu = {"activation": "relu", "initialization": "he"}
    residual = {**relu, "architecture": "residual"}
    bypass = "the gradient has a way past each layer"
    # Residual sums of many layers are large and steep, which Adam's normalized steps tolerate.
    adam = {"optimizer": "adam", "learning_rate": Plan().learning_rate}
    name = "residual network with batch norm, by Adam"
    very_deep = plan is not None and plan.structure.hidden_layers > _VERY_DEEP
    residual_norm = (
        add_batch_norm(observation, "residual-batch-norm", name, bypass, **residual, **adam) if very_deep else ()
    )
    steady = "slopes of 1 and steady variances pass the gradient on"
    he = "slopes of 1, and weights that keep the variance"
    return (
        *residual_norm,
        *add_batch_norm(observation, "relu-batch-norm", "ReLU with batch norm", steady, **relu),
        *change_plan(observation, "relu-he", "ReLU with He's initialization", he, relu),
        *change_plan(observation, "residual", "residual network", bypass, residual),
        *default_network(observation),
    )
