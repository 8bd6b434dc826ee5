"""What augmentation is worth in real examples, against the law that the curve follows."""

import numpy as np
import pytest

from goodfit.improve.more_data import augmentation_effect, augmentation_worth
from goodfit.improve.verify import Paired

CURVE = {"sizes": (100, 800, 1600), "floor": 0.05, "slope": 0.1, "power": 0.5}  # 0.05 + 0.1·(m/1600)^−0.5


def error(examples):
    return 0.05 + 0.1 * np.sqrt(1600 / examples)


def without(value, low, high):
    """The network without augmentation on all examples errs as the augmented one on so many."""
    return Paired(*(error(each) - error(1600) for each in (value, low, high)), p=0.99)


def test_it_is_as_many_examples_as_may_be_left_out():
    worth = augmentation_worth(CURVE, without(900, 1500, 400))
    assert (worth["examples"], worth["low"], worth["high"]) == (700, 100, 1200)
    assert "worth about 700 of the 1,600 real examples (95 % interval 100 to 1,200)" in worth["sentence"]


@pytest.mark.parametrize("low", [1600, 2000])
def test_without_a_clear_effect_no_figure_is_told(low):
    worth = augmentation_worth(CURVE, without(900, low, 400))
    assert worth["sentence"].startswith("Leaving augmentation out did not raise the dev error beyond doubt")


def test_what_lies_below_the_smallest_size_is_said_to_be_more():
    worth = augmentation_worth(CURVE, without(90, 1500, 50))
    assert (worth["examples"], worth["low"], worth["high"]) == (None, 100, None)
    assert (
        "worth more than 1,500 of the 1,600 real examples (95 % interval 100 to more than 1,500)" in worth["sentence"]
    )


def test_without_a_curve_the_change_of_the_error_is_told():
    told = augmentation_effect("+0.28 points [-0.29, +1.12]")
    assert told["examples"] is None
    assert "changed the dev error by +0.28 points [-0.29, +1.12]; its worth in examples" in told["sentence"]
