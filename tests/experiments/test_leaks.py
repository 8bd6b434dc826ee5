from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from goodfit.data.splits import open_splits
from goodfit.experiments.leaks import duplicates, leak

N = 600


@pytest.fixture(scope="module")
def frame():
    """Two classes that lie in a ring and its middle, beside a category that tells a little."""
    generator = np.random.default_rng(0)
    x, z = generator.normal(size=(2, N))
    inside = x**2 + z**2 < 1.4
    color = np.where(generator.random(N) < 0.7, np.where(inside, "red", "blue"), "green")
    return pl.DataFrame({"x": x, "z": z, "color": color, "kind": np.where(inside, "in", "out")})


def test_rows_that_stand_in_training_and_dev_set_are_counted(frame):
    splits = open_splits(frame, target="kind")
    assert duplicates(splits) == 0
    features = splits.dataset.features
    numbers, codes, target = features.numbers.copy(), features.codes.copy(), splits.dataset.target.copy()
    for place in range(9):  # the last two with another target: the same question with another answer
        numbers[splits.dev[place]], codes[splits.dev[place]] = numbers[splits.train[place]], codes[splits.train[place]]
        target[splits.dev[place]] = target[splits.train[place]] if place < 7 else 1 - target[splits.train[place]]
    dataset = replace(splits.dataset, features=features._replace(numbers=numbers, codes=codes), target=target)
    assert duplicates(replace(splits, dataset=dataset)) == 7


def test_an_image_in_both_sets_is_a_duplicate_and_columns_are_not_looked_at():
    splits = open_splits("digits", as_="images")
    assert duplicates(splits) == 0
    assert splits.dataset.features.pixels is not None
    pixels = splits.dataset.features.pixels.copy()
    target = splits.dataset.target.copy()
    pixels[splits.dev[:3]], target[splits.dev[:3]] = pixels[splits.train[:3]], target[splits.train[:3]]
    dataset = replace(splits.dataset, features=splits.dataset.features._replace(pixels=pixels), target=target)
    copied = replace(splits, dataset=dataset)
    assert (duplicates(copied), leak(copied)) == (3, None)


@pytest.mark.parametrize(
    "numbers",
    [
        np.random.default_rng(1).permutation(10**6)[:N],
        np.arange(N) ** 2,
        np.random.default_rng(2).permutation(N) * 7919 + 10**8,
    ],
    ids=["order number", "rising with gaps", "account"],
)
def test_rows_that_differ_in_a_running_number_alone_are_duplicates(numbers, frame):
    copied = pl.concat([frame.head(N // 2), frame.head(N // 2)]).with_columns(number=numbers)
    splits = open_splits(copied, target="kind")
    assert "number" in [column.name for column in splits.dataset.schema.columns]
    order = np.arange(N) % (N // 2)
    assert duplicates(splits) == np.isin(order[splits.dev], order[splits.train]).sum()
    assert duplicates(open_splits(frame.with_columns(number=numbers), target="kind")) == 0


def test_rows_of_few_levels_are_no_duplicates_though_their_other_columns_agree(frame):
    numbers = np.random.default_rng(1).permutation(10**6)[:N]
    splits = open_splits(frame.select("color", "kind").with_columns(income=numbers), target="kind")
    assert duplicates(splits) == 0


def with_wrong(values, share, replacements):
    wrong = np.random.default_rng(3).random(len(values)) < share
    return np.where(wrong, replacements, values)


@pytest.mark.parametrize(
    "name", ["number", "words", "200 words", "300 words with wrong ones", "missing", "wrong entries", "date"]
)
def test_a_column_that_gives_the_class_away_is_named(name, frame):
    generator = np.random.default_rng(5)
    inside = (frame["kind"] == "in").to_numpy()
    noise = generator.normal(size=N)
    word = np.where(inside, "yes", "no")
    column = {
        "number": inside * 3 + noise / 100,
        "words": np.where(inside, "paid", "open"),
        "200 words": [f"status_{i % 100}_{w}" for i, w in enumerate(word)],
        "300 words with wrong ones": [f"{i % 150}-{w}" for i, w in enumerate(with_wrong(word, 0.002, "no"))],
        "missing": np.where(inside, noise, np.nan),
        "wrong entries": with_wrong(inside * 1.0, 0.02, 1.0 - inside) + noise / 100,
        "date": [f"20{20 + i:02d}-01-01" for i in inside],
    }[name]
    # Three seeds: the finding must not hang on one draw.
    for seed in range(3):
        found = leak(
            open_splits(frame.with_columns(refund=pl.Series(column, nan_to_null=True)), target="kind", seed=seed)
        )
        assert found is not None
        assert found.column == "refund"
        assert found.score > (0.965 if "wrong" in name else 0.99)
        assert 1 - found.runner_up > 5 * (1 - found.score)
        assert found.guess == pytest.approx(max(inside.mean(), 1 - inside.mean()), abs=0.02)


@pytest.mark.parametrize("name", ["with tax", "words"])
def test_a_column_that_gives_the_number_away_is_named(name, frame):
    generator = np.random.default_rng(5)
    price = (10 + 3 * frame["x"].to_numpy() + generator.normal(size=N)).round()
    column = price * 1.19 if name == "with tax" else [f"{p:.0f} EUR" for p in price]
    table = frame.drop("kind").with_columns(price=price, gross=pl.Series(column))
    found = leak(open_splits(table, target="price", task="regression"))
    assert found is not None
    assert found.column == "gross"
    assert found.score > 0.97
    assert found.runner_up < 0.95


@pytest.mark.parametrize("data", ["frame", "iris", "wine", "breast_cancer"])
def test_columns_that_tell_something_give_nothing_away(data, frame):
    splits = open_splits(frame, target="kind") if data == "frame" else open_splits(data)
    found = leak(splits)
    assert found is not None
    assert found.score < 0.97


def test_the_only_column_and_levels_that_do_not_repeat_are_not_judged(frame):
    assert leak(open_splits(frame.select("x", "kind"), target="kind")) is None
    few = [f"w{i % 500}" for i in range(N)]
    found = leak(open_splits(frame.select("kind", "x", few=pl.Series(few)), target="kind"))
    assert found is not None
    assert found.column == "x"
