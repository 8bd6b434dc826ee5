"""Do dev and test come from one distribution? A two-sample test a column, and a sentence that names what differs."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import chi2_contingency, ks_2samp

from goodfit.data.dataset import Column, Dataset, Splits
from goodfit.data.notes import Note, warning
from goodfit.wording.numbers import number, rough_percent

SIGNIFICANCE = 0.05  # of all columns together (Holm 1979)
SMALLEST_EFFECT = 0.05  # shares that differ by less are trifles, however sure: a shift of an eighth of a deviation
MOST_ROWS = 20_000  # of each set; more would only make trifles sure
_LEAST_EXPECTED = 5  # in a cell of the chi-squared test (Cochran 1954)
_LEAST_ROWS = 5  # of each set; fewer can hardly differ by more than chance
_SHOWN = 5


class Difference(NamedTuple):
    """How a column differs between dev and test."""

    name: str
    p: float
    effect: float  # the largest difference of two shares, 0 to 1
    sentence: str


def compare_distributions(splits: Splits, significance: float = SIGNIFICANCE) -> list[Note]:
    """Test whether dev and test come from one distribution, column by column.

    Kolmogorov-Smirnov for numbers, chi-squared for categories, labels and missing values, corrected for the number of
    tests by Holm's method. With groups one row of each is compared, since rows of one group are alike.

    Args:
        splits: dev and test are compared; nothing is done where there is no test set.
        significance: of all columns together.

    Returns:
        No note, or one warning that names the columns that differ by more than chance and a trifle.
    """
    if len(splits.test) == 0:
        return []
    generator = np.random.default_rng(splits.seed)
    dev, test = (_independent(splits.dataset, rows, generator) for rows in (splits.dev, splits.test))
    found = _significant(_differences(splits.dataset, dev, test), significance)
    if not found:
        return []
    shown = "; ".join(f"{each.name} ({each.sentence})" for each in found[:_SHOWN])
    rest = f"; and {', '.join(each.name for each in found[_SHOWN:])}" if found[_SHOWN:] else ""
    cause = "change over time" if splits.dataset.times is not None else "different sources"
    return [
        warning(
            f"Dev and test do not come from one distribution; {cause} would explain it: {shown}{rest}. "
            "Choices made on dev may not hold on test."
        )
    ]


def _independent(
    dataset: Dataset, rows: Int[np.ndarray, "rows"], generator: np.random.Generator
) -> Int[np.ndarray, "kept"]:
    """One row of each group, and not more rows than needed."""
    rows = generator.permutation(rows)
    if dataset.groups is not None:
        rows = rows[np.unique(dataset.groups[rows], return_index=True)[1]]
    return rows[:MOST_ROWS]


def _differences(dataset: Dataset, dev: Int[np.ndarray, "dev"], test: Int[np.ndarray, "test"]) -> list[Difference]:
    schema = dataset.schema
    found = [_compare_numbers(column, values[dev], values[test]) for column, values in _columns(dataset)]
    for place, column in enumerate(schema.categories):
        levels = (*column.categories, "unknown")
        codes = dataset.features.codes[:, place]
        found.append(_compare_codes(column.name, levels, codes[dev], codes[test]))
    for column, values in _columns(dataset):
        if column.missing:
            missing = np.isnan(values).astype(np.int64)
            found.append(_compare_codes(column.name, ("present", "missing"), missing[dev], missing[test]))
    if schema.task == "regression":
        target = Column(schema.target, "number")
        found.append(_compare_numbers(target, dataset.target[dev], dataset.target[test]))
    else:
        found.append(_compare_codes(schema.target, schema.classes, dataset.target[dev], dataset.target[test]))
    return [each for each in found if each is not None]


def _columns(dataset: Dataset) -> list[tuple[Column, Float[np.ndarray, "rows"]]]:
    return list(zip(dataset.schema.numbers, dataset.features.numbers.T, strict=True))


def _compare_numbers(
    column: Column, dev: Float[np.ndarray, "dev"], test: Float[np.ndarray, "test"]
) -> Difference | None:
    dev, test = dev[~np.isnan(dev)], test[~np.isnan(test)]
    if min(len(dev), len(test)) < _LEAST_ROWS:
        return None
    result: Any = ks_2samp(dev, test, method="asymp")
    place = float(result.statistic_location)
    shares = [
        f"{rough_percent(float(np.mean(values <= place)))} of {name}" for values, name in ((dev, "dev"), (test, "test"))
    ]
    where = {
        "boolean": "are not so",
        "date": f"are up to {np.datetime64(0, 'D') + np.timedelta64(int(np.floor(place)), 'D')}",
    }.get(column.kind, f"are at most {number(place)}")
    return Difference(column.name, float(result.pvalue), float(result.statistic), f"{' but '.join(shares)} {where}")


def _compare_codes(
    name: str, levels: tuple[str, ...], dev: Int[np.ndarray, "dev"], test: Int[np.ndarray, "test"]
) -> Difference | None:
    """Counts of codes from -1 (the last of `levels`); rare levels are tested together, lest they drown the others."""
    counts = np.stack([np.bincount(codes % len(levels), minlength=len(levels)) for codes in (dev, test)])
    shares = counts / counts.sum(axis=1, keepdims=True)
    pooled = counts.sum(axis=0)
    rare = pooled * counts.sum(axis=1).min() < _LEAST_EXPECTED * counts.sum()
    table = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return None
    gaps = np.abs(shares[0] - shares[1])
    most = int(gaps.argmax())
    in_dev, in_test = (rough_percent(float(share)) for share in shares[:, most])
    sentence = f"{in_dev} of dev but {in_test} of test are '{levels[most]}'"
    result: Any = chi2_contingency(table)
    return Difference(name, float(result.pvalue), float(gaps[most]), sentence)


def _significant(differences: list[Difference], significance: float) -> list[Difference]:
    """Those that differ by Holm's step-down method and by more than a trifle, the largest first, one a column."""
    kept: dict[str, Difference] = {}
    for rank, each in enumerate(sorted(differences, key=lambda each: each.p)):
        if each.p > significance / (len(differences) - rank):
            break
        if each.effect >= SMALLEST_EFFECT and (each.name not in kept or kept[each.name].effect < each.effect):
            kept[each.name] = each
    return sorted(kept.values(), key=lambda each: -each.effect)
