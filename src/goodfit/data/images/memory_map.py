"""Pixels in a file that is mapped into memory: made once, and found again while their sources are unchanged."""

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

PIECE = 2**24  # bytes of a large array in memory at a time; intermediate arrays are a few times as large
_DAY = 86_400  # seconds; older partial files were left by a process that was killed


def mapped(
    place: Sequence[Any], listing: Sequence[Any], cache: Path | None, make: Callable[[Path], dict[str, Any]]
) -> tuple[UInt8[np.ndarray, "images height width channels"], dict[str, Any]]:
    """Make pixels, or find those made before: read-only, in a file that is mapped into memory.

    The file is keyed by the listing. It is made anew if it is damaged, and a file of the same place with another
    listing is removed.

    Args:
        place: where the pixels come from; JSON-able, as the listing is.
        listing: everything that determines the pixels: names, sizes and times of change of the sources, and options.
        cache: folder of the file, created if needed; None for the system's temporary folder.
        make: writes the pixels to a new .npy file and returns facts about them, JSON-able.

    Returns:
        The pixels, and the facts that `make` returned for them.

    Raises:
        InputError: the file cannot be written.
    """
    folder = cache if cache is not None else _temporary_folder()
    place_key = hashlib.sha256(json.dumps(place).encode()).hexdigest()[:12]
    stem = f"{place_key}-{hashlib.sha256(json.dumps(listing).encode()).hexdigest()[:24]}"
    stored = _read(folder, stem)
    if stored is not None:
        return stored
    with _new_file(folder) as partial:
        facts = make(partial)
        # A mapped file that was damaged on the disk would be read without an error.
        facts["crc"] = zlib.crc32(_opened(partial).data)
        text = json.dumps(facts)
        partial.with_suffix(".json").write_text(json.dumps({"facts": text, "crc": zlib.crc32(text.encode())}))
        _remove_old(folder, place_key)
        # The facts last: without them the pixels are not read, so a crash in between leaves nothing half done.
        partial.replace(folder / f"{stem}.npy")
        partial.with_suffix(".json").replace(folder / f"{stem}.json")
    return mapped_at_random(_opened(folder / f"{stem}.npy")), facts


def stamp(path: str | Path) -> tuple[int, int] | None:
    """Return size and time of change of a file; None if there is no such file."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


def keep_rows(path: Path, rows: Int[np.ndarray, "rows"]) -> None:
    """Move these rows of a .npy file of bytes to its beginning, in rising order, and cut the file off after them."""
    images = np.lib.format.open_memmap(path, mode="r+")
    size = int(np.prod(images.shape[1:]))
    # Rows rise, so each moves toward the beginning, onto a row that was moved or dropped before.
    step = max(1, PIECE // size)
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        images[start : start + len(part)] = images[part]
    images.flush()
    header = header_of((len(rows), *images.shape[1:]))  # as long as before: NumPy leaves room for the number of rows
    with path.open("r+b") as file:
        file.write(header)
        file.truncate(len(header) + len(rows) * size)


def header_of(shape: tuple[int, ...]) -> bytes:
    """Return the header of a .npy file of bytes."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return header.getvalue()


def _temporary_folder() -> Path:
    """Return a folder of this user alone in the system's temporary folder."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"goodfit-images-{user}"
    # Anyone can write to the temporary folder: a link or a folder of another user under this name may be a trap.
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if folder.is_symlink() or folder.stat().st_uid != user:
        raise InputError(f"{folder} belongs to another user; remove it, or set TMPDIR to another folder")
    return folder


@contextmanager
def _new_file(folder: Path) -> Iterator[Path]:
    """Yield an unused path in the folder; if the work on it fails, its file and new folders are removed again."""
    new_folders = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    partial = folder / f"{secrets.token_hex(8)}.partial.npy"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield partial
    except BaseException as error:
        for leftover in (partial, partial.with_suffix(".json")):
            with suppress(OSError):
                leftover.unlink()
        for parent in new_folders:
            with suppress(OSError):  # another process may use it already
                parent.rmdir()
        if isinstance(error, OSError):
            reason = error.strerror or error
            raise InputError(f"cannot write the decoded images to {folder} ({reason}); free some space there") from None
        raise


def _read(folder: Path, stem: str) -> tuple[np.ndarray, dict[str, Any]] | None:
    """Return pixels and facts that were stored before; None if they are missing or damaged."""
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


def _remove_old(folder: Path, place_key: str) -> None:
    """Remove earlier pixels of the same place, and files left by a process that was killed."""
    leftovers = [path for path in folder.glob("*.partial.*") if time.time() - path.stat().st_mtime > _DAY]
    for path in (*folder.glob(f"{place_key}-*"), *leftovers):
        path.unlink(missing_ok=True)
