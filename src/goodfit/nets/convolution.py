"""Convolution and pooling with gradients that are fast on CPUs, also inside loops; images [batch, height, width, maps].

Measured (benchmarks/images.py): XLA's own gradient of a convolution by its kernel is fast alone on a CPU, but 30 times
slower in a loop; written as products of matrices it is not. The gradient of pooling by XLA's `reduce_window` is 60
times slower than the one by comparison here.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

_LAYOUT = ("NHWC", "HWIO", "NHWC")
_FEW_MAPS = 8  # with fewer, one product over all places of the kernel is quicker than one for each place


@jax.custom_vjp
def convolve(
    a: Float[Array, "batch height width maps_in"], kernel: Float[Array, "size size maps_in maps_out"]
) -> Float[Array, "batch height width maps_out"]:
    """Cross-correlate with zeros around the image, so that it keeps its size; `size` is odd.

    out[y, x, n] = Σ a[y + i − size // 2, x + j − size // 2, m]·kernel[i, j, m, n], over i, j and m. (Deep learning
    calls it convolution: LeCun et al. 1998.)
    """
    if kernel.shape[0] == 1:  # a 1×1 kernel is a dense layer at each place
        return a @ kernel[0, 0]
    return jax.lax.conv_general_dilated(a, kernel, (1, 1), "SAME", dimension_numbers=_LAYOUT)


def _convolve(a: Array, kernel: Array) -> tuple[Array, tuple[Array, Array]]:
    return convolve(a, kernel), (a, kernel)


def _gradients(inputs: tuple[Array, Array], gradient: Array) -> tuple[Array, Array]:
    """Return the gradients by `a` and by the kernel, from that by the output."""
    a, kernel = inputs
    # by `a` it is the convolution with the kernel turned by 180°, its input and output maps exchanged
    turned = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
    return convolve(gradient, turned), _kernel_gradient(a, gradient, kernel.shape[0])


def _kernel_gradient(
    a: Float[Array, "batch height width maps_in"], gradient: Float[Array, "batch height width maps_out"], size: int
) -> Float[Array, "size size maps_in maps_out"]:
    """Return for each place in the kernel the product of the image shifted to it with the output's gradient."""
    _, height, width, maps = a.shape
    edge = size // 2
    padded = jnp.pad(a, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
    shifted = [padded[:, y : y + height, x : x + width] for y in range(size) for x in range(size)]
    flat = gradient.reshape(-1, gradient.shape[-1])
    if maps < _FEW_MAPS:
        product = jnp.concatenate(shifted, axis=-1).reshape(-1, size * size * maps).T @ flat
    else:
        product = jnp.stack([image.reshape(-1, maps).T @ flat for image in shifted])
    return product.reshape(size, size, maps, -1)


convolve.defvjp(_convolve, _gradients)


@jax.custom_vjp
def max_pool(a: Float[Array, "batch height width maps"]) -> Float[Array, "batch half_height half_width maps"]:
    """Return the largest of each 2×2 square (Ranzato et al. 2007).

    An odd last row or column is dropped. Where several are the largest, each receives the whole gradient.
    """
    height, width = a.shape[1] // 2 * 2, a.shape[2] // 2 * 2
    rows = jnp.maximum(a[:, 0:height:2, :width], a[:, 1:height:2, :width])
    return jnp.maximum(rows[:, :, 0::2], rows[:, :, 1::2])


def _max_pool(a: Array) -> tuple[Array, tuple[Array, Array]]:
    largest = max_pool(a)
    return largest, (a, largest)


def _max_pool_gradient(images: tuple[Array, Array], gradient: Array) -> tuple[Array]:
    """Return the gradient by `a`: that of the output at the places that equal their square's largest, else 0."""
    a, largest = images
    _, height, width, _ = a.shape
    inner = a[:, : 2 * largest.shape[1], : 2 * largest.shape[2]]
    routed = jnp.where(inner == _doubled(largest), _doubled(gradient), jnp.zeros((), a.dtype))
    return (jnp.pad(routed, ((0, 0), (0, height - inner.shape[1]), (0, width - inner.shape[2]), (0, 0))),)


def _doubled(a: Array) -> Array:
    """Return the image with each place repeated in a 2×2 square."""
    return jnp.repeat(jnp.repeat(a, 2, axis=1), 2, axis=2)


max_pool.defvjp(_max_pool, _max_pool_gradient)
