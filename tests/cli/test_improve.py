"""`goodfit improve`: what it hands to the verb, and what it tells people."""

from pathlib import Path

import pytest

from goodfit.api.result_types.fit import Fit
from goodfit.cli import progress
from goodfit.record.result import RunResult


def answering(functions, result):
    """Let `functions.improve` return the fit of `result`; returns the requests that it got."""
    asked = []

    def improve(data, *, progress, **settings):
        asked.append((data, settings))
        progress("training the default network", 0.25, 90.0)
        return Fit(RunResult.from_dict(result))

    functions.improve = improve
    return asked


def test_the_function_chooses_its_defaults(goodfit, functions, result):
    asked = answering(functions, result)
    assert goodfit("improve", "digits").code == 0
    assert asked == [("digits", {})]


def test_the_verb_gets_every_option(goodfit, functions, result):
    asked = answering(functions, result)
    words = (
        "improve my.csv --target y --task binary --group g --time t --dev d.csv --test e.csv --no-test --seed 3 "
        "--as images --budget 60 --rounds 2 --folds 5 --human-error 0.15 --min-gap 0.01 --plan plan.yaml "
        "--replay runs/a --out o --force-test"
    )
    assert goodfit(*words.split()).code == 0
    assert asked == [
        (
            "my.csv",
            {
                "target": "y",
                "task": "binary",
                "group": "g",
                "time": "t",
                "dev": "d.csv",
                "test": "e.csv",
                "no_test": True,
                "seed": 3,
                "as_": "images",
                "budget": 60.0,
                "rounds": 2,
                "folds": 5,
                "human_error": 0.15,
                "min_gap": 0.01,
                "plan": Path("plan.yaml"),
                "replay": "runs/a",
                "out": "o",
                "force_test": True,
            },
        )
    ]


def test_people_get_the_answers_and_progress_on_stderr(goodfit, functions, result, monkeypatch):
    answering(functions, result)
    monkeypatch.setattr(progress, "_FIRST_PAUSE", 0.0)
    outcome = goodfit("improve", "digits")
    assert outcome.stdout.splitlines() == [
        "Good fit? Yes.",
        "  Both gaps are below 2 %.",
        "Expect on new data: error 1.4 % [0.6 %, 3.2 %] (95 % interval), measured on the test set.",
        "Test set: log-loss 0.0567",
        "Dev error: majority class 90.0 %, softmax regression 3.9 %, default network 2.5 %, now 1.1 %.",
        "Helped: a larger net: lower dev cost (p = 0.012), dev error −0.8 points [−1.5, −0.1].",
        "Kept an ensemble of 16 networks: its dev cost is lower.",
        "Report: runs/20260101-120000-digits-3f2a/report.html",
    ]
    assert outcome.stderr == "training the default network (25 % done, 1 min 30 s left)\n"


def test_what_is_wrong_with_the_data_is_told_first(goodfit, functions, result):
    answering(
        functions,
        result
        | {
            "notes": [
                {"text": "60 images.", "severity": "info"},
                {"text": "1 of 61 files is broken and left out: a.png.", "severity": "warning"},
            ]
        },
    )
    lines = goodfit("improve", "pictures").stdout.splitlines()
    assert lines[:2] == ["Warning: 1 of 61 files is broken and left out: a.png.", "Good fit? Yes."]


def test_json_is_the_result_and_nothing_else(goodfit, functions, result):
    answering(functions, result)
    result["final"]["test_error"]["high"] = float("nan")
    outcome = goodfit("improve", "digits", "--json")
    result["final"]["test_error"]["high"] = None
    assert outcome.json == result
    assert outcome.stderr == ""


def test_regression_is_told_in_1_minus_r2(goodfit, functions, result):
    result |= {
        "metric": "1-r2",
        "baseline": {"mean": 1.0021, "linear regression": 0.5213},
        "ensemble": None,
        "rounds": [],
    }
    result["final"] |= {"dev_error": 0.4987, "test_error": {"value": 0.5102, "low": 0.4111, "high": 0.6021}}
    answering(functions, result)
    lines = goodfit("improve", "diabetes").stdout.splitlines()
    assert lines[2].startswith("Expect on new data: 1−R² 51.0 % [41.1 %, 60.2 %] (95 % interval), measured on")
    assert lines[4] == "Dev 1−R²: mean 100.2 %, linear regression 52.1 %, now 49.9 %."
    assert lines[5] == "Experiments: none."


def test_it_is_told_when_nothing_helped(goodfit, functions, result):
    result["ensemble"]["adopted"] = False
    result["rounds"][0]["experiments"][0]["adopted"] = False
    answering(functions, result)
    lines = goodfit("improve", "digits").stdout.splitlines()
    assert lines[5] == "None of the 2 experiments measurably helped."


@pytest.mark.parametrize(
    ("high", "cost_high", "opening", "ending"),
    [
        (-0.001, -0.001, "Helped: ", "[−1.5, −0.1]."),
        (0.001, -0.001, "Helped: ", "[−1.5, +0.1], not significant."),
        (0.001, 0.001, "Adopted: ", "[−1.5, +0.1], not significant."),
    ],
)
def test_an_experiment_helped_only_where_an_interval_excludes_zero(
    goodfit, functions, result, high, cost_high, opening, ending
):
    experiment = result["rounds"][0]["experiments"][0]
    experiment["error_effect"]["high"] = high
    experiment["cost_effect"]["high"] = cost_high
    answering(functions, result)
    line = goodfit("improve", "digits").stdout.splitlines()[5]
    assert line.startswith(f"{opening}a larger net: lower dev cost (p = 0.012), ")
    assert line.endswith(ending)


def test_other_metrics_are_told_on_one_line(goodfit, functions, result):
    figures = {"error_rate": 0.1, "log_loss": 0.23456, "auc": 0.98765, "balanced_accuracy": 0.912, "ece": 0.1}
    result["final"] |= {"dev_metrics": figures | {"auc": 0.5}, "test_metrics": figures}
    answering(functions, result)
    lines = goodfit("improve", "digits").stdout.splitlines()
    assert lines[3] == "Test set: log-loss 0.235, AUC 0.9877, balanced accuracy 91.2 %"
    result["final"] |= {"dev_metrics": {"1-r2": 0.5, "rmse": 54.321, "mae": 43.21}, "test_metrics": None}
    assert goodfit("improve", "digits").stdout.splitlines()[3] == "Dev set: RMSE 54.3, MAE 43.2"


def test_without_a_test_figure_it_says_why(goodfit, functions, result):
    result["final"] |= {
        "test_error": None,
        "test_metrics": None,
        "test_note": "the test set was opened before",
        "verdict": "high variance",
    }
    result["final"]["next_steps"] = ["Collect more data."]
    result["outcome"] = "interrupted"
    answering(functions, result)
    lines = goodfit("improve", "digits").stdout.splitlines()
    assert lines[:3] == [
        "Stopped early by Ctrl-C; this is the best so far.",
        "goodfit resume runs/20260101-120000-digits-3f2a goes on with it.",
        "Good fit? Not yet: high variance (what was learned does not carry over to new data).",
    ]
    assert lines[4] == "No test figure: the test set was opened before."
    assert lines[-2] == "Next: Collect more data."
