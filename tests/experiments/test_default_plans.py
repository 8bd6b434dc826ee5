"""The plans of people who give none."""

from dataclasses import replace

import numpy as np
import pytest

from goodfit.data.dataset import Column, Dataset, Features, Origin, Schema, Splits, TaskKind
from goodfit.experiments.default_plans import default_plan, perceptron_plan, regression_plan


def _splits(task: TaskKind, classes: tuple[str, ...]) -> Splits:
    """Return a table of one column; the plans depend on its schema and the number of training examples."""
    rows = np.arange(60)
    target = rows % len(classes) if classes else rows / 60
    schema = Schema((Column("x", "number"),), "target", task, classes, ())
    features = Features(np.zeros((60, 1)), np.zeros((60, 0), np.int32))
    dataset = Dataset("table", features, target, schema, (), Origin())
    return Splits(dataset, rows[:40], rows[40:50], rows[50:], (), 0)


@pytest.fixture
def splits() -> Splits:
    return _splits("classes", ("a", "b", "c"))


def _sized(splits: Splits, m: int) -> Splits:
    return Splits(splits.dataset, np.arange(m), splits.dev, splits.test, (), 0)


@pytest.mark.parametrize(
    ("m", "batch_size", "epochs"),
    [
        (100, 0, None),
        (499, 0, None),
        (500, 64, 60),  # from here on the doctor may call the whole training set too large a batch
        (1999, 64, 60),
        (2000, 128, 60),  # course notes: a mini-batch of a power of two from 2,000 examples on
        (42_000, 128, 60),
        (200_000, 128, 12),  # about 20,000 steps
        (10_000_000, 128, 5),
    ],
)
def test_batch_size_and_length_follow_the_training_set(splits, m, batch_size, epochs):
    plan = default_plan(_sized(splits, m))
    assert plan.batch_size == batch_size
    assert plan.epochs == epochs if epochs else plan.epochs >= 50  # a step each


def test_labels_are_smoothed_for_classes_alone(splits):
    assert default_plan(splits).label_smoothing == 0.05
    assert default_plan(_splits("binary", ("a", "b"))).label_smoothing == 0.05
    assert default_plan(_splits("regression", ())).label_smoothing == 0.0


def test_the_baseline_is_plain_regression(splits):
    plan = regression_plan(splits)
    assert plan.hidden_units == ()
    assert not plan.structure.dropout
    assert plan.label_smoothing == 0.0


@pytest.mark.parametrize(
    ("side", "m", "units", "epochs"),
    [
        (8, 100, (32, 64, 64), 100),
        (8, 1000, (32, 64, 64), 25),  # 400 steps
        (28, 4000, (16, 32, 64, 64), 8),
        (64, 60_000, (16, 32, 64, 128, 256, 256), 8),
        (64, 600_000, (16, 32, 64, 128, 256, 256), 5),
    ],
)
def test_images_get_convolutions_by_their_size_and_number(splits, side, m, units, epochs):
    schema = replace(splits.dataset.schema, image=(side, side + 3, 1))
    images = Splits(replace(splits.dataset, schema=schema), np.arange(m), splits.dev, splits.test, (), 0)
    plan = default_plan(images)
    assert (plan.layer, plan.hidden_units, plan.epochs) == ("convolutional", units, epochs)
    assert plan.augmentation == 0.5
    assert plan.flip == 0  # it may change labels, so the data is asked first
    assert regression_plan(images).hidden_units == ()
    assert regression_plan(images).augmentation == 0
    assert regression_plan(images).epochs >= perceptron_plan(images).epochs
    assert perceptron_plan(images).layer == "dense"
    assert perceptron_plan(images).epochs <= 60
