"""Plans: ranges, YAML, the division into structure and hyperparameters."""

import dataclasses
import re

import numpy as np
import pytest

from goodfit.errors import PlanError
from goodfit.plan import Hyperparameters, Plan

OUTSIDE = {
    "learning_rate": [0, -1, "fast", True, None, float("nan"), float("inf")],
    "beta1": [-0.1, 1],
    "beta2": [-0.1, 1.0],
    "epsilon": [-1e-9],
    "decay_rate": [-0.1, 1.0],  # 1 with the default one_cycle
    "weight_decay": [-0.1],
    "l2": [-1],
    "l1": [-1],
    "clip_norm": [-1],
    "label_smoothing": [-0.1, 1],
    "keep_prob": [0, 1.1, [0.5, 0.5], [0.5, 0.5, 0.0], "all"],
    "input_keep_prob": [0, 1.01],
    "batch_norm_beta": [1, -0.1],
    "class_balance": [-0.1, 1.1],
    "batch_size": [-1, 1.5, "big", True],
    "epochs": [0, 2.0],
    "patience": [-1],
    "snapshots": [-1],
    "hidden_units": [[0], [8.0], 64, "64", [True]],
    "architecture": ["convolutional"],
    "activation": ["rely"],
    "initialization": [None],
    "batch_norm": [False],
    "optimizer": ["adma"],
    "decay": ["step"],
    "preparation": ["whiten"],
    "target_transform": ["sqrt", None],
    "loss": ["absolute"],
    "augmentation": [-0.1, 2.1],
    "flip": [-0.1, 1.1],
    "layer": ["recurrent"],
    "depth": [1, 2, 4, 21, -1, 5.0, True, 20],  # the last is one, of convolutional layers alone
}
INSIDE = {
    "learning_rate": [1e-9, 10],
    "beta1": [0, 0.999],
    "beta2": [0],
    "epsilon": [0],
    "decay_rate": [0, 0.99],
    "label_smoothing": [0, 0.99],
    "keep_prob": [1, 0.01, [0.5, 1, 0.9]],
    "input_keep_prob": [1, 0.1],
    "class_balance": [0, 1],
    "batch_size": [0, 1],
    "epochs": [1],
    "hidden_units": [[], [1], (3, 4)],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in OUTSIDE.items() for value in values])
def test_a_value_outside_its_range_is_refused_by_name(name, value):
    with pytest.raises(PlanError, match=f"^{name} ") as caught:
        Plan(**{name: value})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in INSIDE.items() for value in values])
def test_a_value_at_the_edge_of_its_range_is_taken(name, value):
    assert getattr(Plan(**{name: value}), name) == (tuple(value) if isinstance(value, list) else value)


def test_every_setting_has_its_range_checked():
    assert OUTSIDE.keys() == {field.name for field in dataclasses.fields(Plan)}


@pytest.mark.parametrize("depth", [0, 5, 20, 56, 110, 152])
def test_a_depth_is_of_convolutional_networks_with_a_hidden_layer(depth):
    assert Plan(layer="convolutional", depth=depth, hidden_units=(8,)).depth == depth
    with pytest.raises(PlanError, match="hidden_units is empty" if not depth else "set layer to convolutional"):
        Plan(layer="convolutional", depth=depth, hidden_units=())


def test_each_stage_has_a_block():
    assert Plan(layer="convolutional", depth=11, hidden_units=(8, 8, 8)).structure.blocks == (0, 1, 2)
    with pytest.raises(PlanError, match="depth is 8, too few for the 3 stages; take 11 or more"):
        Plan(layer="convolutional", depth=8, hidden_units=(8, 8, 8))


def test_blocks_are_spread_over_the_stages():
    structure = Plan(layer="convolutional", depth=20, hidden_units=(16, 32, 64)).structure
    assert structure.blocks == (0, 0, 1, 1, 2, 2)
    assert structure.hidden_layers == 7
    assert Plan(layer="convolutional", depth=14, hidden_units=(16, 32, 64)).structure.blocks == (0, 0, 1, 2)
    assert Plan(layer="convolutional", hidden_units=(16, 32, 64)).structure.hidden_layers == 3


def test_ranges_that_depend_on_another_setting():
    assert Plan(decay="inverse", decay_rate=5).decay_rate == 5
    with pytest.raises(PlanError, match="warm-up share"):
        Plan(decay="one_cycle", decay_rate=1)
    with pytest.raises(PlanError, match="one example has no variance"):
        Plan(batch_norm="after", batch_size=1)


def test_yaml_gives_the_plan_back():
    plan = Plan(hidden_units=(7, 5), keep_prob=(0.5, 0.875), learning_rate=1e-5, optimizer="rmsprop", batch_norm="none")
    again = Plan.from_yaml(plan.to_yaml())
    assert again == plan
    assert hash(again) == hash(plan)
    assert "hidden_units:\n- 7\n- 5\n" in plan.to_yaml()


def test_yaml_as_people_write_it():
    plan = Plan.from_yaml("learning_rate: 1e-3  # YAML 1.1 reads this as text\nl2: 2\nkeep_prob: [9e-1, 1, 0.5]")
    assert plan == Plan(learning_rate=0.001, l2=2.0, keep_prob=(0.9, 1.0, 0.5))
    assert Plan.from_yaml("") == Plan()


def test_numpy_numbers_become_plain_ones():
    plan = Plan.from_dict({"learning_rate": np.float64(0.1), "l2": np.float32(0.5), "keep_prob": np.float32(0.5)})
    assert Plan.from_yaml(plan.to_yaml()) == Plan(learning_rate=0.1, l2=0.5, keep_prob=0.5)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("learning_rat: 0.1", "unknown plan key 'learning_rat': did you mean 'learning_rate'?"),
        ("- 1\n- 2", "not a mapping"),
        ("just words", "not a mapping"),
        ("a: [1", "not valid YAML"),
        ("activation: relo", "activation is 'relo': did you mean 'relu'?"),
    ],
)
def test_a_plan_that_cannot_be_read_says_why(text, sentence):
    with pytest.raises(PlanError, match=re.escape(sentence)) as caught:
        Plan.from_yaml(text)
    assert "\n" not in str(caught.value)


def test_numbers_never_change_the_structure():
    """What is compiled may depend on whether a number's work is there, not on how much of it."""
    plan = Plan(l1=1.0, clip_norm=1.0, input_keep_prob=0.9, augmentation=0.1, flip=0.1)
    others = dict.fromkeys(Hyperparameters._fields, 0.5) | {"keep_prob": (0.1, 1.0, 0.2), "epochs": 3, "patience": 2}
    changed = plan.with_(**others)
    assert changed.structure == plan.structure
    assert all(a != b for a, b in zip(changed.hyperparameters, plan.hyperparameters, strict=True))
    assert changed.hyperparameters.keep_prob == (0.1, 1.0, 0.2)


@pytest.mark.parametrize(
    ("name", "value", "flag"),
    [
        ("keep_prob", 1.0, "dropout"),
        ("input_keep_prob", 0.5, "input_dropout"),
        ("l1", 1.0, "l1"),
        ("clip_norm", 1.0, "clipping"),
    ],
)
def test_work_that_no_number_asks_for_is_not_compiled(name, value, flag):
    before, after = Plan().structure, Plan(**{name: value}).structure
    assert before == dataclasses.replace(after, **{flag: not getattr(after, flag)})


def test_a_changed_depth_takes_keep_prob_to_its_mean():
    plan = Plan(hidden_units=(8, 8), keep_prob=(0.5, 1.0))
    assert plan.with_(hidden_units=[8]).keep_probs == (0.75,)
    assert plan.with_(hidden_units=(4, 4)).keep_probs == (0.5, 1.0)
    assert plan.with_(hidden_units=(4,), keep_prob=0.25).keep_probs == (0.25,)
    with pytest.raises(PlanError, match="hidden_units is 64"):
        plan.with_(hidden_units=64)
    with pytest.raises(PlanError, match="'hidden_unit': did you mean 'hidden_units'"):
        plan.with_(hidden_unit=(4,))


@pytest.mark.parametrize(
    ("decay", "rate"), [("inverse", 1.0), ("exponential", 0.95), ("inverse_sqrt", 1.0), ("one_cycle", 0.1)]
)
def test_each_decay_has_its_own_rate_until_one_is_given(decay, rate):
    assert Plan(decay=decay).decay_rate == rate
    assert Plan(decay="constant").with_(decay=decay).decay_rate == rate
    assert Plan(decay=decay, decay_rate=0.5).with_(epochs=3).decay_rate == 0.5
