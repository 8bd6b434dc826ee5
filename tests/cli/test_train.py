"""`goodfit train`: how a plan is changed, and what people are told."""

from dataclasses import replace
from pathlib import Path

import pytest

from goodfit.api.result_types.fit import Fit
from goodfit.plan import Plan
from goodfit.record.nudge import NudgeEffect
from goodfit.record.result import RunResult


@pytest.fixture
def asked(functions, result):
    """The settings that `functions.train` was asked for."""
    given = {}
    result["final"] |= {"test_error": None, "next_steps": ["Try L2 regularization."]}

    def train(data, *, progress, **settings):
        given.update(settings, data=data)
        return Fit(RunResult.from_dict(result))

    functions.train = train
    return given


def test_without_plan_or_changes_the_verb_chooses(goodfit, asked):
    assert goodfit("train", "digits").code == 0
    assert asked.pop("data") == "digits"
    assert asked == {}


def test_changes_are_read_as_yaml(goodfit, asked):
    goodfit("train", "digits", "--set", "hidden_units=[64, 64]", "--set", "l2=0.1", "--set", "activation=relu")
    assert asked["changes"] == {"hidden_units": [64, 64], "l2": 0.1, "activation": "relu"}


def test_changes_may_name_dropout_and_sgd(goodfit, asked):
    assert goodfit("train", "digits", "--set", "dropout=0.2", "--set", "optimizer=sgd").code == 0
    assert Plan().with_(**asked["changes"]) == Plan(keep_prob=0.8, optimizer="gradient_descent")


def test_a_depth_needs_no_layer_beside_it(goodfit, asked):
    assert goodfit("train", "pictures", "--set", "architecture=residual", "--set", "depth=20").code == 0
    assert asked["changes"] == {"architecture": "residual", "depth": 20}


def test_the_plan_file_is_left_to_the_verb(goodfit, asked):
    goodfit("train", "digits", "--plan", "plan.yaml", "--set", "learning_rate=0.1")
    assert asked["plan"] == Path("plan.yaml")
    assert asked["changes"] == {"learning_rate": 0.1}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--set", "l2"], "--set 'l2' is not key=value, as in --set learning_rate=0.01"),
        (["--set", "learning_rat=1"], "unknown plan key 'learning_rat': did you mean 'learning_rate'?"),
        (["--set", "epochs=0"], "epochs is 0; it must be a whole number of at least 1"),
        (
            ["--set", "hidden_units=[1"],
            "--set 'hidden_units=[1' has a value that is not valid YAML; write it as in --set 'hidden_units=[64, 64]'",
        ),
    ],
)
def test_a_wrong_change_is_refused_before_data_is_read(goodfit, asked, words, sentence):
    assert goodfit("train", "digits", *words) == (2, "", f"goodfit: {sentence}\n")
    assert asked == {}


def test_people_get_verdict_errors_and_gaps(goodfit, asked):
    assert goodfit("train", "digits").stdout.splitlines() == [
        "Verdict: good fit",
        "  Both gaps are below 2 %.",
        "Train error: 0 %",
        "Dev error: 1.1 %",
        "Avoidable bias: 0 points [0, 0.36]",
        "Variance: 1.1 points [0.3, 2.8]",
        "Dev set: log-loss 0.0456",
        "Next: Try L2 regularization.",
        "Run: runs/20260101-120000-digits-3f2a",
        "Report: runs/20260101-120000-digits-3f2a/report.html",
    ]


def test_what_is_wrong_with_the_data_is_told_first(goodfit, asked, result):
    result |= {
        "notes": [
            {"text": "60 images of 6 × 6, gray.", "severity": "info"},
            {"text": "1 of 61 files is broken and left out: 1 no image (a.png).", "severity": "warning"},
        ]
    }
    lines = goodfit("train", "pictures").stdout.splitlines()
    assert lines[:2] == ["Warning: 1 of 61 files is broken and left out: 1 no image (a.png).", "Verdict: good fit"]


def test_a_training_that_did_not_finish_is_told_first(goodfit, asked, result):
    result |= {"outcome": "diverged", "outcome_reason": "the cost became infinite or undefined in epoch 7"}
    lines = goodfit("train", "digits").stdout.splitlines()
    assert lines[:2] == ["Training diverged: the cost became infinite or undefined in epoch 7.", "Verdict: good fit"]
    result |= {"outcome": "interrupted", "outcome_reason": "interrupted after epoch 7"}
    assert goodfit("train", "digits").stdout.splitlines()[:2] == [
        "Training interrupted: interrupted after epoch 7.",
        "goodfit resume runs/20260101-120000-digits-3f2a goes on with it.",
    ]


def test_what_a_nudge_was_worth_is_told(goodfit, asked, result):
    effect = NudgeEffect(
        epoch=12,
        changes=(("learning_rate", 0.1, 0.2),),
        compared_epoch=13,
        pairs=2,
        error=None,
        cost=None,
        sentence="dev error −0.5 points: it helped",
        is_closed=False,
    )
    result["nudge_effects"] = [effect.to_dict(), replace(effect, epoch=14, sentence="").to_dict()]
    lines = goodfit("train", "digits", "--untouched-copies", "2").stdout.splitlines()
    assert asked["untouched_copies"] == 2
    assert [line for line in lines if "of the nudge" in line] == [
        "Effect of the nudge after epoch 12: dev error −0.5 points: it helped."
    ]


@pytest.mark.parametrize("untouched_copies", ["-1", "9", "two"])
def test_a_wrong_number_of_copies_is_refused(goodfit, asked, untouched_copies):
    outcome = goodfit("train", "digits", "--untouched-copies", untouched_copies)
    assert (outcome.code, asked) == (2, {})
    assert "--untouched-copies" in outcome.stderr
