"""Vanishing gradients (notes: vanishing / exploding gradients): the first layers hear almost nothing of the cost."""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings import regularization
from goodfit.diagnosis.findings.looks import (
    growth_back,
    looked,
    outputs_vanish,
    plot_by_layer,
    sensible_rate,
    signal_back,
)
from goodfit.diagnosis.findings.remedies import batch_norm, changed, reset
from goodfit.diagnosis.findings.signs import cost_words, stuck
from goodfit.diagnosis.growth import Growth
from goodfit.plan import Plan
from goodfit.wording.numbers import times

ID = "vanishing-gradient"
NAME = "vanishing gradient"
# Over all layers, by how much of a constant guess's cost is left; healthy nets of seven layers stay above 0.01.
_FACTORS = ((0.75, 1e-2), (0.5, 1e-3))
_FACTOR_DEEP, _FROM = 5e-2, 6  # layers from which a twentieth is no chance, where nothing was learned
_OFTEN = 0.25  # of the looks: a network that gets away from it does so slowly
_STUCK = 0.9  # where nothing was learned the first look is enough: an output that knows the shares hides it from others
_DEEP = 10  # layers beyond which batch norm alone may not do
_LEAST = 1e-30
_DEAD = 0.9  # where a whole layer is dead, no gradient passes for that reason


def find(case: Observation) -> Finding | None:
    """From the output back to the first layer dJ/dz shrinks much, the more so the less was learned."""
    health, signal = looked(case), signal_back(case)
    limit = next((factor for left, factor in _FACTORS if stuck(case, left)), None)
    if health is None or signal is None or limit is None:
        return None
    if not sensible_rate(case) or regularization.find(case) is not None:
        return None  # what either does to the weights is not the gradient's doing
    if signal.shape[1] >= _FROM and stuck(case, _STUCK):
        limit = _FACTOR_DEEP
    back = growth_back(case)
    silent = (health.of("dead")[:, 1:-1] >= _DEAD).any(axis=1) & ~outputs_vanish(case)
    gone = outputs_vanish(case) & bool(case.plan and case.plan.depth)  # in dozens of convolutions, to exactly nothing
    looks = [
        look
        for look, each in enumerate(back)
        if each is not None and each.factor < limit and not silent[look] and (each.factor > 0 or gone[look])
    ]
    known = [look for look, each in enumerate(back) if each is not None]
    worst = back[looks[0]] if looks else None
    if worst is None or looks[0] > known[0] or (len(looks) < _OFTEN * len(known) and not stuck(case, _STUCK)):
        return None
    first = looks[0]
    layer, epoch = health.layers[1 + int(np.nanargmin(signal[first]))], int(health.epochs[first])
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=float(min(0.99, 0.8 + 0.03 * np.log10(limit / max(worst.factor, _LEAST)))),
        sentence=f"The gradient vanishes: from the output back to {layer} {_shrinks(worst, signal.shape[1])} "
        f"(epoch {epoch}), and {cost_words(case)}.",
        evidence={"rate": worst.rate, "factor": worst.factor, "share_of_looks": len(looks) / len(known)},
        remedies=_remedies(case),
        layer=layer,
        epoch=epoch,
        plot=plot_by_layer(case, "dJ/dz by layer", "size of dJ/dz (relative)", signal, 1),
    )


def _shrinks(worst: Growth, layers: int) -> str:
    if worst.factor == 0:
        return f"nothing is left of it in some of the {layers} layers"
    return f"it shrinks to {times(worst.rate)} a layer, {times(worst.factor)} over all {layers} layers"


def _remedies(case: Observation) -> tuple[Remedy, ...]:
    activation = {"activation": "relu", "initialization": "he"}
    residual = {**activation, "architecture": "residual"}
    why = "the gradient has a way past each layer"
    adam = {"optimizer": "adam", "learning_rate": Plan().learning_rate}  # sums of many layers are large and steep
    both = batch_norm(case, "residual-batch-norm", "residual network with batch norm, by Adam", why, **residual, **adam)
    return (
        *(both if case.plan is not None and case.plan.structure.hidden_layers > _DEEP else ()),
        *batch_norm(
            case, "relu-batch-norm", "ReLU with batch norm", "slopes of 1 and steady variances pass it on", **activation
        ),
        *changed(
            case,
            "relu-he",
            "ReLU with He's initialization",
            "slopes of 1, and weights that keep the variance",
            activation,
        ),
        *changed(case, "residual", "residual network", why, residual),
        *reset(case),
    )
