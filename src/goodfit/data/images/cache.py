"""Image files, decoded once into a file that is mapped into memory."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int, UInt8

from goodfit.data.images.decode import FileFacts, Shape, look_at_file, quiet
from goodfit.data.images.decode_many import decode_files
from goodfit.data.images.memory_map import keep_rows, mapped, stamp
from goodfit.errors import InputError

LARGEST_SIDE = 64  # of the size that is chosen; larger images train for hours, so they need an explicit decision
MOST_BROKEN = 0.5  # of the files
_VERSION = 2  # of the decoding, so that pixels cached by another one are not used
_SAMPLE = 256  # files whose headers give the most common size; a wrong guess costs a second decoding
_NAMES_IN_NOTE = 5


class Decoded(NamedTuple):
    """Decoded images.

    Attributes:
        pixels: of the files that could be read; they lie in a file that is mapped into memory.
        readable: positions of these files among all files.
        broken: positions of the other files, and why each is broken.
        resized: number of images that had another shape than the most common.
        shrunk: True if the most common size was too large, so that all were made smaller.
        deep: number of images with 16 bits per pixel.
        gray: number of gray images that were converted to RGB; 0 if all are gray.
    """

    pixels: UInt8[np.ndarray, "images height width channels"]
    readable: Int[np.ndarray, "images"]
    broken: list[tuple[int, str]]
    resized: int
    shrunk: bool
    deep: int
    gray: int


def decode_cached(
    paths: Sequence[str], names: Sequence[str], place: str, cache: Path | None, shape: Shape | None = None
) -> Decoded:
    """Decode image files, or find the pixels that were decoded before.

    The cache is keyed by the listing: names, sizes and times of change of the files, and the requested shape. It is
    made anew if it is damaged, and a cache of the same place with another listing is removed.

    Args:
        paths: that open the files.
        names: of the files, as people know them.
        place: of the files, in a sentence.
        cache: folder of the cache, created if needed; None for the system's temporary folder.
        shape: height, width and channels; None for the most common size, its longer side at most LARGEST_SIDE.

    Raises:
        InputError: more than half of the files are broken, or the cache cannot be written.
    """
    stamps = [stamp(path) for path in paths]
    listing = [_VERSION, LARGEST_SIDE, shape, list(names), stamps]
    pixels, facts = mapped(
        [os.path.abspath(place), shape], listing, cache, lambda target: _decode(target, paths, names, place, shape)
    )
    broken = [(row, reason) for row, reason in facts["broken"]]
    readable = np.setdiff1d(np.arange(facts["files"]), [row for row, _ in broken])
    return Decoded(pixels, readable, broken, *(facts[name] for name in ("resized", "shrunk", "deep", "gray")))


def _decode(
    target: Path, paths: Sequence[str], names: Sequence[str], place: str, requested: Shape | None
) -> dict[str, Any]:
    """Decode into the target, and return the facts that are stored beside the pixels, as JSON has them."""
    with quiet():
        shape = requested or _most_common(look_at_file(paths[row]) for row in _sample(len(paths)))
    files = decode_files(paths, target, shape)
    broken = [(row, file.broken) for row, file in enumerate(files) if file.broken]
    if len(broken) > MOST_BROKEN * len(paths):
        listing = broken_words([(names[row], reason) for row, reason in broken], len(paths))
        raise InputError(f"{place}: {listing}; that is more than half, so check what is wrong with them")
    best = requested or _most_common(files)
    if best != shape:  # the sample of headers misled, and only now all files are known
        shape, files = best, decode_files(paths, target, best)
    sound = [file for file in files if not file.broken]
    if len(sound) < len(files):
        keep_rows(target, np.array([row for row, file in enumerate(files) if not file.broken], np.int64))
    fitting = [(file.height, file.width) for file in sound if _capped(file) == shape[:2]]
    return {
        "files": len(paths),
        "broken": broken,
        "resized": len(sound) - len(fitting),
        "shrunk": 2 * fitting.count(shape[:2]) < len(fitting),
        "deep": sum(file.deep for file in sound),
        "gray": sum(file.channels == 1 for file in sound) if shape[2] == 3 else 0,
    }


def _sample(count: int) -> list[int]:
    """Return positions spread evenly from the first to the last of `count`."""
    return np.unique(np.linspace(0, count - 1, min(count, _SAMPLE)).astype(int)).tolist()


def _most_common(files: Iterable[FileFacts]) -> Shape:
    """Return the most common size, the largest of equally common ones; three channels if any image has colors."""
    sound = [file for file in files if not file.broken]
    sizes = Counter(_capped(file) for file in sound).most_common()
    (height, width), _ = max(sizes, key=lambda size: (size[1], min(size[0]), size[0])) if sizes else ((1, 1), 0)
    return height, width, max((file.channels for file in sound), default=1)


def _capped(file: FileFacts) -> tuple[int, int]:
    """Return the size of an image, its longer side reduced to LARGEST_SIDE."""
    longer = max(file.height, file.width)
    if longer <= LARGEST_SIDE:
        return file.height, file.width
    height, width = (max(1, round(side * LARGEST_SIDE / longer)) for side in (file.height, file.width))
    return height, width


def broken_words(broken: Sequence[tuple[str, str]], files: int, consequence: str = "") -> str:
    """Return the number of broken files and the first of them.

    >>> broken_words([("a.png", "is no image")], 9, " and left out")
    '1 of 9 files is broken and left out: a.png (is no image)'
    """
    listing = ", ".join(f"{name} ({reason})" for name, reason in broken[:_NAMES_IN_NOTE])
    more = f" and {len(broken) - _NAMES_IN_NOTE:,} more" if len(broken) > _NAMES_IN_NOTE else ""
    verb = "is" if len(broken) == 1 else "are"
    return f"{len(broken):,} of {files:,} files {verb} broken{consequence}: {listing}{more}"
