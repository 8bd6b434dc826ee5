"""Image files, decoded once into a file that is mapped into memory."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int, UInt8

from goodfit.data.images.decode import Looked, Shape, look_at_file, quiet
from goodfit.data.images.decode_many import decode_files
from goodfit.data.images.memory_map import keep, mapped, stamp
from goodfit.errors import InputError

LARGEST_SIDE = 64  # of the size that is chosen; what people must look at closely is larger, and trains for hours
MOST_BROKEN = 0.5  # of the files
_VERSION = 2  # of what decoding gives
_SAMPLE = 256  # files whose beginning tells the commonest size; a wrong guess costs a second decoding


class Decoded(NamedTuple):
    """Images, decoded.

    Attributes:
        pixels: of the files that could be read; lies in a file that is mapped into memory.
        kept: their places among all files.
        broken: the others' places, and why each is broken.
        resized: how many had another shape than the commonest.
        shrunk: whether the commonest size was too large, so that all were made smaller.
        deep: how many have 16 bits a pixel.
        gray: how many gray ones have become red, green and blue; 0 where all are gray.
    """

    pixels: UInt8[np.ndarray, "images height width channels"]
    kept: Int[np.ndarray, "images"]
    broken: list[tuple[int, str]]
    resized: int
    shrunk: bool
    deep: int
    gray: int


def cached(
    paths: Sequence[str], names: Sequence[str], place: str, cache: Path | None, shape: Shape | None = None
) -> Decoded:
    """Decode image files, or find what was decoded before.

    The cache is kept by the listing: the files' names, sizes and times of change, and the shape asked for. It is made
    anew where it is damaged, and one of the same place with another listing goes.

    Args:
        paths: of the files.
        names: as people are told of them.
        place: where they are, in words.
        cache: the folder of the cache, made where there is none; None for the system's temporary folder.
        shape: height, width and channels; None for the commonest size, at most LARGEST_SIDE.

    Raises:
        InputError: more than half of the files are broken, or the cache cannot be written.
    """
    stamps = [stamp(path) for path in paths]
    listing = [_VERSION, LARGEST_SIDE, shape, list(names), stamps]
    pixels, facts = mapped(
        [os.path.abspath(place), shape], listing, cache, lambda target: _make(target, paths, names, place, shape)
    )
    broken = [(row, why) for row, why in facts["broken"]]
    kept = np.setdiff1d(np.arange(facts["files"]), [row for row, _ in broken])
    return Decoded(pixels, kept, broken, *(facts[name] for name in ("resized", "shrunk", "deep", "gray")))


def _make(target: Path, paths: Sequence[str], names: Sequence[str], place: str, wanted: Shape | None) -> dict[str, Any]:
    """Decode into the target, and say what was seen; once more where the beginnings of some files misled."""
    with quiet():
        shape = wanted or _common(look_at_file(paths[row]) for row in _spread(len(paths)))
    looked = decode_files(paths, target, shape)
    broken = [(row, each.why) for row, each in enumerate(looked) if each.why]
    if len(broken) > MOST_BROKEN * len(paths):
        shown = broken_words([(names[row], why) for row, why in broken], len(paths))
        raise InputError(f"{place}: {shown}; that is more than half, so look what is wrong with them")
    true = wanted or _common(looked)
    if true != shape:
        looked = decode_files(paths, target, true)
    whole = [each for each in looked if not each.why]
    if len(whole) < len(looked):
        keep(target, np.array([row for row, each in enumerate(looked) if not each.why], np.int64))
    same = [(each.height, each.width) for each in whole if _capped(each) == true[:2]]
    return {
        "files": len(paths),
        "broken": broken,
        "resized": len(whole) - len(same),
        "shrunk": 2 * same.count(true[:2]) < len(same),
        "deep": sum(each.deep for each in whole),
        "gray": sum(each.channels == 1 for each in whole) if true[2] == 3 else 0,
    }


def _spread(count: int) -> list[int]:
    """Places from the first to the last of so many."""
    return np.unique(np.linspace(0, count - 1, min(count, _SAMPLE)).astype(int)).tolist()


def _common(looked: Any) -> Shape:
    """The commonest size, the largest of those; three channels where any image has colors."""
    whole = [each for each in looked if not each.why]
    sizes = Counter(_capped(each) for each in whole).most_common()
    (height, width), _ = max(sizes, key=lambda each: (each[1], min(each[0]), each[0])) if sizes else ((1, 1), 0)
    return height, width, max((each.channels for each in whole), default=1)


def _capped(looked: Looked) -> tuple[int, int]:
    """The size, or that which has LARGEST_SIDE on its longer side."""
    longer = max(looked.height, looked.width)
    if longer <= LARGEST_SIDE:
        return looked.height, looked.width
    return tuple(max(1, round(side * LARGEST_SIDE / longer)) for side in (looked.height, looked.width))  # type: ignore[return-value]


def broken_words(broken: Sequence[tuple[str, str]], files: int, consequence: str = "") -> str:
    """Return the number of broken files and the first of them, as in `1 of 9 files is broken: a.png (is no image)`."""
    shown = ", ".join(f"{name} ({why})" for name, why in broken[:5])
    rest = f" and {len(broken) - 5:,} more" if len(broken) > 5 else ""
    return (
        f"{len(broken):,} of {files:,} files {'is' if len(broken) == 1 else 'are'} broken{consequence}: {shown}{rest}"
    )
