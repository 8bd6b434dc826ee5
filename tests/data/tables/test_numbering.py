import numpy as np
import pandas as pd
import polars as pl
import pytest

from goodfit.data.notes import guess
from goodfit.data.open import open_data
from goodfit.data.tables.columns import type_columns
from goodfit.data.tables.numbering import row_numbers

N = 100
UP = np.arange(N)
NOISE = np.random.default_rng(0).normal(size=N)
COIN = np.random.default_rng(1).integers(0, 2, N)


def found(target, labeled=None, **columns):
    labeled = np.ones(len(next(iter(columns.values()))), bool) if labeled is None else labeled
    return row_numbers(type_columns(pl.DataFrame(columns)), labeled, np.asarray(target)).idle


SORTED = np.repeat([0, 1, 2], 200)
ORDER = np.random.default_rng(2).permutation(600)[:480]  # a sample of a table that was sorted by class


@pytest.mark.parametrize(
    "name",
    ["", "column 1", "index", "level_0", "Unnamed: 0", "Unnamed: 0.1", "__index_level_0__", "rownames", "row.names"],
)
def test_an_index_is_one_by_its_name_though_it_gives_the_target_away(name):
    assert found(SORTED[ORDER], **{name: ORDER}) == {name: True}
    assert found(NOISE, **{name: UP}) == {name: False}
    assert found(NOISE, **{name: np.tile(np.arange(N // 2), 2)}) == {name: False}
    assert found(NOISE, **{name: UP + 0.5}) == {}
    assert found(NOISE, **{name: UP // 3}) == {}


@pytest.mark.parametrize("target", [NOISE, COIN, np.arange(N) * 7 % 4], ids=["number", "two classes", "four classes"])
@pytest.mark.parametrize("name", ["nr", "x", "PassengerId"])
@pytest.mark.parametrize(
    "numbers",
    [
        UP,
        UP + 1,
        UP[::-1],
        np.random.default_rng(3).permutation(N),
        np.sort(np.random.default_rng(4).permutation(140)[:N]),
    ],
    ids=["from 0", "from 1", "falling", "shuffled", "with gaps"],
)
def test_numbers_that_tell_nothing_of_the_target_number_the_rows(numbers, name, target):
    assert found(target, **{name: numbers}) == {name: name != "PassengerId"}
    assert found(target, **{name: [str(number) for number in numbers]}) == {name: name != "PassengerId"}


YEARS = np.arange(1950, 2021)


@pytest.mark.parametrize(
    ("name", "numbers", "target"),
    [
        ("x", UP, 2 * UP + 1 + NOISE),
        ("year", YEARS, 13 + 0.03 * (YEARS - 1950) + 0.1 * np.random.default_rng(5).normal(size=71)),
        ("dose", np.arange(60), (np.random.default_rng(6).random(60) < np.arange(60) / 60).astype(int)),
        ("day", UP, np.sin(UP / 10) + 0.3 * NOISE),
        ("uv index", np.random.default_rng(7).permutation(N), None),
        ("customer_id", np.random.default_rng(8).permutation(10_000)[:N], None),
    ],
)
def test_numbers_that_tell_of_the_target_are_a_feature(name, numbers, target):
    assert found(numbers + np.ptp(numbers) / 10 * NOISE if target is None else target, **{name: numbers}) == {}


@pytest.mark.parametrize("name", ["Id", "id", "row_id", "customerID"])
def test_an_identifier_numbers_the_rows_though_they_were_sorted_by_the_target(name):
    for target in (np.repeat([0, 1, 2], 50), np.sort(np.random.default_rng(0).normal(size=150))):
        assert found(target, **{name: np.arange(150)}) == {name: False}
        assert found(target, nr=np.arange(150)) == {}  # which the finding of a leaking feature tells


def test_identifiers_with_gaps_and_amounts_with_gaps():
    numbers = np.random.default_rng(9).permutation(10**6)[:N]
    assert found(COIN, customer_id=numbers, amount=numbers) == {"customer_id": False}
    assert found(COIN, GRID=numbers, paid=numbers, covid=numbers) == {}


def test_what_is_no_row_number():
    assert (
        found(COIN, halves=UP + 0.5, twice=UP // 2, words=[f"n{i}" for i in range(N)], lost=[None, *range(N - 1)]) == {}
    )


def test_a_sequence_that_is_learned_from_is_told():
    frame = pl.DataFrame({"x": UP, "z": NOISE, "y": UP + 5 * NOISE})
    dataset, _ = open_data(frame, target="y")
    assert [column.name for column in dataset.schema.columns] == ["x", "z"]
    sentence = (
        "Column 'x' counts the rows, and is learned from, since the target changes along it; leave it out if it is "
        "unknown for new rows."
    )
    assert guess(sentence) in dataset.notes
    assert guess(sentence) not in open_data(frame.with_columns(x=pl.col("x") * 50), target="y")[0].notes


def test_rows_without_a_target_count_as_gaps_do_not():
    labeled = np.arange(300) < N
    assert found(COIN, labeled, nr=np.arange(300)) == {"nr": True}


def test_a_row_number_is_kept_by_chance_about_as_rarely_as_the_level_says():
    generator = np.random.default_rng(0)
    kept = sum(not found(generator.normal(size=N), nr=UP) for _ in range(500))
    assert kept <= 3  # of 0.5 expected at most


FRAME = pd.DataFrame({"a": np.sin(UP), "b": np.cos(UP), "side": ["p", "q"] * 50})


@pytest.mark.parametrize(
    "frame",
    [
        FRAME.sample(frac=0.8, random_state=1),
        FRAME.set_axis(pd.date_range("2024-01-01", periods=N)),
        FRAME.set_index(pd.Index([f"c{i % 7}" for i in UP], name="customer")),
        FRAME.set_index([UP, UP % 3]),
    ],
    ids=["sample", "dates", "named words", "two levels"],
)
def test_the_index_that_pandas_wrote_into_a_parquet_file_is_left_out(frame, tmp_path):
    frame.to_parquet(tmp_path / "t.parquet")
    dataset, _ = open_data(tmp_path / "t.parquet", target="side")
    assert [column.name for column in dataset.schema.columns] == ["a", "b"]
    assert dataset.fingerprint != open_data(frame.reset_index(), target="side")[0].fingerprint
    assert [column.name for column in open_data(frame, target="side")[0].schema.columns] == ["a", "b"]


@pytest.mark.parametrize("indexed", ["data", "dev", "both"])
def test_an_index_in_some_sources_only_is_no_obstacle(indexed, tmp_path):
    plain, sample = FRAME, FRAME.sample(frac=0.8, random_state=1)
    (sample if indexed != "dev" else plain).to_parquet(tmp_path / "data.parquet")
    (sample if indexed != "data" else plain).to_parquet(tmp_path / "dev.parquet")
    dataset, parts = open_data(tmp_path / "data.parquet", target="side", dev=tmp_path / "dev.parquet")
    assert [column.name for column in dataset.schema.columns] == ["a", "b"]
    assert len(parts["dev"]) == (N if indexed == "data" else len(sample))


def test_categories_that_pandas_wrote_into_a_parquet_file_are_categories(tmp_path):
    FRAME.assign(k=pd.Categorical(UP % 3)).to_parquet(tmp_path / "t.parquet")
    assert [column.kind for column in open_data(tmp_path / "t.parquet", target="side")[0].schema.columns] == [
        "number",
        "number",
        "category",
    ]


@pytest.mark.parametrize("saves", [1, 2, 3])
def test_an_index_written_to_csv_is_left_out(saves, tmp_path):
    path, frame = tmp_path / "t.csv", FRAME.sample(frac=0.8, random_state=1)
    for _ in range(saves):
        frame.to_csv(path)
        frame = pd.read_csv(path)
    dataset, _ = open_data(path, target="side")
    assert [column.name for column in dataset.schema.columns] == ["a", "b"]
    assert len(dataset.schema.left_out) == saves
