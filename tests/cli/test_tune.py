"""`goodfit tune`: what is asked of the verb, and what people are told."""

from dataclasses import replace

import pytest

from goodfit.api.result_types.fit import Search
from goodfit.plan import Plan
from goodfit.record.result import RunResult
from goodfit.record.search_result import FinalistResult, SearchResult, StudyFacts, TrialResult
from goodfit.record.values import Estimate


@pytest.fixture
def asked(functions, result):
    """The settings that `functions.tune` was asked for."""
    given = {}
    note = "learning_rate's best values lie at the upper end of its range (0.1): widen it"
    search = SearchResult(wave_size=8, parameters={}, regions=(), notes=(note,), importance={})
    trial = TrialResult(
        number=0, state="complete", parameters={}, dev_error=0.1, end_seconds=1.0, reason=None, epochs=9, dev_cost=0.2
    )
    winner = FinalistResult(plan=Plan(), dev_error=0.01, dev_cost=0.02, seeds=3, against_the_winner=None)
    second = replace(winner, dev_error=0.02, against_the_winner=Estimate(0.01, 0.0, 0.02))
    result |= {
        "search": search.to_dict(),
        "study": StudyFacts(name="digits", storage="sqlite:///a.db", space="Searched: learning_rate.").to_dict(),
        "trials": [trial.to_dict()] * 5 + [replace(trial, state="pruned").to_dict()] * 3,
        "finalists": [second.to_dict(), winner.to_dict()],
    }

    def tune(data, *, progress, **settings):
        given.update(settings, data=data)
        return Search(RunResult.from_dict(result))

    functions.tune = tune
    return given


def test_lines_of_a_space_and_a_file_of_them_are_told_apart(goodfit, asked):
    goodfit("tune", "digits", "--space", "units=16..64", "--space", "l2=log:1e-3..1")
    assert asked["space"] == ["units=16..64", "l2=log:1e-3..1"]
    goodfit("tune", "digits", "--space", "space.yaml")
    assert asked["space"] == "space.yaml"
    assert asked.keys() == {"data", "space"}


@pytest.mark.parametrize(
    ("words", "address"),
    [
        (["digits"], None),
        (["digits", "--ray"], "local"),
        (["--ray", "digits"], "local"),
        (["--ray", "--seed", "1", "digits"], "local"),
        (["digits", "--ray", "10.0.0.7:6379"], "10.0.0.7:6379"),
        (["--ray", "10.0.0.7:6379", "digits"], "10.0.0.7:6379"),
        (["digits", "--ray=head"], "head"),
    ],
)
def test_ray_with_and_without_an_address(goodfit, asked, words, address):
    assert goodfit("tune", *words).code == 0
    assert asked.get("ray") == address
    assert asked["data"] == "digits"


def test_the_answers(goodfit, asked):
    outcome = goodfit("tune", "digits")
    assert outcome.code == 0
    lines = outcome.stdout.splitlines()
    assert lines[:6] == [
        "Searched: learning_rate.",
        "Trials: 8 (5 complete, 3 pruned).",
        "Note: learning_rate's best values lie at the upper end of its range (0.1): widen it.",
        "Best trials trained again with 3 new seeds each:",
        "  1: dev error 2.0 %",
        "  2: dev error 1.0 % (the winner)",
    ]


def test_no_trials_are_refused(goodfit, asked):
    outcome = goodfit("tune", "digits", "--trials", "0")
    assert outcome.code == 2
    assert not asked
