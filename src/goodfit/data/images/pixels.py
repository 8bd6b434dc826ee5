"""Arrays of numbers as pixels of 8 bits: gray, or red, green and blue."""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import UInt8

from goodfit.data.images.resize import scaled_to_8
from goodfit.errors import InputError

Pieces = Callable[[], Iterator[np.ndarray]]  # yields all values at each call; [pixels, channels] a piece

_DEEP = "Pixels of 16 bits were scaled to 8."


def as_pixels(
    array: np.ndarray, place: str
) -> tuple[UInt8[np.ndarray, "images height width channels"], tuple[str, ...]]:
    """Return an array as images of 8 bits, gray or of three colors, and remarks on the conversion.

    Args:
        array: images, height, width and channels (1, 3 or 4; without channels: gray).
        place: its name in a sentence.

    Raises:
        InputError: the array holds no images.
    """
    *shape, channels = shape_of_images(array.shape, place)
    values = array.reshape(-1, channels)
    pieces, remarks = in_8_bits(lambda: iter([values]), array.dtype, channels, place)
    return next(pieces).reshape(*shape, -1), remarks


def shape_of_images(shape: tuple[int, ...], place: str) -> tuple[int, int, int, int]:
    """Return the shape of an array of images: their number, height, width, and 1, 3 or 4 channels.

    Raises:
        InputError: it is not the shape of images.
    """
    count, height, width, channels = (*shape, 1) if len(shape) == 3 else shape if len(shape) == 4 else (0, 0, 0, 0)
    if len(shape) in (3, 4) and shape[0] == 0:
        raise InputError(f"{place} has shape {shape}: there is no image in it")
    if min(count, height, width) < 1 or channels not in (1, 3, 4):
        dimensions = "images, height, width and 1, 3 or 4 channels (or no channels: gray)"
        raise InputError(f"{place} has shape {shape}; it needs {dimensions}")
    return count, height, width, channels


def in_8_bits(
    read: Pieces, dtype: np.dtype, channels: int, place: str
) -> tuple[Iterator[UInt8[np.ndarray, "pixels channels"]], tuple[str, ...]]:
    """Return values as pixels, a piece at a time, and remarks on the conversion.

    A fourth channel is blended over white.

    Args:
        read: yields the values from their beginning; called twice if all must be seen before the first is converted.
        dtype: of the values.
        channels: of the values: 1, 3, or 4, of which the last is alpha.
        place: name of the values in a sentence.

    Raises:
        InputError: the values are no pixels.
    """
    convert, remarks = _conversion(read, dtype, place)
    if channels == 4:
        alpha = "The fourth channel of the images was taken as alpha and blended over white."
        return (_over_white(convert(values)) for values in read()), (*remarks, alpha)
    return map(convert, read()), remarks


def _conversion(
    read: Pieces, dtype: np.dtype, place: str
) -> tuple[Callable[[np.ndarray], np.ndarray], tuple[str, ...]]:
    """Return the function from values to 8 bits, and a remark if it changes more than their type."""
    if dtype == np.uint8:
        return lambda values: values, ()
    if dtype.kind == "b":
        return lambda values: values.astype(np.uint8) * 255, ()
    if dtype == np.uint16:
        return scaled_to_8, (_DEEP,)
    low, high, integers = _limits(read, dtype, place)
    if low < 0 or high > 65_535:
        raise InputError(f"{place} has pixels from {low:g} to {high:g}; use 0 to 255, 0 to 65,535, or 0 to 1")
    if dtype.kind == "f" and high <= 1:
        return lambda values: np.round(values * 255).astype(np.uint8), ("Pixels from 0 to 1 were scaled to 0 to 255.",)
    if not integers:
        raise InputError(f"{place} has pixels such as {high:g}, which are neither whole nor from 0 to 1")
    if high > 255:
        return scaled_to_8, (_DEEP,)
    return lambda values: values.astype(np.uint8), ()


def _limits(read: Pieces, dtype: np.dtype, place: str) -> tuple[float, float, bool]:
    """Return the smallest and the largest value, and True if all are whole numbers."""
    remedy = "use whole numbers from 0 to 255"
    if dtype.kind not in "uif":
        raise InputError(f"{place} holds values of type {dtype} that are no pixels; {remedy}")
    low, high, integers = np.inf, -np.inf, True
    for values in read():
        if not np.isfinite(values).all():
            raise InputError(f"{place} has pixels that are missing or infinite (NaN, inf); {remedy}")
        low, high = min(low, float(values.min())), max(high, float(values.max()))
        integers = integers and not (dtype.kind == "f" and (values % 1).any())
    return low, high, integers


def _over_white(values: UInt8[np.ndarray, "pixels 4"]) -> UInt8[np.ndarray, "pixels 3"]:
    alpha = values[:, 3:].astype(np.uint16)  # the sum below stays under 2¹⁶; 127 makes the division round
    return ((values[:, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
