"""Data augmentation: other pictures of the same label, drawn anew for every example in every epoch of training.

(Seed: data augmentation. Simard et al. 2003 for distortions; Ronneberger et al. 2015 draw them on a coarse grid.)
"""

import jax
import jax.numpy as jnp
from jax.scipy.ndimage import map_coordinates
from jaxtyping import Array, Float, UInt32

from goodfit.nets.noise import counter_bits, fold

# at a strength of 1, the farthest
SHIFT = 0.08  # of the side
ANGLE = 0.26  # radians, 15 degrees
SCALE = 0.12
CONTRAST, BRIGHTNESS = 0.2, 0.2  # share, and standard deviations of the channel
DISTORTION = 0.05  # of the side: the deviation of each of a grid's points
_GRID = 4  # points a side
_NUMBERS = 7


def augment(
    images: Float[Array, "batch height width channels"],
    key: UInt32[Array, ""],
    strength: Float[Array, ""],
    flip: Float[Array, ""],
) -> Float[Array, "batch height width channels"]:
    """Each image at another position, angle, scale, brightness and contrast, and distorted; around it is its edge.

    Args:
        images: standardized pixels.
        key: of this step.
        strength: how much of each; 0 leaves them as they are.
        flip: the probability that left and right change places.
    """
    batch, height, width, _ = images.shape
    drawn = strength * _uniform(fold(key, 0), (batch, _NUMBERS))  # from −1 to 1
    mirrored = _uniform(fold(key, 1), (batch,)) < 2 * flip - 1
    down, right = (jnp.linspace(-1, 1, length) for length in (height, width))
    cosine, sine = jnp.cos(ANGLE * drawn[:, 0]), jnp.sin(ANGLE * drawn[:, 0])
    tall, broad = 1 + SCALE * drawn[:, 1], (1 + SCALE * drawn[:, 2]) * jnp.where(mirrored, -1, 1)
    y, x = down[None, :, None], right[None, None, :]

    def places(
        own: Float[Array, "batch"], other: Float[Array, "batch"], moved: Float[Array, "batch"], bent: int
    ) -> Array:
        straight = own[:, None, None] * y + other[:, None, None] * x + 2 * SHIFT * moved[:, None, None]
        return straight + strength * _smooth(fold(key, bent), batch, height, width)

    rows = places(tall * cosine, -broad * sine, drawn[:, 3], 2)
    columns = places(tall * sine, broad * cosine, drawn[:, 4], 3)
    at = jnp.stack([(rows + 1) * (height - 1) / 2, (columns + 1) * (width - 1) / 2], axis=1)
    at = jax.lax.optimization_barrier(at)  # else each of the four neighbors of a place computes it again
    warped = jax.vmap(jax.vmap(_sampled, in_axes=(-1, None), out_axes=-1))(images, at)
    bright = 1 + CONTRAST * drawn[:, 5], BRIGHTNESS * drawn[:, 6]
    return warped * bright[0][:, None, None, None] + bright[1][:, None, None, None]


def _sampled(image: Float[Array, "height width"], at: Float[Array, "2 height width"]) -> Float[Array, "height width"]:
    return map_coordinates(image, [at[0], at[1]], order=1, mode="nearest")


def _smooth(key: UInt32[Array, ""], batch: int, height: int, width: int) -> Float[Array, "batch height width"]:
    """A smooth field: draws on a coarse grid, linear between its points; in half sides."""
    points = 2 * DISTORTION * jnp.sqrt(3.0) * _uniform(key, (batch, _GRID, _GRID))
    return jnp.einsum("hy,byx,wx->bhw", _between(height), points, _between(width))


def _between(length: int) -> Float[Array, "length grid"]:
    """Each place's weights of the two grid points that it lies between."""
    place = jnp.linspace(0, _GRID - 1, length)[:, None]
    return jnp.maximum(0, 1 - jnp.abs(place - jnp.arange(_GRID)[None, :]))


def _uniform(key: UInt32[Array, ""], shape: tuple[int, ...]) -> Float[Array, "..."]:
    """From −1 to 1."""
    return (counter_bits(key, shape) >> 8).astype(jnp.float32) * jnp.float32(2**-23) - 1
