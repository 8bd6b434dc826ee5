"""Convolution and pooling whose gradients are fast on CPUs, within loops too; pictures as [batch, height, width, maps].

Measured (benchmarks/images.py): XLA's own gradient of a convolution by its kernel is fast alone on a CPU, but 30 times
slower in a loop; as products of matrices it is not. The gradient of pooling by XLA's `reduce_window` is 60 times slower
than by comparing.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

_LAYOUT = ("NHWC", "HWIO", "NHWC")
_FEW_MAPS = 8  # so few that one product over all of the kernel's places is quicker than one for each


@jax.custom_vjp
def convolve(
    a: Float[Array, "batch height width maps_in"], kernel: Float[Array, "size size maps_in maps_out"]
) -> Float[Array, "batch height width maps_out"]:
    """Cross-correlation with zeros around the picture, so that it keeps its size; `size` is odd.

    (Deep learning calls it convolution: LeCun et al. 1998.)
    """
    if kernel.shape[0] == 1:
        return a @ kernel[0, 0]
    return jax.lax.conv_general_dilated(a, kernel, (1, 1), "SAME", dimension_numbers=_LAYOUT)


def _convolve(a: Array, kernel: Array) -> tuple[Array, tuple[Array, Array]]:
    return convolve(a, kernel), (a, kernel)


def _gradients(kept: tuple[Array, Array], output: Array) -> tuple[Array, Array]:
    a, kernel = kept
    turned = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
    return convolve(output, turned), _by_kernel(a, output, kernel.shape[0])


def _by_kernel(
    a: Float[Array, "batch height width maps_in"], output: Float[Array, "batch height width maps_out"], size: int
) -> Float[Array, "size size maps_in maps_out"]:
    """For each place in the kernel, the product of the pictures shifted to it with the output's gradient."""
    _, height, width, maps = a.shape
    edge = size // 2
    padded = jnp.pad(a, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
    shifted = [padded[:, y : y + height, x : x + width] for y in range(size) for x in range(size)]
    flat = output.reshape(-1, output.shape[-1])
    if maps < _FEW_MAPS:
        product = jnp.concatenate(shifted, axis=-1).reshape(-1, size * size * maps).T @ flat
    else:
        product = jnp.stack([each.reshape(-1, maps).T @ flat for each in shifted])
    return product.reshape(size, size, maps, -1)


convolve.defvjp(_convolve, _gradients)


@jax.custom_vjp
def max_pool(a: Float[Array, "batch height width maps"]) -> Float[Array, "batch half_height half_width maps"]:
    """The largest of each 2×2 square; an odd last row or column is dropped. The gradient goes to all the largest."""
    height, width = a.shape[1] // 2 * 2, a.shape[2] // 2 * 2
    rows = jnp.maximum(a[:, 0:height:2, :width], a[:, 1:height:2, :width])
    return jnp.maximum(rows[:, :, 0::2], rows[:, :, 1::2])


def _max_pool(a: Array) -> tuple[Array, tuple[Array, Array]]:
    largest = max_pool(a)
    return largest, (a, largest)


def _of_largest(kept: tuple[Array, Array], output: Array) -> tuple[Array]:
    a, largest = kept
    _, height, width, _ = a.shape
    inner = a[:, : 2 * largest.shape[1], : 2 * largest.shape[2]]
    gradient = jnp.where(inner == _doubled(largest), _doubled(output), jnp.zeros((), a.dtype))
    return (jnp.pad(gradient, ((0, 0), (0, height - inner.shape[1]), (0, width - inner.shape[2]), (0, 0))),)


def _doubled(a: Array) -> Array:
    return jnp.repeat(jnp.repeat(a, 2, axis=1), 2, axis=2)


max_pool.defvjp(_max_pool, _of_largest)
