"""Leaks: dev examples that were trained on, and a column that gives the target away."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Int, Num
from scipy.stats import rankdata
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from goodfit.data.dataset import Splits
from goodfit.diagnosis.finding import Leak

_CHUNK_ROWS = 1_000  # rows compared at once: all images may be more than memory holds
_CHANCE = 0.1  # of the copies, that shuffled columns may show too
_LEAK_ROWS = 2_000  # rows on which each column is examined; a leak shows in hundreds
_TREES = 3  # columns of numbers that get one
_SLICES = 20  # of a column's ranks, to see if the target differs between them
_GUESS_SHARE = 0.2  # of the error of a guess, that a column must be below to hold the answer
_FEWEST_REPEATED, _REPEATED_SHARE = 50, 0.2  # rows whose level occurs again, for a category to be judged


def duplicates(splits: Splits) -> int:
    """Count the dev rows whose features and target are in the training set as well.

    Columns of whole numbers that differ in every row hide that a row was copied. They do not count, unless the other
    columns are so few or coarse that rows agree in them by chance, as they do with every column shuffled.
    """
    numbers, codes, _ = splits.dataset.features
    is_used = np.array([not _identifies(column[splits.pool]) for column in numbers.T], bool)
    if not is_used.all():
        copies, generator = _common(splits, is_used), np.random.default_rng(0)
        shuffled = splits.dataset.features._replace(
            numbers=generator.permuted(numbers, axis=0), codes=generator.permuted(codes, axis=0)
        )
        if _common(replace(splits, dataset=replace(splits.dataset, features=shuffled)), is_used) <= _CHANCE * copies:
            return copies
    return _common(splits, np.ones_like(is_used))


def _identifies(column: Float[np.ndarray, "rows"]) -> bool:
    return bool((column % 1 == 0).all()) and len(np.unique(column)) == len(column)


def _common(splits: Splits, columns: Bool[np.ndarray, "numbers"]) -> int:
    trained = set(_digests(splits, splits.train, columns))
    return sum(digest in trained for digest in _digests(splits, splits.dev, columns))


def _digests(splits: Splits, rows: Int[np.ndarray, "rows"], columns: Bool[np.ndarray, "numbers"]) -> Iterator[bytes]:
    """Yield a digest of each row: of these columns of numbers, its categories or pixels, and its target."""
    for start in range(0, len(rows), _CHUNK_ROWS):
        chunk = rows[start : start + _CHUNK_ROWS]
        values = splits.dataset.features.take(chunk)
        # So that −0 is 0, and missing values are equal.
        numbers = np.nan_to_num(values.numbers[:, columns], nan=np.inf) + 0.0
        pixels = numbers[:, :0] if values.pixels is None else values.pixels
        for parts in zip(numbers, values.codes, pixels, splits.dataset.target[chunk], strict=True):
            yield hashlib.blake2b(b"".join(part.tobytes() for part in parts), digest_size=16).digest()


def leak(splits: Splits) -> Leak | None:
    """Return the column that alone predicts the target best; None for a single column, the only thing to learn from."""
    schema, features = splits.dataset.schema, splits.dataset.features
    if sum(not column.trend for column in schema.columns) < 2:
        return None
    rows = np.sort(np.random.default_rng(0).permutation(splits.train)[:_LEAK_ROWS])
    values, target, classes = features.take(rows), splits.dataset.target[rows], bool(schema.classes)
    columns = [
        (column.name, values.numbers[:, place]) for place, column in enumerate(schema.numbers) if not column.trend
    ]
    # Trees are slow, so a quick measure of association picks the columns that get one.
    promising = sorted(columns, key=lambda named: -_association(named[1], target))[:_TREES]
    scores = [(_tree_score(column, target, classes), name) for name, column in promising]
    scores += [
        (_level_score(values.codes[:, place], target, classes), column.name)
        for place, column in enumerate(schema.categories)
    ]
    (score, name), (runner_up, _) = sorted(scores, reverse=True)[:2]
    return Leak(name, score, runner_up, float(np.bincount(target).max() / len(target)) if classes else 0.0)


def _association(values: np.ndarray, target: np.ndarray) -> float:
    """Return the correlation ratio: the share of the variance of the target's ranks between slices of the column."""
    ranks = rankdata(target)  # so that a few extreme targets do not make up the variance
    slices = (_SLICES * (_ranks(values) - 1) / len(values)).astype(int)
    counts = np.bincount(slices, minlength=_SLICES)
    means = np.bincount(slices, ranks, minlength=_SLICES) / np.maximum(counts, 1)
    between = (counts * (means - ranks.mean()) ** 2).sum()
    total = ((ranks - ranks.mean()) ** 2).sum()
    return float(between / total) if total > 0 else 0.0


def _tree_score(values: np.ndarray, target: np.ndarray, classes: bool) -> float:
    """Return the share of right answers, or R², of a tree on this column of numbers alone."""
    kind = DecisionTreeClassifier if classes else DecisionTreeRegressor
    halves = _halves(len(values))
    # Ranks blur a gap between few rows, scaled values blur dense regions; many small leaves see every step, few large
    # ones are not led astray by wrong entries: the best of all counts.
    return max(
        float(np.mean(cross_val_score(tree, column[:, None], target, cv=halves)))
        for column in (_ranks(values), _scaled(values))
        for tree in (
            kind(max_leaf_nodes=64, min_samples_leaf=2, random_state=0),
            kind(max_leaf_nodes=8, min_samples_leaf=10, random_state=0),
        )
    )


def _level_score(codes: Int[np.ndarray, "rows"], target: Num[np.ndarray, "rows"], classes: bool) -> float:
    """Return the share of right answers, or R², where each row is predicted by the other rows of its level.

    Unlike cuts of a tree, that needs no order of the levels, and as many as there are. Rows whose level does not occur
    again are passed over; 0 if these are nearly all. Missing values and rare levels count as a level of their own, and
    are passed over if that is better: they may hold nothing where each frequent level holds the answer.
    """
    score = _score_of_repeated(codes, target, classes)
    frequent = codes >= 0
    if frequent.all():
        return score
    frequent_score, answers = _score_of_repeated(codes[frequent], target[frequent], classes), target[frequent]
    # Rows of frequent levels may all be of one class, because the column is missing in the rows of the others.
    guess = np.bincount(answers).max() / len(answers) if classes and len(answers) else 0.0
    return max(score, frequent_score) if 1 - frequent_score < _GUESS_SHARE * (1 - guess) else score


def _score_of_repeated(
    codes: Int[np.ndarray, "selection"], target: Num[np.ndarray, "selection"], classes: bool
) -> float:
    if len(codes) == 0:
        return 0.0
    levels, rows = np.unique(codes, return_inverse=True)[1], np.arange(len(codes))
    sizes = np.bincount(levels)[levels]
    repeated = sizes > 1
    if repeated.sum() < max(_FEWEST_REPEATED, _REPEATED_SHARE * len(codes)):
        return 0.0
    if classes:
        counts = np.zeros((levels.max() + 1, target.max() + 1))
        np.add.at(counts, (levels, target), 1)
        other_counts = counts[levels]
        other_counts[rows, target] -= 1
        return float(np.mean((other_counts.argmax(axis=1) == target)[repeated]))
    means = (np.bincount(levels, target)[levels] - target)[repeated] / (sizes[repeated] - 1)
    truth = target[repeated]
    spread = np.sum((truth - truth.mean()) ** 2)
    return float(1 - np.sum((truth - means) ** 2) / spread) if spread > 0 else 0.0


def _scaled(values: np.ndarray) -> Float[np.ndarray, "rows"]:
    """Scale from 0 to 1; missing values become 2."""
    present = np.isfinite(values)
    low, high = (float(end(values[present])) if present.any() else 0.0 for end in (np.min, np.max))
    return np.where(present, (values - low) / ((high - low) or 1.0), 2.0)


def _ranks(values: np.ndarray) -> Float[np.ndarray, "rows"]:
    """Rank from 1; missing values come last."""
    return rankdata(np.nan_to_num(values.astype(np.float64), nan=np.inf))


def _halves(count: int) -> Sequence[tuple[Int[np.ndarray, "_"], Int[np.ndarray, "_"]]]:
    """Return two random halves of so many rows, each as training and as test part."""
    order = np.random.default_rng(0).permutation(count)
    return [(order[::2], order[1::2]), (order[1::2], order[::2])]
