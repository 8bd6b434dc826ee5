import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from goodfit.data.images import decode_many
from goodfit.data.images.decode import decode_file, look_at_file, quiet
from goodfit.data.images.decode_many import decode_files
from goodfit.data.images.facts import Depth, FileFacts
from goodfit.data.images.resize import resized, scaled_to_8


def png(pixels, bits, color):
    """A PNG written by hand: `color` is 0 gray, 2 RGB, 4 gray with alpha, 6 RGBA."""
    height, width = pixels.shape[:2]
    dtype = ">u2" if bits == 16 else "u1"
    rows = b"".join(b"\0" + row.astype(dtype).tobytes() for row in pixels)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)), (b"IDAT", zlib.compress(rows))]
    body = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in [*chunks, (b"IEND", b"")]
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def decoded(path, shape):
    looked, content = decode_file(str(path), shape, Depth())
    assert bool(content) == (looked.broken == "")
    return np.frombuffer(content, np.uint8).reshape(shape if content else 0), looked


@pytest.fixture
def written(tmp_path):
    """Writes bytes, or an image with options, to a file."""

    def write(name, content, **options):
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            (content if isinstance(content, Image.Image) else Image.fromarray(content)).save(path, **options)
        return path

    return write


GRAY = np.array([[0, 50], [200, 255]])


def test_the_pixels_of_a_gray_png(written):
    into, looked = decoded(written("a.png", png(GRAY, 8, 0)), (2, 2, 1))
    assert into[..., 0].tolist() == GRAY.tolist()
    assert looked == FileFacts(2, 2, 1, "L")


def test_gray_becomes_three_equal_channels(written):
    into, looked = decoded(written("a.png", png(GRAY, 8, 0)), (2, 2, 3))
    assert (into == GRAY[..., None]).all()
    assert looked.channels == 1


def test_16_bits_are_scaled_so_that_the_largest_is_255(written):
    values = np.array([[0, 65_535], [257 * 100, 257 * 100 + 129]])
    into, looked = decoded(written("a.png", png(values, 16, 0)), (2, 2, 1))
    assert into[..., 0].tolist() == [[0, 255], [100, 101]]
    assert looked.deep


def test_scaled_to_8_rounds_each_value_of_16_bits():
    every = np.arange(65_536, dtype=np.uint16)
    np.testing.assert_array_equal(scaled_to_8(every), np.round(every / 257).astype(np.uint8))


@pytest.mark.parametrize("channels", [1, 3])
def test_alpha_is_laid_over_white(written, channels):
    """a·value + (1 − a)·255, with a = 1, 0 and 128/255."""
    pixels = np.array([[[10, 10, 10, 255], [10, 10, 10, 0]], [[0, 0, 0, 128], [255, 255, 255, 7]]])
    into, _ = decoded(written("a.png", png(pixels, 8, 6)), (2, 2, channels))
    assert into[..., 0].tolist() == [[10, 255], [127, 255]]
    gray = pixels[..., [0, 3]]
    into, looked = decoded(written("b.png", png(gray, 8, 4)), (2, 2, channels))
    assert into[..., 0].tolist() == [[10, 255], [127, 255]]
    assert looked.channels == 1


def test_a_palette_gives_its_colors_and_a_gif_its_first_frame(written):
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putdata([0, 1])
    into, looked = decoded(written("a.png", image), (1, 2, 3))
    assert into.tolist() == [[[255, 0, 0], [0, 0, 255]]]
    assert looked.channels == 3
    frames = [Image.new("RGB", (2, 2), color) for color in ("red", "blue")]
    path = written("a.gif", frames[0], save_all=True, append_images=frames[1:])
    assert decoded(path, (2, 2, 3))[0].reshape(-1, 3).tolist() == [[255, 0, 0]] * 4


@pytest.mark.parametrize("ending", ["bmp", "tif", "png"])
def test_kinds_without_loss_give_the_same_pixels(written, ending):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 3)).astype(np.uint8)
    np.testing.assert_array_equal(decoded(written(f"a.{ending}", pixels), (5, 4, 3))[0], pixels)


def test_a_photograph_is_turned_as_its_camera_says(written):
    pixels = np.zeros((8, 16), np.uint8)
    pixels[:, :8] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by a quarter, clockwise: the left half is on top
    into, looked = decoded(written("a.jpg", pixels, exif=exif, quality=100), (16, 8, 1))
    assert looked[:2] == (16, 8)
    assert into[:7].min() > 240
    assert into[9:].max() < 15


def test_facts_of_a_large_jpeg_have_its_full_size(written):
    into, looked = decoded(written("a.jpg", np.full((900, 1200), 77, np.uint8)), (48, 64, 1))
    assert looked[:2] == (900, 1200)
    assert (into == 77).all()


def test_resizing_keeps_the_shape_and_fills_with_the_borders_median():
    pixels = np.full((4, 8), 200, np.uint8)
    pixels[1:3, 1:7] = 0
    small = resized(Image.fromarray(pixels), 8, 8)
    assert (small[:2] == 200).all()
    assert (small[6:] == 200).all()
    np.testing.assert_array_equal(small[2:6], pixels)


def test_less_than_a_pixel_is_not_filled():
    """A picture of 331 × 500 is 42 × 64 when it is made smaller; in proportion it is 42 × 63.4."""
    pixels = np.full((331, 500), 200, np.uint8)
    pixels[:, :20], pixels[:, -20:] = 50, 50
    small = resized(Image.fromarray(pixels), 42, 64)
    assert (small[:, [0, -1]] == 50).all()
    assert (resized(Image.fromarray(pixels), 42, 66)[:, [0, -1]] == 200).all()


def test_broken_files_say_why(written):
    content = written("whole.jpg", np.random.default_rng(0).integers(0, 256, (40, 40)).astype(np.uint8)).read_bytes()
    damaged = bytearray(png(GRAY, 8, 0))
    damaged[45] ^= 0xFF
    reasons = {
        written("text.png", b"this is text"): "no image",
        written("empty.png", b""): "empty",
        written("cut.jpg", content[: len(content) // 2]): "truncated",
        written("damaged.png", bytes(damaged)): "damaged",
        written("gap.tif", Image.fromarray(np.array([[0, np.nan]], np.float32))): "pixels that are missing or infinite",
        written("zeros.jpg", bytes(50)): "nothing but zeros",
        written("phone.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"): "HEIC by content",
        written("page.png", b"<!DOCTYPE html><html>404</html>"): "HTML by content",
        written("drawing.png", b'<?xml version="1.0"?>\n<svg xmlns="x"/>'): "SVG by content",
        written("layers.jpg", b"8BPS\0\1"): "PSD by content",
        written("film.jpg", b"\0\0\0\x20ftypisom"): "video by content",
        written("x.png", b"").with_name("none.png"): "not there",
    }
    assert {path: decoded(path, (2, 2, 1))[1].broken for path in reasons} == reasons


@pytest.mark.parametrize("side", [8_000, 12_000, 20_000])
def test_a_bomb_is_refused_by_its_number_of_pixels_before_it_is_decoded(written, side):
    """The header alone says 64, 144 and 400 million pixels; Pillow warns above 89 and raises above 179."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header
    content += struct.pack(">I", zlib.crc32(b"IHDR" + header)) + png(GRAY, 8, 0)[33:]
    path = written("bomb.png", content)
    with quiet():
        assert decoded(path, (2, 2, 1))[1].broken == "more than 50 million pixels"


def test_a_look_reads_the_size_and_decodes_nothing(written):
    path = written("a.png", png(GRAY, 8, 0)[:60])
    assert look_at_file(str(path)) == FileFacts(2, 2, 1, "L")
    assert look_at_file(str(written("b.png", b"text"))).broken == "no image"


@pytest.fixture
def many(written):
    paths = [written(f"{value:03}.png", png(np.full((2, 2), value), 8, 0)) for value in range(40)]
    return [*map(str, paths), str(written("bad.png", b"text"))]


def check_rows(looked, target):
    rows = np.load(target)
    assert [facts.broken for facts in looked] == [""] * 40 + ["no image"]
    assert (rows[:40] == np.arange(40)[:, None, None, None]).all()


def test_threads_and_processes_decode_the_same(many, tmp_path, monkeypatch):
    check_rows(decode_files(many, tmp_path / "threads.npy", (2, 2, 1), Depth()), tmp_path / "threads.npy")
    monkeypatch.setattr(decode_many, "_FILES_A_PROCESS", 10)
    monkeypatch.setattr(decode_many.os, "cpu_count", lambda: 2)
    check_rows(decode_files(many, tmp_path / "processes.npy", (2, 2, 1), Depth()), tmp_path / "processes.npy")


def test_pieces_of_a_process_that_died_are_decoded_again(many, tmp_path, monkeypatch):
    monkeypatch.setattr(decode_many, "_FILES_A_PROCESS", 10)
    monkeypatch.setattr(decode_many.os, "cpu_count", lambda: 2)
    program = "import os, json, sys; os.read(json.load(sys.stdin)['pipe'], 8); os._exit(1)"
    (tmp_path / "program.py").write_text(program)
    monkeypatch.setattr(decode_many, "_PROGRAM", str(tmp_path / "program.py"))
    real = decode_many._start_helper

    def helper(*facts):
        started = real(*facts)
        started.process.wait()  # so that it takes its pieces first
        return started

    monkeypatch.setattr(decode_many, "_start_helper", helper)
    check_rows(decode_files(many, tmp_path / "a.npy", (2, 2, 1), Depth()), tmp_path / "a.npy")


def test_no_warning_of_pillow_is_shown(written):
    """A palette's transparency in bytes makes Pillow warn when it is converted."""
    image = Image.new("P", (2, 2))
    image.putpalette([0, 0, 0, 10, 10, 10])
    path = written("a.png", image, transparency=b"\x00\xff")
    with warnings.catch_warnings(record=True) as warnings_shown:
        decode_files([str(path)], path.with_suffix(".npy"), (2, 2, 3), Depth())
    assert warnings_shown == []
    assert (np.load(path.with_suffix(".npy")) == 255).all()
