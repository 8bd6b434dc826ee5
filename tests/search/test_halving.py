"""Successive halving: who leaves at a rung, and who stays where noise could explain it."""

import numpy as np
import pytest

from goodfit.engine.control import Progress
from goodfit.engine.step import RECORDED
from goodfit.search.halving import Halving


def progress(errors, epoch=10, epochs=40):
    """Models at one epoch with these best dev errors."""
    records = np.full((len(errors), epoch, len(RECORDED)), 0.9)
    records[:, -1, RECORDED.index("dev_error")] = errors
    return [Progress(job, epoch, epochs, records[job]) for job in range(len(errors))]


def test_models_beyond_the_median_and_one_standard_error_leave():
    """The median of 0.1, 0.2, 0.3, 0.4 is 0.25; √(0.25·0.75/75) = 0.05: 0.3 is within it, 0.4 is not."""
    stops = Halving({}, dev_examples=75, classification=True)(progress([0.1, 0.2, 0.3, 0.4]))
    assert list(stops) == [3]
    (stop,) = stops[3]
    assert stop.reason == "halving: a dev error of 40.0 % after 10 epochs; the median was 25.0 %"
    assert list(Halving({}, dev_examples=7500, classification=True)(progress([0.1, 0.2, 0.3, 0.4]))) == [2, 3]


def test_earlier_waves_count_and_few_values_decide_nothing():
    earlier = {25: [0.01, 0.01, 0.01]}
    assert list(Halving(earlier, 1000, classification=True)(progress([0.1]))) == [0]
    assert Halving({25: [0.01, 0.01]}, 1000, classification=True)(progress([0.1])) == {}
    assert Halving({50: [0.01] * 9}, 1000, classification=True)(progress([0.1])) == {}


@pytest.mark.parametrize("epoch", [9, 11, 40])
def test_nobody_leaves_between_the_rungs(epoch):
    assert Halving({}, 7500, classification=True)(progress([0.1, 0.2, 0.3, 0.4], epoch)) == {}


def test_the_rungs_are_a_quarter_and_half_of_each_models_own_epochs():
    halving = Halving({}, 100, classification=False)
    assert [halving.next_visit(0, epoch, 40) for epoch in (0, 9, 10, 20)] == [10, 10, 20, None]
    assert halving.next_visit(0, 0, 2) == 1
    halving(progress([0.5, 0.6], 10))
    halving(progress([0.4], 20))
    assert halving.errors == {0: {25: 0.5, 50: 0.4}, 1: {25: 0.6}}
