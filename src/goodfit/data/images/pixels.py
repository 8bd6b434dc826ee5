"""Arrays of numbers as pixels of 8 bits: gray, or red, green and blue."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8

from goodfit.data.images.depth import range_of_values
from goodfit.data.images.facts import Depth
from goodfit.data.images.resize import scaled_to_8
from goodfit.errors import InputError
from goodfit.wording.numbers import number

ValuePieces = Callable[[], Iterator[np.ndarray]]  # yields all values at each call; [pixels, channels] a piece


class Pixels(NamedTuple):
    """Values as pixels of 8 bits.

    Attributes:
        pieces: the pixels, [pixels, channels] a piece.
        remarks: on their conversion.
        depth: the values that became black and white, where they have more than 8 bits.
    """

    pieces: Iterator[UInt8[np.ndarray, "pixels channels"]]
    remarks: tuple[str, ...]
    depth: Depth | None


def as_pixels(
    array: np.ndarray, place: str, depth: Depth | None = None
) -> tuple[UInt8[np.ndarray, "images height width channels"], tuple[str, ...]]:
    """Return an array as images of 8 bits, gray or of three colors, and remarks on the conversion.

    Args:
        array: images, height, width and channels (1, 3 or 4; without channels: gray).
        place: its name in a sentence.
        depth: the values that become black and white, where they have more than 8 bits; None for their own range.

    Raises:
        InputError: the array holds no images.
    """
    *shape, channels = shape_of_images(array.shape, place)
    values = array.reshape(-1, channels)
    pieces, remarks, _ = in_8_bits(lambda: iter([values]), array.dtype, channels, place, depth)
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


def in_8_bits(read: ValuePieces, dtype: np.dtype, channels: int, place: str, depth: Depth | None = None) -> Pixels:
    """Return values as pixels, a piece at a time.

    A fourth channel is blended over white.

    Args:
        read: yields the values from their beginning; called twice if all must be seen before the first is converted.
        dtype: of the values.
        channels: of the values: 1, 3, or 4, of which the last is alpha.
        place: name of the values in a sentence.
        depth: the values that become black and white, where they have more than 8 bits; None for their own range.

    Raises:
        InputError: the values are no pixels.
    """
    convert, remarks, depth = _conversion(read, dtype, place, depth)
    if channels == 4:
        alpha = "The fourth channel of the images was taken as alpha and blended over white."
        return Pixels((_over_white(convert(values)) for values in read()), (*remarks, alpha), depth)
    return Pixels(map(convert, read()), remarks, depth)


def _conversion(
    read: ValuePieces, dtype: np.dtype, place: str, depth: Depth | None
) -> tuple[Callable[[np.ndarray], np.ndarray], tuple[str, ...], Depth | None]:
    """Return the function from values to 8 bits, a remark if it changes more than their type, and their range."""
    if dtype == np.uint8:
        return lambda values: values, (), None
    if dtype.kind == "b":
        return lambda values: values.astype(np.uint8) * 255, (), None
    low, high, integers = _limits(read, dtype, place)
    if low < 0 or high > 65_535:
        raise InputError(f"{place} has pixels from {low:g} to {high:g}; use 0 to 255, 0 to 65,535, or 0 to 1")
    if dtype.kind == "f" and high <= 1:
        scaled = "Pixels from 0 to 1 were scaled to 0 to 255."
        return lambda values: np.round(values * 255).astype(np.uint8), (scaled,), None
    if not integers:
        raise InputError(f"{place} has pixels such as {high:g}, which are neither whole nor from 0 to 1")
    ends = depth.whole if depth else None
    if high <= 255 and ends is None:
        return lambda values: values.astype(np.uint8), (), None
    black, white = ends or range_of_values(low, high, floats=False, stretched=True)
    remark = f"Pixels from {number(black)} to {number(white)} were scaled to 0 to 255."
    return partial(scaled_to_8, black=black, white=white), (remark,), Depth((black, white))


def _limits(read: ValuePieces, dtype: np.dtype, place: str) -> tuple[float, float, bool]:
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
