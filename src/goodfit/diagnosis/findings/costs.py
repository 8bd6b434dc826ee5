"""Costs and errors by epoch, compared with those of the best constant guess; used by several findings."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from goodfit.diagnosis.finding import DataFacts, Observation, Plot
from goodfit.wording.numbers import number, relative

GUESS_COST = "a constant guess's cost"
_FEWEST_EPOCHS = 8  # epochs from which a cost can be called unsteady
_LEARNED_ERROR, _LEARNED_COST = 0.1, 0.05  # of the constant guess's
_SMALLEST_COST = 1e-12  # so that the logarithm of a perfect cost is finite


class Series(NamedTuple):
    """The measured values of one name of the history, with their epochs."""

    epochs: Int[np.ndarray, "n"]
    values: Float[np.ndarray, "n"]


class Unsteadiness(NamedTuple):
    """Changes of a cost from epoch to epoch.

    Attributes:
        change: median |change of log cost|.
        share_upward: share of the changes that went up.
        level: median cost over the constant guess's.
    """

    change: float
    share_upward: float
    level: float


def series(observation: Observation, name: str) -> Series:
    """Return the finite values of one name of the history; empty if there are none.

    So is J under class weights, which the costs and the constant guess's cost do not have.
    """
    plan, history = observation.plan, observation.signals.history
    if name == "objective" and plan is not None and plan.class_balance > 0:
        history = {}
    values = np.asarray(history.get(name, ()), np.float64)
    epochs = np.asarray(history.get("epoch", np.arange(1, len(values) + 1)), np.int64)
    finite = np.isfinite(values)
    return Series(epochs[: len(values)][finite], values[finite])


def guess_cost(data: DataFacts | None) -> float | None:
    """Return the cost of the best constant guess; None if unknown.

    For classes it is the entropy of their frequencies, −Σ p·log p. For a regression it depends on the target and the
    loss, so it is only known where the facts hold it.

    >>> round(guess_cost(DataFacts(m=100, task="binary", class_counts=(50, 50))), 4)
    0.6931
    """
    if data is None:
        return None
    if data.guess_cost is not None:
        return data.guess_cost
    if data.class_counts is None:
        return None
    shares = np.asarray(data.class_counts, np.float64) / max(1, sum(data.class_counts))
    # A single class has entropy 0: nothing can be compared with that.
    return float(-sum(share * math.log(share) for share in shares if share > 0)) or None


def cost_share(observation: Observation) -> float | None:
    """Return the best train cost over the constant guess's: 1 is no progress, 0 a perfect fit; None if unknown."""
    costs, guess = series(observation, "train_cost").values, guess_cost(observation.data)
    return None if guess is None or len(costs) == 0 else float(costs.min()) / guess


def guess_error(data: DataFacts | None) -> float | None:
    """Return the error of the best constant guess; None if unknown, or if it is 0.

    Guessing the commonest class errs on all others; guessing the mean has 1 − R² = 1.
    """
    if data is None or data.task == "regression":
        return None if data is None else 1.0
    if not data.class_counts or not sum(data.class_counts):
        return None
    return 1 - max(data.class_counts) / sum(data.class_counts) or None


def error_share(observation: Observation) -> float | None:
    """Return the last train error over that of the best constant guess; None if unknown."""
    errors, guess = series(observation, "train_error").values, guess_error(observation.data)
    return float(errors[-1]) / guess if guess and len(errors) else None


def has_learned(observation: Observation) -> bool:
    """Return True if the last train error is at most a tenth of a constant guess's, or the cost a twentieth."""
    error, cost = error_share(observation), cost_share(observation)
    return (error is not None and error <= _LEARNED_ERROR) or (cost is not None and cost <= _LEARNED_COST)


def is_stuck(observation: Observation, share: float) -> bool:
    """Return True if the best train cost stayed above this share of the constant guess's."""
    best = cost_share(observation)
    return best is not None and best > share


def cost_plot(observation: Observation) -> Plot | None:
    """Return train cost, dev cost and J by epoch, and the constant guess's cost; None if there are no costs."""
    history = observation.signals.history
    names = [name for name in ("train_cost", "dev_cost", "objective") if len(series(observation, name).values)]
    if not names or "epoch" not in history:
        return None
    epochs = np.asarray(history["epoch"], np.float64)
    lines = {name.replace("_", " "): np.asarray(history[name], np.float64) for name in names}
    guess = guess_cost(observation.data)
    if guess is not None:
        lines["constant guess"] = np.full(len(epochs), guess)
    return Plot("Cost by epoch", "epoch", "cost", epochs, lines, log=True)


def cost_clause(observation: Observation) -> str:
    """Return a clause on the best train cost: 'the train cost of 0.69 is 98 % of a constant guess's cost'."""
    costs, share = series(observation, "train_cost").values, cost_share(observation)
    if share is None:
        return "the train cost is unknown" if len(costs) == 0 else f"the train cost is {number(costs.min(), 3)}"
    return f"the train cost of {number(costs.min(), 3)} is {relative(share, GUESS_COST)}"


def still_falls(costs: Float[np.ndarray, "epochs"], by: float) -> bool:
    """Return True if the last fifth of the epochs lowered the cost by at least this share."""
    return len(costs) > 1 and bool(costs[-1] < (1 - by) * costs[-1 - max(1, len(costs) // 5)])


def unsteadiness(costs: Float[np.ndarray, "epochs"], guess: float | None) -> Unsteadiness:
    """Return the changes of a cost over the second half of the epochs; zeros if there are too few epochs.

    Args:
        costs: by epoch.
        guess: cost of the best constant guess.
    """
    if guess is None or len(costs) < _FEWEST_EPOCHS:
        return Unsteadiness(0.0, 0.0, 0.0)
    tail = costs[len(costs) // 2 :]
    changes = np.diff(np.log(np.maximum(tail, _SMALLEST_COST)))
    return Unsteadiness(float(np.median(np.abs(changes))), float((changes > 0).mean()), float(np.median(tail)) / guess)


def cost_above_objective(observation: Observation) -> Float[np.ndarray, "half"]:
    """Return train cost − J over the second half of the epochs; empty if they were not measured together."""
    costs, objectives = series(observation, "train_cost"), series(observation, "objective")
    if not np.array_equal(costs.epochs, objectives.epochs):
        return np.zeros(0)
    return (costs.values - objectives.values)[len(costs.values) // 2 :]
