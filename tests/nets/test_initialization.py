"""The first weights: He and Xavier variance, seeds, independence."""

import math
from typing import get_args

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from goodfit.nets.initialization import draw_weights, weight_deviation
from goodfit.plan import Activation


def _variance_is(weights: np.ndarray, variance: float) -> bool:
    """True where the sum of squares lies where chi-squared has it in all but one of a million draws."""
    low, high = chi2.ppf([5e-7, 1 - 5e-7], weights.size)
    return low < float((weights.astype(np.float64) ** 2).sum() / variance) < high


@pytest.mark.parametrize(("name", "share"), [("he", 2.0), ("xavier", 1.0)])
@pytest.mark.parametrize("inputs", [3, 50, 784])
def test_variance(name, share, inputs):
    """Course notes, weight initialization: 2/n for ReLU, 1/n for tanh, n being the layer's inputs."""
    weights = draw_weights(7, 0, (inputs, 4000), weight_deviation(name, "relu", inputs))
    assert _variance_is(weights, share / inputs)
    assert not _variance_is(weights, 1.1 * share / inputs)
    assert weights.dtype == np.float32
    assert kstest(weights[:, :50].ravel() / math.sqrt(share / inputs), "norm").pvalue > 1e-4


def test_auto_is_xavier_for_saturating_activations_and_he_for_the_others():
    for activation in get_args(Activation):
        xavier = activation in ("tanh", "sigmoid", "selu")  # SELU's fixed point needs 1/n (Klambauer et al. 2017)
        assert weight_deviation("auto", activation, 8) == pytest.approx(math.sqrt((1 if xavier else 2) / 8))
        assert weight_deviation("he", activation, 8) == pytest.approx(0.5)
        assert weight_deviation("xavier", activation, 8) == pytest.approx(math.sqrt(1 / 8))


def test_weights_depend_on_seed_and_layer_alone():
    first = draw_weights(1, 0, (30, 40), 1.0)
    np.testing.assert_array_equal(first, draw_weights(1, 0, (30, 40), 1.0))
    np.testing.assert_allclose(draw_weights(1, 0, (30, 40), 0.5), first / 2, rtol=1e-6)
    for seed, layer in [(2, 0), (1, 1), (0, 1)]:
        weights = draw_weights(seed, layer, (30, 40), 1.0)
        assert abs(np.corrcoef(first.ravel(), weights.ravel())[0, 1]) < 4 / math.sqrt(first.size)
