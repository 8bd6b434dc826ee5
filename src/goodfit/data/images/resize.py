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


def scaled_to_8(values: np.ndarray, black: float = 0, white: float = 65_535) -> np.ndarray:
    """Return pixels of any range as 8 bits: `black` becomes 0, `white` 255, and what lies beyond is clipped."""
    scaled = (values.astype(np.float64) - black) * (255 / (white - black))
    return np.clip(np.round(scaled), 0, 255).astype(np.uint8)


def limits(image: Image.Image) -> tuple[float, float]:
    """Return the smallest and the largest value of an image; NaN if one is not a number."""
    values = np.asarray(image)
    return float(values.min()), float(values.max())


def gray_of_deep(image: Image.Image, black: float, white: float) -> Image.Image:
    """Return a gray image of more than 8 bits as one of 8."""
    return Image.fromarray(scaled_to_8(np.asarray(image), black, white))
