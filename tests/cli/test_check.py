"""`goodfit check`: what the verb is asked, and what people are told."""

from pathlib import Path

import pytest

GREAT = {
    "verdict": "great",
    "reason": "relative error 9.3e-10: gradient and differences agree",
    "blocks": [{"name": "layers.0.W", "verdict": "great", "error": 9e-10}],
    "worst": [{"name": "layers.0.W", "index": [0, 1], "gradient": 1.0, "numerical": 1.0}],
    "directions": None,
    "chance_of_missing": 0.0,
    "warnings": [],
}
WRONG = GREAT | {
    "verdict": "wrong",
    "reason": "relative error 3.3e-01: the gradient is wrong",
    "blocks": [*GREAT["blocks"], {"name": "layers.1.b", "verdict": "wrong", "error": 0.5}],
    "worst": [{"name": "layers.1.b", "index": [2], "gradient": 0.0, "numerical": 0.25}],
    "warnings": ["the cost has a kink within epsilon"],
}
STEADY = {"reason": "activations are steady: 0.8 times per layer, 0.64 times over all"}
GROWTH = {"activations": STEADY, "gradients": {"reason": "gradients are vanishing: 0.2 times per layer"}}


@pytest.fixture
def asked(functions):
    """What `functions.check` was asked, and what it answers."""
    calls = {}
    answer = {
        "gradients": {"fresh": GREAT, "examples": 256, "dropout": False},
        "growth": {"fresh": GROWTH},
        "descent": None,
        "curvature": None,
    }

    def check(*, progress, **settings):
        calls.update(settings)
        return answer

    functions.check = check
    return calls, answer


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
    assert outcome.json == asked[1]
    assert outcome.stderr == ""


def test_people_get_the_verdict_and_the_growth(goodfit, asked):
    assert goodfit("check", "digits").stdout.splitlines() == [
        "Gradients at fresh parameters: great",
        "  relative error 9.3e-10: gradient and differences agree",
        "  Activations are steady: 0.8 times per layer, 0.64 times over all",
        "  Gradients are vanishing: 0.2 times per layer",
    ]


def test_what_is_wrong_is_named_with_its_worst_entries_and_warnings(goodfit, asked):
    asked[1]["gradients"]["run"] = WRONG | {"directions": 10, "chance_of_missing": 2e-12}
    asked[1]["growth"]["run"] = GROWTH
    lines = goodfit("check", "runs/a").stdout.splitlines()
    assert lines[4:10] == [
        "Gradients at the run's parameters: wrong",
        "  relative error 3.3e-01: the gradient is wrong",
        "  layers.1.b: wrong, relative error 5e-1",
        "  layers.1.b[2]: gradient 0, differences 0.25",
        "  10 random directions a block: one wrong entry of typical size is missed with a chance of 2e-12",
        "  Mind: the cost has a kink within epsilon",
    ]


def test_descent_and_curvature_are_told(goodfit, asked):
    descent = {"reason": "J never rose", "next": "dropout may come back on", "page": "goodfit-descent.html"}
    curvature = {"verdict": "saddle", "reason": "the cost bends down in some direction", "plateau": False}
    curvature |= {"parameters": "run"}
    asked[1].update(gradients=None, growth=None, descent=descent, curvature=curvature)
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
