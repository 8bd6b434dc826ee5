"""What several findings ask of a case: its costs by epoch, and how far they are below a constant guess."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from goodfit.diagnose.finding import Case, DataFacts


class Series(NamedTuple):
    """One name of the history, where it was measured."""

    epochs: Int[np.ndarray, "n"]
    values: Float[np.ndarray, "n"]


def series(case: Case, name: str) -> Series:
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


def cost_left(case: Case) -> float | None:
    """The best train cost as a share of the constant guess's: 1 is no progress, 0 a perfect fit."""
    costs, guess = series(case, "train_cost").values, guess_cost(case.data)
    return None if guess is None or len(costs) == 0 else float(costs.min()) / guess
