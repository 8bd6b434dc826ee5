"""Arrays of numbers of any kind as pixels of 8 bits: gray, or red, green and blue."""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import UInt8

from goodfit.data.images.resize import scaled_to_8
from goodfit.errors import InputError

Pieces = Callable[[], Iterator[np.ndarray]]  # the values from the first to the last, each time; [pixels, channels]

_DEEP = "Pixels of 16 bits were scaled to 8."


def as_pixels(
    array: np.ndarray, what: str
) -> tuple[UInt8[np.ndarray, "images height width channels"], tuple[str, ...]]:
    """An array as images of 8 bits, gray or of three colors; and what was done to make it so.

    Raises:
        InputError: it holds no images.
    """
    *shape, channels = shape_of_images(array.shape, what)
    values = array.reshape(-1, channels)
    pieces, notes = in_8_bits(lambda: iter([values]), array.dtype, channels, what)
    return next(pieces).reshape(*shape, -1), notes


def shape_of_images(shape: tuple[int, ...], what: str) -> tuple[int, int, int, int]:
    """The shape of an array of images: their number, height, width, and 1, 3 or 4 channels.

    Raises:
        InputError: it is another.
    """
    count, height, width, channels = (*shape, 1) if len(shape) == 3 else shape if len(shape) == 4 else (0, 0, 0, 0)
    if len(shape) in (3, 4) and shape[0] == 0:
        raise InputError(f"{what} has the shape {shape}: there is no image in it")
    if min(count, height, width) < 1 or channels not in (1, 3, 4):
        wanted = "images, height, width and 1, 3 or 4 channels (or no channels: gray)"
        raise InputError(f"{what} has the shape {shape}; it needs {wanted}")
    return count, height, width, channels


def in_8_bits(
    read: Pieces, dtype: np.dtype, channels: int, what: str
) -> tuple[Iterator[UInt8[np.ndarray, "pixels channels"]], tuple[str, ...]]:
    """The values as pixels, a piece at a time, those with a fourth channel over white; and what is done to them.

    Args:
        read: gives the values from their beginning; it is asked twice where all must be seen before one is changed.
        dtype: of the values.
        channels: of the values: 1, 3, or 4, of which the last is alpha.
        what: how to call them in a sentence.

    Raises:
        InputError: they are no pixels.
    """
    change, notes = _change(read, dtype, what)
    if channels == 4:
        alpha = "The fourth channel of the images was taken as alpha and blended over white."
        return (_over_white(change(values)) for values in read()), (*notes, alpha)
    return map(change, read()), notes


def _change(read: Pieces, dtype: np.dtype, what: str) -> tuple[Callable[[np.ndarray], np.ndarray], tuple[str, ...]]:
    """How values become 8 bits, and a sentence about it where they do not only change their type."""
    if dtype == np.uint8:
        return lambda values: values, ()
    if dtype.kind == "b":
        return lambda values: values.astype(np.uint8) * 255, ()
    if dtype == np.uint16:
        return scaled_to_8, (_DEEP,)
    low, high, whole = _limits(read, dtype, what)
    if low < 0 or high > 65_535:
        raise InputError(f"{what} has pixels from {low:g} to {high:g}; use 0 to 255, 0 to 65,535, or 0 to 1")
    if dtype.kind == "f" and high <= 1:
        return lambda values: np.round(values * 255).astype(np.uint8), ("Pixels from 0 to 1 were scaled to 0 to 255.",)
    if not whole:
        raise InputError(f"{what} has pixels such as {high:g}, which are neither whole nor from 0 to 1")
    if high > 255:
        return scaled_to_8, (_DEEP,)
    return lambda values: values.astype(np.uint8), ()


def _limits(read: Pieces, dtype: np.dtype, what: str) -> tuple[float, float, bool]:
    """The least and the greatest value, and whether all are whole numbers."""
    wanted = "use whole numbers from 0 to 255"
    if dtype.kind not in "uif":
        raise InputError(f"{what} holds values of type {dtype} that are no pixels; {wanted}")
    low, high, whole = np.inf, -np.inf, True
    for values in read():
        if not np.isfinite(values).all():
            raise InputError(f"{what} has pixels that are missing or infinite (NaN, inf); {wanted}")
        low, high = min(low, float(values.min())), max(high, float(values.max()))
        whole = whole and not (dtype.kind == "f" and (values % 1).any())
    return low, high, whole


def _over_white(values: UInt8[np.ndarray, "pixels 4"]) -> UInt8[np.ndarray, "pixels 3"]:
    alpha = values[:, 3:].astype(np.uint16)
    return ((values[:, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
