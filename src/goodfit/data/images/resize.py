"""Images of another size or depth: made to fit, and brought to 8 bits."""

import numpy as np
from jaxtyping import UInt8
from PIL import Image


def resized(image: Image.Image, height: int, width: int) -> UInt8[np.ndarray, "height width *channels"]:
    """The image as large as it fits, its shape kept; the rest is filled with the median of its border."""
    scale = min(height / image.height, width / image.width)
    own = [_whole(side * scale, most) for side, most in ((image.height, height), (image.width, width))]
    small = np.asarray(image.resize((own[1], own[0]), Image.Resampling.BILINEAR))
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    whole = np.empty((height, width, *small.shape[2:]), np.uint8)
    whole[:] = np.median(border, axis=0).round().astype(np.uint8)
    top, left = (height - own[0]) // 2, (width - own[1]) // 2
    whole[top : top + own[0], left : left + own[1]] = small
    return whole


def _whole(side: float, most: int) -> int:
    """The side in pixels; all there is where less than one would stay empty."""
    return most if most - side < 1 else max(1, round(side))


def scaled_to_8(values: np.ndarray) -> np.ndarray:
    """Pixels of 16 bits as 8: 65,535 becomes 255."""
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def gray_of_16(image: Image.Image) -> Image.Image:
    """A gray image of 16 bits as one of 8."""
    return Image.fromarray(scaled_to_8(np.asarray(image)))
