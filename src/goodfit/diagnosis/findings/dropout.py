"""Dropout too strong (notes: dropout): so few units are kept that the network cannot fit even the training set."""

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.remedies import changed, reset
from goodfit.diagnosis.findings.signs import cost_left, cost_plot, cost_words, series
from goodfit.wording.numbers import percent, times

ID = "dropout-too-strong"
NAME = "dropout too strong"
_KEPT = 0.45  # the seed and Srivastava et al. 2014 go down to 0.5
_LEFT = 0.2  # of the constant guess's cost
_NOISE = 1.2  # J over the train cost: what dropout costs, in the epoch where it shows most


def find(case: Observation) -> Finding | None:
    """Less than 45 % of the units are kept, J is far above the train cost, and the train cost is high."""
    plan, left = case.plan, cost_left(case)
    if plan is None or left is None or left < _LEFT:
        return None
    kept, kept_inputs = min(plan.keep_probs, default=1.0), plan.input_keep_prob
    costs, objectives = series(case, "train_cost").values, series(case, "objective").values
    if min(kept, kept_inputs) > _KEPT or not 0 < len(costs) == len(objectives):
        return None
    noise = float((objectives / costs).max())
    if noise < _NOISE:
        return None
    what = "units" if kept <= kept_inputs else "inputs"
    return Finding(
        ID,
        NAME,
        severity=1 if left > 0.9 else 2,
        confidence=0.95 if min(kept, kept_inputs) <= 0.3 else 0.8,
        sentence=f"Dropout is too strong: it keeps {percent(min(kept, kept_inputs))} of the {what}, J is up "
        f"to {times(noise)} the train cost without it, and {cost_words(case)}.",
        evidence={"keep_prob": kept, "input_keep_prob": kept_inputs, "cost_left": left},
        remedies=(
            *changed(
                case,
                "less-dropout",
                "little dropout",
                "first fit the training set, then close the gap to dev",
                _less(kept, kept_inputs),
            ),
            *changed(
                case, "no-dropout", "no dropout", "nothing is left out", {"keep_prob": 1.0, "input_keep_prob": 1.0}
            ),
            *reset(case),
        ),
        plot=cost_plot(case),
    )


def _less(kept: float, kept_inputs: float) -> dict[str, float]:
    """Of what is too strong."""
    less = {}
    if kept <= _KEPT:
        less["keep_prob"] = 0.9
    if kept_inputs <= _KEPT:
        less["input_keep_prob"] = 1.0
    return less
