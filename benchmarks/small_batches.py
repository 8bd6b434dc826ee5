"""Batches for small tables: the whole training set beside mini-batches, by dev cost, and what the doctor says of each.

    .venv/bin/python benchmarks/small_batches.py

Takes about ten minutes on 2 cores; writes `results/small_batches.md`. No test set is opened.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from sklearn import datasets

from goodfit.data.dataset import Fold, Splits
from goodfit.data.splits import open_splits
from goodfit.diagnosis.findings import batch_large
from goodfit.experiments.clock import Clock
from goodfit.experiments.default_plans import default_plan
from goodfit.experiments.examination import data_facts, observe
from goodfit.experiments.laboratory import Laboratory
from goodfit.plan import Plan
from goodfit.record.measurement import Entry
from goodfit.run_folder.journal import Journal

SEEDS = (0, 1, 2)
BUILT_IN = ("iris", "wine", "diabetes", "breast_cancer", "digits")


class Table(NamedTuple):
    """A table by name, and its splits."""

    name: str
    splits: Splits


def tables() -> list[Table]:
    """Return the built-in sets, and drawn ones with 600 to 1,900 training examples."""
    drawn = {
        "friedman, 600": datasets.make_friedman1(1000, 10, noise=1.0, random_state=0),
        "friedman, 1,500": datasets.make_friedman1(2500, 10, noise=1.0, random_state=1),
        "overlapping, 900": datasets.make_classification(1500, 20, n_informative=8, flip_y=0.1, random_state=2),
        "rings, 1,500": datasets.make_gaussian_quantiles(n_samples=2500, n_features=6, n_classes=3, random_state=3),
        "moons, 1,900": datasets.make_moons(3166, noise=0.3, random_state=4),
    }
    found = [Table(name, open_splits(name)) for name in BUILT_IN]
    for name, (x, y) in drawn.items():
        frame = pl.DataFrame(x, [f"x{place}" for place in range(x.shape[1])], orient="row")
        target = [str(value) for value in y] if y.dtype.kind == "i" else y
        found.append(Table(name, open_splits(frame.with_columns(y=pl.Series(target)), target="y")))
    return found


def plans(splits: Splits) -> dict[str, Plan]:
    """Return the default network with each kind of batch."""
    base = default_plan(splits).with_(epochs=60, learning_rate=Plan().learning_rate)
    return {
        "whole": base.with_(batch_size=0, learning_rate=6e-3),
        "whole, 240 epochs": base.with_(batch_size=0, learning_rate=6e-3, epochs=240),
        "128": base.with_(batch_size=128),
        "64": base.with_(batch_size=64),
        "32": base.with_(batch_size=32),
    }


def main() -> None:
    """Train every plan on every table, and leave the comparison."""
    lines, head = [], None
    for name, splits in tables():
        by_name = plans(splits)
        if head is None:
            head = list(by_name)
            lines += [f"| table | examples | {' | '.join(head)} |", "|---" * (2 + len(head)) + "|"]
        laboratory = Laboratory(splits, [Fold(splits.train, splits.dev)], Clock(Journal(None), None), lambda *_: None)
        measured = laboratory.measure("batches", [Entry(title, plan, SEEDS) for title, plan in by_name.items()])
        facts, cells = data_facts(splits), []
        for measurement in measured:
            runs = [seed_runs[0] for seed_runs in measurement.runs]
            blamed = np.mean([batch_large.find(observe(run, splits, facts)) is not None for run in runs]) > 0.5
            share = measurement.dev_cost / measured[0].dev_cost
            cells.append(
                f"{share:.2f} ({measurement.dev_error:.1%}, {measurement.seconds:.0f} s{', blamed' if blamed else ''})"
            )
        lines.append(f"| {name} | {len(splits.train):,} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    (Path(__file__).parent / "results" / "small_batches.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
