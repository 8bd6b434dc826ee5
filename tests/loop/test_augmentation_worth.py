"""The worth of augmentation in real examples, against the law that the curve follows."""

import numpy as np
import pytest

from goodfit.diagnosis.paired_test import PairedEffect
from goodfit.loop.augmentation_worth import worth_by_curve, worth_without_curve
from goodfit.record.learning_curve import LearningCurve
from goodfit.record.values import Estimate

NO_INTERVAL = Estimate(0.0, 0.0, 0.0)
SIZES = (100, 800, 1600)
CURVE = LearningCurve(  # 0.05 + 0.1·(m/1600)^−0.5
    sizes=SIZES,
    dev_error=(0.0,) * 3,
    low=(0.0,) * 3,
    high=(0.0,) * 3,
    doubled=NO_INTERVAL,
    gain=NO_INTERVAL,
    floor=0.05,
    slope=0.1,
    power=0.5,
    sentence="",
)


def error(examples):
    return 0.05 + 0.1 * np.sqrt(1600 / examples)


def removal(value, low, high):
    """Return the effect of a network without augmentation that errs as the augmented one does on these sizes."""
    return PairedEffect(*(error(examples) - error(1600) for examples in (value, low, high)), p=0.99)


def test_it_is_as_many_examples_as_may_be_left_out():
    worth = worth_by_curve(CURVE, removal(900, 1500, 400))
    assert (worth.examples, worth.low, worth.high) == (700, 100, 1200)
    assert "worth about 700 of the 1,600 real examples (95 % interval 100 to 1,200)" in worth.sentence


@pytest.mark.parametrize(("value", "low", "words"), [(900, 1600, "about 700"), (1700, 1800, "none")])
def test_without_a_clear_effect_that_is_said_with_the_interval(value, low, words):
    sentence = worth_by_curve(CURVE, removal(value, low, 400)).sentence
    assert sentence.startswith("Augmentation is not told apart from no more examples: ")
    assert f"worth {words} of the 1,600 real examples (95 % interval none to 1,200)." in sentence


def test_a_worth_below_the_smallest_size_is_said_to_be_more():
    worth = worth_by_curve(CURVE, removal(90, 1500, 50))
    assert (worth.examples, worth.low, worth.high) == (None, 100, None)
    assert "worth more than 1,500 of the 1,600 real examples (95 % interval 100 to more than 1,500)" in worth.sentence


def test_without_a_curve_the_change_of_the_error_is_given():
    worth = worth_without_curve(PairedEffect(0.028, -0.029, 0.112, p=0.6))
    assert worth.examples is None
    assert "changed the dev error by +2.8 points [−2.9, +11.2]; its worth in examples" in worth.sentence
