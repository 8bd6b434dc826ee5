"""Decoded images in a file that is mapped into memory: made once, found again by what the image files were then."""

import hashlib
import io
import json
import os
import secrets
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int, UInt8

from goodfit.data.decoding import decode_files
from goodfit.data.image_bytes import Looked, Shape, look_at_file, quiet
from goodfit.errors import InputError

LARGEST_SIDE = 64  # of the size that is chosen; what people must look at closely is larger, and trains for hours
MOST_BROKEN = 0.5  # of the files
_VERSION = 1  # of what decoding gives
_SAMPLE = 256  # files whose beginning tells the commonest size; a wrong guess costs a second decoding
_CHUNK = 4_096  # images at a time
_DAY = 86_400


class Decoded(NamedTuple):
    """Images, decoded.

    Attributes:
        pixels: of the files that could be read; lies in a file that is mapped into memory.
        kept: their places among all files.
        broken: the others' places, and why each is broken.
        resized: how many had another shape than the commonest.
        shrunk: whether the commonest size was too large, so that all were made smaller.
        deep: how many have 16 bits a pixel.
        grey: how many grey ones have become red, green and blue; 0 where all are grey.
    """

    pixels: UInt8[np.ndarray, "images height width channels"]
    kept: Int[np.ndarray, "images"]
    broken: list[tuple[int, str]]
    resized: int
    shrunk: bool
    deep: int
    grey: int


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
    folder = cache if cache is not None else _temporary()
    stamps = [_stamp(path) for path in paths]
    listing = json.dumps([_VERSION, LARGEST_SIDE, shape, list(names), stamps])
    of_place = hashlib.sha256(json.dumps([os.path.abspath(place), shape]).encode()).hexdigest()[:12]
    stem = f"{of_place}-{hashlib.sha256(listing.encode()).hexdigest()[:24]}"
    found = _read(folder, stem)
    if found is not None:
        return found
    with _room(folder) as partial:
        facts = _make(partial, paths, names, place, shape)
        facts["crc"] = _checksum(np.load(partial, mmap_mode="r"))
        text = json.dumps(facts)
        partial.with_suffix(".json").write_text(json.dumps({"facts": text, "crc": zlib.crc32(text.encode())}))
        _forget(folder, of_place)
        partial.replace(folder / f"{stem}.npy")
        partial.with_suffix(".json").replace(folder / f"{stem}.json")
    return _opened(folder / f"{stem}.npy", facts)


def _stamp(path: str) -> tuple[int, int] | None:
    """Size and time of change; None where there is no such file."""
    try:
        facts = os.stat(path)
    except (OSError, ValueError):
        return None
    return facts.st_size, facts.st_mtime_ns


def _temporary() -> Path:
    """A folder of this user alone in the system's temporary folder."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"goodfit-images-{user}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if folder.is_symlink() or folder.stat().st_uid != user:
        raise InputError(f"{folder} belongs to somebody else; remove it, or set TMPDIR to another folder")
    return folder


@contextmanager
def _room(folder: Path) -> Iterator[Path]:
    """A fresh name in the folder; what was made for it goes again where the work is refused."""
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    partial = folder / f"{secrets.token_hex(8)}.partial.npy"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield partial
    except BaseException as error:
        for left in (partial, partial.with_suffix(".json")):
            with suppress(OSError):
                left.unlink()
        for each in made:
            with suppress(OSError):  # another process has put something there
                each.rmdir()
        if isinstance(error, OSError):
            why = error.strerror or error
            raise InputError(f"cannot write the decoded images to {folder} ({why}); make room there") from None
        raise


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
        _keep(target, np.array([row for row, each in enumerate(looked) if not each.why], np.int64))
    same = sum(_capped(each) == true[:2] for each in whole)
    return {
        "files": len(paths),
        "broken": broken,
        "resized": len(whole) - same,
        "shrunk": bool(whole) and Counter((each.height, each.width) for each in whole).most_common(1)[0][0] != true[:2],
        "deep": sum(each.deep for each in whole),
        "grey": sum(each.channels == 1 for each in whole) if true[2] == 3 else 0,
    }


def _spread(count: int) -> list[int]:
    """Places from the first to the last of so many."""
    return np.unique(np.linspace(0, count - 1, min(count, _SAMPLE)).astype(int)).tolist()


def _common(looked: Any) -> Shape:
    """The commonest size, the largest of those; three channels where any image has colours."""
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


def _keep(path: Path, rows: Int[np.ndarray, "kept"]) -> None:
    """Keep these rows of a .npy file of bytes: they move to its beginning, and it is cut off after them."""
    images = np.lib.format.open_memmap(path, mode="r+")
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        images[start : start + len(part)] = images[part]
    images.flush()
    header = io.BytesIO()
    facts = {"descr": "|u1", "fortran_order": False, "shape": (len(rows), *images.shape[1:])}
    np.lib.format.write_array_header_1_0(header, facts)  # as long as before: NumPy leaves room for the number of rows
    with path.open("r+b") as file:
        file.write(header.getvalue())
        file.truncate(len(header.getvalue()) + len(rows) * int(np.prod(images.shape[1:])))


def _read(folder: Path, stem: str) -> Decoded | None:
    """What was decoded before; None where it is not there or damaged."""
    try:
        sealed = json.loads((folder / f"{stem}.json").read_text())
        if zlib.crc32(sealed["facts"].encode()) != sealed["crc"]:
            return None
        facts = json.loads(sealed["facts"])
        found = _opened(folder / f"{stem}.npy", facts)
        sound = found.pixels.dtype == np.uint8 and _checksum(found.pixels) == facts["crc"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if sound else None


def _opened(path: Path, facts: dict[str, Any]) -> Decoded:
    pixels = np.asarray(np.load(path, mmap_mode="r"))
    broken = [(row, why) for row, why in facts["broken"]]
    kept = np.setdiff1d(np.arange(facts["files"]), [row for row, _ in broken])
    return Decoded(pixels, kept, broken, *(facts[name] for name in ("resized", "shrunk", "deep", "grey")))


def _checksum(pixels: np.ndarray) -> int:
    crc = 0
    for start in range(0, len(pixels), _CHUNK):
        crc = zlib.crc32(pixels[start : start + _CHUNK].tobytes(), crc)
    return crc


def _forget(folder: Path, of_place: str) -> None:
    """Remove what was decoded of the same place before, and what a process that was killed has left."""
    old = [path for path in folder.glob("*.partial.*") if time.time() - path.stat().st_mtime > _DAY]
    for path in (*folder.glob(f"{of_place}-*"), *old):
        path.unlink(missing_ok=True)


def broken_words(broken: Sequence[tuple[str, str]], files: int) -> str:
    """How many files cannot be read, and the first of them."""
    shown = ", ".join(f"{name} ({why})" for name, why in broken[:5])
    rest = f" and {len(broken) - 5:,} more" if len(broken) > 5 else ""
    return f"{len(broken):,} of {files:,} files {'is' if len(broken) == 1 else 'are'} broken: {shown}{rest}"
