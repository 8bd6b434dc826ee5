"""Image files to pixels: each brought to one size and one number of channels, by as many processes as pay."""

import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import PIL.TiffImagePlugin  # the only one of FORMATS that Pillow does not load of itself  # noqa: F401
from jaxtyping import UInt8
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF")
MOST_PIXELS = 50_000_000  # of one file: more is a bomb that looks like an image
_GREY, _ALPHA = ("1", "L", "LA", "La"), ("LA", "La", "PA", "RGBA", "RGBa")
_FILES_A_PROCESS = 6_000  # small ones that take about as long as a process to start (0.2 s); fewer go to threads
_IN_A_ROW = 16  # files that one worker takes together, so that large and small ones are shared evenly
_MOST_PIECES = 8_192  # four bytes each: half of what a pipe holds
_SERVE = "from goodfit.data.decoding import serve; serve()"


class Looked(NamedTuple):
    """What was seen of one file: its own size, its channels (1 or 3), whether it has 16 bits; or why it is broken."""

    height: int
    width: int
    channels: int
    deep: bool
    why: str


def decode_files(paths: Sequence[str], target: Path, shape: tuple[int, int, int]) -> list[Looked]:
    """Decode files into a new .npy file of one row a file; rows of broken files hold nothing of use.

    Small images keep Python itself busy, so many are shared with other processes; few are shared among threads, as
    Pillow lets other threads work while it decodes.

    Args:
        paths: of the files.
        target: the .npy file; uint8, [files, height, width, channels].
        shape: height, width and channels of every row.

    Raises:
        OSError: the target cannot be written.
    """
    images = np.lib.format.open_memmap(target, mode="w+", dtype=np.uint8, shape=(len(paths), *shape))
    if hasattr(os, "posix_fallocate"):  # where room is short, an error now and not a broken process later
        with target.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, images.offset + images.nbytes)
    workers = os.cpu_count() or 1
    helpers = min(workers, len(paths) // _FILES_A_PROCESS) - 1
    size = max(_IN_A_ROW, -(-len(paths) // _MOST_PIECES))
    pieces = [range(start, min(start + size, len(paths))) for start in range(0, len(paths), size)]
    if helpers > 0:
        return _by_processes(paths, target, images, pieces, helpers)

    def decode_piece(rows: range) -> list[Looked]:
        return [decode_file(paths[row], images[row]) for row in rows]

    with _quiet(), ThreadPoolExecutor(workers) as pool:
        return [each for part in pool.map(decode_piece, pieces) for each in part]


def _by_processes(
    paths: Sequence[str], target: Path, images: np.ndarray, pieces: list[range], helpers: int
) -> list[Looked]:
    """The same with processes of our own: those of `multiprocessing` would run the user's script again.

    Everyone takes the next piece from a pipe until that is empty, so that all are done at the same time.
    """
    looked: list[Looked | None] = [None] * len(paths)
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(np.arange(len(pieces), dtype="<u4").tobytes())
    others = [_helper(paths, pieces, target, reading) for _ in range(helpers)]
    try:
        with _quiet():
            for row in _taken(pieces, reading):
                looked[row] = decode_file(paths[row], images[row])
            for process, answer in others:
                if process.wait() == 0:
                    answer.seek(0)
                    for row, *seen in json.load(answer):
                        looked[row] = Looked(*seen)
            # what is still missing was taken by a process that the system ended
            return [seen or decode_file(paths[row], images[row]) for row, seen in enumerate(looked)]
    finally:
        os.close(reading)
        for process, answer in others:
            process.kill()
            process.wait()
            answer.close()


def _helper(paths: Sequence[str], pieces: list[range], target: Path, pipe: int) -> tuple[subprocess.Popen, IO[str]]:
    """Another process that decodes, and the file that it answers in: in a pipe it would wait for us."""
    answer = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed with its process
    with tempfile.TemporaryFile("w+") as question:
        ends = [(piece.start, piece.stop) for piece in pieces]
        json.dump({"target": str(target), "paths": list(paths), "pieces": ends, "pipe": pipe}, question)
        question.seek(0)
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        process = subprocess.Popen(
            [sys.executable or "python", "-P", "-c", _SERVE],
            stdin=question,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            env=environment,
            pass_fds=(pipe,),
        )
    return process, answer


def serve() -> None:
    """The other process: reads on stdin what to decode, and tells on stdout what it saw."""
    asked = json.load(sys.stdin)
    images = np.lib.format.open_memmap(asked["target"], mode="r+")
    pieces = [range(*ends) for ends in asked["pieces"]]
    with _quiet():
        seen = [(row, *decode_file(asked["paths"][row], images[row])) for row in _taken(pieces, asked["pipe"])]
    json.dump(seen, sys.stdout)


def _taken(pieces: Sequence[range], pipe: int) -> Iterator[int]:
    """The rows of the pieces that nobody else takes."""
    while token := os.read(pipe, 4):  # the system gives four bytes to one process
        yield from pieces[int.from_bytes(token, "little")]


@contextmanager
def _quiet() -> Iterator[None]:
    """Pillow's warnings about odd files are not shown, and too many pixels are an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def decode_file(path: str, into: UInt8[np.ndarray, "height width channels"]) -> Looked:
    """Decode a file into an array, whose shape it takes on; never raises for what the file holds."""
    try:
        with open(path, "rb") as file, Image.open(file, formats=FORMATS) as image:
            return _decode(image, into)
    except Exception as error:  # Pillow's readers raise many kinds, and each means that this file is broken
        return Looked(0, 0, 0, False, _why(error))


def look_at_file(path: str) -> Looked:
    """What the beginning of a file says of it; nothing is decoded."""
    try:
        with _quiet(), open(path, "rb") as file, Image.open(file, formats=FORMATS) as image:
            return Looked(image.height, image.width, _channels(image), False, "")
    except Exception as error:  # as above
        return Looked(0, 0, 0, False, _why(error))


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


_BOMB = f"has more than {MOST_PIXELS // 1_000_000} million pixels"


class _RefusedError(Exception):
    """A file that Pillow can read, and we do not want."""


def _decode(image: Image.Image, into: np.ndarray) -> Looked:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise _RefusedError(_BOMB)
    channels, deep = _channels(image), image.mode.startswith("I;16")
    plain: Image.Image = image
    if image.format in ("JPEG", "MPO"):
        side = 2 * max(into.shape[:2])  # JPEG can be decoded at a half, a quarter or an eighth: twice what is wanted
        image.draft(None, (side, side))
        turned = image.getexif().get(ExifTags.Base.Orientation, 1)
        height, width = (width, height) if turned > 4 else (height, width)
        plain = image if turned == 1 else ImageOps.exif_transpose(image)
    plain = _plain(plain, "L" if channels == 1 else "RGB")
    mode = "L" if into.shape[2] == 1 else "RGB"
    plain = plain if plain.mode == mode else plain.convert(mode)
    if (plain.height, plain.width) == into.shape[:2]:
        into[:] = np.frombuffer(plain.tobytes(), np.uint8).reshape(into.shape)
    else:
        into[:] = resized(plain, into.shape[0], into.shape[1]).reshape(into.shape)
    return Looked(height, width, channels, deep, "")


def _channels(image: Image.Image) -> int:
    return 1 if image.mode in _GREY or image.mode.startswith("I;16") else 3


def _plain(image: Image.Image, mode: str) -> Image.Image:
    """Grey or RGB of 8 bits: alpha over white, 16 bits scaled."""
    if image.mode == mode and "transparency" not in image.info:
        image.load()
        return image
    if image.mode.startswith("I;16"):
        return Image.fromarray(scaled_to_8(np.asarray(image)))
    if image.mode in ("I", "F"):
        raise _RefusedError("has pixels of 32 bits; 8 and 16 are read")
    if image.mode in _ALPHA or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return image.convert(mode)


def scaled_to_8(values: np.ndarray) -> np.ndarray:
    """Pixels of 16 bits as 8: 65,535 becomes 255."""
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def resized(image: Image.Image, height: int, width: int) -> UInt8[np.ndarray, "height width *channels"]:
    """The image as large as it fits, its shape kept; the rest is filled with the median of its border."""
    scale = min(height / image.height, width / image.width)
    own = [_whole(side * scale, most) for side, most in ((image.height, height), (image.width, width))]
    small = np.asarray(image.resize((own[1], own[0]), Image.Resampling.BILINEAR))
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    whole = np.empty((height, width, *small.shape[2:]), np.uint8)
    whole[:] = np.median(border, axis=0).round().astype(np.uint8)
    top, left = (height - own[0]) // 2, (width - own[1]) // 2
    whole[top : top + own[0], left : left + own[1]] = small
    return whole


def _whole(side: float, most: int) -> int:
    """The side in pixels; all there is where less than one would stay empty."""
    return most if most - side < 1 else max(1, round(side))
