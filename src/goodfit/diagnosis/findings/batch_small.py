"""Batches too small: each step follows the noise of a few examples.

The evidence is batches of fewer than eight examples and a train cost that jumps up and down, or stays high. The remedy
is larger batches, or a lower rate that decays (course notes: mini-batch gradient descent).
"""

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.costs import cost_clause, cost_plot, cost_share, guess_cost, series, unsteadiness
from goodfit.diagnosis.findings.remedies import change_plan
from goodfit.wording.numbers import number, percent

ID = "batch-too-small"
NAME = "batch too small"
# Set on the tuning half of `benchmarks/doctor.py`.
_SMALL = 8  # examples in a batch
_FEWEST_EXAMPLES = 64
_CHANGE = 0.1  # median change of log cost from epoch to epoch, over the second half
_SHARE_UPWARD = 0.25  # of these changes
_MATTERS = 0.05  # of the constant guess's cost
_HIGH = 0.5  # of the constant guess's cost


def find(observation: Observation) -> Finding | None:
    """Return the finding if batches have fewer than eight examples, and the train cost is unsteady or high."""
    plan, data, share = observation.plan, observation.data, cost_share(observation)
    if plan is None or data is None or data.m < _FEWEST_EXAMPLES or share is None or not 0 < plan.batch_size < _SMALL:
        return None
    costs = series(observation, "train_cost").values
    change, share_upward, level = unsteadiness(costs, guess_cost(data))
    unsteady = change > _CHANGE and share_upward > _SHARE_UPWARD and level > _MATTERS
    if not (unsteady or share > _HIGH):
        return None
    steps = number(data.m // plan.batch_size * len(costs))
    changes = f"the train cost still changes by {percent(change)} from epoch to epoch, and " if unsteady else ""
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.8,
        sentence=f"The batches of {plan.batch_size} are too small: after {steps} steps {changes}"
        f"{cost_clause(observation)}.",
        evidence={
            "batch_size": float(plan.batch_size),
            "typical_change": change,
            "share_upward": share_upward,
            "cost_share": share,
        },
        remedies=(
            *change_plan(
                observation,
                "larger-batches",
                "batches of 32",
                "the mean of 32 gradients is steadier",
                {"batch_size": 32},
            ),
            *change_plan(
                observation,
                "lower-decaying-rate",
                "a lower learning rate that decays",
                "the noise of small steps averages out",
                {"learning_rate": plan.learning_rate / 10, "decay": "one_cycle"},
            ),
        ),
        plot=cost_plot(observation),
    )
