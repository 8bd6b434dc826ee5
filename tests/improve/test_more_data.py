"""What augmentation was worth in real examples, against the law that the curve follows."""

import numpy as np
import pytest

from goodfit.improve.more_data import augmentation_worth
from goodfit.improve.verify import Paired

CURVE = {"sizes": (100, 1600), "floor": 0.05, "slope": 0.1, "power": 0.5}  # error(m) = 0.05 + 0.1·(m/1600)^−0.5


def error(examples):
    return 0.05 + 0.1 * np.sqrt(1600 / examples)


def effect(value, low, high):
    """The errors of so many examples in place of 1,600."""
    return Paired(*(error(each) - error(1600) for each in (value, low, high)), p=0.01)


def test_it_is_as_many_examples_as_lower_the_error_as_much():
    worth = augmentation_worth(CURVE, effect(2500, 4000, 1900))
    assert (worth["examples"], worth["low"], worth["high"]) == (900, 300, 2400)
    assert "worth about 900 more real examples (95 % interval 300 to 2,400)" in worth["sentence"]


@pytest.mark.parametrize("high", [1600, 1500])
def test_without_a_clear_effect_no_figure_is_told(high):
    worth = augmentation_worth(CURVE, effect(2500, 4000, high))
    assert worth["sentence"].startswith("Augmentation did not lower the dev error beyond doubt")


def test_what_lies_beyond_the_law_is_said_to_be_more():
    far = augmentation_worth(CURVE, Paired(-0.12, -0.15, error(1900) - error(1600), 0.001))
    assert (far["examples"], far["low"], far["high"]) == (None, 300, None)
    assert "more than 14,400 more real examples (95 % interval 300 to more than can be told)" in far["sentence"]
    farther = augmentation_worth(CURVE, Paired(-0.12, -0.15, -0.11, 0.001))
    assert farther["sentence"] == "Augmentation is worth more than 9 times the 1,600 real examples."
