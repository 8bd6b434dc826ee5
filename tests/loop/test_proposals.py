"""The proposals of a round."""

from dataclasses import replace

import numpy as np
import pytest

from goodfit.data.dataset import Dataset, Features, Origin, Schema, Splits
from goodfit.loop.proposals import rest_of_recipe
from goodfit.plan import Plan

ROWS = np.arange(30)


@pytest.fixture
def splits():
    features = Features(np.zeros((30, 2)), np.zeros((30, 0), np.int32))
    schema = Schema((), "kind", "binary", ("a", "b"), ())
    return Splits(Dataset("made", features, ROWS % 2, schema, (), Origin()), ROWS[:20], ROWS[20:], ROWS[:0], (), 0)


@pytest.mark.parametrize(("flips", "first"), [(True, ["augmentation", "flips"]), (False, ["augmentation"])])
def test_of_images_augmentation_is_always_tried(splits, flips, first):
    schema = replace(splits.dataset.schema, image=(8, 8, 1))
    images = replace(splits, dataset=replace(splits.dataset, schema=schema))
    plan = Plan(layer="convolutional", hidden_units=(8,))
    names = [proposal.name for proposal in rest_of_recipe(images, plan, set(), flips)]
    assert names[: len(first)] == first
    assert names[len(first)] not in ("augmentation", "flips")
    assert rest_of_recipe(images, plan, {plan.with_(augmentation=0.5)}, flips)[0].name != "augmentation"
    augmented = [proposal.name for proposal in rest_of_recipe(images, plan.with_(augmentation=0.5), set(), flips)]
    assert augmented[: len(first) + 1] == ["without augmentation", *first]


def test_of_tables_it_is_not(splits):
    names = [proposal.name for proposal in rest_of_recipe(splits, Plan(), set())]
    assert names
    assert not {"augmentation", "flips", "convolutional layers"} & set(names)
