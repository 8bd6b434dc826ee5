import copy
from typing import Any

import pytest

from goodfit.record.search_result import FinalistResult, SearchResult, TrialResult
from goodfit.reports.search import MOST_STOPPED, MOST_TRIALS, Search, search_view

Facts = dict[str, Any]


def seen(facts: Facts, **changes: Any) -> Search:
    changed = facts | changes
    return search_view(
        SearchResult.from_dict(changed["search"]),
        [TrialResult.from_dict(trial) for trial in changed["trials"]],
        [FinalistResult.from_dict(finalist) for finalist in changed["finalists"]],
    )


def test_axes_are_in_the_order_of_importance_and_importance_may_lack(facts: Facts):
    assert [axis.name for axis in seen(facts).axes] == ["learning_rate", "beta1", "units", "activation"]
    bare = seen(facts, search=facts["search"] | {"importance": {}, "notes": []})
    assert (bare.importance, bare.notes) == ((), ())
    assert [axis.name for axis in bare.axes] == ["learning_rate", "beta1", "units", "activation"]


@pytest.mark.parametrize(
    ("kept", "ending"),
    [
        (1, "that no trial used."),
        (2, "that no trial used; no measurable difference from 1 other finalist."),
        (3, "that no trial used; of 2 other finalists, 1 did measurably worse."),
    ],
)
def test_what_was_found_says_which_finalists_are_worse_beyond_their_interval(facts: Facts, kept: int, ending: str):
    assert seen(facts, finalists=facts["finalists"][:kept]).summary.endswith(ending)


def test_without_finalists_there_is_no_winner(facts: Facts):
    assert seen(facts, finalists=[]).summary == "8 trials started, and no winner was chosen."


def test_the_winner_comes_first_and_only_what_differs_is_named(facts: Facts):
    shuffled = facts["finalists"][::-1]
    finalists = seen(facts, finalists=shuffled).finalists
    assert [one.settings for one in finalists] == [
        {"learning_rate": 0.01235},
        {"learning_rate": 0.1},
        {"learning_rate": 0.5},
    ]
    assert finalists[0].result.against_the_winner is None
    assert (seen(facts).scale.low, seen(facts).scale.high) == pytest.approx(
        (-0.002 - 0.04 * 0.042, 0.04 + 0.04 * 0.042)
    )


def test_the_middle_and_the_best_are_of_trials_that_trained_to_the_end(facts: Facts):
    search = seen(facts)
    assert search.middle == pytest.approx(0.045)
    assert search.best is not None
    assert search.best.number == 4
    assert [trial.number for trial in search.complete] == [1, 2, 4, 5]


def test_of_many_stopped_trials_the_first_are_listed_and_the_rest_counted(facts: Facts):
    trials = [copy.copy(facts["trials"][0]) | {"number": number} for number in range(MOST_STOPPED + 5)]
    search = seen(facts, trials=trials)
    assert [trial.number for trial in search.stopped] == list(range(MOST_STOPPED))
    assert search.stopped_left_out == 5
    assert (search.middle, search.best) == (None, None)


def test_of_very_many_trials_the_best_are_drawn(facts: Facts):
    one = facts["trials"][1]
    errors = [None, *(0.001 * (1 + number) for number in range(MOST_TRIALS + 1))]
    search = seen(facts, trials=[one | {"number": number, "dev_error": error} for number, error in enumerate(errors)])
    assert [trial.number for trial in search.trials] == list(range(1, MOST_TRIALS + 1))
    assert (search.left_out, search.count) == (2, MOST_TRIALS + 2)
