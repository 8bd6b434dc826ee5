"""One image file to bytes of one size and number of channels; and, run as a program, many for another process.

It needs Pillow alone, so that a process that decodes starts in 0.05 s; what needs NumPy is imported on first use.
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
_AT_ONCE = 2**24  # bytes of a file that are read in one piece
_READ_ONLY = os.O_RDONLY | getattr(os, "O_BINARY", 0)
MOST_PIXELS = 50_000_000  # of one file: more is a bomb that looks like an image
_BOMB = f"has more than {MOST_PIXELS // 1_000_000} million pixels"
_GRAY, _ALPHA = ("1", "L", "LA", "La"), ("LA", "La", "PA", "RGBA", "RGBa")

Shape = tuple[int, int, int]


class Looked(NamedTuple):
    """What was seen of one file: its own size, its channels (1 or 3), whether it has 16 bits; or why it is broken."""

    height: int
    width: int
    channels: int
    deep: bool
    why: str


class _RefusedError(Exception):
    """A file that Pillow can read, and we do not want."""


def decode_file(path: str, shape: Shape) -> tuple[Looked, bytes]:
    """What was seen of a file, and its pixels in this height, width and number of channels; none of a broken one."""
    try:
        content = _read(path)
        if content:
            return _decode(_opened(content), shape)
        with Image.open(path, formats=FORMATS) as image:
            return _decode(image, shape)
    except Exception as error:  # Pillow's readers raise many kinds, and each means that this file is broken
        return Looked(0, 0, 0, False, _why(error)), b""


def look_at_file(path: str) -> Looked:
    """What the beginning of a file says of it; nothing is decoded."""
    try:
        with open(path, "rb") as file, Image.open(file, formats=FORMATS) as image:
            return Looked(image.height, image.width, _channels(image), False, "")
    except Exception as error:  # as above
        return Looked(0, 0, 0, False, _why(error))


@contextmanager
def quiet() -> Iterator[None]:
    """Pillow's warnings about odd files are not shown, and too many pixels are an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def decode_rows(
    rows: Iterable[int], paths: Sequence[str], shape: Shape, memory: memoryview
) -> list[tuple[int, Looked]]:
    """Decode the files of these rows, each to its place in memory; what was seen, row by row."""
    size = shape[0] * shape[1] * shape[2]
    seen = []
    for row in rows:
        looked, pixels = decode_file(paths[row], shape)
        if pixels:
            memory[row * size : (row + 1) * size] = pixels
        seen.append((row, looked))
    return seen


def taken(pieces: Sequence[range], pipe: int) -> Iterator[int]:
    """The rows of the pieces that nobody else takes from the pipe."""
    while token := os.read(pipe, 4):  # the system gives four bytes to one process
        yield from pieces[int.from_bytes(token, "little")]


def _serve() -> None:
    """The program: reads on stdin what to decode, and tells on stdout what it saw."""
    asked = json.load(sys.stdin)
    pieces = [range(*ends) for ends in asked["pieces"]]
    with (
        open(asked["target"], "r+b") as file,
        mmap.mmap(file.fileno(), 0) as whole,
        memoryview(whole) as bytes_of_file,
        bytes_of_file[asked["offset"] :] as memory,
        quiet(),
    ):
        seen = decode_rows(taken(pieces, asked["pipe"]), asked["paths"], tuple(asked["shape"]), memory)
    rows: dict[Looked, list[int]] = {}
    for row, looked in seen:
        rows.setdefault(looked, []).append(row)
    json.dump(list(rows.items()), sys.stdout)


def _why(error: Exception) -> str:
    """A broken file in a few words."""
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
    """All of a file in one piece, as Pillow reads in many small ones; nothing of a very large one."""
    handle = os.open(path, _READ_ONLY)
    try:
        size = os.fstat(handle).st_size
        return os.read(handle, size) if size <= _AT_ONCE else b""
    finally:
        os.close(handle)


def _opened(content: bytes) -> Image.Image:
    if content.startswith(_PNG):
        return PngImageFile(io.BytesIO(content))  # asking every format takes a sixth of a small image's time
    return Image.open(io.BytesIO(content), formats=FORMATS)


def _decode(image: Image.Image, shape: Shape) -> tuple[Looked, bytes]:
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
        return Looked(height, width, shape[2], False, ""), image.tobytes()  # most of them, and the quickest way
    channels, deep = _channels(image), image.mode.startswith("I;16")
    plain: Image.Image = image
    if image.format in ("JPEG", "MPO"):
        side = 2 * max(shape[:2])  # JPEG can be decoded at a half, a quarter or an eighth: twice what is wanted
        image.draft(None, (side, side))
        turned = image.getexif().get(ExifTags.Base.Orientation, 1)
        height, width = (width, height) if turned > 4 else (height, width)
        plain = image if turned == 1 else ImageOps.exif_transpose(image)
    plain = _plain(plain, "L" if channels == 1 else "RGB")
    plain = plain if plain.mode == mode else plain.convert(mode)
    looked = Looked(height, width, channels, deep, "")
    if (plain.height, plain.width) == shape[:2]:
        return looked, plain.tobytes()
    from goodfit.data.images.resize import resized

    return looked, resized(plain, shape[0], shape[1]).tobytes()


def _channels(image: Image.Image) -> int:
    return 1 if image.mode in _GRAY or image.mode.startswith("I;16") else 3


def _plain(image: Image.Image, mode: str) -> Image.Image:
    """Gray or RGB of 8 bits: alpha over white, 16 bits scaled."""
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
