"""The values of distributions between 0 and 1: cells of whole numbers and steps, points of real ones."""

import math

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from goodfit.search.unit_interval import cell, value_at

STEPPED = [
    (IntDistribution(-3, 4), range(-3, 5)),
    (IntDistribution(0, 10, step=5), [0, 5, 10]),
    (FloatDistribution(-10.2, 10.2, step=0.1), np.arange(205) * 0.1 - 10.2),
    (FloatDistribution(4, 7, step=0.5), [4, 4.5, 5, 5.5, 6, 6.5, 7]),
]


@pytest.mark.parametrize(("distribution", "values"), STEPPED)
def test_steps_have_cells_of_one_size_that_fill_the_range(distribution, values):
    spans = np.array([cell(distribution, value) for value in values])
    edges = np.linspace(0, 1, len(spans) + 1)
    np.testing.assert_allclose(spans, np.stack([edges[:-1], edges[1:]], axis=1), atol=1e-12)
    back = [value_at(distribution, place) for place in spans.mean(axis=1)]
    np.testing.assert_allclose(back, values, atol=1e-12)
    assert {type(value) for value in back} == {int if isinstance(distribution, IntDistribution) else float}


def test_whole_numbers_on_a_log_scale_fill_the_range_by_their_logarithms():
    distribution = IntDistribution(1, 8, log=True)
    spans = np.array([cell(distribution, value) for value in range(1, 9)])
    np.testing.assert_allclose(spans[1:, 0], spans[:-1, 1])
    assert spans[0, 0] == pytest.approx(0)
    assert spans[-1, 1] == pytest.approx(1)
    assert spans[0, 1] == pytest.approx(math.log(3) / math.log(17))  # 0.5, 1.5 … 8.5
    assert [value_at(distribution, place) for place in spans.mean(axis=1)] == list(range(1, 9))


def test_real_numbers_are_points_on_their_scale():
    logarithmic = FloatDistribution(1e-4, 1, log=True)
    assert cell(logarithmic, 1e-3) == pytest.approx((0.25, 0.25))
    assert value_at(logarithmic, 0.75) == pytest.approx(0.1)
    assert cell(FloatDistribution(-1, 3), 0) == (0.25, 0.25)
    assert value_at(FloatDistribution(-1, 3), 0.5) == 1.0


def test_choices_have_parts_of_one_size():
    distribution = CategoricalDistribution(("a", "b", "c"))
    assert [value_at(distribution, place) for place in (0.0, 0.3, 0.34, 0.66, 0.67, 1.0)] == list("aabbcc")


@pytest.mark.parametrize(
    "distribution", [FloatDistribution(2, 2), FloatDistribution(2, 2, log=True), IntDistribution(2, 2)]
)
def test_a_single_value_is_everywhere(distribution):
    assert cell(distribution, 2) == (0.0, 1.0)
    assert value_at(distribution, 0.7) == 2
