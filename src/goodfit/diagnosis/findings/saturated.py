"""Saturated sigmoids or tanhs: near the ends of their range they are flat, and hardly pass a gradient."""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Plot
from goodfit.diagnosis.findings.looks import latest, looked
from goodfit.diagnosis.findings.remedies import batch_norm, changed, lower_rate, reset
from goodfit.diagnosis.findings.signs import cost_left, cost_words, stuck
from goodfit.wording.numbers import percent

ID = "saturated-units"
NAME = "saturated units"
_MOST, _MANY = 0.8, 0.5  # of a layer's outputs; healthy networks stay below 0.3
_LEFT = 0.02  # of the constant guess's cost


def find(case: Observation) -> Finding | None:
    """A hidden layer most of whose outputs are near an end of their range, while there is something left to learn."""
    health = looked(case)
    if health is None or len(health.layers) < 3 or case.activation not in (None, "tanh", "sigmoid"):
        return None
    if case.plan is not None and (case.plan.architecture == "residual" or case.plan.batch_norm == "after"):
        return None  # what leaves such a layer is not in the activation's range
    saturated = health.of("saturated")[:, 1:-1]
    found = latest(saturated)
    if found is None:
        return None
    look, place, share = found
    if share < _MANY or not stuck(case, _LEFT):
        return None
    layer, epoch = health.layers[1 + place], int(health.epochs[look])
    lines = {name: saturated[:, index] for index, name in enumerate(health.layers[1:-1])}
    lower = lower_rate(case)[0].changes
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.9 if share >= _MOST else 0.75,
        sentence=f"{percent(share)} of the outputs of {layer} are at an end of the activation's range in epoch "
        f"{epoch}, where its slope is near 0; {cost_words(case)}.",
        evidence={"saturated": share, "cost_left": cost_left(case) or np.nan},
        remedies=(
            *changed(
                case, "silu", "SiLU at a lower rate", "it does not saturate above zero", {"activation": "silu", **lower}
            ),
            *batch_norm(case, "batch-norm", "batch norm", "it keeps z where the slope is steep", **lower),
            *reset(case),
        ),
        layer=layer,
        epoch=epoch,
        plot=Plot("Saturated outputs by epoch", "epoch", "share", health.epochs.astype(np.float64), lines),
    )
