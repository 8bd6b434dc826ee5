"""The results of a study: names, scales and ends as people read them, regions, importance, and trials."""

import optuna
import pytest
from optuna.trial import TrialState, create_trial

from goodfit.plan import Plan
from goodfit.search.sampler import GoodfitZoomSampler
from goodfit.search.space import Space
from goodfit.search.summary import origin_notes, search_result, trial_results

LINES = "learning_rate=log:1e-4..1e-1", "beta1=one-minus-log:0.9..0.999", "units=ladder:16..128"
SPACE = Space.parse([*LINES, "activation=choice:relu,tanh"], Plan())


def study_of(count, value):
    """A study whose errors are a function of the plan."""
    study = optuna.create_study(sampler=GoodfitZoomSampler(0, 8, group=1))
    for _ in range(count):
        trial = study.ask()
        study.tell(trial, value(SPACE(trial)))
    return study


def test_parameters_are_listed_as_people_read_them():
    parameters = search_result(study_of(8, lambda plan: plan.learning_rate)).to_dict()["parameters"]
    assert parameters["beta1"] == {
        "scale": "one-minus-log",
        "low": pytest.approx(0.9),
        "high": pytest.approx(0.999),
    }
    assert parameters["units"] == {"scale": "log", "low": 16, "high": 128}
    assert parameters["learning_rate"] == {"scale": "log", "low": 1e-4, "high": 1e-1}
    assert parameters["activation"] == {"scale": "choice", "choices": ["relu", "tanh"]}


def test_regions_hold_the_draws_of_their_waves_and_close_in():
    study = study_of(24, lambda plan: abs(plan.beta1 - 0.99))
    first, *_, last = search_result(study).regions
    assert (first["beta1"].low, first["beta1"].high) == (pytest.approx(0.9), pytest.approx(0.999))
    assert last["beta1"].low
    assert last["beta1"].high
    assert last["activation"].shares
    assert 0.9 < last["beta1"].low < 0.99 < last["beta1"].high
    assert sum(last["activation"].shares.values()) == pytest.approx(1)


def test_the_only_parameter_that_decides_has_all_the_importance_and_few_trials_have_none():
    assert search_result(study_of(24, lambda plan: plan.learning_rate)).importance["learning_rate"] > 0.8
    assert search_result(study_of(7, lambda plan: plan.learning_rate)).importance == {}
    assert search_result(study_of(9, lambda plan: 1.0)).importance == {}


def test_trials_have_their_names_ends_and_reasons():
    study = study_of(1, lambda plan: 0.5)
    about = {"goodfit": {"outcome": "stopped", "reason": "halving: weak", "epochs": 3, "dev_cost": None}}
    study.add_trial(create_trial(state=TrialState.PRUNED, user_attrs=about))
    first, second = trial_results(study, SPACE.values)
    assert (first.state, first.dev_error) == ("complete", 0.5)
    assert first.end_seconds is not None
    assert first.end_seconds >= 0
    assert set(first.parameters) == {"learning_rate", "beta1", "units", "activation"}
    assert (second.state, second.reason, second.epochs) == ("pruned", "halving: weak", 3)


@pytest.mark.parametrize(
    ("origins", "begin"),
    [
        (["a", "a"], None),
        ([None, None], None),  # of a version that did not mark them
        (["b", "b"], "none of the 2 trials came from this space, the others from another one; raise --trials"),
        (["b", "a", "c"], "only 1 of the 3 trials came from this space"),
    ],
)
def test_trials_of_another_space_are_counted(origins, begin):
    study = optuna.create_study()
    for origin in origins:
        attributes = {} if origin is None else {"goodfit space": origin}
        study.add_trial(create_trial(value=1.0, user_attrs=attributes))
    notes = list(origin_notes(study, "a"))
    assert len(notes) == (begin is not None)
    assert not begin or notes[0].startswith(begin)
