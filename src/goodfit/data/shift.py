"""An exact two-sample test of each column of dev and test set, and a note on the columns that differ."""

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import binom, kolmogorov
from scipy.stats import hypergeom, ks_2samp

from goodfit.data.dataset import Dataset, Kind, Splits
from goodfit.data.notes import Note, warning
from goodfit.wording.numbers import number, rough_percent

SIGNIFICANCE = 0.05  # of all tests together (Tarone 1990, Holm 1979)
SMALLEST_EFFECT = 0.05  # smaller differences of shares are negligible: this is a shift of an eighth of a deviation
MOST_ROWS = 20_000  # of each set; with more, even negligible differences become significant
_MOST_EXACT = 2_000  # rows of each set; the exact distribution takes ms up to here, and its limit is as good beyond
_LEAST_ROWS = 5  # of each set; fewer can hardly differ by more than chance
_COLUMNS_IN_NOTE = 5


class Difference(NamedTuple):
    """A difference between dev and test: in the share of rows up to a value, or in the share of a level.

    Attributes:
        name: of the column.
        p: probability of a difference as large by chance.
        least_p: the smallest p that so many rows could give, whatever set each of them were in.
        effect: the difference of the two shares, 0 to 1.
        shares: these shares, of dev and of test.
        predicate: words for the rows of both shares, such as "are at most 4".
    """

    name: str
    p: float
    least_p: float
    effect: float
    shares: tuple[float, float]
    predicate: Callable[[], str]


def compare_distributions(splits: Splits, significance: float = SIGNIFICANCE) -> list[Note]:
    """Test if dev and test come from one distribution, column by column.

    Kolmogorov-Smirnov for numbers; the hypergeometric test of each level for categories, labels and missing values.
    Both are exact for few rows, and at most conservative with ties. With groups one row of each is compared, since rows
    of one group are alike. `benchmarks/drift.py` measures level and power.

    Args:
        splits: dev and test are compared; nothing is done if there is no test set.
        significance: of all columns together.

    Returns:
        No note, or one warning that names the columns whose difference is neither chance nor negligible.
    """
    if len(splits.test) == 0:
        return []
    generator = np.random.default_rng(splits.seed)
    dev, test = (_independent_rows(splits.dataset, rows, generator) for rows in (splits.dev, splits.test))
    differences = _significant(_differences(splits.dataset, dev, test), significance)
    if not differences:
        return []
    listing = "; ".join(
        f"{difference.name} ({rough_percent(difference.shares[0])} of dev but {rough_percent(difference.shares[1])} of "
        f"test {difference.predicate()})"
        for difference in differences[:_COLUMNS_IN_NOTE]
    )
    names = [difference.name for difference in differences[_COLUMNS_IN_NOTE:]]
    more = f"; and {', '.join(names)}" if names else ""
    cause = "change over time" if splits.dataset.times is not None else "different sources"
    return [
        warning(
            f"Dev and test do not come from one distribution; {cause} would explain it: {listing}{more}. "
            "Choices made on dev may not hold on test."
        )
    ]


def _independent_rows(
    dataset: Dataset, rows: Int[np.ndarray, "rows"], generator: np.random.Generator
) -> Int[np.ndarray, "sample"]:
    """Return one random row of each group, and no more rows than needed.

    Both tests assume independent rows: a group of many alike rows would count as many pieces of evidence.
    """
    rows = generator.permutation(rows)
    if dataset.groups is not None:
        rows = rows[np.unique(dataset.groups[rows], return_index=True)[1]]
    return rows[:MOST_ROWS]


def _differences(dataset: Dataset, dev: Int[np.ndarray, "dev"], test: Int[np.ndarray, "test"]) -> list[Difference]:
    """Return the differences of each feature, of its missing values, and of the target, where they can be tested."""
    if min(len(dev), len(test)) < _LEAST_ROWS:
        return []
    schema, target = dataset.schema, dataset.target
    differences: list[Difference] = []
    for column, values in zip(schema.numbers, dataset.features.numbers.T, strict=True):
        if column.trend:  # the sets follow each other in time
            continue
        differences += _compare_numbers(column.name, column.kind, values[dev], values[test])
        if column.missing:
            missing = np.isnan(values).astype(np.int64)
            differences += _compare_levels(column.name, ("present", "missing"), missing[dev], missing[test])
    for column, codes in zip(schema.categories, dataset.features.codes.T, strict=True):
        differences += _compare_levels(column.name, (*column.categories, "unknown"), codes[dev], codes[test])
    if schema.task == "regression":
        differences += _compare_numbers(schema.target, "number", target[dev], target[test])
    else:
        differences += _compare_levels(schema.target, schema.classes, target[dev], target[test])
    return differences


def _compare_numbers(
    name: str, kind: Kind, dev: Float[np.ndarray, "dev"], test: Float[np.ndarray, "test"]
) -> Iterator[Difference]:
    """Yield the result of the Kolmogorov-Smirnov test of the values that are present, unless too few are.

    Its statistic is the largest gap between the two cumulative distributions, so it is the effect as well: a difference
    between the shares of rows at or below one value.
    """
    dev, test = dev[~np.isnan(dev)], test[~np.isnan(test)]
    if min(len(dev), len(test)) < _LEAST_ROWS:
        return
    points = np.sort(np.concatenate([dev, test]))
    shares = [np.searchsorted(np.sort(values), points, side="right") / len(values) for values in (dev, test)]
    place = int(np.abs(shares[0] - shares[1]).argmax())
    in_dev, in_test = float(shares[0][place]), float(shares[1][place])
    effect, limit, rows = abs(in_dev - in_test), float(points[place]), len(points)
    p = float(kolmogorov(effect * (len(dev) * len(test) / rows) ** 0.5))
    if p <= 2 * SIGNIFICANCE and max(len(dev), len(test)) <= _MOST_EXACT:
        # 6 rows all below 6 others: exactly 1 in 462, which is chance among 1,000 columns, but 1 in 200 by the limit.
        result: Any = ks_2samp(dev, test, method="exact")
        p = float(result.pvalue)
    least_p = float(2 / binom(rows, len(dev)))  # all rows of one set below all rows of the other
    yield Difference(name, p, least_p, effect, (in_dev, in_test), lambda: _at_most_words(kind, limit))


def _at_most_words(kind: Kind, limit: float) -> str:
    if kind == "boolean":
        return "are not so"
    if kind == "date":
        return f"are up to {np.datetime64(0, 'D') + np.timedelta64(int(np.floor(limit)), 'D')}"
    return f"are at most {number(limit)}"


def _compare_levels(
    name: str, levels: tuple[str, ...], dev: Int[np.ndarray, "dev"], test: Int[np.ndarray, "test"]
) -> Iterator[Difference]:
    """Yield the result of the two-sided hypergeometric test of each level; two levels are one test.

    Args:
        name: of the column.
        levels: words for the codes from 0; code -1 is the last of them.
        dev, test: codes of the rows.
    """
    counts = np.stack([np.bincount(codes % len(levels), minlength=len(levels)) for codes in (dev, test)])
    totals = counts.sum(axis=0)
    present = np.flatnonzero(totals)
    for level in present[: 1 if len(present) == 2 else None]:
        in_dev, total, word = int(counts[0, level]), int(totals[level]), levels[level]
        chances = _chances(len(dev), len(test), total)
        place = in_dev - max(0, total - len(test))
        p = min(1.0, 2 * min(chances[: place + 1].sum(), chances[place:].sum()))
        least_p = 2 * min(chances[0], chances[-1])
        shares = in_dev / len(dev), (total - in_dev) / len(test)
        yield Difference(name, p, least_p, abs(shares[0] - shares[1]), shares, lambda word=word: f"are '{word}'")


@functools.lru_cache(1024)  # columns without missing values share them
def _chances(dev: int, test: int, total: int) -> Float[np.ndarray, "possible"]:
    """Return the chance of each possible number of dev rows among this many rows of both sets."""
    possible = np.arange(max(0, total - test), min(total, dev) + 1)
    return hypergeom.pmf(possible, dev + test, dev, total)


def _significant(differences: list[Difference], significance: float) -> list[Difference]:
    """Return the differences that are neither chance nor negligible, the largest first, one per column.

    Holm's step-down method (1979): from the smallest p-value on, each is compared with the significance divided by the
    number of tests not yet rejected, and the first that fails ends the procedure. The probability of any false alarm is
    at most `significance`, whatever the dependence between columns.
    """
    testable = [differences[place] for place in np.flatnonzero(_testable(differences, significance))]
    p = np.array([difference.p for difference in testable])
    order = np.argsort(p, kind="stable")
    chance = np.flatnonzero(p[order] > significance / np.arange(len(p), 0, -1))
    significant = np.sort(order[: chance[0]] if len(chance) else order)
    largest: dict[str, Difference] = {}
    for difference in sorted((testable[place] for place in significant), key=lambda difference: -difference.effect):
        if difference.effect >= SMALLEST_EFFECT:
            largest.setdefault(difference.name, difference)
    return list(largest.values())


def _testable(differences: list[Difference], significance: float) -> Bool[np.ndarray, "differences"]:
    """Return the tests that could be significant with so few rows; the others need no correction (Tarone 1990).

    So a hundred levels of one row each do not hide a common one.
    """
    least = np.array([difference.least_p for difference in differences])
    numbers_of_tests = np.arange(1, len(least) + 1)
    testable_counts = np.searchsorted(np.sort(least), significance / numbers_of_tests, side="right")
    enough = np.flatnonzero(testable_counts <= numbers_of_tests)
    return least <= significance / numbers_of_tests[enough[0]] if len(enough) else np.zeros(0, bool)
