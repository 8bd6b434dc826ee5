"""Activations against SciPy and closed forms, their slopes against differences."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf, expit

from goodfit.nets.layers import ACTIVATIONS as ENGINE
from goodfit.textbook.activations import ACTIVATIONS, SELU_ALPHA, SELU_SCALE

Z = np.array([-30.0, -2.0, -0.5, -1e-3, 1e-3, 0.5, 2.0, 30.0])
CLOSED_FORMS = {
    "relu": (Z + abs(Z)) / 2,
    "leaky_relu": np.maximum(Z, 0.01 * Z),
    "tanh": np.expm1(2 * Z) / (np.exp(2 * Z) + 1),
    "sigmoid": expit(Z),
    "silu": Z * expit(Z),
    "elu": np.maximum(Z, 0) + np.expm1(np.minimum(Z, 0)),
    "selu": SELU_SCALE * (np.maximum(Z, 0) + SELU_ALPHA * np.expm1(np.minimum(Z, 0))),
    "softplus": np.log1p(np.exp(Z)),
}


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_each_is_its_closed_form(name):
    np.testing.assert_allclose(ACTIVATIONS[name][0](Z), CLOSED_FORMS[name], rtol=1e-13)


def test_gelu_is_near_z_times_the_normal_distribution():
    np.testing.assert_allclose(ACTIVATIONS["gelu"][0](Z), Z / 2 * (1 + erf(Z / np.sqrt(2))), atol=5e-4)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_derivative_is_the_slope(name):
    g, g_prime = ACTIVATIONS[name]
    slope = (g(Z + 1e-5) - g(Z - 1e-5)) / 2e-5
    np.testing.assert_allclose(g_prime(Z), slope, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_far_values_do_not_overflow(name):
    far = np.array([-1e4, 1e4])
    for function in ACTIVATIONS[name]:
        assert np.isfinite(function(far)).all()


def test_the_names_and_the_values_at_zero_are_the_engines():
    assert ACTIVATIONS.keys() == ENGINE.keys()
    for name, function in ENGINE.items():
        assert float(function(jnp.float32(0))) == pytest.approx(ACTIVATIONS[name][0](np.zeros(1))[0], abs=1e-7)
