"""The table of settings: every field of a plan is an entry, and what is derived from an entry agrees with it."""

import dataclasses
import math
from pathlib import Path

import pytest

from goodfit.allowed_values import Numbers
from goodfit.errors import PlanError
from goodfit.plan import SETTINGS, Hyperparameters, Plan, Structure, canonical_settings, renumbered
from goodfit.search.importance import USUAL
from goodfit.search.notation import read
from goodfit.settings import page, suggestion


def test_every_field_of_a_plan_is_an_entry():
    assert list(SETTINGS) == [field.name for field in dataclasses.fields(Plan)]
    for entry in SETTINGS.values():
        assert entry.help.endswith(".")
        assert entry.default == getattr(Plan, entry.name) or math.isnan(entry.default)


def test_roles_divide_the_settings():
    compiled = {field.name for field in dataclasses.fields(Structure)}
    for entry in SETTINGS.values():
        assert (entry.role == "hyperparameter") == (entry.name in Hyperparameters._fields) == (entry.slider is not None)
        if entry.role == "structure":
            assert entry.name in compiled
    assert {entry.flag for entry in SETTINGS.values() if entry.flag} <= compiled


def test_names_are_unique():
    names = [name for entry in SETTINGS.values() for name in (entry.name, entry.complement, *entry.other_names) if name]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", [entry.name for entry in SETTINGS.values() if entry.off is not None])
def test_the_value_that_turns_a_setting_off_is_allowed(name):
    entry = SETTINGS[name]
    plan = Plan.from_dict({name: entry.off})
    assert not entry.is_on(getattr(plan, name))
    if entry.flag:
        assert not getattr(plan.structure, entry.flag)
        assert getattr(Plan.from_dict({name: 0.5}).structure, entry.flag)


@pytest.mark.parametrize("name", [name for name, usual in USUAL.items() if usual.text])
def test_the_usual_range_lies_on_the_slider(name):
    entry = SETTINGS.get(name)
    if entry is None or entry.slider is None:
        return
    usual = read(name, USUAL[name].text, USUAL[name].tier, USUAL[name].text)
    assert entry.slider.low <= usual.low <= usual.high <= entry.slider.high


def test_what_a_setting_needs_is_a_setting_or_the_task():
    for entry in SETTINGS.values():
        for circumstance in entry.idle_with:
            assert circumstance.setting == "task" or circumstance.setting in SETTINGS
    assert SETTINGS["beta1"].idle_reason(Plan(optimizer="rmsprop")) == "rmsprop"
    assert SETTINGS["label_smoothing"].idle_reason(Plan(), "regression") == "a regression"
    assert SETTINGS["keep_prob"].idle_reason(Plan(hidden_units=())) == "no hidden layer"
    assert SETTINGS["keep_prob"].idle_reason(Plan()) == ""


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        (Numbers(), "a number of at least 0"),
        (Numbers(low_allowed=False), "a number above 0"),
        (Numbers(0, 1, False, True), "a number above 0 and at most 1"),
        (Numbers(0.5, 2), "a number of at least 0.5 and below 2"),
    ],
)
def test_ranges_in_words(numbers, words):
    assert numbers.words == words


@pytest.mark.parametrize(
    ("name", "guess"),
    [("lr", "learning_rate"), ("max_iter", "epochs"), ("dropout_rate", "dropout"), ("weight_decai", "weight_decay")],
)
def test_names_of_other_libraries_are_understood(name, guess):
    assert suggestion(name, SETTINGS) == f"did you mean '{guess}'?"
    with pytest.raises(PlanError, match=f"unknown plan key '{name}': did you mean '{guess}'"):
        Plan.from_dict({name: 0.1})


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"dropout": 0.2}, {"keep_prob": 0.8}),
        ({"dropout": "1e-1"}, {"keep_prob": 0.9}),
        ({"dropout": 0}, {"keep_prob": 1.0}),
        ({"dropout": [0.5, 0.3, 0.1]}, {"keep_prob": (0.5, 0.7, 0.9)}),
        ({"input_dropout": 0.1}, {"input_keep_prob": 0.9}),
        ({"optimizer": "sgd"}, {"optimizer": "gradient_descent"}),
        ({"activation": "swish"}, {"activation": "silu"}),
    ],
)
def test_names_that_people_bring_mean_the_same_everywhere(given, kept):
    plan = Plan(**kept)
    assert Plan(**given) == plan
    assert Plan.from_dict(given) == plan
    assert Plan.from_yaml("\n".join(f"{name}: {value}" for name, value in given.items())) == plan
    assert Plan().with_(**given) == plan
    assert "dropout" not in plan.to_yaml()
    assert "sgd" not in plan.to_yaml()


def test_dropout_and_keep_prob_are_not_both_given():
    sentence = "dropout and keep_prob are both given; give one"
    with pytest.raises(PlanError, match=sentence):
        Plan(dropout=0.2, keep_prob=0.8)  # pyright: ignore[reportCallIssue]
    with pytest.raises(PlanError, match=sentence):
        Plan().with_(keep_prob=0.8, dropout=0.2)
    with pytest.raises(PlanError, match=sentence):
        canonical_settings({"dropout": 0.2, "keep_prob": 0.8})


@pytest.mark.parametrize("value", [1, 1.2, -0.1, "much", None, True, [0.5, 1.0, 0.5]])
def test_a_dropout_that_is_no_share_is_refused_by_its_own_name(value):
    with pytest.raises(PlanError, match=r"^dropout is .*; it must be a number of at least 0 and below 1$"):
        Plan(dropout=value)  # pyright: ignore[reportCallIssue]


def test_a_training_model_takes_dropout():
    plan = Plan()
    assert renumbered(plan, plan.structure, {"dropout": 0.4}).keep_prob == 0.6


def test_the_page_of_settings_is_printed_from_the_table():
    """Where this fails: python -c "from goodfit.settings import page; from goodfit.plan import SETTINGS as s;
    print(page(s.values()), end='')" > docs/settings.md
    """
    path = Path(__file__).parents[1] / "docs" / "settings.md"
    assert path.read_text(encoding="utf-8") == page(SETTINGS.values())
