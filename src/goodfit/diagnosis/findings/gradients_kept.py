"""Gradients that are never cleared: each step goes along the sum of all gradients so far.

The evidence is backward passes after a step that added to the gradients from before it. Passes without a step between
them are accumulation, which is fine. The remedy is to clear the gradients after each step.
"""

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings.costs import cost_clause, cost_plot
from goodfit.wording.numbers import times

ID = "gradients-not-cleared"
NAME = "gradients are never cleared"
_GREW = 1.5  # times; at a minimum the sum of old gradients hardly grows


def find(observation: Observation) -> Finding | None:
    """Return the finding if most backward passes after a step added to gradients from before it."""
    updates = observation.program.updates if observation.program else None
    if updates is None or updates.gradients_cleared is not False:
        return None
    growth = updates.gradient_growth
    grew = "" if growth is None or growth < _GREW else f", which grow to {times(growth)} within an epoch"
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=0.97,
        sentence=f"The gradients are not cleared between steps: each backward pass adds to the sum of those "
        f"before{grew}; {cost_clause(observation)}.",
        evidence={} if growth is None else {"growth": growth},
        remedies=(
            Remedy(
                "clear-gradients",
                "call optimizer.zero_grad() before each backward()",
                "a step then follows the gradient of its own batch, not of all batches since the beginning",
                {},
            ),
        ),
        plot=cost_plot(observation),
    )
