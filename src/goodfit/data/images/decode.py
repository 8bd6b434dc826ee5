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
from contextlib import contextmanager, suppress

from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile

from goodfit.data.images.facts import Depth, FileFacts, Shape
from goodfit.data.images.kinds import FORMATS, HEADER, kind_of_content

_PNG = b"\x89PNG\r\n\x1a\n"
_ONE_READ = 2**24  # largest file that is read in one piece, in bytes
_READ_ONLY = os.O_RDONLY | getattr(os, "O_BINARY", 0)
MOST_PIXELS = 50_000_000  # of one file; more is taken for a decompression bomb
_BOMB = f"more than {MOST_PIXELS // 1_000_000} million pixels"
_LARGEST = 3.4e38  # float32's
_GRAY, _ALPHA = ("1", "L", "LA", "La"), ("LA", "La", "PA", "RGBA", "RGBa")

# What turns an image upright, by its EXIF orientation.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTED = ("exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp")  # parts of a file that may hold it


class _RefusedError(Exception):
    """A file that Pillow could read but that is refused."""


def decode_file(path: str, shape: Shape, depth: Depth) -> tuple[FileFacts, bytes]:
    """Return facts about a file, and its pixels in this height, width and number of channels; none if it is broken."""
    try:
        content = _read(path)
        if content:
            return _decode(_opened(content), shape, depth)
        with Image.open(path, formats=FORMATS) as image:
            return _decode(image, shape, depth)
    except Exception as error:  # Pillow's readers raise many kinds, and each means that this file is broken
        return FileFacts(broken=_reason(error, path)), b""


def look_at_file(path: str) -> FileFacts:
    """Return the facts in a file's header, without decoding its pixels."""
    try:
        with open(path, "rb") as file, Image.open(file, formats=FORMATS) as image:
            return FileFacts(image.height, image.width, _channels(image), image.mode)
    except Exception as error:  # as above
        return FileFacts(broken=_reason(error, path))


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Pillow's warnings about odd files, except that too many pixels become an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def decode_rows(
    rows: Iterable[int], paths: Sequence[str], shape: Shape, depth: Depth, memory: memoryview
) -> list[tuple[int, FileFacts]]:
    """Decode the files of these rows, each to its place in memory, and return the facts row by row."""
    size = shape[0] * shape[1] * shape[2]
    files = []
    for row in rows:
        facts, pixels = decode_file(paths[row], shape, depth)
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
    pieces, shape, depth = [range(*ends) for ends in work["pieces"]], tuple(work["shape"]), Depth.of_list(work["depth"])
    with (
        open(work["target"], "r+b") as file,
        mmap.mmap(file.fileno(), 0) as mapping,
        memoryview(mapping) as content,
        content[work["offset"] :] as memory,
        quiet(),
    ):
        files = decode_rows(claimed_rows(pieces, work["pipe"]), work["paths"], shape, depth, memory)
    rows: dict[FileFacts, list[int]] = {}
    for row, facts in files:
        rows.setdefault(facts, []).append(row)
    json.dump(list(rows.items()), sys.stdout)


def _reason(error: Exception, path: str) -> str:
    """Return in a few words what is wrong with a file."""
    if isinstance(error, _RefusedError):
        return str(error)
    if isinstance(error, Image.DecompressionBombWarning | Image.DecompressionBombError):
        return _BOMB
    if isinstance(error, FileNotFoundError):
        return "not there"
    if isinstance(error, UnidentifiedImageError):
        return _contents(path)
    if isinstance(error, OSError) and error.errno is not None:
        return f"not readable: {error.strerror}"
    return "truncated" if "truncated" in str(error).lower() else "damaged"


def _contents(path: str) -> str:
    """Return what a file holds that no reader takes for an image."""
    with open(path, "rb") as file:
        beginning = file.read(HEADER)
    if not beginning:
        return "empty"
    if not beginning.strip(b"\0"):
        return "nothing but zeros"
    kind = kind_of_content(beginning)
    return "no image" if kind is None else f"{kind} by content" if kind else "damaged"


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


def _decode(image: Image.Image, shape: Shape, depth: Depth) -> tuple[FileFacts, bytes]:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise _RefusedError(_BOMB)
    target_mode = "L" if shape[2] == 1 else "RGB"
    facts = FileFacts(height, width, _channels(image), _mode(image), getattr(image, "is_animated", False))
    if image.format == "JPEG":  # decoded at 1/2, 1/4 or 1/8 of its size it is faster; twice the shape leaves room
        side = 2 * max(shape[:2])
        image.draft(None, (side, side))
    image.load()
    orientation = _orientation(image)
    if orientation > 4:  # 5 to 8 lie on their side
        facts = facts._replace(height=width, width=height)
    plain: Image.Image = image.transpose(_TURNS[orientation]) if orientation in _TURNS else image
    if facts.deep:
        from goodfit.data.images.resize import gray_of_deep, limits

        low, high = limits(plain)
        if not -_LARGEST < low <= high < _LARGEST:
            raise _RefusedError("pixels that are missing or infinite")
        facts = facts._replace(low=low, high=high)
        plain = gray_of_deep(plain, *depth.range_of(plain.mode))
    plain = _plain(plain, "L" if facts.channels == 1 else "RGB")
    plain = plain if plain.mode == target_mode else plain.convert(target_mode)
    if (plain.height, plain.width) == shape[:2]:
        return facts, plain.tobytes()
    from goodfit.data.images.resize import resized

    return facts, resized(plain, shape[0], shape[1]).tobytes()


def _mode(image: Image.Image) -> str:
    """Return the kind of pixels, and that Pillow cuts 16 bits per channel to 8, which only a tile's raw mode tells."""
    tile = getattr(image, "tile", None)
    cut = tile and image.mode[0] not in "IF" and ";16" in str(tile[0][3])
    return f"{image.mode};16" if cut else image.mode


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation of a loaded image; 1, upright, where it has none or one that cannot be read.

    Pillow itself turns a TIFF.
    """
    if image.format != "TIFF" and any(name in image.info for name in _ORIENTED):
        with suppress(Exception):  # a damaged EXIF block is no reason to lose the picture
            return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    return 1


def _channels(image: Image.Image) -> int:
    return 1 if image.mode in _GRAY or image.mode[0] in "IF" else 3


def _plain(image: Image.Image, mode: str) -> Image.Image:
    """Return an image of 8 bits as gray or RGB: alpha over white."""
    if image.mode in _ALPHA or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    if image.mode == "LAB":  # which Pillow converts by color profiles alone
        from PIL import ImageCms

        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        image = ImageCms.profileToProfile(image, *profiles, outputMode="RGB") or image
    return image if image.mode == mode else image.convert(mode)


if __name__ == "__main__":
    _serve()
