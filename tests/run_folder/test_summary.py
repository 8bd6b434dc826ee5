"""The advice at the end: what to do next, chosen by what was asked and what was found."""

from pathlib import Path

import numpy as np
import pytest

from goodfit.api.advice import AdviceContext, advice
from goodfit.data.splits import open_splits
from goodfit.diagnosis.gaps import Gaps
from goodfit.diagnosis.intervals import Interval
from goodfit.loop import summary as loop_summary
from goodfit.record.run import Outcome

SMALL, WIDE = Interval(0.01, 0.0, 0.02), Interval(0.03, -0.02, 0.08)
FOLDS = "Judge by cross-validation: run again with --folds 5."
HUMAN = "Give --human-error, the RMSE that is possible: it tells whether there is bias."


@pytest.fixture(scope="module")
def splits():
    return open_splits("iris")


def too_few(bias, variance):
    return Gaps(bias, variance, None, "too few examples to tell", "")


@pytest.mark.parametrize(
    ("gaps", "command", "folds", "lines"),
    [
        (too_few(SMALL, WIDE), "improve", None, [FOLDS]),
        (too_few(SMALL, WIDE), "train", None, ["Judge by cross-validation: goodfit diagnose runs/a --folds 5."]),
        (
            too_few(SMALL, WIDE),
            "improve",
            5,
            ["Collect more examples: training and dev set together are too few to tell."],
        ),
        (too_few(None, SMALL), "improve", None, [HUMAN]),
        (too_few(None, WIDE), "improve", None, [HUMAN, FOLDS]),
    ],
)
def test_what_would_settle_the_gaps(splits, gaps, command, folds, lines):
    assert advice(gaps, splits, AdviceContext(command, Path("runs/a"), 0.02, folds)) == lines


def test_high_bias_after_train_points_to_improve(splits):
    gaps = Gaps(Interval(0.2, 0.1, 0.3), SMALL, None, "high bias", "")
    (line,) = advice(gaps, splits, AdviceContext("train", Path("runs/a"), 0.02))
    assert line.startswith("Run `goodfit improve` on the data, ")
    assert np.all(["--budget" in each for each in advice(gaps, splits, AdviceContext("improve", Path("runs/a"), 0.02))])


def test_every_outcome_has_a_place_in_the_story():
    assert set(loop_summary._BADNESS) == set(Outcome)
