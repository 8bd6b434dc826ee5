"""A two-sample test of each column, for dev and test sets from different distributions, and a note on those found."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import chi2_contingency, ks_2samp

from goodfit.data.dataset import Dataset, Kind, Splits
from goodfit.data.notes import Note, warning
from goodfit.wording.numbers import number, rough_percent

SIGNIFICANCE = 0.05  # of all columns together (Holm 1979)
SMALLEST_EFFECT = 0.05  # smaller differences of shares are negligible: this is a shift of an eighth of a deviation
MOST_ROWS = 20_000  # of each set; with more, even negligible differences become significant
_LEAST_EXPECTED = 5  # in a cell of the chi-squared test (Cochran 1954)
_LEAST_ROWS = 5  # of each set; fewer can hardly differ by more than chance
_COLUMNS_IN_NOTE = 5


class Difference(NamedTuple):
    """The difference of a column between dev and test.

    Attributes:
        name: of the column.
        p: probability of a difference as large by chance.
        effect: the largest difference of two shares of the rows, 0 to 1.
        shares: these shares, of dev and of test.
        predicate: words for the rows of both shares, such as "are at most 4".
    """

    name: str
    p: float
    effect: float
    shares: tuple[float, float]
    predicate: Callable[[], str]


def compare_distributions(splits: Splits, significance: float = SIGNIFICANCE) -> list[Note]:
    """Test if dev and test come from one distribution, column by column.

    Kolmogorov-Smirnov for numbers, chi-squared for categories, labels and missing values, corrected for the number of
    tests by Holm's method. With groups one row of each is compared, since rows of one group are alike.

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
    """Return the difference of each feature, of its missing values, and of the target, where it can be tested."""
    schema = dataset.schema
    numeric = list(zip(schema.numbers, dataset.features.numbers.T, strict=True))
    differences = [_compare_numbers(column.name, column.kind, values[dev], values[test]) for column, values in numeric]
    for column, codes in zip(schema.categories, dataset.features.codes.T, strict=True):
        levels = (*column.categories, "unknown")
        differences.append(_compare_codes(column.name, levels, codes[dev], codes[test]))
    for column, values in numeric:
        if column.missing:
            missing = np.isnan(values).astype(np.int64)
            differences.append(_compare_codes(column.name, ("present", "missing"), missing[dev], missing[test]))
    target = dataset.target
    if schema.task == "regression":
        differences.append(_compare_numbers(schema.target, "number", target[dev], target[test]))
    else:
        differences.append(_compare_codes(schema.target, schema.classes, target[dev], target[test]))
    return [difference for difference in differences if difference is not None]


def _compare_numbers(
    name: str, kind: Kind, dev: Float[np.ndarray, "dev"], test: Float[np.ndarray, "test"]
) -> Difference | None:
    """Test the values that are present with the Kolmogorov-Smirnov test; None if too few are.

    Its statistic is the largest gap between the two cumulative distributions, so it is the effect as well: a difference
    between the shares of rows at or below one value.
    """
    dev, test = dev[~np.isnan(dev)], test[~np.isnan(test)]
    if min(len(dev), len(test)) < _LEAST_ROWS:
        return None
    # The exact distribution takes seconds for thousands of rows and, with ties, is no more exact than the asymptotic.
    result: Any = ks_2samp(dev, test, method="asymp")
    limit = float(result.statistic_location)
    shares = float(np.mean(dev <= limit)), float(np.mean(test <= limit))
    return Difference(name, float(result.pvalue), float(result.statistic), shares, lambda: _at_most_words(kind, limit))


def _at_most_words(kind: Kind, limit: float) -> str:
    if kind == "boolean":
        return "are not so"
    if kind == "date":
        return f"are up to {np.datetime64(0, 'D') + np.timedelta64(int(np.floor(limit)), 'D')}"
    return f"are at most {number(limit)}"


def _compare_codes(
    name: str, levels: tuple[str, ...], dev: Int[np.ndarray, "dev"], test: Int[np.ndarray, "test"]
) -> Difference | None:
    """Test counts of levels with the chi-squared test; None if there is only one level to count.

    Args:
        name: of the column.
        levels: words for the codes from 0; code -1 is the last of them.
        dev, test: codes of the rows.
    """
    counts = np.stack([np.bincount(codes % len(levels), minlength=len(levels)) for codes in (dev, test)])
    shares = counts / counts.sum(axis=1, keepdims=True)
    # The test holds only where enough rows are expected in each cell, so rare levels are tested together. One by one,
    # they would also add degrees of freedom in which the difference of a common level drowns.
    totals = counts.sum(axis=0)
    rare = totals * counts.sum(axis=1).min() < _LEAST_EXPECTED * counts.sum()
    table = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return None
    gaps = np.abs(shares[0] - shares[1])
    widest = int(gaps.argmax())
    result: Any = chi2_contingency(table)
    in_dev, in_test = float(shares[0, widest]), float(shares[1, widest])
    return Difference(
        name, float(result.pvalue), float(gaps[widest]), (in_dev, in_test), lambda: f"are '{levels[widest]}'"
    )


def _significant(differences: list[Difference], significance: float) -> list[Difference]:
    """Return the differences that are neither chance nor negligible, the largest first, one per column.

    Holm's step-down method (1979): from the smallest p-value on, each is compared with the significance divided by the
    number of tests not yet rejected, and the first that fails ends the procedure. The probability of any false alarm is
    at most `significance`, whatever the dependence between columns.
    """
    largest: dict[str, Difference] = {}
    for rank, difference in enumerate(sorted(differences, key=lambda difference: difference.p)):
        if difference.p > significance / (len(differences) - rank):
            break
        name = difference.name
        if difference.effect >= SMALLEST_EFFECT and (name not in largest or largest[name].effect < difference.effect):
            largest[name] = difference
    return sorted(largest.values(), key=lambda difference: -difference.effect)
