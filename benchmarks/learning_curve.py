"""How often the learning curve's intervals are right: fitted on up to half of the data, measured on all of it.

    .venv/bin/python benchmarks/learning_curve.py > benchmarks/results/learning_curve.md

Real and made data, fast learners of five kinds, several splits; everything on a test set that the fit never saw.
A nominal 90 % interval should hold in 90 % of the cases, and must in 80 %. A split's cases share its dev and test set.
"""

import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    make_classification,
    make_friedman1,
    make_gaussian_quantiles,
    make_moons,
)
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from goodfit.diagnosis.learning_curve import learning_curve
from goodfit.record.learning_curve import LearningCurve

SPLITS = 3
SIZES = 5
SUBSETS = 3
STEPS = 600  # of every network: with few examples, a fixed number of epochs would cut it off early
BATCH = 64


Learner = Callable[[int], Any]  # by the number of its training examples


class Case(NamedTuple):
    """One curve and what happened with twice the data."""

    data: str
    learner: str
    curve: LearningCurve
    half: float
    full: float


class Split(NamedTuple):
    """One division of a table."""

    features: np.ndarray
    target: np.ndarray
    train: np.ndarray
    dev: np.ndarray
    test: np.ndarray
    regression: bool

    def errors(self, learner: Learner, fitted: np.ndarray) -> tuple[np.ndarray, float]:
        """Errors on each dev example, and the mean on the test set, of the learner trained on the rows `fitted`."""
        model = learner(len(fitted)).fit(self.features[fitted], self.target[fitted])
        misses = [model.predict(self.features[rows]) - self.target[rows] for rows in (self.dev, self.test)]
        if self.regression:
            dev, test = (np.square(miss) / self.target[self.train].var() for miss in misses)
        else:
            dev, test = ((miss != 0).astype(float) for miss in misses)
        return dev, float(test.mean())


def tables(seed: int) -> Iterator[tuple[str, Any]]:
    yield "digits", load_digits(return_X_y=True)
    yield "breast_cancer", load_breast_cancer(return_X_y=True)
    ten = {"n_informative": 10, "n_redundant": 4, "n_classes": 10, "class_sep": 1.5}
    yield "ten classes", make_classification(8000, 16, random_state=seed, **ten)
    two = {"n_informative": 6, "n_clusters_per_class": 4, "flip_y": 0.1}
    yield "two classes, 10 % flipped", make_classification(8000, 20, random_state=seed, **two)
    yield "rings", make_gaussian_quantiles(n_samples=6000, n_features=6, n_classes=3, random_state=seed)
    yield "moons", make_moons(6000, noise=0.25, random_state=seed)
    yield "friedman1", make_friedman1(8000, noise=1.0, random_state=seed)


def learners(regression: bool) -> Iterator[tuple[str, Learner]]:
    if regression:
        yield "neighbors", lambda size: make_pipeline(StandardScaler(), KNeighborsRegressor(5))
        yield "trees", lambda size: ExtraTreesRegressor(20)
        yield "network", lambda size: make_pipeline(StandardScaler(), MLPRegressor(**network(size)))
        return
    yield "neighbors", lambda size: make_pipeline(StandardScaler(), KNeighborsClassifier(3))
    yield "trees", lambda size: ExtraTreesClassifier(20)
    yield "network", lambda size: make_pipeline(StandardScaler(), MLPClassifier(**network(size)))
    yield "logistic", lambda size: make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))
    yield "bayes", lambda size: GaussianNB()


def network(size: int) -> dict[str, Any]:
    batch = min(BATCH, size)
    epochs = max(STEPS * batch // size, 1)
    once = {"max_iter": epochs, "n_iter_no_change": epochs, "batch_size": batch}
    return {"hidden_layer_sizes": (32,), "learning_rate_init": 0.01, "alpha": 0.01, **once}


def cases(seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(seed)
    for data, (features, target) in tables(seed):
        count = len(target)
        test, dev, train = np.split(rng.permutation(count), [int(0.3 * count), int(0.45 * count)])
        split = Split(features, target, train, dev, test, regression=data == "friedman1")
        for name, learner in learners(split.regression):
            yield Case(data, name, *measure(split, learner, rng))


def measure(split: Split, learner: Learner, rng: np.random.Generator) -> tuple[LearningCurve, float, float]:
    """The curve of subsets of half of the training rows; test errors with that half, and with all of them."""
    half = split.train[: len(split.train) // 2]
    sizes = np.round(len(half) * 2.0 ** -np.arange(SIZES)[::-1]).astype(int)
    trained = [[split.errors(learner, rng.choice(half, size, replace=False)) for _ in range(SUBSETS)] for size in sizes]
    dev = np.array([[each.mean() for each, _ in of_size] for of_size in trained])
    largest = np.mean([each for each, _ in trained[-1]], axis=0)
    variance = largest.var() if split.regression else largest.mean() * (1 - largest.mean())
    deviation = np.sqrt(variance / len(largest)) if variance > 0 else 1 / len(largest)
    full = np.mean([split.errors(learner, split.train)[1] for _ in range(2)])
    curve = learning_curve(sizes, dev, float(deviation))
    return curve, float(np.mean([test for _, test in trained[-1]])), float(full)


def row(name: str, some: list[Case]) -> str:
    doubled = [case.curve.doubled.low <= case.full <= case.curve.doubled.high for case in some]
    gain = [case.curve.gain.low <= case.half - case.full <= case.curve.gain.high for case in some]
    told = np.median([abs(case.curve.doubled.value - case.full) for case in some])
    unchanged = np.median([abs(case.curve.dev_error[-1] - case.full) for case in some])
    width = np.median([case.curve.doubled.high - case.curve.doubled.low for case in some])
    figures = f"{told:.4f} | {unchanged:.4f} | {width / 2:.4f}"
    return f"| {name} | {len(some)} | {np.mean(doubled):.2f} | {np.mean(gain):.2f} | {figures} |"


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")  # of networks that are not done after STEPS
    began = time.perf_counter()
    with threadpool_limits(1):  # products this small do not thread well
        everything = [case for seed in range(SPLITS) for case in cases(seed)]
    print("| | cases | coverage | of the gain | median miss | miss of 'no change' | half-width |")
    print("|---|---|---|---|---|---|---|")
    for kind in ("data", "learner"):
        for name in dict.fromkeys(getattr(case, kind) for case in everything):
            print(row(name, [case for case in everything if getattr(case, kind) == name]))
    print(row("**all**", everything))
    print(f"\nNominal coverage 0.90; {SPLITS} splits, {time.perf_counter() - began:.0f} s.")


if __name__ == "__main__":
    main()
