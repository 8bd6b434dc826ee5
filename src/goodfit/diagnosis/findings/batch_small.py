"""Batches too small (notes: mini-batch gradient descent): each step follows one example's noise, and takes its time."""

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.remedies import changed
from goodfit.diagnosis.findings.signs import cost_left, cost_plot, cost_words, guess_cost, series, unsteadiness
from goodfit.wording.numbers import percent

ID = "batch-too-small"
NAME = "batch too small"
_SMALL = 8  # examples in a batch
_FROM = 64  # training examples
_UNSTEADY = 0.1  # the median change of log cost from epoch to epoch over the second half
_UPS = 0.25
_MATTERS = 0.05  # of the constant guess's cost


def find(case: Observation) -> Finding | None:
    """Batches of less than eight, and a train cost that leaps about or stays high."""
    plan, data, left = case.plan, case.data, cost_left(case)
    if plan is None or data is None or data.m < _FROM or left is None or not 0 < plan.batch_size < _SMALL:
        return None
    leap, ups, level = unsteadiness(series(case, "train_cost").values, guess_cost(case.data))
    if not ((leap > _UNSTEADY and ups > _UPS and level > _MATTERS) or left > 0.5):
        return None
    steps = data.m // plan.batch_size * len(series(case, "train_cost").values)
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.8,
        sentence=f"The batches of {plan.batch_size} are too small: after {steps:,} steps the train cost still changes "
        f"by {percent(leap)} from epoch to epoch, and {cost_words(case)}.",
        evidence={"batch_size": float(plan.batch_size), "typical_change": leap, "share_upward": ups, "cost_left": left},
        remedies=(
            *changed(
                case, "larger-batches", "batches of 32", "the mean of 32 gradients is steadier", {"batch_size": 32}
            ),
            *changed(
                case,
                "lower-decaying-rate",
                "a lower rate that falls",
                "small noisy steps average out",
                {"learning_rate": plan.learning_rate / 10, "decay": "one_cycle"},
            ),
        ),
        plot=cost_plot(case),
    )
