"""Pixels of stored images: files decoded, arrays brought to 8 bits, both kept in a file that is mapped into memory."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int, UInt8

from goodfit.data.images.cache import Form, decode_cached
from goodfit.data.images.decoding_notes import decoding_notes, notes_on_new
from goodfit.data.images.facts import Depth, Shape
from goodfit.data.images.memory_map import header_of, keep_rows, mapped, stamp
from goodfit.data.images.pixels import Pixels
from goodfit.data.images.stored import ArrayFile, ImageFiles
from goodfit.data.notes import Note
from goodfit.data.source import Source
from goodfit.errors import InputError
from goodfit.wording.text import shape_words

_VERSION = 2  # of the conversion of arrays, so that pixels cached by another one are not used

_Pixels = UInt8[np.ndarray, "_ height width channels"]


class LoadedImages(NamedTuple):
    """Images, decoded.

    Attributes:
        pixels: of the images that could be read.
        readable: their positions among the rows that were asked for.
        notes: on the changes made to them.
        depth: the values that became black and white; None where all have 8 bits.
    """

    pixels: UInt8[np.ndarray, "readable height width channels"]
    readable: Int[np.ndarray, "readable"]
    notes: list[Note]
    depth: Depth | None = None


def load_images(
    sources: Sequence[Source],
    rows: Int[np.ndarray, "rows"] | None,
    cache: Path | None,
    shape: Shape | None = None,
    depth: Depth | None = None,
) -> LoadedImages:
    """Return the pixels of images.

    Args:
        sources: of images, all in files or all in arrays; the first holds the training images.
        rows: positions among the images of all sources, rising; None for all.
        cache: folder of the decoded pixels, created if needed; None for the system's temporary folder.
        shape: height, width and channels to bring image files to; None for their most common size.
        depth: the values that become black and white, of images with more than 8 bits; None for the training range.

    Raises:
        InputError: too many images cannot be read, values are no pixels, or the cache cannot be written.
    """
    place = ", ".join(source.place for source in sources)
    files = [source.images for source in sources if isinstance(source.images, ImageFiles)]
    arrays = [
        source.images for source in sources if source.images is not None and not isinstance(source.images, ImageFiles)
    ]
    if arrays:
        pixels, remarks, depth = gather_arrays(arrays, rows, place, cache, depth)
        return LoadedImages(pixels, np.arange(len(pixels)), list(map(Note, remarks)), depth)
    paths = [path for part in files for path in part.paths]
    names = [name for part in files for name in part.names]
    if rows is not None:
        paths, names = [paths[row] for row in rows], [names[row] for row in rows]
    training = len(files[0]) if rows is None else int((rows < len(files[0])).sum())
    decoded = decode_cached(paths, names, place, cache, Form(training, shape, depth))
    notes = decoding_notes(decoded, names) if shape is None else notes_on_new(decoded, names)
    return LoadedImages(decoded.pixels, decoded.readable, notes, decoded.depth if decoded.deep else None)


def gather_arrays(
    arrays: Sequence[_Pixels | ArrayFile],
    rows: Int[np.ndarray, "rows"] | None,
    place: str,
    cache: Path | None,
    depth: Depth | None = None,
) -> tuple[_Pixels, list[str], Depth | None]:
    """Return the pixels of arrays, one after another, remarks on their conversion, and the range of deep ones.

    If one of them is in a file, all are written piece by piece into the cache, and found there the next time.

    Args:
        arrays: of the same height, width and channels; the first holds the training images.
        rows: positions among the images of all arrays, rising; None for all.
        place: name of the arrays in a sentence.
        cache: folder of the pixels, created if needed; None for the system's temporary folder.
        depth: the values that become black and white, where they have more than 8 bits; None for those of the first.

    Raises:
        InputError: values that are no pixels, a damaged file, or the cache cannot be written.
    """
    files = [array for array in arrays if isinstance(array, ArrayFile)]
    if not files:
        pixels = np.concatenate([array for array in arrays if isinstance(array, np.ndarray)])
        return pixels if rows is None else pixels[rows], [], None
    if rows is not None and len(rows) == sum(array.shape[0] for array in arrays):
        rows = None  # no row is dropped, so the whole file is written at once
    stamps = [(file.path.name, stamp(file.path)) for file in files]
    selection = None if rows is None else hashlib.sha256(rows.tobytes()).hexdigest()
    # Files that change get new pixels, and so do other rows of the same files.
    listing = ["arrays", _VERSION, stamps, selection, depth]
    pixels, facts = mapped(
        [os.path.abspath(place)],
        listing,
        cache,
        lambda target: _write(target, arrays, rows, depth),
    )
    return pixels, facts["notes"], None if facts["depth"] is None else Depth.of_list(facts["depth"])


def _write(
    target: Path, arrays: Sequence[_Pixels | ArrayFile], rows: Int[np.ndarray, "rows"] | None, depth: Depth | None
) -> dict[str, Any]:
    """Write the pixels of these rows, or of all, to a new .npy file, and return facts on their conversion."""
    remarks: list[str] = []
    with target.open("wb") as file:
        file.write(header_of((sum(array.shape[0] for array in arrays), *arrays[0].shape[1:])))
        for array in arrays:
            pixels = array.pieces(depth) if isinstance(array, ArrayFile) else Pixels(iter([array]), (), None)
            for piece in pixels.pieces:
                file.write(piece.data)
            remarks += pixels.remarks
            depth = depth or pixels.depth
    if rows is not None:
        keep_rows(target, rows)
    return {"notes": list(dict.fromkeys(remarks)), "depth": depth}


def check_alike(first: Source, second: Source, name: str) -> None:
    """Refuse sources of images that do not go together.

    Args:
        first: the main source.
        second: a further one.
        name: its purpose: dev or test.

    Raises:
        InputError: one holds files and the other arrays, or arrays differ in the shape of their images.
    """
    images, more_images = first.images, second.images
    if isinstance(images, ImageFiles) != isinstance(more_images, ImageFiles):
        raise InputError(
            f"{first.place} and the {name} source {second.place} hold images in different ways (files, arrays); give "
            "both in the same way"
        )
    if images is None or more_images is None or isinstance(images, ImageFiles) or isinstance(more_images, ImageFiles):
        return
    if images.shape[1:] != more_images.shape[1:]:
        raise InputError(
            f"{first.place} has {shape_words(images.shape)}, but the {name} source {second.place} has "
            f"{shape_words(more_images.shape)}"
        )
