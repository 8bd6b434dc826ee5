"""Results as JSON values and back."""

import json
import math
from dataclasses import replace

import pytest

from goodfit.plan import Plan
from goodfit.record.figures import FinalFigures
from goodfit.record.findings import FindingResult, PlotData, RemedyResult
from goodfit.record.nudge import Nudge
from goodfit.record.result import DataSummary, RunResult, SetSizes
from goodfit.record.rounds import ExperimentResult, RoundResult
from goodfit.record.search_result import FinalistResult, SearchParameter
from goodfit.record.values import EffectEstimate, Estimate

GAP = Estimate(0.02, 0.01, 0.03)
FINDING = FindingResult(
    id="dead-units",
    name="dead units",
    severity=2,
    layer="layer 1",
    epoch=None,
    confidence=0.9,
    sentence="Half of the units are dead.",
    evidence={"share": 0.5, "ratio": None},
    prescriptions=(
        RemedyResult(id="leaky", name="leaky ReLU", why="It has a slope.", changes={"activation": "leaky_relu"}),
    ),
    plot=PlotData(title="Dead", x_name="layer", y_name="share", x=(1.0, 2.0), lines={"dead": (0.5, None)}),
)
EXPERIMENT = ExperimentResult(
    prescription="train longer",
    why="The cost still falls.",
    changes={"hidden_units": [8, 8]},
    id="train-longer",
    error_effect=EffectEstimate(-0.01, -0.02, 0.0, 0.03),
    cost_effect=EffectEstimate(-0.1, -0.2, -0.05, 0.01),
    p_holm=0.02,
    train_error=0.01,
    dev_error=0.03,
    adopted=True,
    against=None,
    cured=None,
    outcome="finished",
    seconds=1.5,
)
GAPS = {"verdict": "good fit", "reason": "Small.", "avoidable_bias": None, "variance": GAP, "dev_overfitting": None}
RESULT = RunResult(
    goodfit="0.1",
    versions={"python": "3.11"},
    command="improve",
    run="runs/a",
    report="runs/a/report.html",
    started="2026-01-01T12:00:00+00:00",
    data=DataSummary(name="digits", source="digits", rows=100, columns=64, fingerprint="ab"),
    task="classes",
    target="digit",
    classes=("0", "1"),
    metric="error_rate",
    notes=(),
    sizes=SetSizes(train=60, dev=20, test=20),
    opened_from=None,
    options={"folds": 5},
    command_line="goodfit improve digits",
    seed=0,
    human_error=None,
    min_gap=0.02,
    outcome="finished",
    baseline={"majority class": 0.9},
    rounds=(
        RoundResult(
            **GAPS,
            number=1,
            train_error=0.01,
            dev_error=0.03,
            plan=Plan(),
            seeds=3,
            findings=(FINDING,),
            experiments=(EXPERIMENT,),
        ),
    ),
    nudges=(Nudge("learning_rate", 0.1, 0.2, 3, "python, ada", "2026-01-01T12:00:00+00:00"),),
    finalists=(FinalistResult(plan=Plan(), dev_error=0.1, dev_cost=0.2, seeds=3, against_the_winner=None),),
    final=FinalFigures(
        **GAPS,
        train_error=0.01,
        dev_error=0.03,
        test_error=GAP,
        test_note=None,
        models=1,
        next_steps=("Collect more data.",),
        train_metrics={"log_loss": 0.1},
        dev_metrics={"log_loss": 0.2},
        test_metrics=None,
        findings=(FINDING,),
    ),
    plan=Plan(keep_prob=(0.5, 0.5, 0.9)),
    seconds=10.0,
)


def test_a_whole_result_comes_back_from_its_json():
    text = json.dumps(RESULT.to_dict(), allow_nan=False)
    assert RunResult.from_dict(json.loads(text)) == RESULT
    facts = json.loads(text)
    assert facts["final"]["test_error"] == {"value": 0.02, "low": 0.01, "high": 0.03}
    assert facts["rounds"][0]["experiments"][0]["cost_effect"]["p"] == 0.01
    assert facts["plan"] == json.loads(json.dumps(RESULT.plan.to_dict()))


def test_an_absent_optional_value_is_left_out_and_a_required_one_is_null():
    facts = RESULT.to_dict()
    assert "search" not in facts
    assert "image" not in facts["data"]
    assert facts["human_error"] is None
    assert facts["final"]["test_metrics"] is None


def test_a_number_that_is_not_finite_is_null_and_read_as_nan():
    final = replace(RESULT.final, dev_error=math.inf, test_error=Estimate(0.1, math.nan, 0.2))
    facts = replace(RESULT, final=final).to_dict()
    assert facts["final"]["dev_error"] is None
    assert facts["final"]["test_error"]["low"] is None
    again = RunResult.from_dict(facts)
    assert math.isnan(again.final.dev_error)
    assert again.final.test_error
    assert math.isnan(again.final.test_error.low)


def test_keys_of_no_field_are_ignored():
    assert Estimate.from_dict({"value": 1, "low": 0, "high": 2, "color": "red"}) == Estimate(1.0, 0.0, 2.0)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("task", None, "'task' cannot be None"),
        ("seed", "7", "'seed' cannot be '7'"),
        ("seed", True, "'seed' cannot be True"),
        ("rounds", 3, "'rounds' cannot be 3"),
        ("data", [], r"'data' cannot be \[\]"),
        ("data", {"name": "a"}, "in 'data', it has no 'source'"),
        ("baseline", {"linear": "low"}, "'baseline' cannot be 'low'"),
        ("plan", {"depht": 3}, "in 'plan', .*depht"),
    ],
)
def test_a_value_of_another_type_is_named(key, value, message):
    with pytest.raises(ValueError, match=message):
        RunResult.from_dict(RESULT.to_dict() | {key: value})


def test_a_missing_value_is_named():
    facts = RESULT.to_dict()
    del facts["final"]["variance"]
    with pytest.raises(ValueError, match="in 'final', it has no 'variance'"):
        RunResult.from_dict(facts)


def test_choices_and_ranges_share_one_type():
    choice = SearchParameter.from_dict({"scale": "choice", "choices": ["adam", None, 3]})
    assert choice.choices == ("adam", None, 3)
    assert choice.low is None
    assert SearchParameter.from_dict({"scale": "log", "low": 1e-4, "high": 1}).high == 1.0
