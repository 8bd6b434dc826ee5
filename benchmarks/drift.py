"""Level and power of the warning that dev and test differ: healthy splits, and splits with one column shifted.

    .venv/bin/python benchmarks/drift.py

Takes a few minutes; writes `results/drift.md`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import ttest_ind

from goodfit.data.dataset import Column, Dataset, Features, Origin, Schema, Splits
from goodfit.data.division import draw_sets
from goodfit.data.shift import SIGNIFICANCE, compare_distributions

HEALTHY, SHIFTED = 200, 100  # splits of each kind
LEVELS = tuple("abcdefghijklmnop")
FINDING = 0.001  # significance of the doctor's finding


class Shape(NamedTuple):
    """A kind of table: its size, what its columns hold, and rows in a group (1: no groups)."""

    name: str
    rows: int
    columns: int
    draw: Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
    group: int = 1


def normal(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return rng.normal(size=shape)


def alike(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Columns with a correlation of 0.9."""
    return np.sqrt(0.9) * rng.normal(size=(shape[0], 1)) + np.sqrt(0.1) * rng.normal(size=shape)


def tied(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return rng.poisson(1.0, shape).astype(float)


def heavy(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """A third of the values missing, the others with a heavy tail."""
    return np.where(rng.random(shape) < 1 / 3, np.nan, rng.standard_cauchy(shape))


def levels(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Words, some of them rare."""
    return rng.geometric(0.3, shape).clip(max=len(LEVELS)) - 1.0


SHAPES = (
    Shape("few rows, many numbers", 25, 50, normal),
    Shape("few rows, many numbers", 30, 1000, normal),
    Shape("gene expression", 40, 2000, normal),
    Shape("numbers", 100, 100, normal),
    Shape("numbers that are alike", 200, 200, alike),
    Shape("numbers", 1000, 10, normal),
    Shape("numbers", 20_000, 5, normal),
    Shape("counts (ties)", 60, 100, tied),
    Shape("counts (ties)", 1000, 20, tied),
    Shape("missing values and heavy tails", 300, 50, heavy),
    Shape("small categories", 40, 100, levels),
    Shape("categories with rare levels", 1000, 20, levels),
    Shape("numbers in 15 groups", 450, 20, normal, 30),
    Shape("numbers in 100 groups", 2000, 20, normal, 20),
)
POWER = (
    Shape("numbers", 100, 10, normal),
    Shape("numbers", 300, 10, normal),
    Shape("numbers", 1000, 10, normal),
    Shape("numbers", 1000, 200, normal),
    Shape("numbers in 200 groups", 4000, 10, normal, 20),
)
SHIFTS = (0.3, 0.6, 1.0, 2.0)  # of the first column in the test set, in standard deviations


def split(shape: Shape, seed: int) -> Splits:
    """Return a table of the shape, in which nothing depends on anything but the group, divided at random."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(shape.rows // shape.group), shape.group)
    values = shape.draw(rng, (groups.max() + 1, shape.columns))[groups]  # rows of one group are all alike
    names, none = [f"x{place}" for place in range(shape.columns)], np.zeros((shape.rows, 0))
    if shape.draw is levels:
        columns = tuple(Column(name, "category", LEVELS) for name in names)
        features = Features(none, values.astype(np.int32))
    else:
        missing = bool(np.isnan(values).any())
        columns = tuple(Column(name, "number", missing=missing) for name in names)
        features = Features(values, none.astype(np.int32))
    schema = Schema(columns, "y", "binary", ("no", "yes"), ())
    grouping = groups if shape.group > 1 else None
    dataset = Dataset("made", features, rng.integers(0, 2, shape.rows), schema, (), Origin(), grouping)
    sets = draw_sets(dataset, {"data": np.arange(shape.rows)}, no_test=False, seed=seed)
    return Splits(dataset, sets["train"], sets["dev"], sets["test"], (), seed)


def level(shape: Shape) -> tuple[float, float]:
    """Return the share of healthy splits that are warned of, by the note and by the finding."""
    splits = [split(shape, seed) for seed in range(HEALTHY)]
    note, finding = (
        float(np.mean([bool(compare_distributions(one, significance)) for one in splits]))
        for significance in (SIGNIFICANCE, FINDING)
    )
    return note, finding


def power(shape: Shape, shift: float) -> tuple[float, float]:
    """Return the share of shifted splits that are warned of, and that of t tests with Bonferroni's correction."""
    warned, by_t = 0, 0
    for seed in range(SHIFTED):
        splits = split(shape, seed)
        numbers = splits.dataset.features.numbers
        numbers[splits.test, 0] += shift
        warned += bool(compare_distributions(splits))
        dev, test = np.unique(numbers[splits.dev, 0]), np.unique(numbers[splits.test, 0])  # one of each group
        p: Any = ttest_ind(dev, test)[1]
        by_t += p < SIGNIFICANCE / shape.columns
    return warned / SHIFTED, by_t / SHIFTED


def main() -> None:
    """Measure level and power, and leave two tables."""
    lines = ["| healthy splits of | rows × columns | warned of | finding |", "|---|---|---|---|"]
    for shape in SHAPES:
        note, finding = level(shape)
        lines.append(f"| {shape.name} | {shape.rows:,} × {shape.columns:,} | {note:.1%} | {finding:.1%} |")
        print(lines[-1], flush=True)
    head = " | ".join(f"{shift} σ" for shift in SHIFTS)
    lines += ["", f"| one column shifted by | rows × columns | {head} |", "|---" * (2 + len(SHIFTS)) + "|"]
    for shape in POWER:
        cells = [f"{warned:.0%} ({by_t:.0%})" for warned, by_t in (power(shape, shift) for shift in SHIFTS)]
        lines.append(f"| {shape.name} | {shape.rows:,} × {shape.columns:,} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    (Path(__file__).parent / "results" / "drift.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
