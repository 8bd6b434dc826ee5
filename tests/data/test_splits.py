import json
from itertools import pairwise
from typing import ClassVar

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from goodfit.data.dataset import Column, Dataset, Features, Origin, Schema, Splits
from goodfit.data.notes import Note, warning
from goodfit.data.splits import draw_folds, open_splits
from goodfit.errors import InputError

SETS = ("train", "dev", "test")


def dataset(target, classes=(), groups=None, times=None):
    rows = len(target)
    task = "regression" if not classes else "binary" if len(classes) == 2 else "classes"
    features = Features(np.random.default_rng(rows).normal(size=(rows, 1)), np.zeros((rows, 0), np.int32))
    schema = Schema((Column("x", "number"),), "y", task, tuple(classes), ())
    target = np.asarray(target, np.int64 if classes else np.float64)
    return Dataset("made", features, target, schema, (), Origin(), groups, times)


def frame_of(y, **columns):
    """A table with a feature that is neither constant nor an identifier."""
    return pl.DataFrame({"x": [i * 7 % 11 for i in range(len(y))], "y": y} | columns)


def groups_of(splits):
    """The groups of each set."""
    assert splits.dataset.groups is not None
    return [set(splits.dataset.groups[getattr(splits, name)]) for name in SETS]


def are_a_division(splits, rows):
    """Sorted int64 rows, and every row in exactly one set."""
    for name in SETS:
        its = getattr(splits, name)
        assert its.dtype == np.int64
        assert np.all(np.diff(its) > 0)
    assert np.array_equal(np.sort(np.concatenate([getattr(splits, name) for name in SETS])), np.arange(rows))


@pytest.mark.parametrize(
    ("name", "rows"), [("digits", 1797), ("wine", 178), ("breast_cancer", 569), ("iris", 150), ("diabetes", 442)]
)
def test_sixty_twenty_twenty_and_stratified(name, rows):
    splits = open_splits(name)
    are_a_division(splits, rows)
    assert abs(len(splits.dev) - 0.2 * rows) < 1
    assert abs(len(splits.test) - 0.2 * rows) < 1
    schema, target = splits.dataset.schema, splits.dataset.target
    for code in range(len(schema.classes)):
        count = np.sum(target == code)
        for its in (splits.dev, splits.test):
            assert abs(np.sum(target[its] == code) - 0.2 * count) <= 1
    assert np.array_equal(splits.pool, np.sort(np.concatenate([splits.train, splits.dev])))
    lower, upper = np.quantile(target[splits.train], [0.25, 0.75])
    assert splits.spread == (None if schema.classes else pytest.approx((upper - lower) / 1.349, rel=1e-12))


def test_without_a_test_set_a_fifth_is_dev():
    splits = open_splits("digits", no_test=True)
    are_a_division(splits, 1797)
    assert len(splits.test) == 0
    assert abs(len(splits.dev) - 1797 / 5) < 1
    assert splits.dataset.origin.no_test is True


def test_above_a_million_examples_a_hundredth_is_dev_and_a_hundredth_test():
    rows = 1_000_001
    numbers = (np.arange(rows) * 7919 % 10_007).astype(np.float64)
    splits = open_splits((numbers[:, None], np.sin(numbers)))
    are_a_division(splits, rows)
    assert abs(len(splits.dev) - rows / 100) < 1
    assert abs(len(splits.test) - rows / 100) < 1
    at_most = open_splits((numbers[:-1, None], np.sin(numbers[:-1])), no_test=True)
    assert len(at_most.dev) == 200_000


def test_the_seed_draws_the_rows():
    first, same, other_splits = open_splits("wine", seed=1), open_splits("wine", seed=1), open_splits("wine", seed=2)
    for name in SETS:
        assert np.array_equal(getattr(first, name), getattr(same, name))
        assert not np.array_equal(getattr(first, name), getattr(other_splits, name))


def test_the_origin_repeats_the_splits(tmp_path):
    frame = pl.DataFrame({"size": [i * 37 % 101 / 7 for i in range(90)], "price": [i * 0.37 for i in range(90)]})
    frame.write_csv(tmp_path / "data.csv")
    frame.head(25).write_csv(tmp_path / "dev.csv")
    splits = open_splits(tmp_path / "data.csv", target="price", dev=tmp_path / "dev.csv", seed=3)
    origin = json.loads(json.dumps(splits.dataset.origin.to_dict()))
    assert origin.pop("kind") == "file"
    again = open_splits(origin.pop("source"), **origin, seed=3)
    for name in SETS:
        assert np.array_equal(getattr(again, name), getattr(splits, name))
    assert again.dataset.fingerprint == splits.dataset.fingerprint


rare = st.lists(st.integers(2, 40), min_size=2, max_size=8).filter(lambda counts: sum(counts) >= 20)


@settings(max_examples=80, deadline=None)
@given(counts=rare, seed=st.integers(0, 100), no_test=st.booleans())
@example(counts=[3] * 8, seed=0, no_test=False)
@example(counts=[2] * 10, seed=0, no_test=False)
def test_training_has_an_example_of_every_class_and_is_the_largest(counts, seed, no_test):
    words = [chr(97 + code) for code, count in enumerate(counts) for _ in range(count)]
    frame = pl.DataFrame({"size": [i * 7 % 11 for i in range(len(words))], "kind": words})
    splits = open_splits(frame, target="kind", seed=seed, no_test=no_test)
    are_a_division(splits, len(words))
    assert set(splits.dataset.target[splits.train]) == set(range(len(counts)))
    assert len(splits.train) >= max(len(splits.dev), len(splits.test))
    assert not any("no example" in note.text for note in splits.notes)


@pytest.mark.parametrize(
    ("classes", "examples"), [(100, 2), (200, 3), (300, 4), (30, 2), (100, 4), (3_000, 4)], ids=lambda value: str(value)
)
def test_every_one_of_many_small_classes_is_trained(classes, examples):
    target = np.arange(classes * examples) % classes
    frame = pl.DataFrame({"x": target * 7 % 11, "y": [f"s{code}" for code in target]})
    for seed in range(2 if classes > 1_000 else 20):
        for no_test in (False, True):
            splits = open_splits(frame, target="y", seed=seed, no_test=no_test)
            are_a_division(splits, len(frame))
            assert len(np.unique(splits.dataset.target[splits.train])) == classes


def test_a_class_whose_examples_are_all_in_the_dev_source_is_named():
    data = frame_of(["a", "b"] * 30)
    splits = open_splits(data, target="y", dev=frame_of(["a", "b", "c", "c"] * 5))
    sentence = "The training set has no example of c, so the network cannot learn to predict it."
    assert warning(sentence) in splits.notes


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=3, max_size=40).filter(lambda sizes: sum(sizes) >= 20),
    seed=st.integers(0, 100),
    regression=st.booleans(),
)
def test_no_group_is_in_two_sets(sizes, seed, regression):
    groups = [f"g{group}" for group, size in enumerate(sizes) for _ in range(size)]
    rows = len(groups)
    target = [i * 0.77 for i in range(rows)] if regression else [["a", "b"][i % 2] for i in range(rows)]
    frame = pl.DataFrame({"size": [i * 7 % 11 for i in range(rows)], "y": target, "owner": groups})
    splits = open_splits(frame, target="y", group="owner", seed=seed)
    are_a_division(splits, rows)
    owners = groups_of(splits)
    assert all(owners)
    assert sum(map(len, owners)) == len(sizes)
    assert len(splits.train) >= max(len(splits.dev), len(splits.test))
    assert "owner" in splits.dataset.schema.left_out


def test_groups_of_one_size_are_divided_as_rows_are():
    frame = pl.DataFrame(
        {"x": [i * 7 % 11 for i in range(500)], "y": ["a", "b"] * 250, "owner": [i // 10 for i in range(500)]}
    )
    splits = open_splits(frame, target="y", group="owner")
    assert [len(getattr(splits, name)) for name in SETS] == [300, 100, 100]
    sentence = "All rows of one 'owner' stay in one set (30 in training, 10 in dev, 10 in test); 'owner' itself is not "
    assert Note(sentence + "learned from.") in splits.notes
    other_splits = open_splits(frame, target="y", group="owner", seed=1)
    assert not np.array_equal(other_splits.test, splits.test)


@settings(max_examples=60, deadline=None)
@given(moments=st.lists(st.integers(0, 60), min_size=20, max_size=120).filter(lambda moments: len(set(moments)) >= 3))
@example(moments=[0] * 30 + [1, 2])
@example(moments=[0, 1] + [2] * 30)
def test_time_runs_from_training_to_test_and_no_moment_is_torn(moments):
    rows = len(moments)
    frame = pl.DataFrame(
        {"x": [i * 7 % 11 for i in range(rows)], "y": [i * 0.37 for i in range(rows)], "when": moments}
    )
    splits = open_splits(frame, target="y", time="when")
    are_a_division(splits, rows)
    times = np.array(moments)
    assert times[splits.train].max() < times[splits.dev].min()
    assert times[splits.dev].max() < times[splits.test].min()


def test_different_moments_are_divided_exactly():
    order = np.random.default_rng(0).permutation(100)
    frame = frame_of([i * 0.37 for i in range(100)], when=order)
    splits = open_splits(frame, target="y", time="when")
    assert np.array_equal(np.sort(order[splits.train]), np.arange(60))
    assert np.array_equal(np.sort(order[splits.dev]), np.arange(60, 80))
    assert np.array_equal(np.sort(order[splits.test]), np.arange(80, 100))
    sentence = "By 'when', the sets follow each other (training, dev, test); 'when' is learned from, with a trend "
    sentence += "that goes on beyond training."
    assert Note(sentence) in splits.notes


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), span=st.sampled_from([0.0, 5.0, 100.0]))
def test_by_group_and_time_no_group_is_in_two_sets_and_training_is_earliest(seed, span):
    """From groups that all span the whole time (0) to groups that follow each other (100)."""
    rng = np.random.default_rng(seed)
    who = rng.integers(0, 40, 800)
    when = span * who + rng.uniform(0, 60, 800)
    frame = pl.DataFrame({"x": rng.normal(size=800), "y": rng.normal(size=800), "who": who, "when": when})
    splits = open_splits(frame, target="y", group="who", time="when", seed=seed)
    groups, times = groups_of(splits), [when[getattr(splits, name)] for name in SETS]
    assert not groups[0] & groups[1]
    assert not groups[1] & groups[2]
    assert not groups[0] & groups[2]
    assert times[0].max() < times[1].min()
    assert times[1].max() < times[2].min()
    left = 800 - sum(map(len, times))
    notes = [note.text for note in splits.notes if "are in no set" in note.text]
    assert notes == (
        [f"{left} of 800 rows are in no set: their 'who' belongs to one set, and their 'when' to another."]
        if left
        else []
    )


def test_groups_that_follow_each_other_lose_no_row_by_time():
    who = np.repeat(np.arange(20), 10)
    frame = frame_of([i * 0.37 for i in range(200)], who=who, when=np.arange(200))
    splits = open_splits(frame, target="y", group="who", time="when")
    are_a_division(splits, 200)
    assert np.array_equal(splits.train, np.arange(120))
    assert np.array_equal(splits.test, np.arange(160, 200))


def test_a_set_of_equal_targets_has_no_r2():
    frame = frame_of([0.0, *(i * 0.37 for i in range(59)), *[0.0] * 20, *range(20)], when=np.arange(100))
    notes = [note.text for note in open_splits(frame, target="y", task="regression", time="when").notes]
    assert [note for note in notes if "R²" in note] == [
        "All targets of the dev set are 0, so R² is not defined there: as in scikit-learn, 1−R² is 0 % for perfect "
        "predictions and 100 % for all others. Look at its RMSE."
    ]


def test_a_class_that_comes_only_later_is_noted():
    frame = frame_of(["a", "b"] * 20 + ["c"] * 10, when=list(range(50)))
    splits = open_splits(frame, target="y", time="when")
    sentence = "The training set has no example of c, so the network cannot learn to predict it."
    assert Note(sentence, "warning") in splits.notes


class TestGivenSets:
    DATA: ClassVar = frame_of(["a", "b"] * 40, g=[i // 4 for i in range(80)])
    MORE: ClassVar = frame_of(["a", "b"] * 12, g=[100 + i for i in range(24)])

    def test_both(self):
        splits = open_splits(self.DATA, target="y", dev=self.MORE, test=self.MORE)
        assert np.array_equal(splits.train, np.arange(80))
        assert np.array_equal(splits.dev, np.arange(80, 104))
        assert np.array_equal(splits.test, np.arange(104, 128))

    def test_a_test_set_leaves_three_quarters_to_train_and_a_quarter_to_dev(self):
        splits = open_splits(self.DATA, target="y", test=self.MORE)
        assert (len(splits.train), len(splits.dev)) == (60, 20)
        assert np.array_equal(splits.pool, np.arange(80))
        assert np.array_equal(splits.test, np.arange(80, 104))

    def test_a_dev_set_leaves_three_quarters_to_train_and_a_quarter_to_test(self):
        splits = open_splits(self.DATA, target="y", dev=self.MORE)
        assert (len(splits.train), len(splits.test)) == (60, 20)
        assert np.array_equal(splits.dev, np.arange(80, 104))
        assert np.array_equal(np.sort(np.concatenate([splits.train, splits.test])), np.arange(80))

    def test_a_dev_set_and_no_test_set(self):
        splits = open_splits(self.DATA, target="y", dev=self.MORE, no_test=True)
        assert np.array_equal(splits.train, np.arange(80))
        assert len(splits.test) == 0

    @pytest.mark.parametrize("name", ["dev", "test"])
    def test_one_row_is_refused_and_its_file_named(self, name, tmp_path):
        self.MORE.head(1).write_csv(tmp_path / "one.csv")
        with pytest.raises(
            InputError, match=rf"the {name} source .*one\.csv has 1 row with a y; at least 2 are needed"
        ):
            open_splits(self.DATA, target="y", **{name: tmp_path / "one.csv"})

    def test_with_groups(self):
        splits = open_splits(self.DATA, target="y", group="g", test=self.MORE)
        groups = groups_of(splits)
        assert [len(its) for its in groups] == [15, 5, 24]
        assert len(set.union(*groups)) == 44

    def test_a_larger_dev_set_is_noted(self):
        splits = open_splits(self.MORE, target="y", dev=self.DATA, no_test=True)
        assert warning("The dev set is larger than the training set (80 and 24 examples).") in splits.notes

    def test_given_rows_that_are_not_later_are_noted(self):
        splits = open_splits(self.DATA, target="y", time="g", test=self.MORE.with_columns(g=pl.lit(0)))
        assert (
            warning("By 'g', some rows of the dev set are not earlier than all rows of the test set.") in splits.notes
        )


def are_folds(folds, pool):
    """Every row in one dev part, no row in both parts of a fold, and training parts of one size."""
    assert np.array_equal(np.sort(np.concatenate([fold.dev for fold in folds])), pool)
    assert len({len(fold.train) for fold in folds}) == 1
    for fold in folds:
        assert len(np.intersect1d(fold.train, fold.dev)) == 0
        assert len(np.union1d(np.setdiff1d(fold.train, pool), [])) == 0
        assert np.all(np.diff(fold.train) > 0)
        assert np.all(np.diff(fold.dev) > 0)
    assert len(folds[0].train) == len(pool) - max(len(fold.dev) for fold in folds)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(20, 120),
    k=st.integers(2, 12),
    seed=st.integers(0, 50),
    kind=st.sampled_from(["random", "classes", "groups", "times"]),
)
def test_folds_cover_the_pool_once(rows, k, seed, kind):
    generator = np.random.default_rng(rows)
    groups, times = np.arange(rows) // 2, generator.permutation(rows).astype(np.float64)
    data = dataset(
        generator.integers(0, 3, rows) if kind == "classes" else generator.normal(size=rows),
        ("a", "b", "c") if kind == "classes" else (),
        groups=groups if kind == "groups" else None,
        times=times if kind == "times" else None,
    )
    order = np.arange(rows) if kind == "groups" else generator.permutation(rows)
    ends = [rows // 4 * 2, rows // 8 * 6]  # even, so that groups of two stay whole
    train, dev, test = (np.sort(part) for part in np.split(order, ends))
    splits = Splits(data, train, dev, test, (), 0)
    if kind == "groups":
        k = min(k, rows // 8 * 3)
    folds = draw_folds(splits, k, seed)
    assert len(folds) == k
    are_folds(folds, splits.pool)
    if kind == "groups":
        owners = [np.unique(groups[fold.dev]) for fold in folds]
        assert sum(map(len, owners)) == len(np.unique(groups[splits.pool]))
    if kind == "times":
        for earlier, later in pairwise(folds):
            assert times[earlier.dev].max() < times[later.dev].min()


def test_folds_are_stratified_and_drawn_by_their_seed():
    splits = open_splits("digits")
    folds = draw_folds(splits, 5, 0)
    are_folds(folds, splits.pool)
    target = splits.dataset.target
    counts = np.bincount(target[splits.pool])
    for fold in folds:
        assert np.all(np.abs(np.bincount(target[fold.dev]) - counts / 5) <= 1)
    for fold, again in zip(folds, draw_folds(splits, 5, 0), strict=True):
        assert np.array_equal(fold.dev, again.dev)
        assert np.array_equal(fold.train, again.train)
    assert not np.array_equal(folds[0].dev, draw_folds(splits, 5, 1)[0].dev)


@pytest.mark.parametrize("k", [0, 1, 143])
def test_too_few_or_too_many_folds(k):
    with pytest.raises(InputError, match=rf"^{k} folds of 142 examples cannot be made; take 2 to 142$"):
        draw_folds(open_splits("wine"), k, 0)


@pytest.mark.parametrize("role", ["group", "time"])
def test_more_folds_than_groups_or_moments(role):
    three = np.arange(30) // 10
    data = dataset(np.arange(30), **({"groups": three} if role == "group" else {"times": three.astype(np.float64)}))
    splits = Splits(data, np.arange(20), np.arange(20, 30), np.zeros(0, np.int64), (), 0)
    with pytest.raises(InputError, match=rf"^the {role} column has 3 different values; at least 4 are needed$"):
        draw_folds(splits, 4, 0)


@pytest.mark.parametrize("seed", [2**32 - 1, 2**32, 2**40 + 3])
def test_folds_take_every_seed(seed):
    splits = open_splits("iris", seed=2**32 - 1)
    folds = draw_folds(splits, 5, seed)
    assert sum(len(fold.dev) for fold in folds) == len(splits.train) + len(splits.dev)
