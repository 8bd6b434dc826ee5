"""Arrays of images in files, read a piece at a time, and the labels that come with them."""

import math
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import polars as pl

from goodfit.data.images.memory_map import PIECE
from goodfit.data.images.pixels import ValuePieces, in_8_bits
from goodfit.data.images.stored import ArrayFile
from goodfit.data.source import Source
from goodfit.data.tables.memory import series_of_array
from goodfit.data.tables.table import tidy
from goodfit.errors import InputError

LABEL = "label"


@runtime_checkable
class ByteReader(Protocol):
    """A file open for reading, packed or not."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, fewer at the end."""
        ...


def array_source(path: Path, images: ArrayFile, labels: np.ndarray | None, place: str) -> Source:
    """Return the images of a file and their labels, as the column `label`, as a source.

    Args:
        path: of the file.
        images: in it.
        labels: one for each image; None where they are not needed.
        place: name of the images and their labels in a sentence.

    Raises:
        InputError: the labels do not match the images.
    """
    columns = pl.DataFrame() if labels is None else _label_column(labels, len(images), place)
    return Source(
        name=path.resolve().name.partition(".")[0],
        place=str(path),
        address=str(path.resolve()),
        kind="image arrays",
        columns=columns,
        target=None if labels is None else LABEL,
        images=images,
        whole_classes=labels is not None and columns[LABEL].dtype.is_integer(),
    )


def array_file(
    path: Path, place: str, shape: tuple[int, int, int, int], dtype: np.dtype, read: ValuePieces
) -> ArrayFile:
    """Return values of this shape and type as images of 8 bits, still to be read.

    Args:
        path: of their file.
        place: their name in a sentence.
        shape: images, height, width, and 1, 3 or 4 channels.
        dtype: of the values.
        read: yields the values from their beginning.
    """
    channels = min(shape[3], 3)
    return ArrayFile(path, (*shape[:3], channels), lambda depth: in_8_bits(read, dtype, shape[3], place, depth))


def read_values(file: ByteReader, shape: tuple[int, ...], dtype: np.dtype, path: Path) -> Iterator[np.ndarray]:
    """Yield the values from the file's position to its end, a piece at a time: [pixels, channels].

    Args:
        file: open at the first value.
        shape: of the whole array; the last size is the number of channels.
        dtype: of the values.
        path: of the file, for errors.

    Raises:
        InputError: the file holds fewer or more values.
    """
    expected = math.prod(shape) * dtype.itemsize
    pixel = shape[-1] * dtype.itemsize
    step = max(1, PIECE // pixel) * pixel
    for start in range(0, expected, step):
        size = min(step, expected - start)
        content = file.read(size)
        if len(content) < size:
            check_size(path, shape, dtype, start + len(content))
        yield np.frombuffer(content, dtype).reshape(-1, shape[-1])
    # One more byte tells a file that goes on from one that ends here.
    check_size(path, shape, dtype, expected + len(file.read(1)))


def check_size(path: Path, shape: tuple[int, ...], dtype: np.dtype, size: int) -> None:
    """Refuse a file whose header announces another size than follows it.

    Raises:
        InputError: both numbers of bytes.
    """
    expected = math.prod(shape) * dtype.itemsize
    if size != expected:
        has = f"more than {expected:,}" if size > expected else f"{size:,}"
        sizes = " × ".join(f"{length:,}" for length in (*shape, dtype.itemsize) if length != 1) or "1"
        raise InputError(f"{path} is damaged: its header says {sizes} bytes, but {has} follow")


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn the errors of reading a damaged file into one sentence.

    Raises:
        InputError: the reason why the file cannot be read.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    except (EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is damaged: {error}; download it or write it again") from None


def _label_column(labels: np.ndarray, images: int, place: str) -> pl.DataFrame:
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise InputError(f"{place} has labels of shape {labels.shape}; it needs one label per image")
    if len(labels) != images:
        raise InputError(f"{place} has {images:,} images but {len(labels):,} labels; the numbers must match")
    return tidy(pl.DataFrame([series_of_array(labels, place).rename(LABEL)]))
