"""Training one plan, and what can be done with its fit."""

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
from goodfit.experiments.saved_predictor import load_predictor
from goodfit.record.calibration import Calibration
from goodfit.run_folder.saved_run import read_run


@pytest.fixture(scope="module")
def fit(table, small_plan, tmp_path_factory):
    return goodfit.train(table, target="kind", plan=small_plan, out=tmp_path_factory.mktemp("runs"))


def test_train_leaves_the_test_set_closed_until_asked(fit, table):
    assert fit.test_error is None
    assert goodfit.load(fit.run) == fit
    tested = goodfit.open_test(fit.run)
    error = tested.test_error
    assert error.low < error.value < error.high
    assert goodfit.open_test(fit.run).test_error == tested.test_error  # the same model learns nothing new
    listing = goodfit.runs(fit.run.parent)[0]
    assert listing.test_error == tested.test_error


def test_a_fit_has_attributes_and_shows_the_first_screen_of_its_report(fit):
    loaded = goodfit.load(fit.run)
    assert loaded.to_dict() == json.loads((fit.run / "result.json").read_text())
    assert repr(loaded).startswith(f"Fit({fit.verdict}; dev error ")
    screen = loaded._repr_html_()
    report = re.sub(r"\s+", " ", fit.report.read_text(encoding="utf-8"))
    headlines = re.findall(r"<strong>(.*?)</strong>", screen)
    assert headlines
    assert headlines[0] in report


def test_diagnosis_of_a_run_repeats_its_verdict(fit):
    diagnosis = goodfit.diagnose(fit.run)
    assert diagnosis.verdict == fit.verdict
    assert diagnosis.dev_error == pytest.approx(fit.dev_error)
    assert diagnosis.dev_metrics == fit.result.final.dev_metrics
    assert diagnosis.dev_metrics
    assert diagnosis.dev_metrics["error_rate"] == pytest.approx(diagnosis.dev_error)
    bias = goodfit.diagnose(fit.run, human_error=0.9).avoidable_bias
    assert bias
    assert bias.value < -0.5


def test_folds_judge_on_all_of_training_and_dev_set(fit):
    assert goodfit.diagnose(fit.run, folds=4).sizes["dev"] == 400


def test_settings_can_be_changed_on_the_way(table, small_plan, tmp_path):
    fit = goodfit.train(table, target="kind", plan=small_plan, changes={"epochs": 3}, out=tmp_path)
    history = pl.read_parquet(fit.run / "history.parquet")
    assert history["epoch"].to_list() == [1, 2, 3]
    assert fit.result.options["set"] == ["epochs=3"]
    assert "--set epochs=3" in fit.result.command_line
    with pytest.raises(PlanError, match="did you mean 'epochs'"):
        goodfit.train(table, target="kind", changes={"epoch": 3}, out=tmp_path)


def test_settings_are_written_as_the_command_line_takes_them(table, small_plan, tmp_path):
    changes = {"epochs": 1, "hidden_units": (8, 4), "learning_rate": 1e-05, "activation": "tanh"}
    words = goodfit.train(table, target="kind", plan=small_plan, changes=changes, out=tmp_path).result.options["set"]
    assert read_settings(words) == changes | {"hidden_units": [8, 4]}


def test_a_training_without_a_network_writes_nothing(table, small_plan, tmp_path):
    sick = {"learning_rate": 1e30}
    with pytest.raises(InputError, match=r"gave no network: the cost became .* epoch 1; lower the learning rate"):
        goodfit.train(table, target="kind", plan=small_plan, changes=sick, out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_the_same_model_of_l1_may_be_tested_twice(table, small_plan, tmp_path):
    """L1 leaves -0.0 in most places of the weights, and a packed file brings back 0.0."""
    plan = small_plan.with_(hidden_units=(64, 64), l1=120.0)
    fit = goodfit.train(table, target="kind", plan=plan, out=tmp_path)
    saved = read_run(fit.run)
    (member,) = load_predictor(saved).members
    negative = {name: np.where(leaf == 0, -0.0, leaf).astype(leaf.dtype) for name, leaf in member.weights.items()}
    assert any((leaf == 0).mean() > 0.5 for leaf in member.weights.values())
    first, second = (Predictor(saved.schema, (replace(member, weights=w),)) for w in (member.weights, negative))
    assert model_fingerprint(first) == model_fingerprint(second)
    surer = Predictor(saved.schema, (replace(member, calibration=Calibration(0.5)),))  # another one in an average
    assert model_fingerprint(first) != model_fingerprint(surer)
    figure = goodfit.open_test(fit.run).test_error
    assert goodfit.open_test(fit.run).test_error == figure


def test_a_run_without_a_test_set_says_so_once(table, small_plan, tmp_path):
    fit = goodfit.train(table, target="kind", plan=small_plan, changes={"epochs": 1}, no_test=True, out=tmp_path)
    with pytest.raises(InputError, match=r"has no test set; train again without --no-test to have one$"):
        goodfit.open_test(fit.run)


def test_rows_of_one_group_count_for_less_in_the_test_figure(made_table, small_plan, tmp_path):
    """Each row five times, in a group of its own: the interval is that of a fifth of the rows."""
    frame = made_table(100, 0).with_row_index("person")
    frame = pl.concat([frame] * 5)  # as many rows as the table: the program is compiled already
    fit = goodfit.train(frame, target="kind", group="person", plan=small_plan, out=tmp_path)
    tested = goodfit.open_test(fit.run, frame)
    people = len(read_run(fit.run).source.rows.test) / 5
    expected = wilson(tested.test_error.value, people)
    # beside the twenty people, the design effect counts an imagined one of each answer
    error = tested.test_error
    assert error.high - error.low == pytest.approx(expected.high - expected.low, rel=0.1)
    assert tested.dev_overfitting
    assert tested.dev_overfitting.low < 0 < tested.dev_overfitting.high


def test_predict_says_which_column_is_missing(fit):
    with pytest.raises(InputError, match="color"):
        goodfit.predict(fit.run, pl.DataFrame({"x": [0.0], "z": [1.0], "weight": [None]}))


def test_no_rows_have_no_predictions(fit):
    frame = pl.DataFrame(schema={"x": pl.Float64, "z": pl.Float64, "weight": pl.Float64, "color": pl.String})
    predictions = goodfit.predict(fit.run, frame)
    assert predictions.shape == (0, 3)
    assert predictions.columns[0] == "prediction"


def test_unseen_categories_and_missing_values_are_predicted(fit):
    frame = pl.DataFrame({"x": [0.0, 3.0], "z": [0.0, 3.0], "weight": [None, None], "color": ["violet", None]})
    with pytest.warns(DataWarning, match="No value of the column 'color' of the polars frame was seen in training"):
        assert goodfit.predict(fit.run, frame)["prediction"].to_list() == ["in", "out"]


@pytest.mark.parametrize("labels", [np.array([4, 7]), np.array([False, True]), np.array([1.0, 2.0])], ids=str)
def test_predictions_have_the_type_of_the_labels(labels, table, small_plan, tmp_path):
    frame = pl.read_csv(table)
    inputs, target = frame.drop("kind"), labels[(frame["kind"] == "in").to_numpy().astype(int)]
    fit = goodfit.train((inputs, target), plan=small_plan, changes={"epochs": 1}, out=tmp_path, no_test=True)
    predictions = goodfit.predict(fit.run, inputs)["prediction"].to_numpy()
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
    fit = goodfit.train(table, target="kind", plan=small_plan, changes={"epochs": 1}, out=tmp_path)
    (fit.run / damage).write_bytes(b"no: such\n")
    with pytest.raises((InputError, PlanError), match=words):
        goodfit.predict(fit.run, table)


def test_no_run_is_refused(tmp_path):
    with pytest.raises(InputError, match="not a run directory"):
        goodfit.predict(tmp_path, "iris")


def test_a_sick_training_is_named_first_and_a_healthy_one_is_left_alone(table, small_plan, tmp_path):
    sick = small_plan.with_(learning_rate=1e-6)
    fit = goodfit.train(table, target="kind", plan=sick, out=tmp_path)
    finding = goodfit.diagnose(fit.run).findings[0]
    assert finding.name == "learning rate too low"
    assert "1e-6" in finding.sentence
    assert finding.prescriptions[0].changes["learning_rate"] > 1e-5
    assert finding.plot
    assert len(finding.plot.x) == len(next(iter(finding.plot.lines.values())))
    healthy = goodfit.train(table, target="kind", plan=small_plan.with_(epochs=60), out=tmp_path)
    assert goodfit.diagnose(healthy.run).findings == ()


@pytest.mark.parametrize(
    ("classes", "changes"),
    [
        (("rare", "usual"), {"class_balance": 1.0}),
        (("rare", "usual"), {"label_smoothing": 0.2}),
        (("a", "b", "rare"), {"class_balance": 0.7, "label_smoothing": 0.1}),
    ],
    ids=["class weights", "label smoothing", "three classes and both"],
)
def test_mean_probabilities_are_the_frequencies_of_the_classes(small_plan, tmp_path, classes, changes):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 2))
    logits = np.column_stack([4.0 * (name != "rare") + x[:, place % 2] for place, name in enumerate(classes)])
    labels = np.array(classes)[(logits + rng.gumbel(size=logits.shape)).argmax(axis=1)]
    frame = pl.DataFrame({"x": x[:, 0], "z": x[:, 1], "kind": labels})
    fit = goodfit.train(frame[:2000], target="kind", plan=small_plan.with_(**changes), out=tmp_path)
    predicted = goodfit.predict(fit.run, frame[2000:])
    for name in classes:
        share = (labels[2000:] == name).mean()
        assert predicted[f"probability:{name}"].mean() == pytest.approx(share, rel=0.3)


def test_the_verdict_counts_what_the_error_hides(small_plan, tmp_path):
    rng = np.random.default_rng(1)
    frame = pl.DataFrame({"x": rng.normal(size=600), "kind": np.where(rng.random(600) < 0.08, "yes", "no")})
    fit = goodfit.train(frame, target="kind", plan=small_plan, human_error=0.06, out=tmp_path)
    assert fit.verdict == "no better than a guess"
    assert fit.reason.startswith("No better than predicting 'no' for everyone: ")
    assert fit.findings[0].id == "class-imbalance"
    assert not any("Use it" in sentence for sentence in fit.next_steps)
    assert goodfit.diagnose(fit.run).verdict == goodfit.runs(tmp_path)[0].verdict == fit.verdict
    assert goodfit.diagnose(fit.run).reason == fit.reason
    assert goodfit.diagnose(fit.run, min_gap=0.3).verdict == fit.verdict
    goodfit.open_test(fit.run, data=frame)
    assert goodfit.load(fit.run).verdict == fit.verdict


def test_a_regression_that_knows_no_more_than_the_mean_is_no_good_fit(small_plan, tmp_path):
    rng = np.random.default_rng(2)
    frame = pl.DataFrame({"x": rng.normal(size=600), "y": rng.normal(size=600)})
    fit = goodfit.train(frame, target="y", plan=small_plan.with_(l2=300.0), human_error=1.0, out=tmp_path)
    assert fit.verdict in ("no better than a guess", "high variance")
    assert fit.reason.startswith("No better than predicting the mean for everyone: ")


def test_a_column_that_gives_the_target_away_is_no_good_fit(small_plan, tmp_path):
    rng = np.random.default_rng(3)
    won = rng.random(600) < 0.5
    frame = pl.DataFrame({"x": rng.normal(size=600), "invoice": np.where(won, 5.0, -5.0) + rng.normal(size=600)})
    fit = goodfit.train(frame.with_columns(y=pl.Series(won)), target="y", plan=small_plan, out=tmp_path)
    assert fit.verdict == "not to be trusted"
    assert fit.reason.startswith("The column 'invoice' alone predicts the target to ")
    assert fit.next_steps[0].startswith("Leave out the column 'invoice'")
