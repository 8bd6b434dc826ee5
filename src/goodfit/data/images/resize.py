"""Images of another size or depth: fitted into a shape, and brought to 8 bits."""

import numpy as np
from jaxtyping import UInt8
from PIL import Image


def resized(image: Image.Image, height: int, width: int) -> UInt8[np.ndarray, "height width *channels"]:
    """Return the image as large as it fits in proportion, centered; the rest is the median color of its border."""
    scale = min(height / image.height, width / image.width)
    rows, columns = _pixels(image.height * scale, height), _pixels(image.width * scale, width)
    small = np.asarray(image.resize((columns, rows), Image.Resampling.BILINEAR))
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    canvas = np.empty((height, width, *small.shape[2:]), np.uint8)
    canvas[:] = np.median(border, axis=0).round().astype(np.uint8)
    y, x = (height - rows) // 2, (width - columns) // 2
    canvas[y : y + rows, x : x + columns] = small
    return canvas


def _pixels(side: float, limit: int) -> int:
    """Return a side in whole pixels; the limit if less than one pixel would stay empty."""
    return limit if limit - side < 1 else max(1, round(side))


def scaled_to_8(values: np.ndarray) -> np.ndarray:
    """Return pixels of 16 bits as 8: 65,535 becomes 255."""
    # 65,535 = 255 · 257; 128 makes the division round.
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def gray_of_16(image: Image.Image) -> Image.Image:
    """Return a gray image of 16 bits as one of 8."""
    return Image.fromarray(scaled_to_8(np.asarray(image)))
