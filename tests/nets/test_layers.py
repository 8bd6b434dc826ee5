"""Layers against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf, expit
from scipy.stats import norm

from goodfit.nets.layers import ACTIVATIONS, Moments, batch_norm, dense, dropout, moments

Z = np.array([-30.0, -2.0, -0.5, -1e-3, 1e-3, 0.5, 2.0, 30.0])
CLOSED_FORMS = {
    "relu": np.maximum(Z, 0),
    "leaky_relu": np.maximum(Z, 0.01 * Z),
    "tanh": (np.exp(Z) - np.exp(-Z)) / (np.exp(Z) + np.exp(-Z)),
    "sigmoid": 1 / (1 + np.exp(-Z)),
    "silu": Z / (1 + np.exp(-Z)),
    "elu": np.where(Z > 0, Z, np.expm1(Z)),
    "selu": 1.0507009873554805 * np.where(Z > 0, Z, 1.6732632423543772 * np.expm1(Z)),
    "softplus": np.log1p(np.exp(Z)),
}


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_activations_have_their_closed_form(name):
    np.testing.assert_allclose(ACTIVATIONS[name](jnp.array(Z, jnp.float32)), CLOSED_FORMS[name], rtol=3e-6, atol=1e-7)


def test_gelu_is_z_times_the_normal_distribution_to_its_tanh_approximation():
    """Hendrycks & Gimpel 2016: zΦ(z); the tanh form is within 5e-4 of it."""
    values = np.asarray(ACTIVATIONS["gelu"](jnp.array(Z, jnp.float32)))
    np.testing.assert_allclose(values, Z / 2 * (1 + erf(Z / np.sqrt(2))), atol=5e-4)
    np.testing.assert_allclose(values, Z * norm.cdf(Z), atol=5e-4)


def test_every_activation_is_tested():
    assert set(ACTIVATIONS) == {*CLOSED_FORMS, "gelu"}


def test_selu_keeps_mean_zero_and_variance_one():
    """Klambauer et al. 2017: the fixed point that its two constants solve."""
    out = np.asarray(ACTIVATIONS["selu"](jnp.array(norm.ppf((np.arange(200_000) + 0.5) / 200_000), jnp.float32)))
    assert abs(out.mean()) < 1e-3
    assert abs(out.var() - 1) < 2e-3


def test_dense_adds_b_only_where_there_is_one():
    a, W, b = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0, 5.0], [6.0, 7.0, 8.0]]), np.array([10.0, 20.0, 30.0])
    assert np.asarray(dense({"W": W}, jnp.array(a))).tolist() == [[15.0, 18.0, 21.0]]
    assert np.asarray(dense({"W": W, "b": b}, jnp.array(a))).tolist() == [[25.0, 38.0, 51.0]]


def test_batch_norm_is_that_of_the_course_notes():
    z = np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 10.0]])
    statistics = moments(jnp.array(z))
    assert np.asarray(statistics.mean).tolist() == [3.0, 10.0]
    np.testing.assert_allclose(statistics.variance, [8 / 3, 0.0])  # divided by m, not m − 1
    values = batch_norm({"gamma": jnp.array([2.0, 3.0]), "beta": jnp.array([0.5, 7.0])}, jnp.array(z), statistics)
    hat = 2 / np.sqrt(8 / 3 + 1e-5)
    np.testing.assert_allclose(values, [[0.5 - 2 * hat, 7], [0.5, 7], [0.5 + 2 * hat, 7]], rtol=1e-6)


def test_batch_norm_with_given_moments_takes_one_example():
    statistics = Moments(jnp.array([1.0]), jnp.array([4.0]))
    values = batch_norm({"gamma": jnp.array([1.0]), "beta": jnp.array([0.0])}, jnp.array([[5.0]]), statistics)
    np.testing.assert_allclose(values, [[4 / np.sqrt(4 + 1e-5)]], rtol=1e-6)


def test_dropout_keeps_the_mean_by_dividing_by_keep_prob():
    a = jnp.full((400, 300), 3.0)
    out = np.asarray(dropout(a, jnp.uint32(5), jnp.float32(0.8)))
    assert set(np.unique(out)) == {np.float32(0), np.float32(3) / np.float32(0.8)}
    deviation = 3 * np.sqrt(0.2 / 0.8 / out.size)
    assert abs(out.mean() - 3) < 4 * deviation
    assert np.array_equal(dropout(a, jnp.uint32(5), jnp.float32(1.0)), a)


def test_dropouts_gradient_passes_through_the_same_units():
    a = jnp.ones((20, 30))
    out, back = jax.vjp(lambda a: dropout(a, jnp.uint32(9), jnp.float32(0.5)), a)
    np.testing.assert_array_equal(back(a)[0], out)


def test_sigmoid_does_not_overflow():
    far = jnp.array([-1e4, 1e4], jnp.float32)
    np.testing.assert_array_equal(ACTIVATIONS["sigmoid"](far), expit(np.array([-1e4, 1e4])))
    np.testing.assert_array_equal(ACTIVATIONS["softplus"](far), [0, 1e4])
