"""Exponentially weighted averages against SciPy's filter and pandas' ewm."""

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from goodfit.textbook.averages import exponentially_weighted_averages, window

THETA = 50 + 10 * np.random.default_rng(0).standard_normal(180)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.98])
def test_it_is_a_first_order_filter(beta):
    ours = exponentially_weighted_averages(THETA, beta)
    np.testing.assert_allclose(ours, lfilter([1 - beta], [1, -beta], THETA), rtol=1e-12)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.98])
def test_corrected_it_is_the_weighted_mean_of_what_there_was(beta):
    ours = exponentially_weighted_averages(THETA, beta, bias_correction=True)
    np.testing.assert_allclose(ours, pd.Series(THETA).ewm(alpha=1 - beta, adjust=True).mean(), rtol=1e-12)
    assert ours[0] == pytest.approx(THETA[0])


def test_columns_are_averaged_apart():
    both = exponentially_weighted_averages(np.stack([THETA, 2 * THETA], axis=1), 0.9)
    np.testing.assert_allclose(both[:, 1], 2 * exponentially_weighted_averages(THETA, 0.9), rtol=1e-12)


@pytest.mark.parametrize("beta", [0.9, 0.98, 0.999])
def test_the_window_is_where_a_weight_has_fallen_to_a_third(beta):
    """β^(1/(1−β)) is about 1/e; and the mean age of what is averaged is window − 1."""
    assert beta ** window(beta) == pytest.approx(np.exp(-1), rel=0.06)
    n = np.arange(100_000)
    assert ((1 - beta) * beta**n * n).sum() == pytest.approx(window(beta) - 1, rel=1e-6)
