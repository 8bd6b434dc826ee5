"""The tables that faults are planted in: five real ones and made ones of three shapes, and what is planted in data."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
    make_friedman1,
    make_gaussian_quantiles,
    make_moons,
)

from goodfit.data.dataset import Dataset, Splits, TaskKind, spread
from goodfit.data.splits import open_splits

ROWS, COLUMNS = 1000, 10  # of every made table, so that they share compiled programs
MANY, TUMOURS = 5000, 27
LETTERS = np.array(list("abcdefghij"))


class Table(NamedTuple):
    """A table by name; a made one with the seed it is drawn by, which is the seed of the split as well."""

    name: str
    seed: int


Arrays = tuple[np.ndarray, np.ndarray]
Made = Callable[[np.random.Generator, int], Arrays]


def _widened(rng: np.random.Generator, features: Any) -> np.ndarray:
    """As many columns as every made table has; the others are noise."""
    return np.hstack([features, rng.standard_normal((len(features), COLUMNS - features.shape[1]))])


def blobs(rng: np.random.Generator, m: int) -> Arrays:
    y = rng.integers(0, 3, m)
    features = rng.standard_normal((m, COLUMNS))
    features[:, :3] += 3.0 * np.eye(3)[y]
    return features, LETTERS[y]


def rings(rng: np.random.Generator, m: int) -> Arrays:
    seed = int(rng.integers(1 << 31))
    features, y = make_gaussian_quantiles(n_samples=m, n_features=4, n_classes=3, random_state=seed)
    return _widened(rng, features), LETTERS[y]


def taught(rng: np.random.Generator, m: int) -> Arrays:
    """Three classes as a random network of six units has them, with some noise."""
    features = rng.standard_normal((m, COLUMNS))
    hidden = np.tanh(2 * features @ rng.standard_normal((COLUMNS, 6)) / np.sqrt(COLUMNS))
    scores = hidden @ rng.standard_normal((6, 3))
    noise = 0.2 * scores.std() * rng.gumbel(size=(m, 3))
    return features, LETTERS[(scores - scores.mean(axis=0) + noise).argmax(axis=1)]


def moons(rng: np.random.Generator, m: int) -> Arrays:
    features, y = make_moons(m, noise=0.15, random_state=int(rng.integers(1 << 31)))
    return _widened(rng, features), np.where(y, "yes", "no")


def logistic(rng: np.random.Generator, m: int) -> Arrays:
    """Two classes that overlap: the best possible error is about a fifth."""
    features = rng.standard_normal((m, COLUMNS))
    chance = 1 / (1 + np.exp(-2 * features[:, 0] - 1.5 * features[:, 1]))
    return features, np.where(rng.random(m) < chance, "yes", "no")


def halves(rng: np.random.Generator, m: int) -> Arrays:
    """The sign of a product: no single column tells anything."""
    features = rng.standard_normal((m, COLUMNS))
    return features, np.where(features[:, 0] * features[:, 1] > 0, "yes", "no")


def friedman(rng: np.random.Generator, m: int) -> Arrays:
    return make_friedman1(m, COLUMNS, noise=1.0, random_state=int(rng.integers(1 << 31)))


def waves(rng: np.random.Generator, m: int) -> Arrays:
    features = rng.standard_normal((m, COLUMNS))
    y = np.sin(2 * features[:, 0]) + features[:, 1] * features[:, 2] + 0.5 * features[:, 3]
    return features, y + 0.2 * rng.standard_normal(m)


def weak(rng: np.random.Generator, m: int) -> Arrays:
    """A number of which the columns explain half."""
    features = rng.standard_normal((m, COLUMNS))
    y = features @ rng.standard_normal(COLUMNS)
    return features, y + y.std() * rng.standard_normal(m)


def many(rng: np.random.Generator, m: int) -> Arrays:
    return rings(rng, MANY)


def rare(rng: np.random.Generator, m: int) -> Arrays:
    """A class of 3 to 8 % that overlaps with the other."""
    y = rng.random(2 * m) < rng.uniform(0.03, 0.08)
    features = rng.standard_normal((2 * m, COLUMNS))
    features[:, :3] += rng.uniform(0.5, 0.9) * y[:, None]
    return features, np.where(y, "yes", "no")


def rare_tumours(rng: np.random.Generator, m: int) -> Arrays:
    """breast_cancer with 7 % malignant ones, seen by five columns that tell little."""
    bunch: Any = load_breast_cancer(as_frame=True)
    names = [f"{name} error" for name in ("texture", "smoothness", "symmetry", "fractal dimension", "concave points")]
    features, benign = bunch.data[names].to_numpy(), bunch.target.to_numpy() == 1
    few = rng.choice(np.flatnonzero(~benign), TUMOURS, replace=False)
    rows = np.concatenate([np.flatnonzero(benign), few])
    return features[rows], np.where(benign[rows], "benign", "malignant")


REAL = {
    "digits": load_digits,
    "breast_cancer": load_breast_cancer,
    "wine": load_wine,
    "iris": load_iris,
    "diabetes": load_diabetes,
}
CLASSES = ("digits", "breast_cancer", "wine", "iris", "blobs", "rings", "taught", "moons", "logistic", "halves")
NUMBERS = ("diabetes", "friedman", "waves", "weak")
MADE: dict[str, Made] = {
    made.__name__: made
    for made in (blobs, rings, taught, moons, logistic, halves, friedman, waves, weak, many, rare, rare_tumours)
}
CLEAN = ("digits", "breast_cancer", "blobs", "moons", "many")  # classes hardly overlap, and 100 dev rows or more


def arrays(table: Table) -> Arrays:
    """Features and target; classes of the real tables are words, so that they are read as classes."""
    if table.name in MADE:
        return MADE[table.name](np.random.default_rng([table.seed, 7]), ROWS)
    features, target = REAL[table.name](return_X_y=True)
    return features, target.astype(float) if table.name == "diabetes" else LETTERS[target]


@lru_cache(maxsize=64)
def splits_of(table: Table) -> Splits:
    return open_splits(arrays(table), seed=table.seed)


def misread(table: Table) -> Splits:
    """Classes opened as numbers, and numbers (rounded, single ones left out) as classes."""
    features, target = arrays(table)
    kind: TaskKind = "classes" if table.name in NUMBERS else "regression"
    if kind == "regression":
        return open_splits((features, np.unique(target, return_inverse=True)[1]), task=kind, seed=table.seed)
    rounded = np.round(100 * (target - target.min()) / np.ptp(target)).astype(int)
    kept = np.bincount(rounded)[rounded] > 1
    return open_splits((features[kept], rounded[kept]), task=kind, seed=table.seed)


def with_data(splits: Splits, numbers: np.ndarray, target: np.ndarray) -> Splits:
    """The same rows with other features or another target."""
    dataset: Dataset = replace(
        splits.dataset, features=splits.dataset.features._replace(numbers=numbers), target=target
    )
    return replace(splits, dataset=dataset)


def with_duplicates(splits: Splits, share: float, rng: np.random.Generator) -> Splits:
    """This share of the dev rows is a copy of training rows."""
    numbers, target = splits.dataset.features.numbers.copy(), splits.dataset.target.copy()
    rows = rng.choice(splits.dev, max(1, round(share * len(splits.dev))), replace=False)
    copied = rng.choice(splits.train, len(rows), replace=False)
    numbers[rows], target[rows] = numbers[copied], target[copied]
    return with_data(splits, numbers, target)


def with_leak(splits: Splits, noise: float, rng: np.random.Generator) -> Splits:
    """A column becomes the target with a little noise, in a unit of its own."""
    numbers, target = splits.dataset.features.numbers.copy(), splits.dataset.target
    values = target.astype(float) + noise * target.std() * rng.standard_normal(len(target))
    numbers[:, rng.integers(numbers.shape[1])] = rng.uniform(1, 100) * values + rng.uniform(-100, 100)
    return with_data(splits, numbers, target)


def with_label_noise(splits: Splits, share: float, rng: np.random.Generator) -> Splits:
    """This share of all labels is another class."""
    target = splits.dataset.target.copy()
    wrong = rng.random(len(target)) < share
    classes = len(splits.dataset.schema.classes)
    target[wrong] = (target[wrong] + rng.integers(1, classes, wrong.sum())) % classes
    return with_data(splits, splits.dataset.features.numbers, target)


def with_shift(splits: Splits, deviations: float, rng: np.random.Generator) -> Splits:
    """A third of the columns is shifted in the test set."""
    numbers = splits.dataset.features.numbers.copy()
    varied = np.flatnonzero(numbers.std(axis=0) > 0)
    for column in rng.choice(varied, -(-len(varied) // 3), replace=False):
        numbers[splits.test, column] += deviations * numbers[:, column].std()
    return with_data(splits, numbers, splits.dataset.target)


def with_outliers(splits: Splits, spreads: float, rng: np.random.Generator) -> Splits:
    """One to three targets are this many spreads from the median, as a slipped decimal point leaves them."""
    target = splits.dataset.target.copy()
    rows = rng.choice(splits.pool, int(rng.integers(1, 4)), replace=False)
    target[rows] = np.median(target) + rng.choice([-1, 1]) * spreads * spread(target) * rng.uniform(1, 2, len(rows))
    return with_data(splits, splits.dataset.features.numbers, target)


def with_heavy_tail(splits: Splits, deviation: float, rng: np.random.Generator) -> Splits:
    """The target is lognormal: its logarithm, of this deviation, is what the features tell."""
    target = splits.dataset.target
    scale = 10 ** rng.uniform(-2, 4)
    lognormal = scale * np.exp(deviation * (target - target.mean()) / target.std())
    return with_data(splits, splits.dataset.features.numbers, lognormal)
