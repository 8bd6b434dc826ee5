"""`goodfit open-test`, `predict`, `runs` and `report`: what runs are for."""

from dataclasses import replace
from pathlib import Path

import polars as pl

from goodfit.api.result_types.diagnosis import TestResult
from goodfit.api.result_types.listing import RunListing
from goodfit.record.values import Estimate

FRAME = pl.DataFrame({"prediction": ["no", "yes"], "probability:no": [0.75, 0.25], "probability:yes": [0.25, 0.75]})


def test_open_test_prints_the_error_and_its_interval(goodfit, functions):
    asked = []
    answers = [
        TestResult(
            run="runs/a",
            metric="error_rate",
            test_error=Estimate(0.125, 0.1, 0.15),
            test_note=None,
            test_metrics={"log_loss": 0.0567},
            dev_overfitting=None,
        )
    ]
    functions.open_test = lambda **options: asked.append(options) or answers[-1]
    expected = "Expect on new data: error 12.5 % [10.0 %, 15.0 %] (95 % interval), measured on the test set"
    assert goodfit("open-test", "runs/a").stdout == f"{expected}.\nTest set: log-loss 0.0567\n"
    note = "the test set had been opened 1 times before"
    answers.append(replace(answers[0], test_note=note))
    assert goodfit("open-test", "runs/a", "--force", "--data", "d").stdout.splitlines()[0] == f"{expected}; {note}."
    assert goodfit("open-test", "runs/a", "--json").json == answers[-1].to_dict()
    gap = Estimate(0.05, 0.03, 0.07)
    answers.append(replace(answers[0], dev_overfitting=gap, reason="The dev set is overfitted."))
    assert goodfit("open-test", "runs/a").stdout.splitlines()[2:] == [
        "Dev overfitting: 5.0 points [3.0, 7.0]",
        "The dev set is overfitted.",
    ]
    assert asked[:2] == [{"run": "runs/a"}, {"run": "runs/a", "data": "d", "force": True}]


def test_predict_writes_a_file_or_stdout(goodfit, functions):
    asked = []
    functions.predict = lambda **options: asked.append(options) or FRAME
    assert goodfit("predict", "runs/a", "new.csv", "--out", "p.csv").stdout == "2 predictions are in p.csv\n"
    csv = "prediction,probability:no,probability:yes\nno,0.75,0.25\nyes,0.25,0.75\n"
    assert goodfit("predict", "runs/a", "new.csv").stdout == csv
    rows = {"run": "runs/a", "data": "new.csv"}
    assert asked == [rows | {"out": Path("p.csv")}, rows]


def test_predict_in_json_holds_the_predictions_unless_a_file_does(goodfit, functions):
    functions.predict = lambda *args, **options: FRAME
    with_file = goodfit("predict", "runs/a", "new.csv", "--out", "p.csv", "--json").json
    assert with_file == {"run": "runs/a", "rows": 2, "out": "p.csv"}
    without = goodfit("predict", "runs/a", "new.csv", "--json").json
    assert without["predictions"][1] == {"prediction": "yes", "probability:no": 0.25, "probability:yes": 0.75}


def test_runs_is_a_table(goodfit, functions):
    done = RunListing(run="runs/b", outcome="finished", verdict="good fit", metric="error_rate", dev_error=0.0111)
    found = [
        replace(done, test_error=Estimate(0.0139, 0.01, 0.02)),
        replace(done, run="runs/a", verdict="high bias", metric="1-r2", dev_error=0.5123),
        RunListing(run="runs/1", outcome="unfinished"),
        RunListing(run="runs/0", outcome="damaged"),
    ]
    asked = []
    functions.runs = lambda **options: asked.append(options) or found
    assert [line.split() for line in goodfit("runs").stdout.splitlines()] == [
        ["run", "verdict", "dev", "test"],
        ["runs/b", "good", "fit", "1.1", "%", "1.4", "%"],
        ["runs/a", "high", "bias", "51.2", "%", "–"],
        ["runs/1", "unfinished"],
        ["runs/0", "damaged"],
        ["goodfit", "resume", "runs/1", "goes", "on", "with", "it."],
    ]
    assert goodfit("runs", "--out", "elsewhere", "--json").json == [run.to_dict() for run in found]
    assert asked == [{}, {"out": "elsewhere"}]


def test_no_runs_yet_is_told(goodfit, functions):
    functions.runs = list
    assert goodfit("runs").stdout == "No runs in runs yet; `goodfit improve digits` makes one.\n"
    assert goodfit("runs", "--json").json == []


def test_report_says_where_it_is(goodfit, functions):
    functions.report = lambda run: Path(run) / "report.html"
    assert goodfit("report", "runs/a").stdout == "runs/a/report.html\n"
    assert goodfit("report", "runs/a", "--json").json == {"report": "runs/a/report.html"}
