"""`goodfit check`: its requests and its answers."""

from dataclasses import replace
from pathlib import Path

import pytest

import goodfit as package
from goodfit.api.result_types.check import (
    CheckResult,
    CurvatureResult,
    DescentResult,
    GradientChecks,
    GrowthChecks,
    NetworkGrowth,
    SignalGrowth,
)
from goodfit.checks.verdict import Block, Entry, GradientCheck

GREAT = GradientCheck(
    error=9.3e-10,
    verdict="great",
    reason="relative error 9.3e-10: gradient and differences agree",
    cost=0.5,
    parameters=12,
    directions=None,
    blocks=(Block("layers.0.W", 12, 9e-10, 1.0, "great"),),
    worst=(Entry("layers.0.W", (0, 1), 1.0, 1.0),),
    warnings=(),
    epsilon=None,
    resolution=1e-10,
    chance_of_missing=0.0,
)
WRONG = replace(
    GREAT,
    verdict="wrong",
    reason="relative error 3.3e-01: the gradient is wrong",
    blocks=(*GREAT.blocks, Block("layers.1.b", 3, 0.5, 1.0, "wrong")),
    worst=(Entry("layers.1.b", (2,), 0.0, 0.25),),
    warnings=("the cost has a kink within epsilon",),
)


def growth(trend, reason):
    return SignalGrowth(sizes=(1.0, 0.8), rate=0.8, factor=0.64, trend=trend, reason=reason)


GROWTH = NetworkGrowth(
    activations=growth("steady", "activations are steady: 0.8 times per layer, 0.64 times over all"),
    gradients=growth("vanishing", "gradients are vanishing: 0.2 times per layer"),
)


@pytest.fixture
def asked(functions):
    """What `functions.check` was asked, and what it answers."""
    calls = {}
    answer = CheckResult(
        data="digits",
        run=None,
        plan=package.Plan(),
        gradients=GradientChecks(fresh=GREAT, examples=256, dropout=False),
        growth=GrowthChecks(fresh=GROWTH),
        descent=None,
        curvature=None,
    )
    answers = [answer]

    def check(*, progress, **settings):
        calls.update(settings)
        return answers[0]

    functions.check = check
    return calls, answers


def test_the_options_are_the_verbs(goodfit, asked):
    words = ("--plan", "plan.yaml", "--descent", "--sample", "5", "--epsilon", "1e-7", "--out", "page.html")
    assert goodfit("check", "table.csv", "--target", "kind", *words, "--json").code == 0
    assert asked[0] == {
        "source": "table.csv",
        "plan": Path("plan.yaml"),
        "descent": True,
        "sample": 5,
        "epsilon": 1e-7,
        "target": "kind",
        "out": Path("page.html"),
    }


def test_json_is_all_there_is_on_stdout(goodfit, asked):
    outcome = goodfit("check", "digits", "--json")
    assert outcome.json == asked[1][0].to_dict()
    assert outcome.stderr == ""


def test_people_get_the_verdict_and_the_growth(goodfit, asked):
    assert goodfit("check", "digits").stdout.splitlines() == [
        "Gradients at fresh parameters: great",
        "  relative error 9.3e-10: gradient and differences agree",
        "  Activations are steady: 0.8 times per layer, 0.64 times over all",
        "  Gradients are vanishing: 0.2 times per layer",
    ]


def test_what_is_wrong_is_named_with_its_worst_entries_and_warnings(goodfit, asked):
    run = replace(WRONG, directions=10, chance_of_missing=2e-12)
    gradients = GradientChecks(fresh=GREAT, run=run, examples=256, dropout=False)
    asked[1][0] = replace(asked[1][0], gradients=gradients, growth=GrowthChecks(fresh=GROWTH, run=GROWTH))
    lines = goodfit("check", "runs/a").stdout.splitlines()
    assert lines[4:10] == [
        "Gradients at the run's parameters: wrong",
        "  relative error 3.3e-01: the gradient is wrong",
        "  layers.1.b: wrong, relative error 5e-1",
        "  layers.1.b[2]: gradient 0, differences 0.25",
        "  10 random directions per block: one wrong entry of typical size is missed with a chance of 2e-12",
        "  Note: the cost has a kink within epsilon",
    ]


def test_descent_and_curvature_are_told(goodfit, asked):
    descent = DescentResult(
        rate=0.1,
        objective=(1.0, 0.5),
        cost=(1.0, 0.5),
        first_rise=None,
        cause=None,
        good_rate=0.1,
        gradients=None,
        reason="J never rose",
        iterations=1,
        rows=100,
        next="dropout may come back on",
        page="goodfit-descent.html",
    )
    curvature = CurvatureResult(
        verdict="saddle",
        reason="the cost bends down in some direction",
        lowest=-1.0,
        highest=1.0,
        gradient_norm=0.1,
        plateau=False,
        cost=0.5,
        parameters="run",
        rows=100,
    )
    asked[1][0] = replace(asked[1][0], gradients=None, growth=None, descent=descent, curvature=curvature)
    assert goodfit("check", "digits", "--descent", "--curvature").stdout.splitlines() == [
        "Descent: J never rose.",
        "Next: dropout may come back on.",
        "Page: goodfit-descent.html",
        "Curvature at the run's parameters: saddle, not at a plateau",
        "  the cost bends down in some direction",
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Missing argument 'RUN|DATA'."),
        (["digits", "--sample", "0"], "--sample is 0; give a whole number of at least 1"),
        (["digits", "--epsilon", "0"], "--epsilon is 0; give a number above 0"),
        (["digits", "--epsilon", "nan"], "--epsilon is nan; give a number above 0"),
    ],
)
def test_wrong_usage_is_one_sentence(goodfit, asked, words, sentence):
    assert goodfit("check", *words) == (2, "", f"goodfit: {sentence}\n")
    assert asked[0] == {}
