"""Checks of the engine on data with a plan and on a run."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import goodfit
from goodfit.errors import InputError, PlanError
from goodfit.experiments.saved_predictor import load_predictor
from goodfit.run_folder.model import write_model
from goodfit.run_folder.saved_run import read_run

check: Any = goodfit.check  # without the tests for None that the parts of its result would need


@pytest.fixture(scope="module")
def run(table, small_plan, tmp_path_factory):
    plan = small_plan.with_(activation="tanh", keep_prob=0.8, l2=1.0)
    return goodfit.train(table, target="kind", plan=plan, out=tmp_path_factory.mktemp("runs")).run


@pytest.fixture(scope="module")
def checked(run):
    return check(run)


def test_gradients_are_checked_at_fresh_parameters_and_at_the_runs(checked, run):
    gradients = checked.gradients
    assert gradients.fresh.verdict == gradients.run.verdict == "great"
    assert gradients.fresh.cost > gradients.run.cost  # trained
    assert {block.name for block in gradients.run.blocks} == {
        f"layers.{layer}.{name}" for layer in (0, 1) for name in ("W", "b")
    }
    assert (gradients.examples, gradients.dropout) == (256, True)
    assert (checked.run, checked.descent, checked.curvature) == (str(run), None, None)
    json.dumps(checked.to_dict(), allow_nan=False)


def test_a_result_is_shown_on_one_line(checked, run):
    verdict = checked.gradients.run.verdict
    assert repr(checked) == f"CheckResult(gradients {verdict}; {run})"
    assert repr(checked.gradients.run) == f"GradientCheck({verdict}; {checked.gradients.run.reason})"


def test_growth_needs_two_hidden_layers(checked, table, small_plan):
    assert checked.growth.run.activations.trend is None
    assert len(checked.growth.run.activations.sizes) == 1
    plan = small_plan.with_(hidden_units=(16,) * 12, activation="sigmoid")
    deep = check(table, target="kind", plan=plan, sample=1)
    told = deep.growth.fresh.gradients
    # σ' is at most 1/4, and the weights keep the size: gradients fall by about 4 a layer
    assert told.trend == "vanishing"
    assert 0.15 < told.rate < 0.3
    assert told.factor == pytest.approx(told.rate**11)
    assert deep.growth.run is None


def test_a_plan_from_a_file_is_checked_and_large_networks_by_directions(table, tmp_path):
    (tmp_path / "plan.yaml").write_text("hidden_units: [150, 150]\nactivation: tanh\nkeep_prob: 1.0\n")
    told = check(table, target="kind", plan=tmp_path / "plan.yaml").gradients.fresh
    assert (told.verdict, told.directions) == ("great", 10)
    assert told.parameters > 20_000
    assert 0 < told.chance_of_missing < 1e-9
    assert check(table, target="kind", plan=tmp_path / "plan.yaml", sample=2).gradients.fresh.directions == 2


def test_the_epsilon_of_the_course_notes_may_be_given(table, small_plan, checked):
    plan = small_plan.with_(activation="tanh")
    scaled, given = (
        check(table, target="kind", plan=plan, epsilon=epsilon).gradients.fresh for epsilon in (None, 1e-7)
    )
    assert given.epsilon == 1e-7
    assert given.resolution > 5 * scaled.resolution


def test_a_descent_that_never_rises_lets_dropout_come_back(run):
    told = check(run, descent=True)
    descent = told.descent
    assert told.gradients is None
    assert (descent.first_rise, descent.cause, descent.rows) == (None, None, 300)
    assert descent.rate == descent.good_rate == 0.02
    assert len(descent.objective) == descent.iterations + 1
    assert all(b <= a + 1e-12 for a, b in zip(descent.objective, descent.objective[1:], strict=False))
    assert all(j > cost for j, cost in zip(descent.objective, descent.cost, strict=True))
    assert "dropout may come back on" in descent.next
    assert descent.page == str(Path(run) / "descent.html")
    assert Path(descent.page).read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_learning_rate_too_large_is_told_with_one_that_is_not(table, small_plan, tmp_path):
    plan = small_plan.with_(learning_rate=30.0, activation="tanh")
    descent = check(table, target="kind", plan=plan, descent=True, out=tmp_path / "page.html").descent
    assert descent.first_rise >= 1
    assert descent.objective[descent.first_rise] > descent.objective[descent.first_rise - 1]
    assert descent.cause == "learning rate"
    assert 30 / descent.good_rate in [2**halvings for halvings in range(1, 11)]
    assert descent.gradients.verdict == "great"
    steady = small_plan.with_(learning_rate=descent.good_rate, activation="tanh")
    again = check(table, target="kind", plan=steady, descent=True, out=tmp_path / "again.html").descent
    assert again.first_rise is None
    assert "the plan has no dropout" in again.next


def test_curvature_is_that_of_the_runs_parameters(run, table):
    told = check(run, curvature=True).curvature
    assert told.parameters == "run"
    assert told.verdict in ("saddle", "minimum", "flat")
    assert told.lowest < told.highest
    # logistic regression with a strong penalty is convex, with λ/m = 1 as the least curvature of its weights
    plan = goodfit.Plan(hidden_units=(), l2=300.0, preparation="standard")
    convex = check(table, target="kind", plan=plan, curvature=True).curvature
    assert (convex.verdict, convex.parameters) == ("minimum", "fresh")
    assert convex.highest > 1


def test_the_heaviest_network_of_an_ensemble_is_checked(run, table, small_plan, tmp_path):
    """Its members may be of other plans than the run's."""
    other = small_plan.with_(hidden_units=(8, 8), activation="softplus", preparation="quantile")
    second = goodfit.train(table, target="kind", plan=other, out=tmp_path).run
    both = tmp_path / "both"
    shutil.copytree(run, both)
    light, heavy = (load_predictor(read_run(each)).members[0] for each in (run, second))
    write_model(both, (replace(light, weight=0.4), replace(heavy, weight=0.6)))
    told = check(both, sample=3)
    assert told.plan.hidden_units == (8, 8)
    assert (told.plan.activation, told.plan.preparation) == ("softplus", "quantile")
    assert told.gradients.run.verdict == "great"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"plan": goodfit.Plan()}, "a run has its own plan"),
        ({"target": "kind"}, "a run has its own target"),
    ],
)
def test_a_run_takes_no_options_of_data(run, options, sentence):
    with pytest.raises(InputError, match=sentence):
        check(run, **options)


def test_what_cannot_be_checked_is_one_sentence(table, tmp_path, small_plan):
    with pytest.raises(InputError, match="is a folder with no subfolders of images"):
        check(tmp_path)
    with pytest.raises(InputError, match="data beside data"):
        check(table, table)
    with pytest.raises(InputError, match="cannot read the plan"):
        check(table, target="kind", plan="nowhere.yaml")
    (tmp_path / "plan.yaml").write_text("hiden_units: [3]")
    with pytest.raises(PlanError, match="did you mean 'hidden_units'"):
        check(table, target="kind", plan=tmp_path / "plan.yaml")
    with pytest.raises(InputError, match="epsilon is -1"):
        check(table, target="kind", plan=small_plan, epsilon=-1.0)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write to"):
        check(table, target="kind", plan=small_plan, descent=True, out=tmp_path / "file" / "page.html")
