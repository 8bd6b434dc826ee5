"""Training one plan, and what can be done with its run."""

import json
import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import accuracy_score

import goodfit
from goodfit.api.requests.settings import read_settings
from goodfit.api.test_set import model_fingerprint
from goodfit.diagnosis.intervals import wilson
from goodfit.engine.predictor import Predictor
from goodfit.errors import DataWarning, InputError, PlanError
from goodfit.run_folder.saved_run import read_run


@pytest.fixture(scope="module")
def run(table, small_plan, tmp_path_factory):
    return goodfit.train(table, target="kind", plan=small_plan, out=tmp_path_factory.mktemp("runs"))


def test_train_leaves_the_test_set_closed_until_asked(run, table):
    assert run["final"]["test_error"] is None
    tested = goodfit.open_test(run["run"])
    error = tested["test_error"]
    assert error["low"] < error["value"] < error["high"]
    assert goodfit.open_test(run["run"])["test_error"] == tested["test_error"]  # the same model learns nothing new
    listing = goodfit.runs(f"{run['run']}/..")[0]
    assert listing.test_error is not None
    assert listing.test_error.to_dict() == tested["test_error"]


def test_a_fit_has_attributes_and_shows_the_first_screen_of_its_report(run):
    loaded = goodfit.load(run.run)
    assert loaded.to_dict() == json.loads((run.run / "result.json").read_text())
    assert (loaded.verdict, loaded.dev_error, loaded.plan) == (run.verdict, run.dev_error, run.plan)
    assert repr(loaded).startswith(f"Fit({run.verdict}; dev error ")
    assert [finding.id for finding in loaded.findings] == [finding["id"] for finding in run["final"]["findings"]]
    screen = loaded._repr_html_()
    report = re.sub(r"\s+", " ", run.report.read_text(encoding="utf-8"))
    headlines = re.findall(r"<strong>(.*?)</strong>", screen)
    assert headlines
    assert headlines[0] in report


def test_diagnosis_of_a_run_repeats_its_verdict(run):
    told = goodfit.diagnose(run["run"])
    assert told["verdict"] == run["final"]["verdict"]
    assert told["dev_error"] == pytest.approx(run["final"]["dev_error"])
    assert told["dev_metrics"] == run["final"]["dev_metrics"]
    assert told["dev_metrics"]["error_rate"] == pytest.approx(told["dev_error"])
    assert goodfit.diagnose(run["run"], human_error=0.9)["avoidable_bias"]["value"] < -0.5


def test_folds_judge_on_all_of_training_and_dev_set(run):
    assert goodfit.diagnose(run["run"], folds=4)["sizes"]["dev"] == 400


def test_settings_can_be_changed_on_the_way(table, small_plan, tmp_path):
    result = goodfit.train(table, target="kind", plan=small_plan, changes={"epochs": 3}, out=tmp_path)
    history = pl.read_parquet(f"{result['run']}/history.parquet")
    assert history["epoch"].to_list() == [1, 2, 3]
    assert result["options"]["set"] == ["epochs=3"]
    assert "--set epochs=3" in result["command_line"]
    with pytest.raises(PlanError, match="did you mean 'epochs'"):
        goodfit.train(table, target="kind", changes={"epoch": 3}, out=tmp_path)


def test_settings_are_written_as_the_command_line_takes_them(table, small_plan, tmp_path):
    changes = {"epochs": 1, "hidden_units": (8, 4), "learning_rate": 1e-05, "activation": "tanh"}
    words = goodfit.train(table, target="kind", plan=small_plan, changes=changes, out=tmp_path)["options"]["set"]
    assert read_settings(words) == changes | {"hidden_units": [8, 4]}


def test_a_training_without_a_network_writes_nothing(table, small_plan, tmp_path):
    sick = {"learning_rate": 1e30}
    with pytest.raises(InputError, match=r"gave no network: the cost became .* epoch 1; lower the learning rate"):
        goodfit.train(table, target="kind", plan=small_plan, changes=sick, out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_the_same_model_of_l1_may_be_tested_twice(table, small_plan, tmp_path):
    """L1 leaves -0.0 in most places of the weights, and a packed file brings back 0.0."""
    plan = small_plan.with_(hidden_units=(64, 64), l1=120.0)
    result = goodfit.train(table, target="kind", plan=plan, out=tmp_path)
    saved = read_run(result["run"])
    (member,) = Predictor.load(saved.folder, saved.schema).members
    negative = {name: np.where(leaf == 0, -0.0, leaf).astype(leaf.dtype) for name, leaf in member.weights.items()}
    assert any((leaf == 0).mean() > 0.5 for leaf in member.weights.values())
    first, second = (Predictor(saved.schema, (replace(member, weights=w),)) for w in (member.weights, negative))
    assert model_fingerprint(first) == model_fingerprint(second)
    surer = Predictor(saved.schema, (replace(member, temperature=0.5),))  # whose share in an average is another
    assert model_fingerprint(first) != model_fingerprint(surer)
    figure = goodfit.open_test(result["run"])["test_error"]
    assert goodfit.open_test(result["run"])["test_error"] == figure


def test_a_run_without_a_test_set_says_so_once(table, small_plan, tmp_path):
    result = goodfit.train(table, target="kind", plan=small_plan, changes={"epochs": 1}, no_test=True, out=tmp_path)
    with pytest.raises(InputError, match=r"has no test set; train again without --no-test to have one$"):
        goodfit.open_test(result["run"])


def test_rows_of_one_group_count_for_less_in_the_test_figure(made_table, small_plan, tmp_path):
    """Each row five times, in a group of its own: the interval is that of a fifth of the rows."""
    frame = made_table(100, 0).with_row_index("person")
    frame = pl.concat([frame] * 5)  # as many rows as the table: the program is compiled already
    result = goodfit.train(frame, target="kind", group="person", plan=small_plan, out=tmp_path)
    tested = goodfit.open_test(result["run"], frame)
    people = len(read_run(result["run"]).source.rows.test) / 5
    expected = wilson(tested["test_error"]["value"], people)
    # beside the twenty people, the design effect counts an imagined one of each answer
    error = tested["test_error"]
    assert error["high"] - error["low"] == pytest.approx(expected.high - expected.low, rel=0.1)
    assert tested["dev_overfitting"]["low"] < 0 < tested["dev_overfitting"]["high"]


def test_predict_says_which_column_is_missing(run):
    with pytest.raises(InputError, match="color"):
        goodfit.predict(run["run"], pl.DataFrame({"x": [0.0], "z": [1.0], "weight": [None]}))


def test_unseen_categories_and_missing_values_are_predicted(run):
    frame = pl.DataFrame({"x": [0.0, 3.0], "z": [0.0, 3.0], "weight": [None, None], "color": ["violet", None]})
    with pytest.warns(DataWarning, match="No value of the column 'color' of the polars frame was seen in training"):
        assert goodfit.predict(run["run"], frame)["prediction"].to_list() == ["in", "out"]


@pytest.mark.parametrize("labels", [np.array([4, 7]), np.array([False, True]), np.array([1.0, 2.0])], ids=str)
def test_predictions_have_the_type_of_the_labels(labels, table, small_plan, tmp_path):
    frame = pl.read_csv(table)
    inputs, target = frame.drop("kind"), labels[(frame["kind"] == "in").to_numpy().astype(int)]
    result = goodfit.train((inputs, target), plan=small_plan, changes={"epochs": 1}, out=tmp_path, no_test=True)
    predictions = goodfit.predict(result["run"], inputs)["prediction"].to_numpy()
    assert predictions.dtype == target.dtype
    assert set(predictions) <= set(labels)
    assert 0 <= accuracy_score(target, predictions) <= 1


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
    with pytest.raises(InputError, match="not a run directory"):
        goodfit.predict(tmp_path, "iris")


def test_a_sick_training_is_named_first_and_a_healthy_one_is_left_alone(table, small_plan, tmp_path):
    sick = small_plan.with_(learning_rate=1e-6)
    result = goodfit.train(table, target="kind", plan=sick, out=tmp_path)
    finding = goodfit.diagnose(result["run"])["findings"][0]
    assert finding["name"] == "learning rate too low"
    assert "1e-6" in finding["sentence"]
    assert finding["prescriptions"][0]["changes"]["learning_rate"] > 1e-5
    assert len(finding["plot"]["x"]) == len(next(iter(finding["plot"]["lines"].values())))
    healthy = goodfit.train(table, target="kind", plan=small_plan.with_(epochs=60), out=tmp_path)
    assert goodfit.diagnose(healthy["run"])["findings"] == []
