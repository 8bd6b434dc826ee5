"""Dropout too strong: so few units are kept that the network cannot even fit the training set.

The evidence is less than 45 % of units or inputs kept, J far above the train cost without dropout, and a high train
cost. The remedy is less dropout, or none (course notes: dropout; Srivastava et al. 2014 keep half of the units).
"""

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.costs import cost_clause, cost_plot, cost_share, series
from goodfit.diagnosis.findings.remedies import change_plan, default_network
from goodfit.wording.numbers import percent, times

ID = "dropout-too-strong"
NAME = "dropout too strong"
_LOW = 0.45  # keep probability; the course notes and Srivastava et al. 2014 go down to 0.5
_HIGH = 0.2  # of the constant guess's cost; set, like the next, on the tuning half of `benchmarks/doctor.py`
_VERY_LOW, _USELESS = 0.25, 0.5  # keep probability and share of the guess's cost, where J is not known beside the cost
_NOISE = 1.2  # J over the train cost, in the epoch in which dropout costs most


def find(observation: Observation) -> Finding | None:
    """Return the finding if few units are kept, J is far above the train cost, and the train cost is high."""
    share, (keep_prob, input_keep_prob) = cost_share(observation), _keep_probs(observation)
    lowest = min(keep_prob, input_keep_prob)
    if share is None or share < _HIGH or lowest > _LOW:
        return None
    noise = _noise(observation)
    if (noise < _NOISE) if noise is not None else (lowest > _VERY_LOW or share < _USELESS):
        return None
    noise_clause = "" if noise is None else f"J is up to {times(noise)} the train cost without dropout, "
    first_fit = "fit the training set first, then close the gap to dev"
    nothing_dropped = {"keep_prob": 1.0, "input_keep_prob": 1.0}
    return Finding(
        ID,
        NAME,
        severity=1 if share > 0.9 else 2,
        confidence=0.95 if lowest <= 0.3 else 0.8,
        sentence=f"Dropout is too strong: it keeps {percent(lowest)} of the "
        f"{'units' if keep_prob <= input_keep_prob else 'inputs'}, {noise_clause}and {cost_clause(observation)}.",
        evidence={"keep_prob": keep_prob, "input_keep_prob": input_keep_prob, "cost_share": share},
        remedies=(
            *change_plan(
                observation, "less-dropout", "little dropout", first_fit, _less_dropout(keep_prob, input_keep_prob)
            ),
            *change_plan(observation, "no-dropout", "no dropout", "nothing is left out", nothing_dropped),
            *default_network(observation),
        ),
        plot=cost_plot(observation),
    )


def _keep_probs(observation: Observation) -> tuple[float, float]:
    """Return the lowest keep probability of the units and that of the inputs; 1 if there is no dropout."""
    plan, program = observation.plan, observation.program
    if plan is not None:
        return min(plan.keep_probs, default=1.0), plan.input_keep_prob
    return 1 - max((program.layers.dropout_rates if program else None) or (0.0,)), 1.0


def _noise(observation: Observation) -> float | None:
    """Return J over the train cost in the epoch in which dropout costs most; None if J is not known beside it."""
    costs, objectives = series(observation, "train_cost").values, series(observation, "objective").values
    return float((objectives / costs).max()) if 0 < len(costs) == len(objectives) else None


def _less_dropout(keep_prob: float, input_keep_prob: float) -> dict[str, float]:
    """Return weak dropout for each setting that is too strong."""
    changes = {}
    if keep_prob <= _LOW:
        changes["keep_prob"] = 0.9
    if input_keep_prob <= _LOW:
        changes["input_keep_prob"] = 1.0
    return changes
