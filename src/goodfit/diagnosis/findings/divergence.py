"""Divergence: a cost, or numbers inside the network, became infinite or undefined.

The usual cause is a learning rate that is too high or exploding gradients; the remedies are a lower rate and clipped
gradients (course notes: exploding gradients; Pascanu et al. 2013).
"""

from typing import NamedTuple

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Plot, Remedy
from goodfit.diagnosis.findings.remedies import default_network, lower_rate
from goodfit.record.run import Outcome
from goodfit.wording.numbers import number

ID = "divergence"
NAME = "divergence"


class _Place(NamedTuple):
    """The first place that was not finite: its name, its layer (None for a cost) and its epoch (None if unknown)."""

    name: str
    layer: str | None
    epoch: int | None


def find(observation: Observation) -> Finding | None:
    """Return the finding if a cost or a layer is not finite, or if the training ended in divergence."""
    first = _first_cost(observation) or _first_layer(observation)
    if first is None and observation.signals.outcome is not Outcome.DIVERGED:
        return None
    name, layer, epoch = first or _Place("the cost", None, None)
    when = "on the way" if epoch is None else f"in epoch {epoch}"
    rate = observation.plan.learning_rate if observation.plan else np.nan
    at_rate = "" if np.isnan(rate) else f" at a learning rate of {number(rate, 3)}"
    clip = Remedy("clip-gradients", "clip gradients", "one large gradient then does little harm", {"clip_norm": 1.0})
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=1.0,
        sentence=f"The training diverged: {name} became infinite or undefined {when}{at_rate}.",
        evidence={"learning_rate": rate, "epoch": np.nan if epoch is None else float(epoch)},
        remedies=(*lower_rate(observation), clip, *default_network(observation)),
        layer=layer,
        epoch=epoch,
        plot=_plot(observation),
    )


def _first_cost(observation: Observation) -> _Place | None:
    """Return the first epoch with an infinite cost; an undefined one counts if the training ended in divergence."""
    history, diverged = observation.signals.history, observation.signals.outcome is Outcome.DIVERGED
    for name, words in (("train_cost", "the train cost"), ("objective", "J"), ("dev_cost", "the dev cost")):
        values = np.asarray(history.get(name, ()), np.float64)
        places = np.flatnonzero(np.isinf(values) | (np.isnan(values) & diverged))
        if len(places):
            return _Place(words, None, int(history["epoch"][places[0]]) if "epoch" in history else int(places[0]) + 1)
    return None


def _first_layer(observation: Observation) -> _Place | None:
    """Return the first look and layer at which a number is infinite."""
    health = observation.signals.health
    if health is None:
        return None
    # NaN is no sign: it also stands for the statistics that a layer does not have.
    looks, layers = np.nonzero(np.isinf(health.statistics).any(axis=2))
    if not len(looks):
        return None
    layer = health.layers[layers[0]]
    return _Place(layer, layer, int(health.epochs[looks[0]]))


def _plot(observation: Observation) -> Plot | None:
    history = observation.signals.history
    lines = {name: np.asarray(history[name], np.float64) for name in ("train_cost", "dev_cost") if name in history}
    if "epoch" not in history or not lines:
        return None
    return Plot("Cost by epoch", "epoch", "cost", np.asarray(history["epoch"], np.float64), lines, log=True)
