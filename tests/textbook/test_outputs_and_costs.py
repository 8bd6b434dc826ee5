"""Softmax and the costs against SciPy; their derivatives against differences."""

import numpy as np
import pytest
from scipy.special import expit, log_softmax, rel_entr, softmax, xlogy

from goodfit.textbook import costs
from goodfit.textbook.softmax import hard_max, one_hot, output_derivative, softmax_derivative
from goodfit.textbook.softmax import softmax as ours

RNG = np.random.default_rng(0)
Z = 3 * RNG.standard_normal((4, 7))
CLASSES = RNG.integers(0, 4, 7)
Y = np.eye(4)[CLASSES].T
HALVES = (Y[:1] + Y[1:2]) * 1.0
NUMBERS = RNG.standard_normal((2, 7))
OUTPUTS = {
    "softmax": (ours, Z, Y),
    "sigmoid": (expit, Z[:1], HALVES),
    "linear": (lambda z: z, Z[:2], NUMBERS),
}


def test_softmax_is_scipys_and_does_not_overflow():
    np.testing.assert_allclose(ours(Z), softmax(Z, axis=0), rtol=1e-14)
    np.testing.assert_array_equal(ours(np.array([[-1e4], [1e4]])), [[0], [1]])


def test_softmaxs_derivative_is_the_whole_jacobian():
    z = Z[:, 0]
    steps = 1e-6 * np.eye(4)
    slopes = [(softmax(z + step) - softmax(z - step)) / 2e-6 for step in steps]
    np.testing.assert_allclose(softmax_derivative(softmax(z)), np.array(slopes).T, atol=1e-9)


def test_the_jacobian_and_the_losss_slope_make_y_hat_minus_y():
    """dL/dŷ = −y/ŷ; the chain rule needs what the seed's ŷ·(1 − ŷ) leaves out."""
    a, y = softmax(Z[:, 0]), Y[:, 0]
    np.testing.assert_allclose(softmax_derivative(a).T @ (-y / a), a - y, atol=1e-15)
    assert np.abs(a * (1 - a) * (-y / a) - (a - y)).max() > 0.01


def test_hard_max_of_softmax_is_the_largest_z():
    np.testing.assert_array_equal(hard_max(ours(Z)), one_hot(Z.argmax(axis=0), 4))
    np.testing.assert_array_equal(one_hot(CLASSES, 4), Y)


def test_the_costs_are_scipys():
    softmax_cost = -log_softmax(Z, axis=0)[CLASSES, np.arange(7)].mean()
    assert costs.compute_cost(ours(Z), Y) == pytest.approx(softmax_cost, rel=1e-13)
    p = expit(Z[:1])
    sigmoid_cost = (rel_entr(HALVES, p) + rel_entr(1 - HALVES, 1 - p)).mean()  # 0 and 1 have no entropy of their own
    assert costs.compute_cost(p, HALVES, "sigmoid") == pytest.approx(sigmoid_cost, rel=1e-13)
    two = ((Z[:2] - NUMBERS) ** 2).sum(axis=0).mean() / 2
    assert costs.compute_cost(Z[:2], NUMBERS, "linear") == pytest.approx(two, rel=1e-13)


def test_a_certain_and_right_answer_costs_nothing():
    assert costs.compute_cost(Y, Y) == 0
    assert costs.compute_cost(HALVES, HALVES, "sigmoid") == 0


def test_better_answers_cost_less():
    """The seed's second minus would turn it round."""
    assert costs.compute_cost(0.9 * Y + 0.025, Y) < costs.compute_cost(0.5 * Y + 0.125, Y)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("share", [0.0, 0.3])
def test_the_slope_of_every_output_is_y_hat_minus_y(output, share):
    g, z, y = OUTPUTS[output]
    y = y if output == "linear" else costs.smooth_labels(y, share)
    slopes = np.empty_like(z)
    for place in np.ndindex(z.shape):
        step = np.zeros_like(z)
        step[place] = 1e-6
        slopes[place] = costs.compute_cost(g(z + step), y, output) - costs.compute_cost(g(z - step), y, output)
    np.testing.assert_allclose(output_derivative(g(z), y) / 7, slopes / 2e-6, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("share", [0.1, 0.6])
def test_smoothed_labels_are_probabilities_and_keep_their_class(share):
    """Szegedy et al. 2016: (1 − ε)·one-hot + ε/K; one row says the same as two."""
    smooth = costs.smooth_labels(Y, share)
    np.testing.assert_allclose(smooth.sum(axis=0), 1)
    np.testing.assert_array_equal(smooth.argmax(axis=0), CLASSES)
    both = np.concatenate([1 - HALVES, HALVES])
    np.testing.assert_allclose(costs.smooth_labels(HALVES, share)[0], costs.smooth_labels(both, share)[1])
    q = costs.smooth_labels(Y, share)
    expected = -xlogy(q, softmax(Z, axis=0)).sum(axis=0).mean()
    assert costs.compute_cost(ours(Z), q) == pytest.approx(expected, rel=1e-13)


def test_penalties_are_the_seeds_and_leave_the_rest_out():
    parameters = {"W1": np.array([[1.0, -2.0]]), "b1": np.array([[9.0]]), "gamma1": np.array([[9.0]])}
    parameters |= {"beta1": np.array([[9.0]]), "W2": np.array([[3.0], [-4.0]]), "b2": np.array([[9.0], [9.0]])}
    assert costs.l2_penalty(parameters, 5.0, 20) == pytest.approx(5 / 40 * (1 + 4 + 9 + 16))
    assert costs.l1_penalty(parameters, 7.0, 20) == pytest.approx(7 / 40 * (1 + 2 + 3 + 4))
