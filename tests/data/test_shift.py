from math import comb
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom, fisher_exact, ks_2samp

from goodfit.data.dataset import Column, Dataset, Features, Kind, Origin, Schema, Splits, TaskKind
from goodfit.data.notes import warning
from goodfit.data.shift import compare_distributions
from goodfit.data.splits import open_splits

TOWNS = ("a", "b", "c", "d", "e", "f", "g", "h")


def random_dataset(generator, rows, task: TaskKind = "binary"):
    """Columns of many sorts: smooth, heavy-tailed, of few values, with missing ones, categories with rare levels."""
    numbers = generator.normal(size=(rows, 5))
    numbers[:, 1] = np.exp(2 * numbers[:, 1])
    numbers[:, 2] = np.round(numbers[:, 2])
    numbers[generator.random(rows) < 0.2, 3] = np.nan
    numbers[:, 4] = numbers[:, 0] > 1
    codes = np.column_stack([generator.geometric(0.4, rows).clip(max=8) - 1, generator.integers(-1, 3, rows)])
    columns = [Column(name, "number") for name in ("smooth", "tailed", "few")]
    columns += [Column("gaps", "number", missing=True), Column("flag", "boolean")]
    columns += [Column("town", "category", TOWNS), Column("kind", "category", ("x", "y", "z"), missing=True)]
    classes = () if task == "regression" else ("no", "yes")
    target = generator.normal(size=rows) if task == "regression" else generator.integers(0, 2, rows)
    schema = Schema(tuple(columns), "y", task, classes, ())
    return Dataset("made", Features(numbers, codes.astype(np.int32)), target, schema, (), Origin())


def halves(dataset, generator=None):
    """Dev and test of equal size, drawn or as the rows stand."""
    rows = np.arange(len(dataset)) if generator is None else generator.permutation(len(dataset))
    half = len(rows) // 2
    return Splits(dataset, np.zeros(0, np.int64), np.sort(rows[:half]), np.sort(rows[half:]), (), 0)


@pytest.mark.parametrize(("rows", "task"), [(40, "binary"), (200, "regression"), (1000, "binary")])
def test_honest_splits_are_hardly_ever_warned_of(rows, task):
    generator = np.random.default_rng(rows)
    times = 200
    warned = sum(
        bool(compare_distributions(halves(random_dataset(generator, rows, task), generator))) for _ in range(times)
    )
    assert warned <= binom.ppf(0.999, times, 0.05)


def test_honest_splits_of_groups_are_hardly_ever_warned_of():
    generator = np.random.default_rng(5)
    times, warned, careless = 100, 0, 0
    for _ in range(times):
        groups = np.repeat(np.arange(40), 25)
        dataset = random_dataset(generator, 40)
        features = dataset.features.take(groups)  # rows of one group are all alike
        schema = dataset.schema
        grouped = Dataset("made", features, dataset.target[groups], schema, (), Origin(), groups)
        test = np.isin(groups, generator.choice(40, 20, replace=False))
        warned += bool(compare_distributions(_splits(grouped, test)))
        without = Dataset("made", features, dataset.target[groups], schema, (), Origin(), None)
        careless += bool(compare_distributions(_splits(without, test)))
    assert warned <= binom.ppf(0.999, times, 0.05)
    assert careless > 90


HEALTHY = {
    "few rows, many numbers": lambda rng: rng.normal(size=(12, 150)),
    "numbers that are alike": lambda rng: rng.normal(size=(24, 1)) + 0.3 * rng.normal(size=(24, 40)),
    "ties": lambda rng: rng.poisson(1.0, (24, 40)).astype(float),
    "heavy-tailed": lambda rng: np.where(rng.random((40, 40)) < 1 / 3, np.nan, rng.standard_cauchy((40, 40))),
    "small categories": lambda rng: rng.geometric(0.4, (20, 40)).clip(max=8) - 1,
}


@pytest.mark.parametrize("kind", HEALTHY)
def test_one_healthy_split_in_twenty_is_warned_of_however_few_rows_and_many_columns(kind):
    times = 50
    warned = sum(
        bool(compare_distributions(_columns(HEALTHY[kind](np.random.default_rng(seed))))) for seed in range(times)
    )
    assert warned <= binom.ppf(0.999, times, 0.05)


def _columns(values, kind: Kind = "number"):
    """Dev rows, then as many test rows; whole numbers are codes of categories. The target is alike in both sets."""
    rows, none = len(values), np.zeros((len(values), 0))
    if values.dtype == int:
        levels = tuple("abcdefgh"[: max(2, values.max() + 1)])
        columns = [Column(f"x{place}", "category", levels) for place in range(values.shape[1])]
        features = Features(none, values.astype(np.int32))
    else:
        columns = [Column(f"x{place}", kind, missing=True) for place in range(values.shape[1])]
        features = Features(values, none.astype(np.int32))
    schema = Schema(tuple(columns), "y", "binary", ("no", "yes"), ())
    return halves(Dataset("made", features, np.arange(rows) % 2, schema, (), Origin()))


@pytest.mark.parametrize(
    "splits",
    [
        _columns(np.arange(12.0)[:, None]),
        _columns(np.repeat([0.0, 1.0], 6)[:, None], "boolean"),
        _columns(np.repeat([0, 1], 6)[:, None]),
    ],
    ids=["number", "boolean", "category"],
)
def test_six_rows_apart_from_six_others_are_as_rare_as_combinations_say(splits):
    p = 2 / comb(12, 6)  # two of the 924 ways to deal the rows out; the target is the other one of two tests
    assert not compare_distributions(splits, 1.99 * p)
    assert compare_distributions(splits, 2.01 * p)


@pytest.mark.parametrize(("in_dev", "in_test"), [(9, 2), (15, 6), (1, 8)])
def test_a_levels_p_is_that_of_fishers_exact_test(in_dev, in_test):
    codes = np.concatenate([np.arange(20) < in_dev, np.arange(20) < in_test]).astype(int)
    p: Any = fisher_exact([[in_dev, in_test], [20 - in_dev, 20 - in_test]])[1]
    assert not compare_distributions(_columns(codes[:, None]), 1.99 * p)
    assert compare_distributions(_columns(codes[:, None]), 2.01 * p)


@pytest.mark.parametrize("shift", [0.8, 1.2, 2.0])
def test_a_numbers_p_is_the_exact_one_of_kolmogorov_and_smirnov(shift):
    rng = np.random.default_rng(1)
    dev, test = rng.normal(size=40), rng.normal(size=40) + shift
    p: Any = ks_2samp(dev, test, method="exact")[1]
    splits = _columns(np.concatenate([dev, test])[:, None])
    assert not compare_distributions(splits, 1.99 * p)
    assert compare_distributions(splits, 2.01 * p)


def _splits(dataset, test):
    return Splits(dataset, np.zeros(0, np.int64), np.flatnonzero(~test), np.flatnonzero(test), (), 0)


def shifted(column, change):
    dataset = random_dataset(np.random.default_rng(0), 2000)
    names = [each.name for each in dataset.schema.numbers]
    if column in names:
        values = dataset.features.numbers[1000:, names.index(column)]
        values[:] = change(values)
    elif column == "y":
        dataset.target[1000:] = change(dataset.target[1000:])
    else:
        values = dataset.features.codes[1000:, [each.name for each in dataset.schema.categories].index(column)]
        values[:] = change(values)
    return compare_distributions(halves(dataset))


START = "Dev and test do not come from one distribution; different sources would explain it: "
END = ". Choices made on dev may not hold on test."


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("smooth", lambda values: values + 0.4),
        ("tailed", lambda values: values * 3),
        ("smooth", lambda values: values * 2),
        ("few", lambda values: np.where(values == 0, 1, values)),
        ("gaps", lambda values: np.where(np.arange(1000) % 4 == 0, np.nan, values)),
        ("flag", lambda values: np.where(np.arange(1000) % 4 == 0, 1, values)),
        ("town", lambda codes: np.where(np.arange(1000) % 4 == 0, 2, codes)),
        ("kind", lambda codes: np.where(np.arange(1000) % 4 == 0, -1, codes)),
        ("y", lambda codes: np.where(np.arange(1000) % 4 == 0, 1, codes)),
    ],
)
def test_the_column_that_differs_is_named_and_no_other(column, change):
    (note,) = shifted(column, change)
    assert note.severity == "warning"
    sentence = note.text
    assert sentence.startswith(f"{START}{column} (")
    assert sentence.endswith(END)
    unchanged = {"smooth", "tailed", "few", "gaps", "flag", "town", "kind", "y"} - {column}
    assert not any(f"; {other} (" in sentence for other in unchanged)


def test_the_sentence_says_how_each_kind_of_column_differs():
    days = np.repeat([0.0, 10.0, 20.0, 30.0], 25)
    features = Features(
        np.column_stack([np.repeat([1.0, 2.0], 50), np.repeat([0.0, 1.0], 50), np.repeat([0.0, 40.0], 50), days]),
        np.column_stack([np.repeat([0, 1], 50), np.repeat([0, -1], 50)]).astype(np.int32),
    )
    columns = (
        Column("size", "number"),
        Column("sold", "boolean"),
        Column("built", "date"),
        Column("seen", "date"),
        Column("town", "category", ("here", "there")),
        Column("kind", "category", ("x",)),
    )
    dataset = Dataset(
        "made", features, np.repeat([0, 1], 50), Schema(columns, "y", "binary", ("no", "yes"), ()), (), Origin()
    )
    (note,) = compare_distributions(halves(dataset))
    assert note == warning(
        f"{START}size (100 % of dev but 0 % of test are at most 1); sold (100 % of dev but 0 % of test are not so); "
        "built (100 % of dev but 0 % of test are up to 1970-01-01); seen (100 % of dev but 0 % of test are up to "
        "1970-01-11); town (100 % of dev but 0 % of test are 'here'); and kind, y" + END
    )


def test_negligible_differences_give_no_warning_however_significant():
    generator = np.random.default_rng(0)
    numbers = generator.normal(size=(200_000, 1))
    schema = Schema((Column("smooth", "number"),), "y", "binary", ("no", "yes"), ())
    for shift, warned in ((0.08, False), (0.3, True)):
        moved = numbers.copy()
        moved[100_000:] += shift
        dataset = Dataset(
            "made", Features(moved, np.zeros((200_000, 0), np.int32)), np.arange(200_000) % 2, schema, (), Origin()
        )
        assert bool(compare_distributions(halves(dataset))) is warned


def test_many_rare_levels_do_not_hide_a_common_one():
    common, rare = np.zeros(70, np.int32), np.arange(1, 91, dtype=np.int32)
    codes = np.concatenate([common, rare[:30], common[:40], rare[30:]])
    town = Column("town", "category", tuple(f"t{code}" for code in range(91)))
    schema = Schema((town,), "y", "binary", ("no", "yes"), ())
    dataset = Dataset("made", Features(np.zeros((200, 0)), codes[:, None]), np.arange(200) % 2, schema, (), Origin())
    (note,) = compare_distributions(halves(dataset))
    assert note == warning(f"{START}town (70 % of dev but 40 % of test are 't0'){END}")


def test_no_note_without_a_test_set_or_with_tiny_sets():
    dataset = random_dataset(np.random.default_rng(0), 2000)
    empty = np.zeros(0, np.int64)
    assert compare_distributions(Splits(dataset, empty, np.arange(1000), empty, (), 0)) == []
    assert compare_distributions(Splits(dataset, empty, np.arange(3), np.arange(3, 6), (), 0)) == []


def test_splits_tell_of_a_test_file_from_elsewhere_and_of_change_over_time():
    generator = np.random.default_rng(0)
    size = generator.normal(size=400)
    frame = pl.DataFrame({"size": size, "kind": ["a", "b"] * 200, "when": list(range(400))})
    elsewhere = frame.head(100).with_columns(pl.col("size") + 1)
    note = open_splits(frame, target="kind", test=elsewhere).notes[-1]
    assert note.text.startswith(f"{START}size (")
    assert not any(note.severity == "warning" for note in open_splits(frame, target="kind").notes)
    drifting = frame.with_columns(pl.Series("size", size + np.arange(400) / 100))
    notes = open_splits(drifting, target="kind", time="when").notes
    assert "change over time would explain it: size (" in notes[-1].text
