"""Tables of a run: a row for each epoch, and one for each judged example."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from goodfit.data.splits import open_splits
from goodfit.record.measurement import Measurement
from goodfit.run_folder.tables import (
    example_misses,
    read_history,
    read_predictions,
    write_history,
    write_predictions,
)


def measurement(name, seeds, epochs, untouched_since=None):
    """The parts of a measurement that its history is made of."""
    history = {"epoch": np.arange(1, epochs + 1), "step": 5 * np.arange(1, epochs + 1), "dev_cost": np.ones(epochs)}
    runs = tuple((SimpleNamespace(history=history),) for _ in seeds)
    made = object.__new__(Measurement)  # without the outputs and errors, which a history has no part of
    vars(made).update(name=name, round=1, seeds=seeds, runs=runs, untouched_since=untouched_since)
    return made


def test_an_untouched_copy_has_its_epoch_in_a_column(tmp_path):
    assert read_history(tmp_path) is None
    write_history(tmp_path, [measurement("plan", (0,), 4), measurement("copies", (0, 1), 4, untouched_since=3)])
    history = read_history(tmp_path)
    assert history is not None
    assert history["epoch"].to_list() == [1, 2, 3, 4] * 3
    assert history["untouched_since"].to_list() == [None] * 4 + [3] * 8
    assert history["seed"].to_list() == [0] * 8 + [1] * 4


def test_without_copies_the_column_is_there_too(tmp_path):
    write_history(tmp_path, [measurement("plan", (0,), 2)])
    history = read_history(tmp_path)
    assert history is not None
    assert history["untouched_since"].to_list() == [None, None]
    assert str(history["untouched_since"].dtype) == "Int64"


def test_predictions_have_cost_and_misses_of_each_example(tmp_path):
    splits = open_splits("wine")
    outputs = np.tile([0.5, 0.25, 0.25], (len(splits.dev), 1))
    train_outputs = np.tile([0.1, 0.8, 0.1], (len(splits.train), 1))
    write_predictions(tmp_path, splits, {"train": (splits.train, train_outputs), "dev": (splits.dev, outputs)})
    frame = read_predictions(tmp_path)
    assert frame is not None
    truth = splits.dataset.target[splits.dev]
    dev = frame.filter(frame["set"] == "dev")
    np.testing.assert_allclose(dev["cost"], np.where(truth == 0, np.log(2), np.log(4)), rtol=1e-12)
    misses = example_misses(tmp_path, splits.dataset.schema)
    np.testing.assert_array_equal(misses.dev[0], truth != 0)
    np.testing.assert_array_equal(misses.train[0], splits.dataset.target[splits.train] != 1)
    assert misses.dev_groups is None


def test_the_groups_of_examples_are_kept(tmp_path):
    generator = np.random.default_rng(0)
    frame = pl.DataFrame({"x": generator.normal(size=100), "sender": np.arange(100) // 4, "y": np.tile(["a", "b"], 50)})
    splits = open_splits(frame, target="y", group="sender")
    outputs = np.full((len(splits.dev), 2), 0.5)
    train_outputs = np.full((len(splits.train), 2), 0.5)
    write_predictions(tmp_path, splits, {"train": (splits.train, train_outputs), "dev": (splits.dev, outputs)})
    misses = example_misses(tmp_path, splits.dataset.schema)
    assert misses.dev_groups is not None
    assert splits.dataset.groups is not None
    np.testing.assert_array_equal(misses.dev_groups, splits.dataset.groups[splits.dev])
    with pytest.raises(AssertionError):
        np.testing.assert_array_equal(misses.dev_groups, misses.train_groups)
