"""Flips, tested by networks that never saw a mirrored image."""

import numpy as np
import pytest

from goodfit.data.dataset import Dataset, Features, Fold, Origin, Schema, Splits
from goodfit.experiments.clock import Clock
from goodfit.experiments.laboratory import Laboratory
from goodfit.loop.mirror_test import compare_mirrored
from goodfit.plan import Plan
from goodfit.record.measurement import Entry
from goodfit.run_folder.journal import Journal

PLAN = Plan(hidden_units=(16,), epochs=30, learning_rate=0.01, keep_prob=1.0, preparation="standard", batch_size=32)


def splits_of(axis):
    """Images whose class is the brighter half: the upper or the lower one, or the left or the right one."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 80, (400, 6, 6, 1))
    target = np.arange(400) % 2
    for picture, second in zip(pixels, target, strict=True):
        half = np.s_[3:] if second else np.s_[:3]
        (picture if axis == 0 else picture.swapaxes(0, 1))[half] += 60
    features = Features(np.zeros((400, 0)), np.zeros((400, 0), np.int32), pixels.astype(np.uint8))
    schema = Schema((), "half", "binary", ("first", "second"), (), (6, 6, 1))
    rows = np.arange(400)
    return Splits(Dataset("halves", features, target, schema, (), Origin()), rows[:240], rows[240:], rows[:0], (), 0)


@pytest.mark.parametrize(("axis", "allowed"), [(0, True), (1, False)])
def test_they_are_left_out_where_they_change_labels(axis, allowed):
    splits = splits_of(axis)
    folds = [Fold(splits.train, splits.dev)]
    laboratory = Laboratory(splits, folds, Clock(Journal(None), None), lambda *_: None)
    (measured,) = laboratory.measure("halves", [Entry("halves", PLAN, (0, 1))])
    mirror_test = compare_mirrored(measured, splits)
    assert mirror_test is not None
    assert mirror_test.allowed == allowed
    assert mirror_test.error == pytest.approx(measured.dev_error)
    assert mirror_test.mirrored < 0.05 if allowed else mirror_test.mirrored > 0.9
    assert ("keep the labels" in mirror_test.sentence) == allowed
