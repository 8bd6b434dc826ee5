"""Saturated units: sigmoids or tanhs at the ends of their range, where they are flat and pass hardly any gradient.

The evidence is a hidden layer with at least half of its outputs near an end, while something is left to learn. The
remedies are an activation that does not saturate above zero and a lower rate, or batch norm (course notes: activation
functions).
"""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Plot
from goodfit.diagnosis.findings.costs import cost_clause, cost_share, is_stuck
from goodfit.diagnosis.findings.layers import last_largest, recorded_health
from goodfit.diagnosis.findings.remedies import add_batch_norm, change_plan, default_network, lower_rate
from goodfit.wording.numbers import percent

ID = "saturated-units"
NAME = "saturated units"
# Set on the tuning half of `benchmarks/doctor.py`.
_MOST, _MANY = 0.8, 0.5  # of a layer's outputs; healthy networks stay below 0.3
_HIGH = 0.02  # of the constant guess's cost: below it nothing is left to learn


def find(observation: Observation) -> Finding | None:
    """Return the finding if half of a hidden layer's outputs are saturated while something is left to learn."""
    health, plan = recorded_health(observation), observation.plan
    if health is None or len(health.layers) < 3 or observation.activation not in (None, "tanh", "sigmoid"):
        return None
    if plan is not None and (plan.architecture == "residual" or plan.batch_norm == "after"):
        return None  # the outputs of such a layer are not in the range of the activation
    saturated = health.of("saturated")[:, 1:-1]
    last = last_largest(saturated)
    if last is None:
        return None
    look, place, share = last
    if share < _MANY or not is_stuck(observation, _HIGH):
        return None
    layer, epoch = health.layers[1 + place], int(health.epochs[look])
    lines = {name: saturated[:, index] for index, name in enumerate(health.layers[1:-1])}
    lower = lower_rate(observation)[0].changes
    silu = {"activation": "silu", **lower}
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.9 if share >= _MOST else 0.75,
        sentence=f"{percent(share)} of the outputs of {layer} are at an end of the activation's range in epoch "
        f"{epoch}, where its slope is close to 0; {cost_clause(observation)}.",
        evidence={"saturated": share, "cost_share": cost_share(observation) or np.nan},
        remedies=(
            *change_plan(observation, "silu", "SiLU at a lower learning rate", "it does not saturate above zero", silu),
            *add_batch_norm(observation, "batch-norm", "batch norm", "it keeps z where the slope is steep", **lower),
            *default_network(observation),
        ),
        layer=layer,
        epoch=epoch,
        plot=Plot("Saturated outputs by epoch", "epoch", "share", health.epochs.astype(np.float64), lines),
    )
