"""Convolution and pooling against SciPy, and their gradients against XLA's gradient and differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.signal import correlate2d

from goodfit.nets.convolution import convolve, max_pool


def normal(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape)


@pytest.mark.parametrize(("size", "maps"), [(1, 3), (3, 1), (3, 9), (5, 2)])
def test_convolution_is_cross_correlation_summed_over_feature_maps(size, maps):
    a, kernel = normal(2, 7, 6, maps), normal(size, size, maps, 4)
    expected = np.stack(
        [
            np.stack(
                [sum(correlate2d(image[..., i], kernel[..., i, o], "same") for i in range(maps)) for o in range(4)], -1
            )
            for image in a
        ]
    )
    np.testing.assert_allclose(convolve(jnp.array(a, jnp.float32), jnp.array(kernel, jnp.float32)), expected, atol=2e-5)


@pytest.mark.parametrize(("size", "maps"), [(1, 3), (3, 1), (3, 9), (5, 2)])
def test_the_gradients_of_convolution_are_xlas_own(size, maps):
    a, kernel = jnp.array(normal(2, 7, 6, maps), jnp.float32), jnp.array(normal(size, size, maps, 4), jnp.float32)
    output = jnp.array(normal(2, 7, 6, 4), jnp.float32)

    def plain(a, kernel):
        return jax.lax.conv_general_dilated(
            a, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"), precision="highest"
        )

    for gradient, xlas in zip(
        jax.vjp(convolve, a, kernel)[1](output), jax.vjp(plain, a, kernel)[1](output), strict=True
    ):
        np.testing.assert_allclose(gradient, xlas, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(6, 4), (7, 5), (2, 2)])
def test_pooling_takes_the_largest_of_each_square(height, width):
    a = normal(3, height, width, 2)
    squares = a[:, : height // 2 * 2, : width // 2 * 2].reshape(3, height // 2, 2, width // 2, 2, 2)
    np.testing.assert_array_equal(max_pool(jnp.array(a, jnp.float32)), squares.max(axis=(2, 4)).astype(np.float32))


def test_the_gradient_of_pooling_goes_to_the_largest_and_to_no_dropped_row():
    a = jnp.array(normal(2, 5, 4, 3), jnp.float32)
    generator = np.random.default_rng(1)
    output, step = jnp.array(generator.normal(size=(2, 2, 2, 3)), jnp.float32), 1e-3 * generator.normal(size=a.shape)
    (slope,) = jax.vjp(max_pool, a)[1](output)
    change = np.asarray(output, np.float64) * (max_pool(a + step) - max_pool(a - step))
    np.testing.assert_allclose((np.asarray(slope) * 2 * step).sum(), change.sum(), rtol=1e-2)
    (gradient,) = jax.vjp(max_pool, a)[1](jnp.ones((2, 2, 2, 3), jnp.float32))
    assert not np.asarray(gradient[:, 4]).any()
    assert np.asarray(gradient).sum() == 2 * 2 * 2 * 3
