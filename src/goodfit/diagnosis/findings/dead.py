"""Dead ReLUs: units below zero for every example learn nothing, for their slope there is 0."""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Plot
from goodfit.diagnosis.findings import regularization
from goodfit.diagnosis.findings.looks import largest, latest, looked, outputs_vanish
from goodfit.diagnosis.findings.remedies import batch_norm, changed, lower_rate, reset
from goodfit.diagnosis.findings.signs import cost_left, cost_words, stuck
from goodfit.wording.numbers import percent

ID = "dead-relus"
NAME = "dead ReLUs"
_MOST, _MANY = 0.9, 0.75  # of a layer's units
_STUCK, _SLOW = 0.5, 0.2  # of the constant guess's cost, with most and with many dead


def find(case: Observation) -> Finding | None:
    """A hidden layer of ReLUs most of whose units give the same output for every example, to the end."""
    health = looked(case)
    if health is None or len(health.layers) < 3 or case.activation != "relu":
        return None
    dead = health.of("dead")[:, 1:-1]
    found = latest(dead)
    if found is None:
        return None
    look, place, share = found
    enough = (share >= _MOST and stuck(case, _STUCK)) or (share >= _MANY and stuck(case, _SLOW))
    if not enough or outputs_vanish(case)[look]:
        return None
    if regularization.find(case) is not None and largest(dead[0]) < _MANY:
        return None  # a penalty that takes the weights away silences their units
    if outputs_vanish(case)[0]:
        return None  # what hardly varies is the same to float32
    layer, epoch = health.layers[1 + place], int(health.epochs[look])
    lines = {name: dead[:, index] for index, name in enumerate(health.layers[1:-1])}
    lower = lower_rate(case)[0].changes
    leaky = {"activation": "leaky_relu", **lower}
    return Finding(
        ID,
        NAME,
        severity=1 if share >= _MOST else 2,
        confidence=0.95 if share >= _MOST else 0.75,
        sentence=f"{percent(share)} of the ReLUs of {layer} are dead in epoch {epoch}: they give the same output for "
        f"every example and learn no more; {cost_words(case)}.",
        evidence={"dead": share, "cost_left": cost_left(case) or np.nan},
        remedies=(
            *changed(
                case, "leaky-relu", "leaky ReLU at a lower rate", "a slope below zero lets units come back", leaky
            ),
            *batch_norm(case, "batch-norm", "batch norm", "it centers what the units see", **lower),
            *reset(case),
        ),
        layer=layer,
        epoch=epoch,
        plot=Plot("Dead units by epoch", "epoch", "share", health.epochs.astype(np.float64), lines),
    )
