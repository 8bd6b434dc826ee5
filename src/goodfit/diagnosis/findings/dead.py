"""Dead ReLUs: units that give the same output for every example, and learn nothing because their slope there is 0.

The evidence is a hidden layer with mostly dead units at the last look, and a train cost that is still high. The remedy
is a slope below zero (leaky ReLU, Maas et al. 2013) and a lower learning rate, or batch norm.
"""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Plot
from goodfit.diagnosis.findings import regularization
from goodfit.diagnosis.findings.costs import cost_clause, cost_share, is_stuck
from goodfit.diagnosis.findings.layers import largest, last_largest, recorded_health, vanished_outputs
from goodfit.diagnosis.findings.remedies import add_batch_norm, change_plan, default_network, lower_rate
from goodfit.wording.numbers import percent

ID = "dead-relus"
NAME = "dead ReLUs"
# Set on the tuning half of `benchmarks/doctor.py`.
_MOST, _MANY = 0.9, 0.75  # of a layer's units
_STUCK, _SLOW = 0.5, 0.2  # of the constant guess's cost, with most and with many units dead


def find(observation: Observation) -> Finding | None:
    """Return the finding if most ReLUs of a hidden layer are dead at the last look, and the cost is high."""
    health = recorded_health(observation)
    if health is None or len(health.layers) < 3 or observation.activation != "relu":
        return None
    dead = health.of("dead")[:, 1:-1]
    last = last_largest(dead)
    if last is None or health.of("dead")[last[0], 0] == 1:  # the same example again and again
        return None
    look, place, share = last
    most_dead = share >= _MOST and is_stuck(observation, _STUCK)
    many_dead = share >= _MANY and is_stuck(observation, _SLOW)
    if not (most_dead or many_dead) or _has_other_cause(observation, dead, look):
        return None
    layer, epoch = health.layers[1 + place], int(health.epochs[look])
    lines = {name: dead[:, index] for index, name in enumerate(health.layers[1:-1])}
    lower = lower_rate(observation)[0].changes
    leaky = {"activation": "leaky_relu", **lower}
    return Finding(
        ID,
        NAME,
        severity=1 if share >= _MOST else 2,
        confidence=0.95 if share >= _MOST else 0.75,
        sentence=f"{percent(share)} of the ReLUs of {layer} are dead in epoch {epoch}: they give the same output for "
        f"every example and no longer learn; {cost_clause(observation)}.",
        evidence={"dead": share, "cost_share": cost_share(observation) or np.nan},
        remedies=(
            *change_plan(
                observation,
                "leaky-relu",
                "leaky ReLU at a lower learning rate",
                "a slope below zero lets dead units recover",
                leaky,
            ),
            *add_batch_norm(observation, "batch-norm", "batch norm", "it centers the inputs of the units", **lower),
            *default_network(observation),
        ),
        layer=layer,
        epoch=epoch,
        plot=Plot("Dead units by epoch", "epoch", "share", health.epochs.astype(np.float64), lines),
    )


def _has_other_cause(observation: Observation, dead: np.ndarray, look: int) -> bool:
    """Return True if outputs that vanish with depth, or a penalty, make units look dead."""
    vanished = vanished_outputs(observation)
    if vanished[look] or vanished[0]:  # outputs that hardly vary are equal in float32
        return True
    # A penalty that shrinks the weights to nothing silences their units later, not from the start.
    return regularization.find(observation) is not None and largest(dead[0]) < _MANY
