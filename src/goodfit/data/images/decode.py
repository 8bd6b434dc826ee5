"""One image file to bytes of one size and number of channels; run as a program, many files for another process.

It imports only Pillow, so that a process that decodes starts in 0.05 s; functions that need NumPy are imported on use.
"""

import io
import json
import mmap
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF")
_PNG = b"\x89PNG\r\n\x1a\n"
_ONE_READ = 2**24  # largest file that is read in one piece, in bytes
_READ_ONLY = os.O_RDONLY | getattr(os, "O_BINARY", 0)
MOST_PIXELS = 50_000_000  # of one file; more is taken for a decompression bomb
_BOMB = f"has more than {MOST_PIXELS // 1_000_000} million pixels"
_GRAY, _ALPHA = ("1", "L", "LA", "La"), ("LA", "La", "PA", "RGBA", "RGBa")

Shape = tuple[int, int, int]


class FileFacts(NamedTuple):
    """Facts about one image file.

    Attributes:
        height, width: of the image in the file.
        channels: 1 for gray, 3 for red, green and blue.
        deep: True if it has 16 bits per pixel.
        broken: why it cannot be read; empty if it can.
    """

    height: int
    width: int
    channels: int
    deep: bool
    broken: str


class _RefusedError(Exception):
    """A file that Pillow could read but that is refused."""


def decode_file(path: str, shape: Shape) -> tuple[FileFacts, bytes]:
    """Return facts about a file, and its pixels in this height, width and number of channels; none if it is broken."""
    try:
        content = _read(path)
        if content:
            return _decode(_opened(content), shape)
        with Image.open(path, formats=FORMATS) as image:
            return _decode(image, shape)
    except Exception as error:  # Pillow's readers raise many kinds, and each means that this file is broken
        return FileFacts(0, 0, 0, False, _reason(error)), b""


def look_at_file(path: str) -> FileFacts:
    """Return the facts in a file's header, without decoding its pixels."""
    try:
        with open(path, "rb") as file, Image.open(file, formats=FORMATS) as image:
            return FileFacts(image.height, image.width, _channels(image), False, "")
    except Exception as error:  # as above
        return FileFacts(0, 0, 0, False, _reason(error))


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Pillow's warnings about odd files, except that too many pixels become an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def decode_rows(
    rows: Iterable[int], paths: Sequence[str], shape: Shape, memory: memoryview
) -> list[tuple[int, FileFacts]]:
    """Decode the files of these rows, each to its place in memory, and return the facts row by row."""
    size = shape[0] * shape[1] * shape[2]
    files = []
    for row in rows:
        facts, pixels = decode_file(paths[row], shape)
        if pixels:
            memory[row * size : (row + 1) * size] = pixels
        files.append((row, facts))
    return files


def claimed_rows(pieces: Sequence[range], pipe: int) -> Iterator[int]:
    """Yield the rows of the pieces that this process takes from the pipe before others do."""
    while token := os.read(pipe, 4):  # the system hands each four bytes to one process alone
        yield from pieces[int.from_bytes(token, "little")]


def _serve() -> None:
    """Decode the files that a question on stdin names, and write the facts about them to stdout."""
    work = json.load(sys.stdin)
    pieces = [range(*ends) for ends in work["pieces"]]
    with (
        open(work["target"], "r+b") as file,
        mmap.mmap(file.fileno(), 0) as mapping,
        memoryview(mapping) as content,
        content[work["offset"] :] as memory,
        quiet(),
    ):
        files = decode_rows(claimed_rows(pieces, work["pipe"]), work["paths"], tuple(work["shape"]), memory)
    rows: dict[FileFacts, list[int]] = {}
    for row, facts in files:
        rows.setdefault(facts, []).append(row)
    json.dump(list(rows.items()), sys.stdout)


def _reason(error: Exception) -> str:
    """Return in a few words why a file is broken."""
    if isinstance(error, _RefusedError):
        return str(error)
    if isinstance(error, Image.DecompressionBombWarning | Image.DecompressionBombError):
        return _BOMB
    if isinstance(error, FileNotFoundError):
        return "is not there"
    if isinstance(error, UnidentifiedImageError):
        return "is no image"
    if isinstance(error, OSError) and error.errno is not None:
        return f"cannot be read: {error.strerror}"
    return "is truncated" if "truncated" in str(error).lower() else "is damaged"


def _read(path: str) -> bytes:
    """Return a file read in one piece, which is faster than Pillow's many small reads; nothing of a very large one."""
    handle = os.open(path, _READ_ONLY)
    try:
        size = os.fstat(handle).st_size
        return os.read(handle, size) if size <= _ONE_READ else b""
    finally:
        os.close(handle)


def _opened(content: bytes) -> Image.Image:
    if content.startswith(_PNG):
        return PngImageFile(io.BytesIO(content))  # trying every format takes a sixth of a small image's time
    return Image.open(io.BytesIO(content), formats=FORMATS)


def _decode(image: Image.Image, shape: Shape) -> tuple[FileFacts, bytes]:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise _RefusedError(_BOMB)
    mode = "L" if shape[2] == 1 else "RGB"
    if (
        image.mode == mode
        and (height, width) == shape[:2]
        and image.format == "PNG"
        and "transparency" not in image.info
    ):
        return FileFacts(height, width, shape[2], False, ""), image.tobytes()  # most images, and the quickest way
    channels, deep = _channels(image), image.mode.startswith("I;16")
    plain: Image.Image = image
    if image.format in ("JPEG", "MPO"):
        # JPEG can be decoded at 1/2, 1/4 or 1/8 of its size, which is faster; twice the shape leaves room to resize.
        side = 2 * max(shape[:2])
        image.draft(None, (side, side))
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        height, width = (width, height) if orientation > 4 else (height, width)  # 5 to 8 lie on their side
        plain = image if orientation == 1 else ImageOps.exif_transpose(image)
    plain = _plain(plain, "L" if channels == 1 else "RGB")
    plain = plain if plain.mode == mode else plain.convert(mode)
    facts = FileFacts(height, width, channels, deep, "")
    if (plain.height, plain.width) == shape[:2]:
        return facts, plain.tobytes()
    from goodfit.data.images.resize import resized

    return facts, resized(plain, shape[0], shape[1]).tobytes()


def _channels(image: Image.Image) -> int:
    return 1 if image.mode in _GRAY or image.mode.startswith("I;16") else 3


def _plain(image: Image.Image, mode: str) -> Image.Image:
    """Return an image as gray or RGB of 8 bits: alpha over white, 16 bits scaled."""
    if image.mode.startswith("I;16"):
        from goodfit.data.images.resize import gray_of_16

        return gray_of_16(image)
    if image.mode in ("I", "F"):
        raise _RefusedError("has pixels of 32 bits; 8 and 16 are read")
    if image.mode in _ALPHA or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return image if image.mode == mode else image.convert(mode)


if __name__ == "__main__":
    _serve()
