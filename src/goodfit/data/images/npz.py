"""Images in NPZ files of NumPy, read a piece at a time."""

import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from goodfit.data.images.array_files import ByteReader, array_file, array_source, check_size, read_values, readable
from goodfit.data.images.pixels import shape_of_images
from goodfit.data.source import Source, SourceRequest
from goodfit.errors import InputError

_NEEDED = "images (numbers, height, width and channels) and labels"
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class _Member(NamedTuple):
    """An array in the file: its name there, the facts in its header, and the number of bytes after the header."""

    name: str
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype
    size: int


class _Contents(NamedTuple):
    """The header of the images, the labels, and the names of all arrays in the file."""

    images: _Member | None
    labels: np.ndarray | None
    names: set[str]


def open_image_npz(request: SourceRequest) -> Source | None:
    """Open the images of an NPZ file; None where it holds no array of that name and so is a table.

    Raises:
        InputError: a damaged file, images without labels or labels without images, or arrays of another kind.
    """
    path = request.path
    if path is None or request.images is False or path.is_dir() or path.suffix.lower() != ".npz":
        return None
    images, labels, names = _contents(path, request.labeled)
    if "images" not in names and names != {"labels"}:
        return None
    if images is None:
        raise InputError(f"{path} has labels but no images; it needs {_NEEDED}")
    if images.dtype.hasobject:
        raise InputError(f"{path} holds Python objects; its images must be one array of numbers")
    if len(images.shape) < 2 or names > {"X", "y"}:  # a column that happens to have this name
        return None
    check_size(path, images.shape, images.dtype, images.size)
    place = f"{path}: images"
    shape = shape_of_images(images.shape, place)
    pixels = array_file(path, place, shape, images.dtype, partial(_values, path, images, shape))
    if request.labeled and labels is None:
        raise InputError(f"{path} has images but no labels; it needs {_NEEDED}")
    return array_source(path, pixels, labels, str(path))


def _contents(path: Path, labeled: bool) -> _Contents:
    images, labels = None, None
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.removesuffix(".npy"): name for name in archive.namelist()}
            if "images" in names:
                images = _member(archive, names["images"])
                if labeled and "labels" in names:
                    with archive.open(names["labels"]) as file:
                        labels = np.lib.format.read_array(file, allow_pickle=False)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    except Exception as error:  # zipfile and NumPy raise many kinds
        if isinstance(error, ValueError) and "allow_pickle" in str(error):
            raise InputError(f"{path} holds Python objects; its labels must be one array of numbers or words") from None
        remedy = "write it with numpy.savez, its arrays without Python objects"
        raise InputError(f"{path} is not a readable NPZ file: {remedy}") from None
    return _Contents(images, labels, set(names))


def _member(archive: zipfile.ZipFile, name: str) -> _Member:
    with archive.open(name) as file:
        shape, fortran, dtype = _header(file)
        return _Member(name, shape, fortran, dtype, archive.getinfo(name).file_size - file.tell())


def _header(file: ByteReader) -> tuple[tuple[int, ...], bool, np.dtype]:
    return _HEADERS[np.lib.format.read_magic(file)](file)


def _values(path: Path, images: _Member, shape: tuple[int, int, int, int]) -> Iterator[np.ndarray]:
    """Yield the values from their beginning, [pixels, channels]; in one piece where the channels are not contiguous."""
    with readable(path), zipfile.ZipFile(path) as archive, archive.open(images.name) as file:
        _header(file)
        pieces = read_values(file, shape, images.dtype, path)
        if images.fortran:  # neighboring values are of different images, so none is complete before the end
            yield np.concatenate([piece.ravel() for piece in pieces]).reshape(shape, order="F").reshape(-1, shape[3])
        else:
            yield from pieces
