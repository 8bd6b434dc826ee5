"""Images that are arrays already: NPZ files, the IDX files of MNIST, and the built-in digits."""

import gzip
import re
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from jaxtyping import UInt8
from sklearn.datasets import load_digits

from goodfit.data.arrays import series_of
from goodfit.data.resizing import scaled_to_8
from goodfit.errors import InputError

LABEL = "label"
_IDX_NAME = re.compile(r"(^|[._-])idx\d?([._-]ubyte)?(\.gz)?$")
_UBYTE = 0x08  # the only kind of value that images and their labels have
_PIECE = 2**26  # bytes at a time
_NPZ = "images (numbers, height, width and channels) and labels"


class Arrays(NamedTuple):
    """Images as pixels, their labels as the first column, and what people are told."""

    pixels: UInt8[np.ndarray, "images height width channels"]
    columns: pl.DataFrame
    notes: tuple[str, ...] = ()


def read_digits() -> tuple[UInt8[np.ndarray, "images 8 8 1"], pl.DataFrame]:
    """The built-in digits as images of 8 × 8; their pixels are from 0 to 16, which becomes 255."""
    bunch: Any = load_digits()
    pixels = np.round(bunch.images * (255 / 16)).astype(np.uint8)[..., None]
    return pixels, pl.DataFrame({"digit": bunch.target})


def read_npz_images(path: Path, labelled: bool) -> Arrays | None:
    """The images of an NPZ file; None where it holds no array of that name and so is a table.

    Raises:
        InputError: images without labels or labels without images, or arrays that are none.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            names = set(archive.files)
            if "images" not in names and names != {"labels"}:
                return None
            arrays = {name: archive[name] for name in names & {"images", "labels"}}
    except Exception as error:  # as for tables, which says so for a damaged file
        if isinstance(error, ValueError) and "allow_pickle" in str(error):
            raise InputError(f"{path} holds Python objects; its images must be one array of numbers") from None
        return None
    if "images" not in arrays:
        raise InputError(f"{path} has labels but no images; it needs {_NPZ}")
    if arrays["images"].ndim < 3:
        return None
    pixels, notes = as_pixels(arrays["images"], f"{path}: images")
    if not labelled:
        return Arrays(pixels, pl.DataFrame(), notes)
    if "labels" not in arrays:
        raise InputError(f"{path} has images but no labels; it needs {_NPZ}")
    return Arrays(pixels, _labels(arrays["labels"], len(pixels), str(path)), notes)


def as_pixels(
    array: np.ndarray, what: str
) -> tuple[UInt8[np.ndarray, "images height width channels"], tuple[str, ...]]:
    """An array as images of 8 bits, grey or of three colours; and what was done to make it so.

    Raises:
        InputError: it holds no images.
    """
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or array.size == 0 or array.shape[3] not in (1, 3, 4):
        wanted = "images, height, width and 1, 3 or 4 channels (or no channels: grey)"
        raise InputError(f"{what} has the shape {array.shape}; it needs {wanted}")
    values, notes = _of_8_bits(array, what)
    if values.shape[3] == 4:
        alpha = values[..., 3:].astype(np.uint16)
        over_white = (values[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255
        return over_white.astype(np.uint8), (*notes, "the images' fourth channel is taken for alpha, over white")
    return np.ascontiguousarray(values), notes


def _of_8_bits(array: np.ndarray, what: str) -> tuple[np.ndarray, tuple[str, ...]]:
    if array.dtype == np.uint8:
        return array, ()
    if array.dtype == bool:
        return array.astype(np.uint8) * 255, ()
    if array.dtype.kind not in "uif" or not np.isfinite(array).all():
        raise InputError(
            f"{what} holds values of type {array.dtype} that are no pixels; use whole numbers from 0 to 255"
        )
    low, high = array.min(), array.max()
    if low < 0 or high > 65_535:
        raise InputError(f"{what} has pixels from {low:g} to {high:g}; use 0 to 255, 0 to 65,535, or 0 to 1")
    if array.dtype.kind == "f" and high <= 1:
        return np.round(array * 255).astype(np.uint8), ("pixels from 0 to 1 are scaled to 0 to 255",)
    if array.dtype.kind == "f" and (array % 1 != 0).any():
        raise InputError(f"{what} has pixels such as {high:g}, which are neither whole nor from 0 to 1")
    if high > 255 or array.dtype == np.uint16:
        return scaled_to_8(array), ("pixels of 16 bits are scaled to 8",)
    return array.astype(np.uint8), ()


def _labels(labels: np.ndarray, images: int, what: str) -> pl.DataFrame:
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise InputError(f"{what} has labels of the shape {labels.shape}; it needs one label an image")
    if len(labels) != images:
        raise InputError(f"{what} has {images:,} images but {len(labels):,} labels; they must go together")
    return pl.DataFrame([series_of(labels, what).rename(LABEL)])


def is_idx(path: Path) -> bool:
    """Whether the name is that of an IDX file, as MNIST has them."""
    return _IDX_NAME.search(path.name) is not None


def read_idx(path: Path, labelled: bool) -> Arrays:
    """The images of an IDX file, and the labels in the file beside it.

    Raises:
        InputError: a file is missing, damaged, or holds something else.
    """
    images = _idx_array(path)
    if images.ndim == 1:
        raise InputError(f"{path} holds labels without images; give the file of the images, beside which it is found")
    if images.ndim == 2:
        raise InputError(f"{path} holds no images: it has 2 dimensions")
    pixels, notes = as_pixels(images, str(path))
    if not labelled:
        return Arrays(pixels, pl.DataFrame(), notes)
    beside = _labels_beside(path)
    labels = _idx_array(beside)
    if labels.ndim != 1:
        raise InputError(f"{beside} should hold the labels of {path.name}, but has {labels.ndim} dimensions")
    return Arrays(pixels, _labels(labels, len(images), f"{path} with {beside.name}"), notes)


def _labels_beside(path: Path) -> Path:
    name = re.sub(r"idx\d", "idx1", path.name.replace("images", "labels")).removesuffix(".gz")
    choices = [path.with_name(name + ending) for ending in ("", ".gz")]
    found = next((each for each in choices if each.exists() and each != path), None)
    if found is None:
        raise InputError(f"{path} has images but no labels: there is no {name} (or {name}.gz) beside it")
    return found


def _idx_array(path: Path) -> np.ndarray:
    """The values of an IDX file: magic number (0, 0, kind, dimensions), the sizes, the bytes."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            magic = file.read(4)
            if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] != _UBYTE or not 1 <= magic[3] <= 4:
                begins = f"it begins with 0x{magic.hex()}, not 0x000008" if magic else "it is empty"
                raise InputError(f"{path} is no IDX file of bytes: {begins}")
            shape = tuple(np.frombuffer(file.read(4 * magic[3]), ">u4").astype(int).tolist())
            wanted = int(np.prod(shape, dtype=object)) if len(shape) == magic[3] else -1
            content = _at_most(file, max(wanted, 0) + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    except ValueError:
        raise InputError(f"{path} is damaged: its header is cut off") from None
    if len(content) != wanted:
        has = f"more than {wanted:,}" if len(content) > wanted else f"{len(content):,}"
        sizes = " × ".join(f"{size:,}" for size in shape)
        raise InputError(f"{path} is damaged: its header says {sizes} bytes, but {has} follow")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _at_most(file: Any, count: int) -> bytes:
    """So many bytes of a file, or all it has; piece by piece, since a damaged header asks for any number."""
    pieces = []
    while count > 0 and (piece := file.read(min(count, _PIECE))):
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)
