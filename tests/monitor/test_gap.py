"""Gaps after an epoch, as the page gets them."""

import numpy as np
import pytest

from goodfit.diagnosis.gaps import judge
from goodfit.monitor.curves import Curve
from goodfit.monitor.gap import gap_of_curve
from goodfit.run_folder.live_state import About, DataOverview, GuessOverview


def about(task, metric, deviations=None, guess=None):
    data = DataOverview(m=1000, task=task, dev=200, deviations=deviations, guess=guess)
    return About(recorded=(), layers=(), health_columns=(), data=data, metric=metric, untouched_copies=0)


def _point(train, dev):
    values = np.full((7, 5), np.nan)
    values[6] = [0.1, 0.1, *(np.nan if error is None else error for error in (train, dev)), 0.003]
    return Curve("key", "run", 0, 0, values)


def after(train, dev, options):
    return gap_of_curve(_point(train, dev), about("classes", "error_rate"), options, ())


def after_regression(train, dev, options, deviations):
    return gap_of_curve(_point(train, dev), about("regression", "1-r2", deviations), options, ())


def test_gaps_are_those_of_the_judge():
    gap = after(0.05, 0.15, {"human_error": 0.01, "min_gap": 0.03})
    judged = judge(0.05, 0.15, train_size=1000, dev_size=200, human_error=0.01, min_gap=0.03)
    assert gap is not None
    assert gap.reason is not None
    assert (gap.verdict, gap.reason.replace("\u00a0", " "), gap.epoch) == (judged.verdict, judged.reason, 7)
    assert (gap.train, gap.dev, gap.human, gap.human_assumed) == (0.05, 0.15, 0.01, False)
    assert gap.bias == pytest.approx(0.04)
    assert gap.texts.variance.startswith("10.0\u00a0points [")


def test_a_human_error_that_was_not_given_is_zero_for_classes_and_unknown_for_numbers():
    gap = after(0.05, 0.15, {})
    assert gap is not None
    assert (gap.human, gap.human_assumed, gap.bias) == (0, True, 0.05)
    gap = after_regression(0.25, 2.25, {}, (4.0, 2.0))  # RMSEs: 4·√0.25 = 2 and 2·√2.25 = 3
    assert gap is not None
    assert (gap.human, gap.bias, gap.texts.bias, gap.verdict) == (None, None, "unknown", None)
    assert (gap.measure, gap.train, gap.dev, gap.variance) == ("RMSE", 2.0, 3.0, 1.0)
    assert (gap.texts.train, gap.texts.variance) == ("2.00", "1.00")


def test_the_human_error_of_a_regression_is_an_rmse():
    gap = after_regression(0.25, 2.25, {"human_error": 0.5}, (4.0, 2.0))
    assert gap is not None
    assert (gap.human, gap.bias) == (0.5, 1.5)


def test_1_minus_r2_of_equal_targets_says_nothing_of_the_rmse():
    assert after_regression(0.25, 1.0, {}, (4.0, 0.0)) is None


def test_an_undefined_error_has_no_gaps():
    assert after(None, 0.1, {}) is None
    assert after(0.1, None, {}) is None


def _curve(dev_costs, train_errors, dev_error):
    values = np.column_stack(
        [dev_costs, dev_costs, train_errors, np.full(len(dev_costs), dev_error), np.ones(len(dev_costs))]
    )
    return Curve("key", "run", 0, 0, values)


def test_the_kept_epoch_is_judged_and_the_bias_where_the_network_fits():
    curve = _curve([0.9, 0.3, 0.8, 1.5], [0.5, 0.12, 0.02, 0.0], 0.13)
    gap = gap_of_curve(curve, about("classes", "error_rate"), {}, ())
    judged = judge(0.12, 0.13, train_size=1000, dev_size=200, human_error=0.0, fit_share=0.0)
    assert gap is not None
    assert (gap.epoch, gap.train, gap.dev) == (2, 0.12, 0.13)
    assert gap.reason is not None
    assert (gap.verdict, gap.reason.replace("\u00a0", " ")) == (judged.verdict, judged.reason)
    assert gap.verdict == "high variance"


@pytest.mark.parametrize(("dev", "verdict"), [(0.085, "no better than a guess"), (0.0, "good fit")])
def test_a_guess_that_is_not_beaten_is_said_while_it_trains(dev, verdict):
    facts = about("binary", "error_rate", guess=GuessOverview(prediction="'no'", error=0.09))
    gap = gap_of_curve(_curve([0.3], [0.0], dev), facts, {"min_gap": 0.09}, ())
    assert gap is not None
    assert gap.verdict == verdict
