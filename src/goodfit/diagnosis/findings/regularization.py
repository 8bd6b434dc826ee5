"""Regularization too strong (course notes: L2 regularization): the penalty is lowered in place of the cost."""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Plot
from goodfit.diagnosis.findings.looks import largest, looked, sensible_rate, weights_by_he
from goodfit.diagnosis.findings.remedies import changed, reset
from goodfit.diagnosis.findings.signs import cost_left, cost_words, series
from goodfit.wording.numbers import percent, setting

ID = "regularization-too-strong"
NAME = "regularization too strong"
_LEFT = 0.6  # of the constant guess's cost
_L2, _L1, _DECAY = 0.05, 0.1, 2e-3  # λ/m, and the weights' share that decay takes each step; usual is a tenth of it
_SHARE = 0.8  # of J that is penalty
_LARGE = 1.5  # times He's norm
_SHRUNK = 0.3  # of what the layer's weights were after the first epoch
_BY_HE = 0.25  # of a hidden layer


def find(case: Observation) -> Finding | None:
    """Most of J is penalty, or the weights went toward zero, and the train cost is high."""
    left, plan = cost_left(case), case.plan
    if left is None or left < _LEFT or not strong(case):
        return None
    share, shrunk = _penalty_share(case), _shrunk(case)
    if share < _SHARE and not shrunk:
        return None
    strength = {} if plan is None else {name: getattr(plan, name) for name in ("l2", "l1", "weight_decay")}
    at = ", ".join(f"{name} {setting(value)}" for name, value in strength.items() if value > 0)
    seen = [f"{percent(share)} of J is penalty"] if share >= _SHARE else []
    if shrunk:
        seen.append(f"the weights of {shrunk[0]} shrank to {percent(shrunk[1])} of their size")
    weaker = {name: value / 100 for name, value in strength.items() if value > 0}
    none = {name: 0.0 for name, value in strength.items() if value > 0}
    return Finding(
        ID,
        NAME,
        severity=1 if left > 0.9 else 2,
        confidence=0.95 if seen[1:] or (share > 0.9) else 0.8,
        sentence=f"The regularization{f' ({at})' if at else ''} is too strong: {' and '.join(seen)}, "
        f"and {cost_words(case)}.",
        evidence={"penalty_share": share, "shrunk_to": shrunk[1] if shrunk else np.nan, "cost_left": left, **strength},
        remedies=(
            *changed(
                case,
                "less-regularization",
                "a hundredth of the regularization",
                "then the cost outweighs the penalty again",
                weaker,
            ),
            *changed(
                case,
                "no-regularization",
                "no regularization",
                "first fit the training set, then close the gap to dev",
                none,
            ),
            *reset(case),
        ),
        layer=shrunk[0] if shrunk else None,
        plot=_plot(case),
    )


def strong(case: Observation) -> bool:
    """Whether it can outweigh a cost at all: a weak penalty shrinks weights only where nothing else moves them."""
    plan = case.plan
    if plan is None:
        return True
    m = max(1, case.data.m) if case.data else 1
    decayed = sensible_rate(case) and plan.learning_rate * plan.weight_decay > _DECAY
    return plan.l2 / m > _L2 or plan.l1 / m > _L1 or decayed


def _penalty_share(case: Observation) -> float:
    """Of J, what the train cost does not explain; dropout and smoothing are left to their own findings."""
    plan, costs, objectives = case.plan, series(case, "train_cost").values, series(case, "objective").values
    if plan is None or plan.l2 + plan.l1 == 0 or len(costs) == 0 or len(objectives) == 0 or objectives[-1] <= 0:
        return 0.0
    sizes = weights_by_he(case)
    if sizes is not None and largest(sizes[-1]) > _LARGE:  # then it is they that make the penalty
        return 0.0
    noisy = min((*plan.keep_probs, plan.input_keep_prob)) < 0.5
    return 0.0 if noisy else float(np.clip(1 - costs[-1] / objectives[-1], 0, 1))


def _shrunk(case: Observation) -> tuple[str, float] | None:
    """The layer whose weights went most toward zero, of those below a share of their first norm."""
    health, sizes = looked(case), weights_by_he(case)
    if health is None:
        return None
    norms = health.of("weight")[:, 1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = norms[-1] / norms[0]
    low = shares < _SHRUNK
    if sizes is not None:
        low[:-1] |= sizes[-1, :-1] < _BY_HE
    low &= np.isfinite(shares)
    if not low.any():
        return None
    place = int(np.where(low, shares, np.inf).argmin())
    return health.layers[1 + place], float(shares[place])


def _plot(case: Observation) -> Plot | None:
    health = looked(case)
    if health is None:
        return None
    norms = health.of("weight")
    lines = {name: norms[:, 1 + place] for place, name in enumerate(health.layers[1:])}
    return Plot("Norm of the weights by epoch", "epoch", "norm", health.epochs.astype(np.float64), lines, log=True)
