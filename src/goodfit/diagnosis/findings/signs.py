"""What several findings ask of a case: its costs by epoch, and how far they are below a constant guess."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from goodfit.diagnosis.finding import DataFacts, Observation, Plot
from goodfit.wording.numbers import number, relative

_FEWEST = 8  # epochs from which a leaping cost is told


class Series(NamedTuple):
    """One name of the history, where it was measured."""

    epochs: Int[np.ndarray, "n"]
    values: Float[np.ndarray, "n"]


def series(case: Observation, name: str) -> Series:
    """The finite values of one name of the history, with their epochs; empty where there are none."""
    values = np.asarray(case.signals.history.get(name, ()), np.float64)
    epochs = np.asarray(case.signals.history.get("epoch", np.arange(1, len(values) + 1)), np.int64)
    known = np.isfinite(values)
    return Series(epochs[: len(values)][known], values[known])


def guess_cost(data: DataFacts | None) -> float | None:
    """Cost of the best constant guess: the class frequencies' log loss; ½ where targets have variance 1.

    >>> round(guess_cost(DataFacts(m=100, task="binary", class_counts=(50, 50))), 4)
    0.6931
    """
    if data is None:
        return None
    if data.guess_cost is not None:
        return data.guess_cost
    if data.task == "regression":
        return 0.5
    if data.class_counts is None:
        return None
    shares = np.asarray(data.class_counts, np.float64) / max(1, sum(data.class_counts))
    return float(-sum(share * math.log(share) for share in shares if share > 0)) or None


def cost_left(case: Observation) -> float | None:
    """The best train cost as a share of the constant guess's: 1 is no progress, 0 a perfect fit."""
    costs, guess = series(case, "train_cost").values, guess_cost(case.data)
    return None if guess is None or len(costs) == 0 else float(costs.min()) / guess


def error_left(case: Observation) -> float | None:
    """The last train error as a share of the constant guess's: of the rarer classes' share, or of 1 − R² = 1."""
    errors, data = series(case, "train_error").values, case.data
    if data is None or len(errors) == 0:
        return None
    guess = 1.0
    if data.task != "regression":
        if not data.class_counts or not sum(data.class_counts):
            return None
        guess = 1 - max(data.class_counts) / sum(data.class_counts)
    return float(errors[-1]) / guess if guess else None


def stuck(case: Observation, share: float) -> bool:
    """Whether the best train cost stayed above this share of the constant guess's."""
    left = cost_left(case)
    return left is not None and left > share


def cost_plot(case: Observation) -> Plot | None:
    """Train and dev cost and J by epoch, with the constant guess's cost beside them."""
    history = case.signals.history
    names = [name for name in ("train_cost", "dev_cost", "objective") if name in history]
    if not names or "epoch" not in history:
        return None
    epochs = np.asarray(history["epoch"], np.float64)
    lines = {name.replace("_", " "): np.asarray(history[name], np.float64) for name in names}
    guess = guess_cost(case.data)
    if guess is not None:
        lines["constant guess"] = np.full(len(epochs), guess)
    return Plot("Cost by epoch", "epoch", "cost", epochs, lines, log=True)


GUESS_COST = "a constant guess's cost"


def cost_words(case: Observation) -> str:
    """The best train cost beside the constant guess's: 'the train cost of 0.69 is 100 % of a constant guess's cost'."""
    costs, left = series(case, "train_cost").values, cost_left(case)
    if left is None:
        return "the train cost is unknown" if len(costs) == 0 else f"the train cost is {number(costs.min(), 3)}"
    return f"the train cost of {number(costs.min(), 3)} is {relative(left, GUESS_COST)}"


def falls(costs: Float[np.ndarray, "epochs"], by: float) -> bool:
    """Whether the last fifth of the epochs still lowered the cost by this share."""
    return len(costs) > 1 and bool(costs[-1] < (1 - by) * costs[-1 - max(1, len(costs) // 5)])


def unsteadiness(costs: Float[np.ndarray, "epochs"], guess: float | None) -> tuple[float, float, float]:
    """Over the second half of the epochs: how much the cost changes, how often upward, and its level.

    Returns:
        The median change of the logarithm from epoch to epoch, the share that went up, and the median as a share of the
        constant guess's cost; zeros where there are fewer than eight epochs.
    """
    if guess is None or len(costs) < _FEWEST:
        return 0.0, 0.0, 0.0
    tail = costs[len(costs) // 2 :]
    changes = np.diff(np.log(np.maximum(tail, 1e-12)))
    return float(np.median(np.abs(changes))), float((changes > 0).mean()), float(np.median(tail)) / guess


def differences(case: Observation) -> Float[np.ndarray, "half"]:
    """Train cost minus J, over the second half of the epochs; empty where they are not known together."""
    costs, objectives = series(case, "train_cost"), series(case, "objective")
    if not np.array_equal(costs.epochs, objectives.epochs):
        return np.zeros(0)
    return (costs.values - objectives.values)[len(costs.values) // 2 :]
