"""The main job on a real file: what it prints, writes, repeats and refuses."""

import os
import signal

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import r2_score

import goodfit
from goodfit.diagnosis.findings import rate_low
from goodfit.errors import InputError
from goodfit.experiments.saved_predictor import load_predictor
from goodfit.loop import loop
from goodfit.record.result import SetSizes
from goodfit.run_folder.journal import read_journal
from goodfit.run_folder.saved_run import read_run


@pytest.fixture(scope="module")
def job(table, small_plan, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    return goodfit.improve(table, target="kind", rounds=1, plan=small_plan, seed=3, out=out)


def without_times(fit):
    gone = ("run", "report", "started", "seconds", "plan", "options", "command_line")
    kept = {name: value for name, value in fit.to_dict().items() if name not in gone}
    for turn in kept["rounds"]:
        for experiment in turn["experiments"]:
            del experiment["seconds"]
    kept["final"].pop("test_note")
    return kept


def test_the_object_has_what_it_promises(job):
    assert job.result.task == "binary"
    assert job.result.metric == "error_rate"
    assert job.result.sizes == SetSizes(train=300, dev=100, test=100)
    assert list(job.result.baseline) == ["majority class", "logistic regression", "given plan"]
    assert 0 < len(job.result.rounds) <= 1
    assert {experiment.outcome for experiment in job.result.rounds[0].experiments} <= {"finished", "stopped early"}
    assert job.result.final.dev_overfitting.value == pytest.approx(job.test_error.value - job.dev_error)
    final = job.result.final
    assert final.test_error.low <= final.test_error.value <= final.test_error.high
    assert final.verdict in (
        "high bias",
        "high variance",
        "high bias and high variance",
        "good fit",
        "too few examples to tell",
    )
    assert job.result.baseline["given plan"] < job.result.baseline["logistic regression"]  # a ring is not linear


def test_the_test_figure_is_that_of_the_saved_model_on_new_rows(job, table):
    saved = read_run(job.run)
    rows = saved.source.rows.test
    frame = pl.read_csv(table)[rows]
    predicted = goodfit.predict(job.run, frame.drop("kind"))
    assert (predicted["prediction"] != frame["kind"]).mean() == pytest.approx(job.test_error.value)
    probabilities = predicted.select("probability:in", "probability:out").to_numpy()
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(100))
    picked = np.where(probabilities.argmax(axis=1) == 0, "in", "out")
    assert (picked == predicted["prediction"].to_numpy()).all()


def test_dev_figures_come_from_networks_that_did_not_see_the_rows(job):
    kept = pl.read_parquet(f"{job.run}/predictions.parquet")
    wrong = kept.filter(pl.col("set") == "dev").select(pl.col("truth") != pl.col("prediction")).to_series()
    assert wrong.mean() == pytest.approx(job.dev_error)
    saved = read_run(job.run)
    assert kept.filter(pl.col("set") == "dev")["row"].to_list() == saved.source.rows.dev.tolist()
    assert job.result.ensemble.models == len(load_predictor(saved).members)


def test_rounds_repeat_to_the_bit(job, table, small_plan, tmp_path):
    again = goodfit.improve(table, target="kind", rounds=1, plan=small_plan, seed=3, out=tmp_path)
    assert without_times(again) == without_times(job)


def test_a_budget_is_kept_and_its_run_replayed(table, small_plan, tmp_path):
    first = goodfit.improve(table, target="kind", budget=9, plan=small_plan, out=tmp_path / "a")
    again = goodfit.improve(table, target="kind", budget=9, plan=small_plan, out=tmp_path / "b", replay=first.run)
    assert without_times(again) == without_times(first)
    assert f"--replay {first.run}" in again.result.command_line
    decided = [(line["id"], line["value"]) for line in read_journal(first.run) if line["event"] == "decision"]
    assert decided


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seed": 0}, "was made with --seed 3; give the same"),
        ({"rounds": None}, "was made with --rounds 1; give the same"),
        ({"folds": 4}, "was made without --folds; leave it out"),
        ({"human_error": 0.1}, "was made without --human-error; leave it out"),
        ({"min_gap": 0.01}, "was made with --min-gap 0.02; give the same"),
        ({"plan": None}, "was made with the plan .*; give the same with --plan"),
        ({"no_test": True}, "had other training, dev and test rows"),
        ({"target": "color"}, "was trained on other data"),
    ],
)
def test_a_replay_that_asks_otherwise_is_refused(job, table, small_plan, tmp_path, options, words):
    asked = {"target": "kind", "rounds": 1, "plan": small_plan, "seed": 3} | options
    with pytest.raises(InputError, match=words):
        goodfit.improve(table, replay=job.run, out=tmp_path / "runs", **asked)
    assert not (tmp_path / "runs").exists()


def test_a_replay_of_a_run_of_train_is_refused(table, small_plan, tmp_path):
    trained = goodfit.train(table, target="kind", plan=small_plan, changes={"epochs": 1}, out=tmp_path)
    with pytest.raises(InputError, match="was made by `goodfit train`; only runs of `goodfit improve` can be replayed"):
        goodfit.improve(table, target="kind", replay=trained.run, out=tmp_path)


def test_folds_that_cannot_be_made_write_nothing(table, tmp_path):
    with pytest.raises(InputError, match="folds of 400 examples cannot be made"):
        goodfit.improve(table, target="kind", rounds=0, folds=401, out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_the_test_set_is_opened_once(job, table, small_plan):
    out = read_run(job.run).folder.parent
    other = goodfit.improve(table, target="kind", rounds=0, plan=small_plan.with_(l2=0.5), seed=3, out=out)
    assert other.test_error is None
    assert "opened" in str(other.result.final.test_note)
    forced = goodfit.open_test(other.run, force=True)
    assert forced.test_error.value == pytest.approx(job.test_error.value, abs=0.1)


def test_interruption_leaves_a_usable_run(table, made_table, small_plan, tmp_path):
    def interrupt_in_round(text, done, seconds_left):
        if text == "experiments of round 1":
            os.kill(os.getpid(), signal.SIGINT)

    fit = goodfit.improve(table, target="kind", rounds=1, plan=small_plan, out=tmp_path, progress=interrupt_in_round)
    assert fit.outcome == "interrupted"
    assert fit.test_error is None
    assert len(goodfit.predict(fit.run, made_table(30, 1))) == 30
    assert not (tmp_path / "test_openings.jsonl").exists()
    with pytest.raises(InputError, match="was interrupted and cannot be replayed"):
        goodfit.improve(table, target="kind", rounds=1, plan=small_plan, out=tmp_path, replay=fit.run)


def test_a_sick_plan_is_repaired(made_table, small_plan, tmp_path, monkeypatch):
    """A learning rate a thousand times too small: the doctor names it, and its remedy is adopted, the finding gone."""
    monkeypatch.setattr(loop, "default_plan", lambda splits: small_plan.with_(epochs=2))
    monkeypatch.setattr(rate_low, "default_network", lambda observation: ())  # another cure, and a large network
    made_table(1500, 0).write_csv(tmp_path / "rings.csv")
    sick = small_plan.with_(learning_rate=2e-5)
    fit = goodfit.improve(tmp_path / "rings.csv", target="kind", rounds=1, plan=sick, out=tmp_path)
    (turn,) = fit.result.rounds
    assert turn.verdict.startswith("high bias")
    assert turn.findings[0].name == "learning rate too low"
    (adopted,) = [experiment for experiment in turn.experiments if experiment.adopted]
    assert adopted.against == turn.findings[0].id
    assert adopted.cured
    assert adopted.p_holm < 0.05
    assert adopted.cost_effect.high < 0
    assert fit.dev_error < 0.6 * fit.result.baseline["given plan"]


def test_folds_judge_every_row_of_training_and_dev_set(table, small_plan, tmp_path):
    fit = goodfit.improve(table, target="kind", rounds=0, folds=4, plan=small_plan, out=tmp_path)
    kept = pl.read_parquet(f"{fit.run}/predictions.parquet")
    assert kept.filter(pl.col("set") == "dev").height == 400


@pytest.fixture(scope="module")
def regression_plan(small_plan):
    """A plan for 400 rows of one column; tests share its compiled programs."""
    return small_plan.with_(hidden_units=(4,), epochs=15)


def test_groups_widen_every_interval_of_a_regression(regression_plan, tmp_path):
    """Five rows a group that share their miss: the test figure is as uncertain as a fifth of the rows would make it."""
    generator = np.random.default_rng(0)
    frame = pl.DataFrame({"x": generator.normal(size=80), "miss": generator.normal(size=80), "person": range(80)})
    frame = pl.concat([frame] * 5).with_columns(y=pl.col("x") + pl.col("miss")).drop("miss")
    options = {"target": "y", "group": "person", "task": "regression", "rounds": 0, "plan": regression_plan}
    final = goodfit.improve(frame, out=tmp_path, **options).result.final
    error, overfitting = final.test_error, final.dev_overfitting
    assert error
    assert overfitting
    half = (error.high - error.low) / 2
    # normal misses: squares of deviation sqrt(2), and 16 people in the test set
    assert half == pytest.approx(1.96 * np.sqrt(2 / 16) * error.value, rel=0.7)
    assert half > 1.5 * 1.96 * np.sqrt(2 / 80) * error.value
    assert final.test_metrics
    assert final.spread
    rmse = final.test_metrics["rmse"] / final.spread
    # an RMSE has half the relative deviation of a mean square; dev and test set have one each
    assert overfitting.high - overfitting.low > 1.5 * 2 * 1.96 * np.sqrt(2 / 160) * rmse


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"budget": 0}, "budget is 0; give a number of seconds above 0"),
        ({"rounds": -1}, "rounds is -1"),
        ({"folds": 1}, "folds is 1"),
        ({"min_gap": 0}, "min_gap is 0; give a share above 0"),
        ({"human_error": -0.1}, "human_error is -0.1; give a share between 0 and 1"),
        ({"plan": "nowhere.yaml"}, "cannot read the plan nowhere.yaml"),
    ],
)
def test_bad_options_write_nothing(table, tmp_path, options, words):
    with pytest.raises(InputError, match=words):
        goodfit.improve(table, target="kind", out=tmp_path / "runs", **options)
    assert not (tmp_path / "runs").exists()


def test_regression_is_measured_by_r2(regression_plan, tmp_path):
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(400, 1))
    target = 50 + 10 * np.sin(inputs[:, 0]) + generator.normal(size=400)
    fit = goodfit.improve((inputs, target), rounds=0, plan=regression_plan, out=tmp_path)
    saved = read_run(fit.run)
    rows = saved.source.rows
    predicted = goodfit.predict(fit.run, inputs[rows.test])["prediction"].to_numpy()
    expected = 1 - r2_score(target[rows.test], predicted)
    assert fit.result.metric == "1-r2"
    assert fit.test_error
    assert fit.test_error.value == pytest.approx(expected, rel=1e-6)
    assert fit.result.final.test_metrics
    assert fit.result.final.test_metrics["rmse"] == pytest.approx(
        np.sqrt(np.mean((predicted - target[rows.test]) ** 2))
    )


def test_few_groups_limit_the_folds_of_the_members(made_table, small_plan, tmp_path):
    """Six patients allow no folds by eight or four beside a test set; the job ends with seeds in their place."""
    frame = made_table(300, 0).with_columns(patient=pl.Series(np.arange(300) % 6))
    fit = goodfit.improve(frame, target="kind", group="patient", rounds=0, plan=small_plan, out=tmp_path)
    rows = read_run(fit.run).source.rows
    patients = [set(getattr(rows, name) % 6) for name in ("train", "dev", "test")]
    assert sum(map(len, patients)) == 6  # no patient in two sets
    assert fit.test_error is not None


def test_with_a_time_order_no_member_is_judged_on_its_past(made_table, small_plan, tmp_path):
    frame = made_table(500, 0).with_columns(day=pl.Series(np.arange(500)))
    fit = goodfit.improve(frame, target="kind", time="day", rounds=0, plan=small_plan, out=tmp_path)
    journal = read_journal(fit.run)
    assert not any(line["event"] == "folds" for line in journal)
    assert any(line["event"] == "ensemble" for line in journal)


def test_interruption_while_members_train_keeps_the_test_set_closed(table, small_plan, tmp_path):
    def interrupt(text, done, seconds_left):
        if text.startswith("ensemble members"):
            os.kill(os.getpid(), signal.SIGINT)

    fit = goodfit.improve(table, target="kind", rounds=0, plan=small_plan, out=tmp_path, progress=interrupt)
    assert fit.outcome == "interrupted"
    assert fit.test_error is None
