"""Images in IDX files, as MNIST has them, plain or gzipped; read a piece at a time."""

import gzip
import os
import re
import struct
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from goodfit.data.images.arrays import Arrays, array_file, check_size, label_column, read_values, readable
from goodfit.data.images.pixels import shape_of_images
from goodfit.errors import InputError

_NAME = re.compile(r"(^|[._-])idx\d?([._-]ubyte)?(\.gz)?$")
_UBYTE = 0x08  # the only kind of value that images and their labels have
_BYTE = np.dtype(np.uint8)


def is_idx(path: Path) -> bool:
    """Whether the name is that of an IDX file, as MNIST has them."""
    return _NAME.search(path.name) is not None


def read_idx(path: Path, labeled: bool) -> Arrays:
    """The images of an IDX file, and the labels in the file beside it.

    Raises:
        InputError: a file is missing, damaged, or holds something else.
    """
    found = _shape(path)
    if len(found) == 1:
        raise InputError(f"{path} holds labels without images; give the file of the images, beside which it is found")
    if len(found) == 2:
        raise InputError(f"{path} holds no images: it has 2 dimensions")
    shape = shape_of_images(found, str(path))
    pixels = array_file(path, str(path), shape, _BYTE, partial(_values, path, shape))
    if not labeled:
        return Arrays(pixels, pl.DataFrame())
    beside = _labels_beside(path)
    sizes = _shape(beside)
    if len(sizes) != 1:
        raise InputError(f"{beside} should hold the labels of {path.name}, but has {len(sizes)} dimensions")
    labels = np.concatenate([np.zeros((0, 1), np.uint8), *_values(beside, (*sizes, 1))])
    if len(labels) != shape[0]:
        deque(_values(path, shape), maxlen=0)  # says so where the header is damaged
    return Arrays(pixels, label_column(labels, shape[0], f"{path} with {beside.name}"))


def _labels_beside(path: Path) -> Path:
    name = re.sub(r"idx\d", "idx1", path.name.replace("images", "labels")).removesuffix(".gz")
    choices = [path.with_name(name + ending) for ending in ("", ".gz")]
    found = next((each for each in choices if each.exists() and each != path), None)
    if found is None:
        raise InputError(f"{path} has images but no labels: there is no {name} (or {name}.gz) beside it")
    return found


def _shape(path: Path) -> tuple[int, ...]:
    """What the header says; for a file that is not gzipped, the bytes after it are as many."""
    with readable(path), _unpacked(path) as file:
        shape = _header(file, path)
        if path.suffix != ".gz":
            check_size(path, shape, _BYTE, os.stat(path).st_size - file.tell())
    return shape


def _values(path: Path, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """The values from their beginning, [pixels, channels] a piece."""
    with readable(path), _unpacked(path) as file:
        _header(file, path)
        yield from read_values(file, shape, _BYTE, path)


def _unpacked(path: Path) -> Any:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def _header(file: Any, path: Path) -> tuple[int, ...]:
    """The sizes: after a magic number (0, 0, kind, dimensions), four bytes each."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] != _UBYTE or not 1 <= magic[3] <= 4:
        begins = f"it begins with 0x{magic.hex()}, not 0x000008" if magic else "it is empty"
        raise InputError(f"{path} is no IDX file of bytes: {begins}")
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise InputError(f"{path} is damaged: its header is cut off")
    return struct.unpack(f">{magic[3]}I", sizes)
