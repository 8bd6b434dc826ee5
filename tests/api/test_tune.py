"""Searching hyperparameters, from the question to a plan and a model."""

import json

import numpy as np
import pytest
from scipy.stats import binomtest

import goodfit
from goodfit.errors import InputError
from goodfit.plan import Plan

SPACE = ["learning_rate=log:1e-4..1e-1", "l2=log:1e-3..10"]


@pytest.fixture(scope="module")
def asked(small_plan, tmp_path_factory):
    small = {"target": "kind", "plan": small_plan, "trials": 10, "space": SPACE, "seed": 2}
    return small | {"out": tmp_path_factory.mktemp("runs")}


@pytest.fixture(scope="module")
def found(table, asked):
    return goodfit.tune(table, **asked)


def test_the_winner_is_the_best_finalist_by_cost_over_new_seeds(found):
    assert len(found.trials) == 10
    costs = [each.dev_cost for each in found.finalists]
    winner = found.finalists[int(np.argmin(costs))]
    assert winner.against_the_winner is None
    assert found.plan == winner.plan
    assert found.result.ensemble.single_dev_error == pytest.approx(winner.dev_error)
    assert found.result.final.models == sum(each.networks for each in found.result.ensemble.parts)
    for other in found.finalists:
        if other is not winner:
            against = other.against_the_winner
            assert against.value == pytest.approx(other.dev_error - winner.dev_error)
            assert against.low <= against.value <= against.high


def test_finalists_are_the_best_trials_and_their_seeds_are_new(found):
    complete = [trial for trial in found.trials if trial.state == "complete"]
    best = sorted(complete, key=lambda trial: (trial.dev_error, trial.dev_cost))[:4]
    assert [trial.parameters["l2"] for trial in best] == [each.plan.l2 for each in found.finalists]
    assert {each.seeds for each in found.finalists} == {3}


def test_asked_again_it_shows_what_was_found_and_with_more_trials_it_goes_on(table, asked, found):
    again = goodfit.tune(table, **asked)
    assert (again.trials, again.finalists) == (found.trials, found.finalists)
    named = asked | {"study": found.result.study.name}
    told = []
    more = goodfit.tune(table, **(named | {"trials": 34, "progress": lambda text, *_: told.append(text)}))
    assert len(more.trials) == 34
    assert more.trials[:8] == found.trials[:8]
    assert more.result.search
    assert found.result.search
    assert more.result.search.wave_size == found.result.search.wave_size  # alone, it would have waves of 9
    best = min(trial.dev_error or 0.0 for trial in more.trials if trial.state == "complete")
    interval = binomtest(round(100 * best), 100).proportion_ci(method="wilson")
    error = f"{100 * best:.1f} % [{100 * interval.low:.1f} %, {100 * interval.high:.1f} %]"
    assert f"trial 34 of 34, best dev error {error}" in told


def test_what_a_stack_may_take_changes_no_training(table, asked, found, tmp_path):
    small = goodfit.tune(table, **(asked | {"out": tmp_path, "memory": 1e-4}))
    pairs = [
        (one.dev_error, other.dev_error)
        for one, other in zip(small.trials[:8], found.trials, strict=False)  # the first wave
        if one.epochs == other.epochs  # what is halved beside others may end at another rung
    ]
    assert len(pairs) > 4
    assert all(one == other for one, other in pairs)


def test_its_plan_trains_and_its_run_predicts(table, asked, found):
    plan = found.run / "plan.yaml"
    assert Plan.from_yaml(plan.read_text(encoding="utf-8")) == found.plan
    assert goodfit.train(table, target="kind", plan=plan, out=asked["out"]).dev_error < 0.5
    assert len(goodfit.predict(found.run, table)) == 500
    assert json.loads((found.run / "result.json").read_text(encoding="utf-8")) == found.to_dict()
    assert goodfit.load(found.run) == found


def test_a_function_of_an_optuna_trial_is_a_space(table, asked, small_plan):
    def space(trial):
        return small_plan.with_(learning_rate=trial.suggest_float("rate", 1e-3, 1e-1, log=True))

    fit = goodfit.tune(table, **(asked | {"space": space, "trials": 3}))
    assert [set(trial.parameters) for trial in fit.trials] == [{"rate"}] * 3


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"trials": 0}, "trials is 0; give a whole number of at least 1"),
        ({"memory": 0}, "memory is 0; give a number above 0"),
        ({"space": ["learning_rat=1..2"]}, "unknown hyperparameter 'learning_rat' in the space: did you mean"),
        ({"space": "nowhere.yaml"}, r"cannot read the space nowhere.yaml \(.*\); give a YAML file"),
        ({"storage": "sqlite:////nowhere/at/all.db"}, "the storage sqlite:////nowhere/at/all.db cannot be reached"),
    ],
)
def test_bad_input(table, asked, changes, sentence):
    with pytest.raises(InputError, match=sentence):
        goodfit.tune(table, **(asked | changes))


def test_a_study_of_other_data_is_refused(asked, found):
    with pytest.raises(InputError, match="was made for other data or another split; give another name with --study"):
        goodfit.tune("iris", out=asked["out"], study=found.result.study.name, trials=2)
