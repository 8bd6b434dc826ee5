"""`goodfit diagnose`: the course notes' four examples as bare numbers, and runs."""

import pytest

import goodfit as package

SIZES = ("--train-size", "6000", "--dev-size", "2000")


@pytest.mark.parametrize(
    ("train", "dev", "verdict"),
    [
        ("0.01", "0.11", "high variance"),
        ("0.15", "0.14", "high bias"),
        ("0.15", "0.30", "high bias and high variance"),
        ("0.005", "0.01", "good fit"),
    ],
)
def test_the_seeds_four_examples_give_its_four_verdicts(goodfit, train, dev, verdict):
    numbers = ("--train-error", train, "--dev-error", dev, *SIZES)
    assert goodfit("diagnose", *numbers, "--json").json["verdict"] == verdict
    assert goodfit("diagnose", *numbers).stdout.splitlines()[0] == f"Verdict: {verdict}"


def test_a_human_error_of_15_percent_makes_15_and_16_a_good_fit(goodfit):
    numbers = ("--train-error", "0.15", "--dev-error", "0.16", "--train-size", "60000", "--dev-size", "20000")
    assert goodfit("diagnose", *numbers, "--json").json["verdict"] == "high bias"
    assert goodfit("diagnose", *numbers, "--human-error", "0.15", "--json").json["verdict"] == "good fit"


def test_people_read_errors_and_gaps_in_percent(goodfit):
    lines = goodfit("diagnose", "--train-error", "0.01", "--dev-error", "0.11", *SIZES).stdout.splitlines()
    assert lines[2:4] == ["Train error: 1.0 %", "Dev error: 11.0 %"]
    # Wilson for one rate, Newcombe for the difference: 0.01 of 6000 and 0.11 of 2000, worked out by hand
    assert lines[4] == "Avoidable bias: 1.00 points [0.78, 1.28]"
    assert lines[5] == "Variance: 10.0 points [8.7, 11.5]"


def test_the_verb_gets_a_run_and_its_options(goodfit, functions):
    asked = []
    diagnosis = package.diagnose_errors(0.01, 0.02)
    functions.diagnose = lambda **options: asked.append(options) or diagnosis
    assert goodfit("diagnose", "runs/a", "--json").json == diagnosis.to_dict()
    goodfit("diagnose", "runs/a", "--folds", "5", "--human-error", "0.1", "--min-gap", "0.05", "--data", "d", "--json")
    assert asked == [
        {"run": "runs/a"},
        {"run": "runs/a", "data": "d", "folds": 5, "human_error": 0.1, "min_gap": 0.05},
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "nothing to diagnose; give a run's folder, or both --train-error and --dev-error"),
        (
            ["--train-error", "0.1"],
            "nothing to diagnose; give a run's folder, or both --train-error and --dev-error",
        ),
        (
            ["runs/a", "--train-error", "0.1", "--dev-size", "9"],
            "a run and --train-error, --dev-size are both given; give the run alone or the numbers alone",
        ),
        (
            ["--train-error", "0.1", "--dev-error", "0.1", "--folds", "5"],
            "--folds needs a run's folder; bare numbers cannot be trained again",
        ),
        (
            ["--train-error", "1", "--dev-error", "11"],
            "--dev-error is 11; give a share between 0 and 1 (0.15 for 15 %)",
        ),
        (
            ["--train-error", "0", "--dev-error", "0", "--dev-size", "0"],
            "--dev-size is 0; give a whole number of at least 1",
        ),
    ],
)
def test_what_cannot_be_diagnosed_is_told(goodfit, words, sentence):
    assert goodfit("diagnose", *words) == (2, "", f"goodfit: {sentence}\n")
