"""The table of columns that `goodfit inspect` shows, against what was written into the data."""

import datetime

import numpy as np
import polars as pl
import pytest

from goodfit.data.inspection import ColumnSummary, summarize_dataset, summarize_source
from goodfit.data.open import open_data
from goodfit.data.sources import open_source
from goodfit.errors import InputError

ROWS = 60


@pytest.fixture(scope="module")
def frame():
    generator = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "width": [None, -2.5, *generator.permutation(ROWS - 2)],
            "sold": [True, False, False] * 20,
            "day": [datetime.date(2024, 1, 31), datetime.date(1969, 12, 30), datetime.date(2000, 2, 29)] * 20,
            "town": ["b", "a", None, "b"] * 15,
            "many": list("edcba") * 12,
            "same": [7] * ROWS,
            "kind": ["x"] * 45 + ["y"] * 15,
            "price": np.linspace(10, 20, ROWS),
        }
    )


SUMMARIES = {
    "width": ColumnSummary("width", "number", 1, "−2.5 to 57"),
    "sold": ColumnSummary("sold", "boolean", 0, "true in 33.3 %"),
    "day": ColumnSummary("day", "date", 0, "1969-12-30 to 2024-01-31"),
    "town": ColumnSummary("town", "category", 15, "2 levels: a, b"),
    "many": ColumnSummary("many", "category", 0, "5 levels: a, b, c, d, …"),
    "same": ColumnSummary("same", "left out: is constant", None, ""),
}


@pytest.mark.parametrize("target", ["kind", "price"])
def test_each_column_is_summarized_as_it_was_written(frame, target):
    dataset, _ = open_data(frame, target=target)
    first, *summaries = summarize_dataset(dataset)
    assert (
        first
        == {
            "kind": ColumnSummary("kind", "target", 0, "2 classes: x 75.0 %, y 25.0 %"),
            "price": ColumnSummary("price", "target of a regression", 0, "10 to 20"),
        }[target]
    )
    assert {summary.name: summary for summary in summaries}.items() >= SUMMARIES.items()


def test_without_a_target_the_columns_are_read_alike(frame):
    summaries, notes = summarize_source(open_source(frame))
    assert {summary.name: summary for summary in summaries}.items() >= SUMMARIES.items()
    assert notes[-1].severity == "guess"
    assert "--target" in notes[-1].text


def test_a_column_with_a_role_is_named_by_it(frame):
    dataset, _ = open_data(frame.with_columns(place=pl.Series(range(ROWS)) // 6), target="kind", group="place")
    assert ColumnSummary("place", "left out: is the group column", None, "") in summarize_dataset(dataset)


def test_the_time_is_learned_from_with_its_trend(frame):
    dataset, _ = open_data(frame, target="kind", time="day")
    readings = {summary.name: summary.reading for summary in summarize_dataset(dataset)}
    assert readings["day"] == "date, with its trend"


def test_a_table_with_nothing_to_learn_from_is_refused():
    with pytest.raises(InputError, match="no column is left to learn from"):
        summarize_source(open_source(pl.DataFrame({"same": [1] * 30})))
