"""Images in IDX files, as MNIST has them, plain or gzipped; read a piece at a time."""

import gzip
import io
import os
import re
import struct
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from goodfit.data.images.array_files import ByteReader, array_file, array_source, check_size, read_values, readable
from goodfit.data.images.pixels import shape_of_images
from goodfit.data.source import Source, SourceRequest
from goodfit.errors import InputError

_NAME = re.compile(r"(^|[._-])idx\d?([._-]ubyte)?(\.gz)?$")
_UBYTE = 0x08  # the only type of value that images and their labels have
_BYTE = np.dtype(np.uint8)


def is_idx(path: Path) -> bool:
    """Return True if the file is named like an IDX file, as MNIST's are."""
    return _NAME.search(path.name) is not None


def open_idx(request: SourceRequest) -> Source | None:
    """Open the images of an IDX file, and the labels in the file beside it.

    Raises:
        InputError: a file is missing, damaged, or holds something else.
    """
    path = request.path
    if path is None or request.images is False or not is_idx(path):
        return None
    sizes = _shape(path)
    if len(sizes) == 1:
        raise InputError(f"{path} holds labels, not images; give the file of the images, and the labels are found")
    if len(sizes) == 2:
        raise InputError(f"{path} holds no images: it has 2 dimensions")
    shape = shape_of_images(sizes, str(path))
    images = array_file(path, str(path), shape, _BYTE, partial(_values, path, shape))
    if not request.labeled:
        return array_source(path, images, None, str(path))
    label_file = _label_file(path)
    sizes = _shape(label_file)
    if len(sizes) != 1:
        raise InputError(f"{label_file} should hold the labels of {path.name}, but has {len(sizes)} dimensions")
    labels = np.concatenate([np.zeros((0, 1), np.uint8), *_values(label_file, (*sizes, 1))])
    if len(labels) != shape[0]:
        # The header of a gzipped file may lie: reading to its end raises the better error.
        deque(_values(path, shape), maxlen=0)
    return array_source(path, images, labels, f"{path} with {label_file.name}")


def _label_file(path: Path) -> Path:
    name = re.sub(r"idx\d", "idx1", path.name.replace("images", "labels")).removesuffix(".gz")
    for choice in (path.with_name(name), path.with_name(f"{name}.gz")):
        if choice.exists() and choice != path:
            return choice
    raise InputError(f"{path} has images but no labels: there is no {name} (or {name}.gz) beside it")


def _shape(path: Path) -> tuple[int, ...]:
    """Return the sizes in the header; the size of a file that is not gzipped must agree with them."""
    with readable(path), _unpacked(path) as file:
        shape = _header(file, path)
        if path.suffix != ".gz":
            check_size(path, shape, _BYTE, os.stat(path).st_size - file.tell())
    return shape


def _values(path: Path, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Yield the values from their beginning, [pixels, channels] a piece."""
    with readable(path), _unpacked(path) as file:
        _header(file, path)
        yield from read_values(file, shape, _BYTE, path)


def _unpacked(path: Path) -> gzip.GzipFile | io.BufferedReader:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def _header(file: ByteReader, path: Path) -> tuple[int, ...]:
    """Return the sizes: four bytes each, after a magic number (0, 0, type, dimensions)."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] != _UBYTE or not 1 <= magic[3] <= 4:
        start = f"it begins with 0x{magic.hex()}, not 0x000008" if magic else "it is empty"
        raise InputError(f"{path} is no IDX file of bytes: {start}")
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise InputError(f"{path} is damaged: its header is cut off")
    return struct.unpack(f">{magic[3]}I", sizes)
