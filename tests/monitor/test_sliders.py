"""The knobs: one for every number of a plan, on a range that the plan takes, fixed where the plan would refuse."""

import pytest

from goodfit.errors import PlanError
from goodfit.monitor.sliders import can_nudge, sliders, structure_fields
from goodfit.plan import Hyperparameters, Plan, renumbered


def by_name(plan, begun=None, task="classes"):
    return {slider.label: slider for slider in sliders(plan, (begun or plan).structure, task)}


@pytest.mark.parametrize("decay", ["constant", "inverse", "exponential", "inverse_sqrt", "one_cycle"])
def test_every_number_has_its_knob_whose_ends_the_plan_takes(decay):
    plan = Plan(decay=decay, keep_prob=0.8, l1=0.1, clip_norm=1.0, input_keep_prob=0.9, augmentation=0.5, flip=0.5)
    found = by_name(plan)
    assert set(found) == set(Hyperparameters._fields)
    for name, knob in found.items():
        ends = [knob.low, knob.high] + ([0] if knob.off else [])
        for end in ends:
            number = round(end) if knob.scale == "integer" else end
            renumbered(plan, plan.structure, {name: number})
        assert knob.low <= knob.value <= knob.high or (knob.off and knob.value == 0)
        assert knob.fixed_reason is None
        assert knob.allowed


def test_scales_are_those_where_the_quantities_live():
    scales = {name: knob.scale for name, knob in by_name(Plan()).items()}
    assert {name for name, scale in scales.items() if scale == "one-minus-log"} == {
        "beta1",
        "beta2",
        "batch_norm_beta",
    }
    assert {name for name, scale in scales.items() if scale == "integer"} == {"epochs", "patience"}
    assert {scales[name] for name in ("learning_rate", "l2", "l1", "weight_decay", "epsilon", "clip_norm")} == {"log"}
    off = {name for name, knob in by_name(Plan(decay="constant")).items() if knob.off}
    assert off == {"weight_decay", "l2", "l1", "epsilon", "clip_norm", "decay_rate"}


def test_work_that_was_not_compiled_is_fixed_in_the_words_of_the_refusal():
    plan = Plan(keep_prob=1.0)
    for name, value in {"clip_norm": 1.0, "l1": 0.1, "keep_prob": 0.9, "input_keep_prob": 0.9}.items():
        with pytest.raises(PlanError) as refused:
            renumbered(plan, plan.structure, {name: value})
        assert by_name(plan)[name].fixed_reason == str(refused.value)
        assert not can_nudge(plan, plan.structure, {name: value})
    assert by_name(plan)["l2"].fixed_reason is None
    assert can_nudge(plan, plan.structure, {"l2": 1.0})


def test_it_stays_movable_when_it_was_turned_off_on_the_way():
    begun = Plan(clip_norm=1.0)
    assert by_name(begun.with_(clip_norm=0.0), begun)["clip_norm"].fixed_reason is None


def test_each_layer_has_its_own_where_the_plan_has():
    found = by_name(Plan(hidden_units=(8, 8), keep_prob=(0.7, 0.9)))
    assert [(found[f"keep_prob, layer {n}"].value, found[f"keep_prob, layer {n}"].layer) for n in (1, 2)] == [
        (0.7, 0),
        (0.9, 1),
    ]
    assert "keep_prob" not in found


def test_what_moves_nothing_says_with_what():
    found = by_name(Plan(optimizer="momentum", decay="constant", hidden_units=()), task="regression")
    idle = {name: knob.idle_reason for name, knob in found.items() if knob.idle_reason}
    assert set(idle) == {
        "beta2",
        "epsilon",
        "decay_rate",
        "batch_norm_beta",
        "keep_prob",
        "class_balance",
        "label_smoothing",
    }
    assert idle["beta2"] == "no effect with momentum"


def test_a_value_beyond_the_usual_ends_moves_them():
    found = by_name(Plan(learning_rate=50.0, l2=1e-9, beta1=0.99999))
    assert (found["learning_rate"].high, found["l2"].low, found["beta1"].high) == (50.0, 1e-9, 0.99999)


def test_a_branch_may_change_what_no_nudge_can():
    fields = {field.name: field for field in structure_fields(Plan())}
    assert not set(fields) & set(Hyperparameters._fields)
    assert fields["hidden_units"].value == [256, 256, 256]
    for name, field in fields.items():
        for choice in field.choices or ():
            assert getattr(Plan(**{name: choice}), name) == choice
    assert fields["optimizer"].choices == ("gradient_descent", "momentum", "rmsprop", "adam")
