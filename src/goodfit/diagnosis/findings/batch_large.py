"""Batches too large: an epoch makes so few steps that the training ends before the network has learned.

The evidence is a handful of steps per epoch on more than 500 examples, with a train cost that is high and still
falling. The remedy is smaller batches, 64 to 512 beyond 2,000 examples (course notes: mini-batch gradient descent), or
more epochs.
"""

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.costs import cost_clause, cost_plot, cost_share, series, still_falls
from goodfit.diagnosis.findings.remedies import change_plan
from goodfit.wording.numbers import number

ID = "batch-too-large"
NAME = "batch too large"
# Set on the tuning half of `benchmarks/doctor.py`, unless another origin is named.
_FEWEST_EXAMPLES = 500  # below, steps on the whole set are cheap
_MOST_STEPS = 4  # per epoch
_WHOLE_SET = 2000  # examples up to which the whole set may be a batch (course notes)
_HIGH = 0.1  # of the constant guess's cost
_FEW_STEPS = 150  # in all; hardly any network learns in so few
_DEV_FELL = 0.015  # over the second half; if nothing more can be learned, the dev cost rests or rises


def find(observation: Observation) -> Finding | None:
    """Return the finding if an epoch makes few steps, and the train cost is high and still falling."""
    plan, data, share = observation.plan, observation.data, cost_share(observation)
    if plan is None or data is None or data.m < _FEWEST_EXAMPLES or share is None or share < _HIGH:
        return None
    size = data.m if plan.batch_size == 0 else min(plan.batch_size, data.m)
    costs = series(observation, "train_cost").values
    steps_per_epoch, steps = data.m // size, data.m // size * len(costs)
    falling = still_falls(costs, 0.01 if data.m > _WHOLE_SET else 0.1) or _is_unfinished(observation, steps)
    if steps_per_epoch > _MOST_STEPS or not falling:
        return None
    smaller = 64 if data.m < 20_000 else 128
    why = "many steps per epoch in place of few; the course notes take 64 to 512 beyond 2,000 examples"
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.9 if steps < 100 else 0.75,
        sentence=f"The batches are too large: {number(size)} of {number(data.m)} examples make {steps_per_epoch} "
        f"step{'s' if steps_per_epoch > 1 else ''} per epoch and {number(steps)} in all; the cost is still falling, "
        f"and {cost_clause(observation)}.",
        evidence={"batch_size": float(size), "steps": float(steps), "cost_share": share},
        remedies=(
            *change_plan(observation, "smaller-batches", f"batches of {smaller}", why, {"batch_size": smaller}),
            *change_plan(
                observation,
                "more-epochs",
                "four times the epochs",
                "more steps of the same size",
                {"epochs": 4 * plan.epochs},
            ),
        ),
        plot=cost_plot(observation),
    )


def _is_unfinished(observation: Observation, steps: int) -> bool:
    """Return True after few steps with the dev cost at its lowest: the flat end of a schedule hides a falling cost."""
    dev = series(observation, "dev_cost").values
    if steps > _FEW_STEPS or len(dev) < 2:
        return False
    return bool(dev[-1] <= 1.01 * dev.min() and dev[-1] < (1 - _DEV_FELL) * dev[len(dev) // 2 - 1])
