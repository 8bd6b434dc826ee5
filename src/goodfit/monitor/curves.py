"""Curves of a training as watchers see them, and numbers that JSON can hold."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from jaxtyping import Float

from goodfit.run_folder.tables import read_history

COLUMNS = ("train_cost", "dev_cost", "train_error", "dev_error", "learning_rate")


class Point(NamedTuple):
    """One epoch of a curve; None where a number is not finite."""

    epoch: int
    train_cost: float | None
    dev_cost: float | None
    train_error: float | None
    dev_error: float | None
    learning_rate: float | None


@dataclass(frozen=True, eq=False)
class Curve:
    """One model's curves so far.

    Attributes:
        key: changes when the curve is replaced by another of the same role and pair.
        role: "run", or "copy" of a run that was left alone.
        pair: 0 is the watched model; others have the same plan and other seeds.
        start_epoch: epoch at which a copy left its run.
        values: COLUMNS by epoch.
    """

    key: str
    role: str
    pair: int
    start_epoch: int
    values: Float[np.ndarray, "epochs 5"]

    def point(self, row: int) -> Point:
        """Return the epoch of a row; negative ones count from the end."""
        return Point(row % len(self.values) + 1, *map(finite, self.values[row].tolist()))

    @property
    def best(self) -> Point | None:
        """The epoch with the lowest dev cost so far, whose parameters are kept."""
        if not np.isfinite(self.values[:, 1]).any():
            return None
        return self.point(int(np.nanargmin(self.values[:, 1])))


def watched_curve(curves: Sequence[Curve]) -> Curve | None:
    """Return the curve of the watched model."""
    return next((curve for curve in curves if curve.role == "run" and curve.pair == 0), None)


def finite(value: float) -> float | None:
    """Return a number to five digits, enough for any screen; None if it is not finite."""
    return float(f"{value:.5g}") if math.isfinite(value) else None


def history_curves(folder: Path) -> tuple[Curve, ...]:
    """Return the curves of a trained network, and of the untouched copies of the last nudge.

    Raises:
        InputError: the run's history is damaged.
    """
    history = read_history(folder)
    if history is None:
        return ()
    network, *copies = history.partition_by("untouched_since", "seed", "fold", maintain_order=True)
    return (
        Curve("history", "run", 0, 0, _values(network)),
        *(
            Curve(f"history-{pair}", "copy", pair, int(copy["untouched_since"][0]), _values(copy))
            for pair, copy in enumerate(copies)
        ),
    )


def _values(history: pl.DataFrame) -> Float[np.ndarray, "epochs 5"]:
    return history.select(COLUMNS).to_numpy()
