from dataclasses import replace

import numpy as np
import pytest

from goodfit.diagnosis.finding import Finding
from goodfit.diagnosis.gaps import Interval, gaps_from_runs, judge
from goodfit.diagnosis.intervals import wilson
from goodfit.diagnosis.verdict import Guess, conclude

GOOD = judge(0.08, 0.089, train_size=3000, dev_size=3000, human_error=0.08)
CHURN = Guess("'no'", 0.09, Interval(0.089, 0.0721, 0.1094))
LEAK = Finding("leak", "leaking feature", 1, 0.9, "The column 'invoice' gives the target away.", {}, ())


def test_a_network_that_does_not_beat_the_majority_class_is_no_good_fit():
    assert GOOD.verdict == "good fit"
    gaps = conclude(GOOD, CHURN, ())
    assert gaps.verdict == "no better than a guess"
    assert gaps.reason == (
        "No better than predicting 'no' for everyone: 8.9 % [7.2 %, 10.9 %] beside 9.0 %. " + GOOD.reason
    )


@pytest.mark.parametrize(
    ("wrong", "guess", "beaten"), [(80, 0.09, False), (60, 0.09, True), (10, 0.012, False), (0, 0.005, True)]
)
def test_the_whole_interval_must_be_below_the_guess(wrong, guess, beaten):
    network = wilson(wrong / 900, 900)
    assert (network.high < guess) is beaten
    assert (conclude(GOOD, Guess("'no'", guess, network), ()).verdict == "good fit") is beaten


def test_the_mean_is_the_guess_of_a_regression():
    gaps = conclude(GOOD, Guess("the mean", 1.002, Interval(0.97, 0.9, 1.04)), ())
    assert gaps.verdict == "no better than a guess"
    assert gaps.reason.startswith(
        "No better than predicting the mean for everyone: 97.0 % [90.0 %, 104.0 %] beside 100.2 %."
    )


@pytest.mark.parametrize(("severity", "verdict"), [(1, "not to be trusted"), (2, "good fit"), (3, "good fit")])
def test_a_severe_finding_is_no_good_fit_either(severity, verdict):
    gaps = conclude(GOOD, None, (replace(LEAK, severity=severity),))
    assert gaps.verdict == verdict
    assert gaps.reason.startswith("The column 'invoice'") is (severity == 1)


@pytest.mark.parametrize("verdict", ["high bias", "high variance", "high bias and high variance"])
def test_a_high_gap_stays_the_verdict_and_the_rest_is_said_first(verdict):
    gaps = conclude(replace(GOOD, verdict=verdict), CHURN, (LEAK,))
    assert gaps.verdict == verdict
    assert gaps.reason.startswith("No better than predicting 'no' for everyone")


def test_too_few_examples_do_not_hide_a_leak():
    assert conclude(replace(GOOD, verdict="too few examples to tell"), None, (LEAK,)).verdict == "not to be trusted"


SIZES = {"train_size": 6000, "dev_size": 2000}


@pytest.mark.parametrize(
    ("train", "dev", "human", "share", "verdict", "bias", "variance"),
    [
        (0.09, 0.11, 0.0, 0.0, "high variance", 0.0, 0.11),  # it can fit: the kept epoch has not yet
        (0.09, 0.11, 0.0, 0.1, "high variance", 0.009, 0.101),
        (0.09, 0.11, 0.0, 0.8, "high bias", 0.09, 0.02),  # even at its best it does not fit
        (0.09, 0.10, 0.05, 0.0, "high variance", 0.0, 0.05),  # below the human error it learns by heart
        (0.09, 0.10, 0.08, 0.0, "good fit", 0.01, 0.01),  # as good as people are: what it learns later is no fit
        (0.005, 0.01, 0.0, 0.0, "good fit", 0.005, 0.005),
    ],
)
def test_bias_is_judged_where_the_network_can_fit(train, dev, human, share, verdict, bias, variance):
    bare = judge(train, dev, human_error=human, fit_share=share, **SIZES)
    assert bare.verdict == verdict
    assert bare.avoidable_bias is not None
    assert bare.avoidable_bias.value == pytest.approx(bias)
    assert bare.variance.value == pytest.approx(variance)
    wrong = [np.arange(size)[None] < round(error * size) for size, error in ((6000, train), (2000, dev))]
    of_runs = gaps_from_runs(*(part.astype(float) for part in wrong), human_error=human, fit_share=share)
    assert (of_runs.verdict, of_runs.reason) == (bare.verdict, bare.reason)
    assert of_runs.variance.value == pytest.approx(variance)


def test_the_reason_says_that_the_kept_epoch_is_not_where_it_fits():
    assert judge(0.09, 0.11, fit_share=0.0, **SIZES).reason.endswith(
        "The kept epoch has a train error of 9.0 %, but the training reached 0 %: it can fit."
    )


@pytest.mark.parametrize(
    ("network", "guess", "verdict", "opening"),
    [
        (wilson(1 / 4, 4), 0.5, "too few examples to tell", "Not shown to be better than predicting 'no'"),
        (wilson(2 / 12, 12), 0.35, "too few examples to tell", "Not shown to be better than predicting 'no'"),
        (Interval(0.6, 0.2, 1.4), 1.0, "too few examples to tell", "Not shown to be better than predicting 'no'"),
        (wilson(2 / 4, 4), 0.5, "no better than a guess", "No better than predicting 'no'"),
        (wilson(80 / 900, 900), 0.09, "no better than a guess", "No better than predicting 'no'"),
        (Interval(3.4, 0.0, 11.0), 1.2, "no better than a guess", "No better than predicting 'no'"),
    ],
)
def test_too_few_examples_to_beat_a_guess_are_no_proof_of_a_guess(network, guess, verdict, opening):
    """An interval that reaches from half of the guess's error to all of it tells nothing."""
    gaps = conclude(GOOD, Guess("'no'", guess, network), ())
    assert gaps.verdict == verdict
    assert gaps.reason.startswith(opening)
    severe = conclude(GOOD, Guess("'no'", guess, network), (LEAK,))
    assert severe.verdict == ("not to be trusted" if verdict.startswith("too few") else verdict)
