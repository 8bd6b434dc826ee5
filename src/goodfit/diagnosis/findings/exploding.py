"""Exploding gradients or activations: a signal grows a thousandfold over the layers, and steps become erratic.

The evidence is growth by layer of the outputs or of dJ/dz, and a train cost that rose above a constant guess's. The
remedies are clipped gradients (Pascanu et al. 2013), batch norm and a lower learning rate (course notes: vanishing /
exploding gradients).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.costs import cost_clause, guess_cost, series
from goodfit.diagnosis.findings.layers import (
    backward_growth,
    backward_signal,
    forward_growth,
    plot_by_layer,
    recorded_health,
)
from goodfit.diagnosis.findings.remedies import add_batch_norm, change_plan, default_network, lower_rate
from goodfit.diagnosis.growth import Growth
from goodfit.wording.numbers import times

ID = "exploding-gradient"
NAME = "exploding gradient"
_FACTOR = 1e3  # over all layers, of the outputs forward or of dJ/dz back
_HARM = 2.0  # times the constant guess's cost


class _Explosion(NamedTuple):
    """A signal that explodes at a look: its name, its direction, its sizes by look and layer, and its growth."""

    name: str
    direction: str
    sizes: Float[np.ndarray, "looks layers"]
    look: int
    growth: Growth


def find(observation: Observation) -> Finding | None:
    """Return the finding if outputs or dJ/dz grow a thousandfold over the layers, and the cost rose high."""
    health, explosion = recorded_health(observation), _first_explosion(observation)
    if health is None or explosion is None or not _is_harmed(observation):
        return None
    growth, epoch = explosion.growth, int(health.epochs[explosion.look])
    place = int(np.nanargmax(explosion.sizes[explosion.look]))
    clip_reason = "no step can be larger than the norm allows"
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=float(min(0.99, 0.8 + 0.03 * np.log10(growth.factor / _FACTOR))),
        sentence=f"{explosion.name} explodes on the way {explosion.direction}: it grows {times(growth.rate)} per "
        f"layer, {times(growth.factor)} over all {explosion.sizes.shape[1]} layers (epoch {epoch}); "
        f"{cost_clause(observation)}.",
        evidence={"rate": growth.rate, "factor": growth.factor, "epoch": float(epoch)},
        remedies=(
            *change_plan(observation, "clip-gradients", "clip gradients", clip_reason, {"clip_norm": 1.0}),
            *add_batch_norm(observation, "batch-norm", "batch norm", "it sets the variance of each layer to 1"),
            *lower_rate(observation),
            *default_network(observation),
        ),
        layer=health.layers[1 + place],  # `layers` begins with the inputs
        epoch=epoch,
        plot=plot_by_layer(observation, f"{explosion.name} by layer", "size (relative)", explosion.sizes, 1),
    )


def _first_explosion(observation: Observation) -> _Explosion | None:
    """Return the first look at which the gradient explodes; if it never does, the first for the outputs."""
    health, signal = recorded_health(observation), backward_signal(observation)
    if health is None or signal is None:
        return None
    for name, direction, sizes, trend in (
        ("The gradient", "back", signal, backward_growth(observation)),
        ("The output", "forward", health.of("size")[:, 1:-1], forward_growth(observation)),
    ):
        for look, growth in enumerate(trend):
            if growth is not None and growth.factor > _FACTOR:
                return _Explosion(name, direction, sizes, look, growth)
    return None


def _is_harmed(observation: Observation) -> bool:
    """Return True if the train cost rose above a multiple of the constant guess's, or if that is unknown."""
    costs, guess = series(observation, "train_cost").values, guess_cost(observation.data)
    return len(costs) == 0 or guess is None or bool((costs > _HARM * guess).any())
