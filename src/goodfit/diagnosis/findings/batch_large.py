"""Batches too large (notes: mini-batch gradient descent): an epoch makes so few steps that the epochs run out."""

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.remedies import changed
from goodfit.diagnosis.findings.signs import cost_left, cost_plot, cost_words, falls, series

ID = "batch-too-large"
NAME = "batch too large"
_FROM = 500  # examples; below, whole batches are few steps' work
_STEPS = 4  # in an epoch
_MANY = 2000  # the seed's limit up to which the whole set may be a batch
_LEFT = 0.1  # of the constant guess's cost
_FEW = 150  # steps in all, that hardly any network learns in
_DEV_FELL = 0.015  # over the second half; where nothing more is to be learned the dev cost rests or rises


def find(case: Observation) -> Finding | None:
    """A handful of steps an epoch on more than 500 examples, and the cost is high and still falling."""
    plan, data, left = case.plan, case.data, cost_left(case)
    if plan is None or data is None or data.m < _FROM or left is None or left < _LEFT:
        return None
    size = data.m if plan.batch_size == 0 else min(plan.batch_size, data.m)
    steps, costs = data.m // size, series(case, "train_cost").values
    if steps > _STEPS or not (falls(costs, 0.01 if data.m > _MANY else 0.1) or _unfinished(case, steps * len(costs))):
        return None
    smaller = 64 if data.m < 20_000 else 128
    why = "many steps an epoch in place of few; the seed takes 64 to 512 beyond 2,000 examples"
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.9 if steps * len(costs) < 100 else 0.75,
        sentence=f"The batches are too large: {size:,} of {data.m:,} examples make {steps} steps an epoch, "
        f"{steps * len(costs)} in all; the cost is still falling, and {cost_words(case)}.",
        evidence={"batch_size": float(size), "steps": float(steps * len(costs)), "cost_left": left},
        remedies=(
            *changed(case, "smaller-batches", f"batches of {smaller}", why, {"batch_size": smaller}),
            *changed(
                case, "more-epochs", "four times the epochs", "more steps of the same size", {"epochs": 4 * plan.epochs}
            ),
        ),
        plot=cost_plot(case),
    )


def _unfinished(case: Observation, steps: int) -> bool:
    """Few steps in all, and the dev cost ended at its lowest; a schedule's flat end is not counted alone."""
    dev = series(case, "dev_cost").values
    if steps > _FEW or len(dev) < 2:
        return False
    return bool(dev[-1] <= 1.01 * dev.min() and dev[-1] < (1 - _DEV_FELL) * dev[len(dev) // 2 - 1])
