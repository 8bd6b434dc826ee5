"""Data augmentation: random variations of each image, new in every epoch (course notes: data augmentation).

Distortions follow Simard et al. 2003, drawn on a coarse grid as in Ronneberger et al. 2015.
"""

import jax
import jax.numpy as jnp
from jax.scipy.ndimage import map_coordinates
from jaxtyping import Array, Float, UInt32

from goodfit.nets.noise import counter_bits, fold

# The largest changes at a strength of 1
SHIFT = 0.08  # fraction of the side
ANGLE = 0.26  # radians, 15 degrees
SCALE = 0.12  # of the height and of the width, each by a number of its own
CONTRAST, BRIGHTNESS = 0.2, 0.2  # relative; in standard deviations of the channel
DISTORTION = 0.05  # standard deviation of a grid point's shift, as a fraction of the side
_GRID = 4  # points per side
_NUMBERS = 7  # random numbers per image: angle, two scales, two shifts, contrast, brightness


def augment(
    images: Float[Array, "batch height width channels"],
    key: UInt32[Array, ""],
    strength: Float[Array, ""],
    flip: Float[Array, ""],
) -> Float[Array, "batch height width channels"]:
    """Return each image at another position, angle, scale, brightness and contrast, and distorted.

    Pixels outside the image repeat its edge.

    Args:
        images: standardized pixels.
        key: random key of this step.
        strength: scales all changes; 0 leaves the images as they are.
        flip: probability that left and right are swapped.
    """
    batch, height, width, _ = images.shape
    changes = strength * _uniform(fold(key, 0), (batch, _NUMBERS))  # from −1 to 1
    # A draw from −1 to 1 is below 2·flip − 1 with probability flip.
    mirrored = _uniform(fold(key, 1), (batch,)) < 2 * flip - 1
    down, right = (jnp.linspace(-1, 1, length) for length in (height, width))
    cosine, sine = jnp.cos(ANGLE * changes[:, 0]), jnp.sin(ANGLE * changes[:, 0])
    tall, broad = 1 + SCALE * changes[:, 1], (1 + SCALE * changes[:, 2]) * jnp.where(mirrored, -1, 1)
    y, x = down[None, :, None], right[None, None, :]

    # The source of each new pixel: an affine map of its coordinates in −1…1, plus a smooth random field. Going from new
    # to old pixels leaves no holes. A side is 2 long in these coordinates, hence 2·SHIFT.
    def sources(
        along_y: Float[Array, "batch"], along_x: Float[Array, "batch"], shift: Float[Array, "batch"], stream: int
    ) -> Array:
        affine = along_y[:, None, None] * y + along_x[:, None, None] * x + 2 * SHIFT * shift[:, None, None]
        return affine + strength * _smooth(fold(key, stream), batch, height, width)

    rows = sources(tall * cosine, -broad * sine, changes[:, 3], 2)
    columns = sources(tall * sine, broad * cosine, changes[:, 4], 3)
    # Back from −1…1 to indices of pixels.
    points = jnp.stack([(rows + 1) * (height - 1) / 2, (columns + 1) * (width - 1) / 2], axis=1)
    points = jax.lax.optimization_barrier(points)  # else each of the four neighbors of a pixel computes it again
    warped = jax.vmap(jax.vmap(_sampled, in_axes=(-1, None), out_axes=-1))(images, points)
    # Standardized pixels have mean 0, so a factor stretches the contrast about the mean.
    contrast, brightness = 1 + CONTRAST * changes[:, 5], BRIGHTNESS * changes[:, 6]
    return warped * contrast[:, None, None, None] + brightness[:, None, None, None]


def _sampled(
    image: Float[Array, "height width"], points: Float[Array, "2 height width"]
) -> Float[Array, "height width"]:
    return map_coordinates(image, [points[0], points[1]], order=1, mode="nearest")


def _smooth(key: UInt32[Array, ""], batch: int, height: int, width: int) -> Float[Array, "batch height width"]:
    """Return a smooth random field, in half sides: draws on a coarse grid, linear in between."""
    # √3 gives a uniform draw from −1 to 1, whose variance is 1/3, a deviation of 1; a side is two half sides.
    draws = 2 * DISTORTION * jnp.sqrt(3.0) * _uniform(key, (batch, _GRID, _GRID))
    return jnp.einsum("hy,byx,wx->bhw", _between(height), draws, _between(width))


def _between(length: int) -> Float[Array, "length grid"]:
    """Return the weights of the two grid points that each place lies between."""
    place = jnp.linspace(0, _GRID - 1, length)[:, None]
    return jnp.maximum(0, 1 - jnp.abs(place - jnp.arange(_GRID)[None, :]))


def _uniform(key: UInt32[Array, ""], shape: tuple[int, ...]) -> Float[Array, "..."]:
    """Return uniform numbers from −1 to 1."""
    # 24 bits, as many as a float32 holds exactly: 0 … 2²⁴ − 1, scaled to 0…2.
    return (counter_bits(key, shape) >> 8).astype(jnp.float32) * jnp.float32(2**-23) - 1
