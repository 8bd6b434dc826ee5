"""Learning curves from a run's history: the mean over seeds and folds, how far they lie apart, thinned for a page."""

from dataclasses import dataclass

import numpy as np
import polars as pl

SERIES = ("train_cost", "dev_cost", "train_error", "dev_error")
MOST_EPOCHS = 80  # shown of one curve: more than a phone has pixels to tell apart
MOST_VALUES = 8_000  # epochs shown over all curves of a page, about one megabyte
MOST_CURVES = 250  # each also has axes of its own, which no thinning makes smaller

Band = tuple[tuple[float | None, ...], tuple[float | None, ...], tuple[float | None, ...]]


@dataclass(frozen=True)
class Curve:
    """One experiment of one round: for each series its mean, lowest and highest over its networks, by epoch."""

    round: int
    experiment: str
    models: int  # one a seed and fold
    epochs: tuple[int, ...]
    bands: dict[str, Band]
    best_epoch: int | None  # of the lowest mean dev cost

    @property
    def chapter(self) -> str:
        """Name of the round."""
        return {0: "Baselines", -1: "Ensemble members"}.get(self.round, f"Round {self.round}")


def read_curves(history: pl.DataFrame) -> tuple[tuple[Curve, ...], int]:
    """A run's curves, baselines first, ensemble members last; and how many were left out, the oldest, as too many."""
    # A diverged training has infinite costs, which would carry the mean of all its round along.
    finite = [pl.when(pl.col(name).is_finite()).then(pl.col(name)) for name in SERIES]
    groups = history.with_columns(finite).partition_by("round", "experiment", maintain_order=True)
    # Rounds count from 0, baselines; members of the ensemble have −1 and come after all of them.
    groups.sort(key=lambda group: (group["round"][0] < 0, group["round"][0]))
    selection = groups[-MOST_CURVES:]
    epochs = min(MOST_EPOCHS, MOST_VALUES // max(len(selection), 1))
    return tuple(_curve(group, epochs) for group in selection), len(groups) - len(selection)


def _curve(group: pl.DataFrame, most_epochs: int) -> Curve:
    models = group.select(pl.struct(pl.col("^(seed|fold)$")).n_unique()).item()
    statistics = [
        expression
        for name in SERIES
        for expression in (
            pl.col(name).mean().alias(f"{name}.mean"),
            pl.col(name).min().alias(f"{name}.low"),
            pl.col(name).max().alias(f"{name}.high"),
        )
    ]
    by_epoch = group.group_by("epoch").agg(pl.len().alias("alive"), *statistics).sort("epoch")
    # networks may stop early: a mean over the few that are left would jump, so the curve ends with the half
    by_epoch = by_epoch.filter(pl.col("alive") * 2 >= models)
    best = by_epoch["dev_cost.mean"].arg_min()
    selection = np.linspace(0, len(by_epoch) - 1, min(most_epochs, len(by_epoch))).round().astype(int)
    # The best epoch is always among those shown, or the ring around it would stand beside the line.
    selected = by_epoch[np.unique(selection if best is None else [*selection, best]).tolist()]
    return Curve(
        round=int(group["round"][0]),
        experiment=str(group["experiment"][0]),
        models=models,
        epochs=tuple(selected["epoch"].to_list()),
        bands={name: _band(selected, name) for name in SERIES},
        best_epoch=None if best is None else int(by_epoch["epoch"][best]),
    )


def _band(selected: pl.DataFrame, name: str) -> Band:
    mean, low, high = (tuple(selected[f"{name}.{part}"].to_list()) for part in ("mean", "low", "high"))
    return mean, low, high
