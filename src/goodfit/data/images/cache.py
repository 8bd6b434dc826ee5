"""Image files, decoded once into a file that is mapped into memory."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int, UInt8

from goodfit.data.images.decode import look_at_file, quiet
from goodfit.data.images.decode_many import decode_files
from goodfit.data.images.depth import choose_depth
from goodfit.data.images.facts import Depth, FileFacts, Shape
from goodfit.data.images.memory_map import keep_rows, mapped, stamp
from goodfit.errors import InputError
from goodfit.wording.text import first_names

LARGEST_SIDE = 64  # of the size that is chosen; larger images train for hours, so they need an explicit decision
MOST_BROKEN = 0.5  # of the files
_VERSION = 3  # of the decoding, so that pixels cached by another one are not used
_SAMPLE = 256  # files whose headers give the most common size; a wrong guess costs a second decoding
_NAMES_IN_NOTE = 5  # of each kind
_SIZES = 5  # the most common ones, for people


class Decoded(NamedTuple):
    """Decoded images.

    Attributes:
        pixels: of the files that could be read; they lie in a file that is mapped into memory.
        readable: positions of these files among all files.
        broken: positions of the other files, and why each is broken.
        resized: number of images that had another shape than the most common.
        shrunk: True if the most common size was too large, so that all were made smaller.
        deep: number of images with more than 8 bits per pixel.
        depth: the values of those that became black and white.
        clipped: number of those that have values beyond.
        gray: number of gray images that were converted to RGB; 0 if all are gray.
        frames: number of images whose file holds more than one, of which the first was read.
        modes: number of images by Pillow's name of the kind of their pixels.
        sizes: number of images by height and width in the file, the most common ones.
    """

    pixels: UInt8[np.ndarray, "images height width channels"]
    readable: Int[np.ndarray, "images"]
    broken: list[tuple[int, str]]
    resized: int
    shrunk: bool
    deep: int
    depth: Depth
    clipped: int
    gray: int
    frames: int
    modes: dict[str, int]
    sizes: list[tuple[int, int, int]]


class Form(NamedTuple):
    """The form that images are brought to.

    Attributes:
        training: number of the first files that decide what is left open.
        shape: height, width and channels; None for the most common size, its longer side at most LARGEST_SIDE.
        depth: the values that become black and white, of images with more than 8 bits; None for the range of the files.
    """

    training: int
    shape: Shape | None = None
    depth: Depth | None = None


def decode_cached(paths: Sequence[str], names: Sequence[str], place: str, cache: Path | None, form: Form) -> Decoded:
    """Decode image files, or find the pixels that were decoded before.

    The cache is keyed by the listing: names, sizes and times of change of the files, and the requested form. It is
    made anew if it is damaged, and a cache of the same place with another listing is removed.

    Args:
        paths: that open the files.
        names: of the files, as people know them.
        place: of the files, in a sentence.
        cache: folder of the cache, created if needed; None for the system's temporary folder.
        form: what they are brought to.

    Raises:
        InputError: more than half of the files are broken, or the cache cannot be written.
    """
    stamps = [stamp(path) for path in paths]
    listing = [_VERSION, LARGEST_SIDE, form, list(names), stamps]
    pixels, facts = mapped(
        [os.path.abspath(place), form.shape, form.depth],
        listing,
        cache,
        lambda target: _decode(target, paths, names, place, form),
    )
    broken = [(row, reason) for row, reason in facts.pop("broken")]
    readable = np.setdiff1d(np.arange(facts.pop("files")), [row for row, _ in broken])
    facts.pop("crc")
    facts["depth"] = Depth.of_list(facts["depth"])
    return Decoded(pixels, readable, broken, **facts)


def _decode(target: Path, paths: Sequence[str], names: Sequence[str], place: str, form: Form) -> dict[str, Any]:
    """Decode into the target, and return the facts that are stored beside the pixels, as JSON has them."""
    with quiet():
        shape = form.shape or _most_common(look_at_file(paths[row]) for row in _sample(len(paths)))
    depth = form.depth or Depth()
    files = decode_files(paths, target, shape, depth)
    broken = [(row, file.broken) for row, file in enumerate(files) if file.broken]
    if len(broken) > MOST_BROKEN * len(paths):
        listing = broken_words([(names[row], reason) for row, reason in broken], len(paths))
        raise InputError(f"{place}: {listing}; that is more than half, so check what is wrong with them")
    best = form.shape or _most_common(files), form.depth or choose_depth(files[: form.training])
    if best != (shape, depth):  # the sample of headers misled, or pixels have a range of their own
        shape, depth = best
        files = decode_files(paths, target, shape, depth)
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
        "depth": depth,
        "clipped": sum(file.is_clipped(depth) for file in sound),
        "gray": sum(file.channels == 1 for file in sound) if shape[2] == 3 else 0,
        "frames": sum(file.frames for file in sound),
        "modes": dict(Counter(file.mode for file in sound).most_common()),
        "sizes": [(*size, n) for size, n in Counter((file.height, file.width) for file in sound).most_common(_SIZES)],
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
    """Return the number of broken files, by what is wrong with them, and the first of each.

    >>> broken_words([("a.png", "no image"), ("b.png", "empty"), ("c.png", "empty")], 9, " and left out")
    '3 of 9 files are broken and left out: 2 empty (b.png, c.png), 1 no image (a.png)'
    """
    names: dict[str, list[str]] = {}
    for name, reason in broken:
        names.setdefault(reason, []).append(name)
    groups = sorted(names.items(), key=lambda group: -len(group[1]))
    listing = ", ".join(f"{len(group):,} {reason} ({first_names(group, _NAMES_IN_NOTE)})" for reason, group in groups)
    verb = "is" if len(broken) == 1 else "are"
    return f"{len(broken):,} of {files:,} files {verb} broken{consequence}: {listing}"
