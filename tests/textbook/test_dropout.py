"""Dropout: how many units stay, and that nothing changes in the mean."""

import numpy as np
import pytest
from scipy.stats import binom

from goodfit.textbook.dropout import draw_mask, drop, drop_back


@pytest.mark.parametrize("keep_prob", [0.1, 0.5, 0.8])
def test_each_unit_stays_with_probability_keep_prob(keep_prob):
    mask = draw_mask((50, 400), keep_prob, np.random.default_rng(1))
    assert 1e-4 < binom.cdf(mask.sum(), mask.size, keep_prob) < 1 - 1e-4
    counts = binom.cdf(mask.sum(axis=1), 400, keep_prob)  # of each unit
    assert counts.min() > 1e-5
    assert counts.max() < 1 - 1e-5


def test_all_units_stay_at_one():
    assert draw_mask((5, 7), 1.0, np.random.default_rng(1)).all()


def test_the_mean_over_masks_is_the_activation():
    """Without the division the mean would be keep_prob·A."""
    rng, A = np.random.default_rng(2), np.array([[1.0, -3.0], [0.5, 20.0]])
    drawn = np.array([drop(A, draw_mask(A.shape, 0.8, rng), 0.8) for _ in range(20_000)])
    deviation = abs(A) * np.sqrt(0.2 / 0.8 / 20_000)
    assert (abs(drawn.mean(axis=0) - A) < 4.5 * deviation).all()


def test_the_way_back_is_the_slope_of_the_way_forward():
    rng = np.random.default_rng(3)
    A, dA, D = rng.standard_normal((3, 5)), rng.standard_normal((3, 5)), draw_mask((3, 5), 0.6, rng)
    step = rng.standard_normal((3, 5))
    moved = (dA * (drop(A + step, D, 0.6) - drop(A, D, 0.6))).sum()  # linear in A, so exact
    assert (drop_back(dA, D, 0.6) * step).sum() == pytest.approx(moved)
