from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from goodfit.record.values import Estimate
from goodfit.reports.answers import Answer, answers
from goodfit.reports.view import ReportView, read_view

Made = Callable[[str], Path]

QUESTIONS = [
    "Is it a good fit?",
    "What error to expect on new data?",
    "What held it back?",
    "What was tried, and what was it worth?",
    "What to do next?",
]


def plain(answer: Answer) -> str:
    parts = (answer.headline, answer.detail, *answer.sentences, *answer.items)
    return " | ".join(part for part in parts if part)


def with_final(view: ReportView, **changes: Any) -> ReportView:
    return replace(view, result=replace(view.result, final=replace(view.final, **changes)))


@pytest.mark.parametrize("kind", ["classes", "binary", "regression", "train", "tune", "interrupted", "hostile"])
def test_the_five_questions_are_answered_in_order(made: Made, kind: str):
    given = answers(read_view(made(kind)))
    assert [answer.question for answer in given] == QUESTIONS
    assert all(answer.headline or answer.items for answer in given)


@pytest.mark.parametrize(
    ("verdict", "headline", "tone", "held_back"),
    [
        ("high bias", "High bias", "no", "Underfitting"),
        ("high variance", "High variance", "no", "Overfitting"),
        ("high bias and high variance", "High bias and high variance", "no", "Underfitting and overfitting"),
        ("too few examples to tell", "Too few examples to tell", "unsure", "Too few examples to see"),
        ("good fit", "Good fit", "yes", "High variance, now gone"),
    ],
)
def test_each_verdict_has_its_words(made: Made, verdict: str, headline: str, tone: str, held_back: str):
    given = answers(with_final(read_view(made("classes")), verdict=verdict))
    assert (given[0].headline, given[0].tone, given[2].headline) == (headline, tone, held_back)
    assert given[0].sentences == ("Dev error is above train error by more than the smallest gap, beyond its interval.",)


def test_the_expected_error_is_that_of_the_test_set_with_its_interval(made: Made):
    view = read_view(made("classes"))
    level = replace(view.levels[-1], error=0.04, low=0.0241, high=0.0656)
    said = plain(answers(replace(view, levels=(*view.levels[:-1], level)))[1])
    assert said.startswith("4.0 % | 95 % interval [2.4 %, 6.6 %] | About 1 in 25 new examples will be wrong.")
    assert "on 359 test examples that took no part in training or in choosing" in said


def test_without_a_test_set_the_dev_error_is_told_with_a_warning(made: Made):
    said = plain(answers(read_view(made("train")))[1])
    assert "360 dev examples, which also chose the network: expect a little more." in said
    assert said.endswith("The test set stays closed until `goodfit open-test` opens it.")


def test_a_flawless_test_promises_nothing(made: Made):
    view = read_view(made("classes"))
    said = plain(answers(replace(view, levels=(replace(view.levels[-1], error=0.0, low=0.0, high=0.01),)))[1])
    assert "Not one of them was wrong; that does not promise" in said


def test_regression_tells_the_miss_in_the_targets_units(made: Made):
    view = read_view(made("regression"))
    level = replace(view.levels[-1], error=50.0, low=45.0, high=55.0)
    final = {"test_metrics": {"1-r2": 0.5, "rmse": 50.0, "mae": 40.0}, "test_error": Estimate(0.5, 0.4, 0.61)}
    given = answers(with_final(replace(view, levels=(*view.levels[:-1], level)), **final))[1]
    assert plain(given).startswith(
        "± 50.0 | root-mean-square error (RMSE), 95 % interval [45.0, 55.0] | On average it is off by 40.0 (MAE)."
    )
    assert "50.0 % of the variation of disease progression in this set stays unexplained" in plain(given)
    assert "[40.0 %, 61.0 %]" in plain(given)
    assert "would do better" not in plain(given)
    worse = with_final(view, test_error=Estimate(3.2, 1.5, 6.0))
    assert "Always predicting the mean disease progression of this set would do better." in plain(answers(worse)[1])


def test_what_was_tried_names_what_was_kept_and_its_worth(made: Made):
    view = read_view(made("classes"))
    said = plain(answers(view)[3])
    assert "12 prescriptions in 2 rounds: 1 measurably helped and was kept." in said
    assert "more dropout: −1.1 points [−1.9, −0.4]" in said
    assert "Kept an ensemble of 6 networks: its dev error is lower (change −0.6 points [−1.1, −0.1])." in said
    assert "dev error, from the default network to the end" in said


def test_a_search_tells_what_its_trials_were_worth(made: Made):
    view = with_final(read_view(made("tune")), dev_error=0.03)
    # the complete trials have 10, 5, 2 and 4 %: the middle is 4.5 %
    assert plain(answers(view)[3]) == (
        "4.5 % → 3.0 % | dev error, from the middle of 8 trials to the winner | 4 trained to the end; 2 stopped early, "
        "because others were far ahead or they learned nothing; 1 failed; 1 still running. | "
        "learning_rate mattered most: 75.0 % of the differences in error."
    )
    assert "prescription" not in plain(answers(view)[3])


def test_a_search_that_was_stopped_goes_on_and_widens(made: Made):
    view = with_final(read_view(made("tune")), next_steps=("Use it.",))
    assert answers(view)[4].items == (
        "Run it again: the search goes on where it was stopped.",
        "Use it.",
        "Learning_rate's best values lie at the upper end of its range (1): widen it.",
    )
    ended = replace(view, result=replace(view.result, outcome="finished"))
    assert answers(ended)[4].items[0] == "Use it."


def test_when_nothing_helped_it_is_said(made: Made):
    view = read_view(made("classes"))
    said = plain(answers(replace(view, rounds=view.rounds[1:]))[3])
    assert "6 prescriptions in 1 round: none measurably helped, so none was kept." in said


def test_regression_says_what_the_bias_lacks(made: Made):
    said = plain(answers(read_view(made("regression")))[2])
    assert "Avoidable bias: not known, as no human error level was given" in said


def test_next_steps_are_the_results_own(made: Made):
    view = read_view(made("classes"))
    assert answers(view)[4].items == view.final.next_steps
    assert "goodfit predict" in answers(read_view(made("train")))[4].items[0]
    view = read_view(made("interrupted"))
    assert answers(view)[4].items == ("Run it again, and let it finish.",)
    with_advice = with_final(view, next_steps=("Collect more.",))
    from_a_file = replace(with_advice, result=replace(with_advice.result, opened_from="a.csv"))
    (first, *rest) = answers(from_a_file)[4].items
    assert first == f"Let it finish: `goodfit resume {view.run}` goes on where it was stopped."
    assert rest == ["Collect more."]
