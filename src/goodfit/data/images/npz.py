"""Images in NPZ files of NumPy, read a piece at a time."""

import zipfile
from collections.abc import Iterator, Set
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from goodfit.data.images.array_files import ByteReader, array_file, array_source, check_size, read_values, readable
from goodfit.data.images.pixels import shape_of_images
from goodfit.data.images.set_names import ROLES, SET_NAMES, Role, words_of
from goodfit.data.notes import guess
from goodfit.data.source import Source, SourceRequest
from goodfit.errors import InputError

_NEEDED = "images (numbers, height, width and channels) and labels"
_KINDS: dict[str, str] = {
    **dict.fromkeys(("images", "image", "imgs", "x"), "images"),
    **dict.fromkeys(("labels", "label", "targets", "target", "y"), "labels"),
}
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class _Member(NamedTuple):
    """An array in the file: its name there, the facts in its header, and the number of bytes after the header."""

    name: str
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype
    size: int


class _Arrays(NamedTuple):
    """The header of an array of images, and its labels."""

    images: _Member
    labels: np.ndarray | None


def open_image_npz(request: SourceRequest) -> Source | None:
    """Open the images of an NPZ file, of one set or several; None where its arrays have other names and so are a table.

    Raises:
        InputError: a damaged file, images without labels or labels without images, or arrays of another kind.
    """
    path = request.path
    if path is None or request.images is False or path.is_dir() or path.suffix.lower() != ".npz":
        return None
    arrays, names = _contents(path, request.labeled)
    if names == {"labels"}:
        raise InputError(f"{path} has labels but no images; it needs {_NEEDED}")
    if not arrays or names > {"X", "y"}:  # a column that happens to have this name
        return None
    if any(images.dtype.hasobject for images, _ in arrays.values()):
        raise InputError(f"{path} holds Python objects; its images must be one array of numbers")
    # Only an array of this very name is meant to be of images where its shape says nothing.
    if any(len(images.shape) < (2 if "images" in names else 3) for images, _ in arrays.values()):
        return None
    if not request.labeled and len(arrays) > 1:
        listing = ", ".join(_plain(images.name) for images, _ in arrays.values())
        raise InputError(
            f"{path} holds several arrays of images ({listing}); write the one to predict alone, as images"
        )
    sources = {role: _source(path, parts, request.labeled) for role, parts in arrays.items()}
    listing = ", ".join(f"{SET_NAMES[role]} is {_plain(images.name)}" for role, (images, _) in arrays.items())
    notes = (guess(f"The arrays were taken for sets: {listing}."),) if len(arrays) > 1 else ()
    return replace(sources.pop("data"), place=str(path), notes=notes, sets=sources)


def _source(path: Path, arrays: _Arrays, labeled: bool) -> Source:
    images, labels = arrays
    check_size(path, images.shape, images.dtype, images.size)
    place = f"{path}: {_plain(images.name)}"
    shape = shape_of_images(images.shape, place)
    pixels = array_file(path, place, shape, images.dtype, partial(_values, path, images, shape))
    if labeled and labels is None:
        raise InputError(f"{place.replace(': images', '')} has images but no labels; it needs {_NEEDED}")
    return replace(array_source(path, pixels, labels, place.removesuffix(": images")), place=place)


def _pairs(names: Set[str]) -> dict[Role, tuple[str, str | None]]:
    """Return the names of the arrays of images and of their labels for each set, such as x_train and y_train."""
    found: dict[Role, dict[str, str]] = {}
    for name in sorted(names):
        roles: set[Role] = {ROLES[word] for word in words_of(name) if word in ROLES}
        kinds = [_KINDS.get(word) for word in words_of(name) if word not in ROLES]
        if len(roles) < 2 and len(kinds) == 1 and kinds[0]:
            found.setdefault(roles.pop() if roles else "data", {}).setdefault(kinds[0], name)
    if "images" in names:
        found["data"] = found["data"] | {"images": "images"} | ({"labels": "labels"} if "labels" in names else {})
    if names == {"X", "y"} or "images" not in found.get("data", {}):
        return {}
    order: tuple[Role, ...] = ("data", "dev", "test")
    return {
        role: (found[role]["images"], found[role].get("labels")) for role in order if "images" in found.get(role, {})
    }


def _contents(path: Path, labeled: bool) -> tuple[dict[Role, _Arrays], set[str]]:
    """Return the arrays of each set, and the names of all arrays in the file."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {_plain(name): name for name in archive.namelist()}
            return {
                role: _Arrays(
                    _member(archive, names[images]),
                    _labels(archive, names[labels]) if labeled and labels is not None else None,
                )
                for role, (images, labels) in _pairs(names.keys()).items()
            }, set(names)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    except Exception as error:  # zipfile and NumPy raise many kinds
        if isinstance(error, ValueError) and "allow_pickle" in str(error):
            raise InputError(f"{path} holds Python objects; its labels must be one array of numbers or words") from None
        remedy = "write it with numpy.savez, its arrays without Python objects"
        raise InputError(f"{path} is not a readable NPZ file: {remedy}") from None


def _plain(name: str) -> str:
    return name.removesuffix(".npy")


def _labels(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(name) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


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
