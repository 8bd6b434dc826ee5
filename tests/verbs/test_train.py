"""Training one plan, and what can be done with its run."""

import polars as pl
import pytest

import goodfit
from goodfit.errors import InputError, PlanError


@pytest.fixture(scope="module")
def run(table, small_plan, tmp_path_factory):
    return goodfit.train(table, target="kind", plan=small_plan, out=tmp_path_factory.mktemp("runs"))


def test_train_leaves_the_test_set_closed_until_asked(run, table):
    assert run["final"]["test_error"] is None
    tested = goodfit.test(run["run"])
    assert tested["test_low"] < tested["test_error"] < tested["test_high"]
    assert goodfit.test(run["run"])["test_error"] == tested["test_error"]  # the same model learns nothing new
    assert goodfit.runs(f"{run['run']}/..")[0]["test_error"] == tested["test_error"]


def test_diagnosis_of_a_run_repeats_its_verdict(run):
    told = goodfit.diagnose(run["run"])
    assert told["verdict"] == run["final"]["verdict"]
    assert told["dev_error"] == pytest.approx(run["final"]["dev_error"])
    assert goodfit.diagnose(run["run"], human_error=0.9)["avoidable_bias"]["value"] < -0.5


def test_folds_judge_on_all_of_training_and_dev_set(run):
    assert goodfit.diagnose(run["run"], folds=4)["sizes"]["dev"] == 400


def test_settings_can_be_changed_on_the_way(table, small_plan, tmp_path):
    result = goodfit.train(table, target="kind", plan=small_plan, changes={"epochs": 3}, out=tmp_path)
    history = pl.read_parquet(f"{result['run']}/history.parquet")
    assert history["epoch"].to_list() == [1, 2, 3]
    with pytest.raises(PlanError, match="did you mean 'epochs'"):
        goodfit.train(table, target="kind", changes={"epoch": 3}, out=tmp_path)


def test_predict_says_which_column_is_missing(run):
    with pytest.raises(InputError, match="colour"):
        goodfit.predict(run["run"], pl.DataFrame({"x": [0.0], "z": [1.0], "weight": [None]}))


def test_unseen_categories_and_missing_values_are_predicted(run):
    frame = pl.DataFrame({"x": [0.0, 3.0], "z": [0.0, 3.0], "weight": [None, None], "colour": ["violet", None]})
    assert goodfit.predict(run["run"], frame)["prediction"].to_list() == ["in", "out"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("model.safetensors", "damaged"),
        ("preparation.json", "damaged"),
        ("source.json", "damaged"),
        ("result.json", "damaged"),
        ("plan.yaml", "unknown plan key"),
    ],
)
def test_a_damaged_run_is_refused_in_a_sentence(table, small_plan, tmp_path, damage, words):
    result = goodfit.train(table, target="kind", plan=small_plan, changes={"epochs": 1}, out=tmp_path)
    with open(f"{result['run']}/{damage}", "wb") as file:
        file.write(b"no: such\n")
    with pytest.raises((InputError, PlanError), match=words):
        goodfit.predict(result["run"], table)


def test_no_run_is_refused(tmp_path):
    with pytest.raises(InputError, match="no run directory"):
        goodfit.predict(tmp_path, "iris")
