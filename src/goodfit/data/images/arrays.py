"""Images that are arrays already: in files that are read a piece at a time, and the built-in digits in memory."""

import hashlib
import math
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from jaxtyping import Int, UInt8
from sklearn.datasets import load_digits

from goodfit.data.images.memory_map import PIECE, header_of, keep, mapped, stamp
from goodfit.data.images.pixels import Pieces, in_8_bits
from goodfit.data.tables.arrays import series_of
from goodfit.data.tables.columns import tidy
from goodfit.errors import InputError

LABEL = "label"
_VERSION = 1  # of what becomes of an array

_Pixels = UInt8[np.ndarray, "_ height width channels"]


class ArrayFile(NamedTuple):
    """The images of an NPZ or IDX file, of which only the header has been read.

    Attributes:
        path: of the file.
        shape: of the pixels: images, height, width and channels (1 or 3).
        pieces: reads the pixels, [pixels, channels] a piece, and says what is done to them.
    """

    path: Path
    shape: tuple[int, int, int, int]
    pieces: Callable[[], tuple[Iterator[UInt8[np.ndarray, "pixels channels"]], tuple[str, ...]]]


class Arrays(NamedTuple):
    """The images of a file, and their labels as the first column; none where they were not asked for."""

    pixels: ArrayFile
    columns: pl.DataFrame


def read_digits() -> tuple[UInt8[np.ndarray, "images 8 8 1"], pl.DataFrame]:
    """The built-in digits as images of 8 × 8; their pixels are from 0 to 16, which becomes 255."""
    bunch: Any = load_digits()
    pixels = np.round(bunch.images * (255 / 16)).astype(np.uint8)[..., None]
    return pixels, pl.DataFrame({"digit": bunch.target})


def gathered(
    arrays: Sequence[_Pixels | ArrayFile], rows: Int[np.ndarray, "rows"] | None, place: str, cache: Path | None
) -> tuple[_Pixels, list[str]]:
    """The pixels of arrays one after another, and what was done to them.

    Where one of them is in a file, they are written piece by piece into the cache and found there again.

    Args:
        arrays: of the same height, width and channels.
        rows: those to take, in rising order; None for all.
        place: where they are, in words.
        cache: the folder of the cache, made where there is none; None for the system's temporary folder.

    Raises:
        InputError: values that are no pixels, a damaged file, or the cache cannot be written.
    """
    files = [array for array in arrays if isinstance(array, ArrayFile)]
    if not files:
        whole = np.concatenate([array for array in arrays if isinstance(array, np.ndarray)])
        return whole if rows is None else whole[rows], []
    stamps = [(file.path.name, stamp(file.path)) for file in files]
    taken = None if rows is None else hashlib.sha256(rows.tobytes()).hexdigest()
    listing = ["arrays", _VERSION, stamps, taken]
    pixels, facts = mapped([os.path.abspath(place)], listing, cache, lambda target: _write(target, arrays, rows))
    return pixels, facts["notes"]


def _write(
    target: Path, arrays: Sequence[_Pixels | ArrayFile], rows: Int[np.ndarray, "rows"] | None
) -> dict[str, list[str]]:
    told = []
    with target.open("wb") as file:
        file.write(header_of((sum(array.shape[0] for array in arrays), *arrays[0].shape[1:])))
        for array in arrays:
            pieces, notes = array.pieces() if isinstance(array, ArrayFile) else (iter([array]), ())
            for piece in pieces:
                file.write(piece.data)
            told += notes
    if rows is not None:
        keep(target, rows)
    return {"notes": list(dict.fromkeys(told))}


def array_file(path: Path, what: str, shape: tuple[int, int, int, int], dtype: np.dtype, read: Pieces) -> ArrayFile:
    """Values of this shape and type as images of 8 bits, once they are read.

    Args:
        path: of their file.
        what: how to call them in a sentence.
        shape: images, height, width, and 1, 3 or 4 channels.
        dtype: of the values.
        read: gives the values from their beginning.
    """
    channels = min(shape[3], 3)
    return ArrayFile(path, (*shape[:3], channels), partial(in_8_bits, read, dtype, shape[3], what))


def read_values(file: Any, shape: tuple[int, ...], dtype: np.dtype, path: Path) -> Iterator[np.ndarray]:
    """The values that a file goes on with to its end, a piece at a time: [pixels, channels], the shape's last size.

    Raises:
        InputError: the file does not hold as many.
    """
    wanted = math.prod(shape) * dtype.itemsize
    one = shape[-1] * dtype.itemsize
    together = max(1, PIECE // one) * one
    for start in range(0, wanted, together):
        content = file.read(min(together, wanted - start))
        if len(content) < min(together, wanted - start):
            check_size(path, shape, dtype, start + len(content))
        yield np.frombuffer(content, dtype).reshape(-1, shape[-1])
    check_size(path, shape, dtype, wanted + len(file.read(1)))


def check_size(path: Path, shape: tuple[int, ...], dtype: np.dtype, found: int) -> None:
    """Refuse a file that holds another number of bytes than its header says.

    Raises:
        InputError: both numbers.
    """
    wanted = math.prod(shape) * dtype.itemsize
    if found != wanted:
        has = f"more than {wanted:,}" if found > wanted else f"{found:,}"
        sizes = " × ".join(f"{size:,}" for size in (*shape, dtype.itemsize) if size != 1) or "1"
        raise InputError(f"{path} is damaged: its header says {sizes} bytes, but {has} follow")


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """One sentence for whatever a damaged file raises while it is read.

    Raises:
        InputError: why it cannot be read.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    except (EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is damaged: {error}; make it again, or fetch it again") from None


def label_column(labels: np.ndarray, images: int, what: str) -> pl.DataFrame:
    """Labels as the column `label`; missing ones are null.

    Raises:
        InputError: not one for each of the images.
    """
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise InputError(f"{what} has labels of the shape {labels.shape}; it needs one label an image")
    if len(labels) != images:
        raise InputError(f"{what} has {images:,} images but {len(labels):,} labels; they must go together")
    return tidy(pl.DataFrame([series_of(labels, what).rename(LABEL)]))
