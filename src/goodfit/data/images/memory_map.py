"""Pixels in a file that is mapped into memory: made once, found again by what their sources were then."""

import hashlib
import io
import json
import os
import secrets
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, UInt8

from goodfit.data.paging import mapped_at_random
from goodfit.errors import InputError

PIECE = 2**24  # bytes of a large array that are in memory at a time; what is made of them is a few times as large
_DAY = 86_400


def mapped(
    place: Sequence[Any], listing: Sequence[Any], cache: Path | None, make: Callable[[Path], dict[str, Any]]
) -> tuple[UInt8[np.ndarray, "images height width channels"], dict[str, Any]]:
    """Make pixels, or find what was made before: read-only, in a file that is mapped into memory.

    They are kept by the listing. They are made anew where their file is damaged, and those of the same place with
    another listing go.

    Args:
        place: where they come from; JSON-able, as the listing is.
        listing: all that says what they are: the sources' names, sizes and times of change, and what is asked for.
        cache: the folder of the file, made where there is none; None for the system's temporary folder.
        make: writes the pixels to a new .npy file, and says what must be known of them; JSON-able.

    Returns:
        The pixels, and what must be known of them.

    Raises:
        InputError: the file cannot be written.
    """
    folder = cache if cache is not None else _temporary()
    of_place = hashlib.sha256(json.dumps(place).encode()).hexdigest()[:12]
    stem = f"{of_place}-{hashlib.sha256(json.dumps(listing).encode()).hexdigest()[:24]}"
    found = _read(folder, stem)
    if found is not None:
        return found
    with _room(folder) as partial:
        facts = make(partial)
        facts["crc"] = zlib.crc32(_opened(partial).data)
        text = json.dumps(facts)
        partial.with_suffix(".json").write_text(json.dumps({"facts": text, "crc": zlib.crc32(text.encode())}))
        _forget(folder, of_place)
        partial.replace(folder / f"{stem}.npy")
        partial.with_suffix(".json").replace(folder / f"{stem}.json")
    return mapped_at_random(_opened(folder / f"{stem}.npy")), facts


def stamp(path: str | Path) -> tuple[int, int] | None:
    """Size and time of change; None where there is no such file."""
    try:
        facts = os.stat(path)
    except (OSError, ValueError):
        return None
    return facts.st_size, facts.st_mtime_ns


def keep(path: Path, rows: Int[np.ndarray, "kept"]) -> None:
    """Keep these rows of a .npy file of bytes: they move to its beginning, and it is cut off after them."""
    images = np.lib.format.open_memmap(path, mode="r+")
    size = int(np.prod(images.shape[1:]))
    together = max(1, PIECE // size)
    for start in range(0, len(rows), together):
        part = rows[start : start + together]
        images[start : start + len(part)] = images[part]
    images.flush()
    header = header_of((len(rows), *images.shape[1:]))  # as long as before: NumPy leaves room for the number of rows
    with path.open("r+b") as file:
        file.write(header)
        file.truncate(len(header) + len(rows) * size)


def header_of(shape: tuple[int, ...]) -> bytes:
    """What a .npy file of bytes begins with."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return header.getvalue()


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


def _read(folder: Path, stem: str) -> tuple[np.ndarray, dict[str, Any]] | None:
    """What was made before; None where it is not there or damaged."""
    try:
        sealed = json.loads((folder / f"{stem}.json").read_text())
        if zlib.crc32(sealed["facts"].encode()) != sealed["crc"]:
            return None
        facts = json.loads(sealed["facts"])
        pixels = _opened(folder / f"{stem}.npy")
        sound = pixels.dtype == np.uint8 and pixels.ndim == 4 and zlib.crc32(pixels.data) == facts["crc"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, BufferError):
        return None
    return (mapped_at_random(pixels), facts) if sound else None


def _opened(path: Path) -> np.ndarray:
    return np.asarray(np.load(path, mmap_mode="r"))


def _forget(folder: Path, of_place: str) -> None:
    """Remove what was made of the same place before, and what a process that was killed has left."""
    old = [path for path in folder.glob("*.partial.*") if time.time() - path.stat().st_mtime > _DAY]
    for path in (*folder.glob(f"{of_place}-*"), *old):
        path.unlink(missing_ok=True)
