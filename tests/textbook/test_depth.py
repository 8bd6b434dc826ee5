"""Vanishing and exploding signals: the seed's two networks, and what first weights do about it."""

import numpy as np
import pytest

from goodfit.textbook.depth import activation_deviations, deep_linear, growth_per_layer


@pytest.mark.parametrize("weight", [1.5, 0.5, 1.0])
def test_the_seeds_networks_grow_by_their_weight(weight):
    activations = deep_linear(weight, 30, np.ones((2, 1)))
    assert activations.shape == (30, 2, 1)
    assert activations[-1].ravel() == pytest.approx([weight**30] * 2)
    norms = np.linalg.norm(activations, axis=(1, 2))
    assert growth_per_layer(norms) == pytest.approx(weight, rel=1e-12)


def test_the_growth_is_the_slope_through_noise():
    rng = np.random.default_rng(0)
    norms = 7 * 1.2 ** np.arange(40) * np.exp(0.05 * rng.standard_normal(40))
    assert growth_per_layer(norms) == pytest.approx(1.2, rel=0.01)


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0, 3.0])
def test_relu_halves_the_signals_power_so_that_two_keeps_it(scale):
    """He et al. 2015, section 2.2: E[a²] gets the factor scale/2 in each layer, its root the root."""
    deviations = activation_deviations([600] * 21, "relu", scale, seed=1)
    assert growth_per_layer(deviations) == pytest.approx(np.sqrt(scale / 2), rel=0.02)


def test_tanh_keeps_its_signal_alive_with_xaviers_variance_and_loses_it_with_less():
    kept, lost = (activation_deviations([400] * 21, "tanh", scale) for scale in (1.0, 0.25))
    assert kept[-1] > 0.1
    assert growth_per_layer(lost[5:]) == pytest.approx(0.5, rel=0.02)  # linear near 0, so √scale


def test_the_weights_variance_counts_the_inputs_of_each_layer():
    """Keras's and He's fan-in: a layer twice as wide passes on a signal of the same size."""
    widths = activation_deviations([300, 1200, 300, 1200], "tanh", 1e-6)
    np.testing.assert_allclose(widths[1:] / widths[:-1], 1e-3, rtol=0.1)  # linear near 0, so √scale
