"""Images in NPZ files of NumPy, read a piece at a time."""

import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from goodfit.data.images.arrays import Arrays, array_file, check_size, label_column, read_values, readable
from goodfit.data.images.pixels import shape_of_images
from goodfit.errors import InputError

_WANTED = "images (numbers, height, width and channels) and labels"
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class _Member(NamedTuple):
    """An array in the file: its name there, what its header says, and the bytes that follow the header."""

    name: str
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype
    size: int


def read_npz_images(path: Path, labeled: bool) -> Arrays | None:
    """The images of an NPZ file; None where it holds no array of that name and so is a table.

    Raises:
        InputError: a damaged file, images without labels or labels without images, or arrays that are none.
    """
    images, labels = None, None
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.removesuffix(".npy"): name for name in archive.namelist()}
            if "images" not in names and names.keys() != {"labels"}:
                return None
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
        wanted = "write it by numpy.savez, its arrays without Python objects"
        raise InputError(f"{path} is not a readable NPZ file: {wanted}") from None
    if images is None:
        raise InputError(f"{path} has labels but no images; it needs {_WANTED}")
    if images.dtype.hasobject:
        raise InputError(f"{path} holds Python objects; its images must be one array of numbers")
    if len(images.shape) < 2 or names.keys() > {"X", "y"}:  # a column that happens to have this name
        return None
    check_size(path, images.shape, images.dtype, images.size)
    what = f"{path}: images"
    shape = shape_of_images(images.shape, what)
    pixels = array_file(path, what, shape, images.dtype, partial(_values, path, images, shape))
    if not labeled:
        return Arrays(pixels, pl.DataFrame())
    if labels is None:
        raise InputError(f"{path} has images but no labels; it needs {_WANTED}")
    return Arrays(pixels, label_column(labels, shape[0], str(path)))


def _member(archive: zipfile.ZipFile, name: str) -> _Member:
    with archive.open(name) as file:
        shape, fortran, dtype = _header(file)
        return _Member(name, shape, fortran, dtype, archive.getinfo(name).file_size - file.tell())


def _header(file: Any) -> tuple[tuple[int, ...], bool, np.dtype]:
    return _HEADERS[np.lib.format.read_magic(file)](file)


def _values(path: Path, images: _Member, shape: tuple[int, int, int, int]) -> Iterator[np.ndarray]:
    """The values from their beginning, [pixels, channels]; all at once where the channels do not lie side by side."""
    with readable(path), zipfile.ZipFile(path) as archive, archive.open(images.name) as file:
        _header(file)
        pieces = read_values(file, shape, images.dtype, path)
        if images.fortran:
            yield np.concatenate([piece.ravel() for piece in pieces]).reshape(shape, order="F").reshape(-1, shape[3])
        else:
            yield from pieces
