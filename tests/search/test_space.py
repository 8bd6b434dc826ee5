"""Spaces: text both ways, tiers, trials to plans, what is compiled, and the sentences for bad input."""

import pickle

import optuna
import pytest

from goodfit.errors import GoodfitError
from goodfit.plan import Plan
from goodfit.search.importance import USUAL
from goodfit.search.space import Space

BASE = Plan(hidden_units=(64, 64), batch_size=32)
LINES = [
    "units=ladder:16..128",
    "keep_prob=one-minus-log:0.5..0.98 each layer",
    "layers=integer:1..3",
    "activation=choice:relu,tanh",
    "batch_size=power:16..256",
    "beta1=one-minus-log:0.9..0.999",
    "learning_rate=log:1e-4..1e-1",
    "epochs=30",
]
TIERS = ["learning_rate", "beta1", "batch_size", "units", "layers", "decay"]
TIERS += ["weight_decay", "activation", "beta2", "keep_prob"]


def plan_at(space: Space, **params) -> Plan:
    return space(optuna.trial.FixedTrial({name.replace("__", " "): value for name, value in params.items()}))


def test_a_trial_becomes_a_plan():
    space = Space.parse(LINES, BASE)
    params = {"learning_rate": 0.01, "1-beta1": 0.007, "log2 batch_size": 6.0, "log2 units": 5.5, "layers": 2}
    layer_params = {"activation": "tanh", "1-keep_prob layer 1": 0.25, "1-keep_prob layer 2": 0.5}
    plan = space(optuna.trial.FixedTrial(params | layer_params))
    settings = {"learning_rate": 0.01, "beta1": 0.993, "batch_size": 64, "hidden_units": (48, 48)}
    assert plan == BASE.with_(activation="tanh", keep_prob=(0.75, 0.5), epochs=30, **settings)
    read = space.values(params | layer_params)
    assert read["units"] == 48
    assert read["beta1"] == plan.beta1
    assert read["keep_prob layer 2"] == 0.5
    assert space.position("units", 48) == pytest.approx(0.5)
    assert space.position("keep_prob layer 3", 0.9) == pytest.approx(0.5)  # 0.1 of 0.5 … 0.02


def test_keep_prob_is_asked_only_for_layers_that_exist():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(1))
    space = Space.parse(LINES, BASE)
    depths = set()
    for _ in range(20):
        trial = study.ask()
        plan = space(trial)
        names = [name for name in trial.params if "keep_prob" in name]
        assert names == [f"1-keep_prob layer {layer}" for layer in range(1, len(plan.hidden_units) + 1)]
        depths.add(len(names))
    assert depths == {1, 2, 3}


def test_dimensions_stand_in_the_order_of_importance_with_their_tiers():
    tiered = [(dimension.name, dimension.tier) for dimension in Space.parse(LINES, BASE).dimensions]
    tiers = [1, 2, 2, 2, 3, 4, 4]
    names = ["learning_rate", "beta1", "batch_size", "units", "layers", "activation", "keep_prob"]
    assert tiered == list(zip(names, tiers, strict=True))


def test_yaml_and_lines_are_the_same_text_and_come_back():
    space = Space.parse(LINES, BASE)
    assert Space.from_yaml("\n".join(line.replace("=", ": ") for line in LINES), BASE) == space
    assert Space.from_yaml(space.to_yaml(), BASE) == space
    wide = Space.parse(["learning_rate=1e-5..0.30000000000000004", "hidden_units=[8, 16]"], BASE)
    assert Space.from_yaml(wide.to_yaml(), BASE) == wide
    assert plan_at(wide, learning_rate=0.3).hidden_units == (8, 16)


@pytest.mark.parametrize("name", [name for name, usual in USUAL.items() if usual.text])
def test_every_usual_range_is_one_that_plans_take_and_its_scale_may_be_left_out(name):
    text = USUAL[name].text
    space = Space.parse([f"{name}={text}"], BASE)
    assert Space.parse([f"{name}={text.partition(':')[2]}"], BASE) == space
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
    plans = {space(study.ask()) for _ in range(20)}
    assert len(plans) > 1


def test_every_setting_of_a_plan_can_be_searched_or_fixed():
    settings = BASE.to_dict().keys() - {"hidden_units"}
    assert settings | {"units", "layers"} == set(USUAL)


@pytest.mark.parametrize(
    ("trials", "searched"),
    [
        (1, TIERS[:1]),
        (39, TIERS[:1]),
        (40, TIERS[:4]),
        (60, TIERS[:6]),
        (99, TIERS[:6]),
        (100, TIERS),
    ],
)
def test_few_trials_search_the_first_tiers(trials, searched):
    assert [dimension.name for dimension in Space.default(trials, BASE).dimensions] == searched


def test_the_default_leaves_out_what_the_plan_does_not_use():
    names = {
        dimension.name for dimension in Space.default(200, BASE.with_(optimizer="rmsprop", weight_decay=0)).dimensions
    }
    assert "beta1" not in names
    assert {"beta2", "l2"} <= names
    assert "weight_decay" not in names


def test_a_default_space_says_what_it_leaves_out():
    partial = Space.default(45, BASE).description()
    assert partial.startswith("With 45 trials, only the most important hyperparameters are searched: ")
    assert "learning_rate, beta1, batch_size and units. With 60 or more, ten for each, layers and decay" in partial
    complete = Space.default(500, BASE).description()
    assert complete.startswith("Searched, in the order of importance: learning_rate, beta1")
    assert "only" not in complete


def test_structural_parameters_are_those_that_are_compiled():
    space = Space.parse([*LINES, "weight_decay=1e-4..1", "decay=constant,one_cycle", "decay_rate=0.1..0.5"], BASE)
    assert space.structural == {"log2 units", "layers", "log2 batch_size", "activation", "decay"}
    switched = Space.parse(["keep_prob=choice:0.8,1 each layer", "preparation=standard,piecewise"], BASE)
    assert switched.structural == {"keep_prob layer 1", "keep_prob layer 2", "preparation"}
    assert Space.parse(["keep_prob=linear:0.5..1", "l2=0.1..1"], BASE).structural == set()


def test_units_alone_keep_the_depth_and_layers_alone_the_width():
    assert plan_at(Space.parse(["units=16..64"], BASE), log2__units=4.5).hidden_units == (24, 24)
    assert plan_at(Space.parse(["layers=1..3"], BASE), layers=3).hidden_units == (64, 64, 64)
    assert plan_at(Space.parse(["layers=1..3", "units=32"], BASE), layers=1).hidden_units == (32,)


def test_a_fixed_decay_rate_stays_where_the_decay_is_searched():
    space = Space.parse(["decay=constant,exponential", "decay_rate=0.9"], BASE)
    assert plan_at(space, decay="exponential").decay_rate == 0.9
    free = Space.parse(["decay=constant,exponential"], BASE)
    assert plan_at(free, decay="exponential").decay_rate == 0.95


def test_a_space_can_be_sent_to_another_process():
    space = Space.parse(LINES, BASE)
    assert pickle.loads(pickle.dumps(space)) == space


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("learning_rate=log:1e-1..1e-4", "reversed; write 0.0001..0.1"),
        ("learning_rate=log:0.1..0.1", "no width; write the value alone, 0.1"),
        ("learning_rate=log:0..1", "zero and negative numbers have no logarithm; start above 0"),
        ("learning_rate=log:-1..1", "zero and negative numbers have no logarithm"),
        ("beta1=one-minus-log:0.9..1", "cannot reach 1"),
        (
            "lerning_rate=log:1e-4..1",
            "unknown hyperparameter 'lerning_rate' in the space: did you mean 'learning_rate'",
        ),
        ("learning_rate=lgo:1e-4..1", "unknown scale 'lgo': did you mean 'log'"),
        ("activation=choice:", "an empty choice; list what to choose from"),
        ("activation=choice:relu,,tanh", "an empty choice"),
        ("activation=choice:relu,relu", "is listed twice"),
        ("activation=choice:relu,tanhh", "activation is 'tanhh': did you mean 'tanh'"),
        ("beta2=linear:0.9..1", "beta2 is 1.0; it must be a number of at least 0 and below 1"),
        ("learning_rate=linear:0..1", "learning_rate is 0.0; it must be a number above 0"),
        ("batch_size=linear:16..64", "batch_size is"),
        ("batch_size=power:20..64", "20 is no power of two; use 16"),
        ("units=ladder:16..100", "100 is no power of two, nor the middle of two; use 96"),
        ("units=ladder:1..16", "use 2"),
        ("layers=integer:1..2.5", "2.5 is no whole number"),
        ("layers=linear:1..2", "layers is 1.0; it must be a whole number"),
        ("layers=integer:-1..2", "layers is -1; it must be a whole number of at least 0"),
        ("learning_rate=log:1e-4", "is no range; write it as in learning_rate=log:1e-4..1e-1"),
        ("learning_rate=log:a..b", "is no range"),
        ("learning_rate=log:1e-4..inf", "is no range"),
        ("learning_rate", "malformed; write it as in learning_rate=log:1e-4..1e-1"),
        ("=log:1e-4..1", "malformed"),
        ("epochs=10..100", "epochs has no usual scale; write one, as in epochs=integer:10..100"),
        ("epochs=0", "epochs is 0; it must be a whole number of at least 1"),
        ("epochs=[3", "is neither a value nor a range"),
        ("epochs=30", "fixes everything"),
        ("learning_rate=1e-4..1 each layer", "only keep_prob can differ from layer to layer"),
        ("hidden_units=ladder:16..64", "hidden_units is searched as units and layers; write units=ladder:"),
    ],
)
def test_bad_lines_are_refused_in_one_sentence(line, sentence):
    with pytest.raises(GoodfitError) as caught:
        Space.parse([line], BASE)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["decay=inverse,one_cycle", "decay_rate=linear:0.1..1.5"], "with one_cycle it is the warm-up share"),
        (["batch_norm=none,before", "batch_size=power:1..16"], "batch_size is 1 with batch norm"),
        (["beta1=0.9..0.99", "beta1=0.9"], "beta1 twice"),
        (["units=16..64", "hidden_units=[8]"], "hidden_units is searched as units and layers"),
    ],
)
def test_lines_that_do_not_go_together_are_refused_when_read(lines, sentence):
    with pytest.raises(GoodfitError, match=sentence):
        Space.parse(lines, BASE)


def test_a_plan_without_hidden_layers_asks_for_both():
    flat = BASE.with_(hidden_units=())
    for line, also in (("units=16..64", "search layers too"), ("layers=1..3", "search units too")):
        with pytest.raises(GoodfitError, match=also):
            Space.parse([line], flat)
    assert plan_at(Space.parse(["units=16", "layers=0..2"], flat), layers=0).hidden_units == ()


@pytest.mark.parametrize(
    ("text", "sentence"), [("- a", "not a YAML mapping"), ("a: [", "not valid YAML"), ("", "mapping")]
)
def test_yaml_that_is_no_space_is_refused(text, sentence):
    with pytest.raises(GoodfitError, match=sentence):
        Space.from_yaml(text, BASE)


def test_a_search_of_no_trials_is_refused():
    with pytest.raises(GoodfitError, match="a search of 0 trials finds nothing"):
        Space.default(0, BASE)


@pytest.mark.parametrize(
    ("line", "equal"),
    [
        ("dropout=log:0.1..0.5", "keep_prob=one-minus-log:0.5..0.9"),
        ("dropout=0.1..0.5", "keep_prob=0.5..0.9"),
        ("dropout=linear:0.1..0.5 each layer", "keep_prob=linear:0.5..0.9 each layer"),
        ("dropout=choice:0.1,0.3", "keep_prob=choice:0.9,0.7"),
        ("input_dropout=one-minus-log:0.1..0.2", "input_keep_prob=log:0.8..0.9"),
    ],
)
def test_dropout_is_searched_as_keep_prob(line, equal):
    assert Space.parse([line], BASE) == Space.parse([equal], BASE)


def test_a_fixed_dropout_is_a_fixed_keep_prob():
    space = Space.parse(["dropout=0.2", "learning_rate=1e-4..1e-1"], BASE)
    assert dict(space.fixed) == {"keep_prob": 0.8}
    with pytest.raises(GoodfitError, match="the space has keep_prob twice"):
        Space.parse(["dropout=0.2", "keep_prob=0.5..0.9"], BASE)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("dropout=integer:0..1", "dropout is a share; use one of the scales linear, log, one-minus-log, choice"),
        ("dropout=log:a..b", "dropout=log:a..b is no number and no range; write it as in dropout=log:0.1..0.5"),
        ("lr=log:1e-4..1e-1", "unknown hyperparameter 'lr' in the space: did you mean 'learning_rate'?"),
    ],
)
def test_a_dropout_that_cannot_be_searched_is_refused_by_its_own_name(line, sentence):
    with pytest.raises(GoodfitError) as caught:
        Space.parse([line], BASE)
    assert sentence in str(caught.value)


def test_sgd_is_searched_as_gradient_descent():
    space = Space.parse(["optimizer=choice:sgd,adam"], BASE)
    assert space(optuna.trial.FixedTrial({"optimizer": "sgd"})).optimizer == "gradient_descent"
