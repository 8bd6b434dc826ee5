"""Pixels of every mode and format: the values that a viewer shows, upright, and 8 bits of any range."""

import io
import struct
import tempfile
import zlib

import numpy as np
import pytest
from PIL import Image

from goodfit.data.dataset import Schema
from goodfit.data.images.decode import decode_file
from goodfit.data.images.depth import choose_depth, range_of_values
from goodfit.data.images.facts import Depth, FileFacts
from goodfit.data.notes import guess, warning
from goodfit.data.open import open_new_rows
from goodfit.data.splits import open_splits

GENERATOR = np.random.default_rng(0)
NOISE = GENERATOR.integers(0, 256, (6, 4)).astype(np.uint8)
LOSSLESS = {"png": {}, "webp": {"lossless": True}, "tif": {}, "jp2": {}}


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "system"))
    (tmp_path / "system").mkdir()


def pixels_of(path, shape, depth=None):
    facts, content = decode_file(str(path), shape, depth or Depth())
    assert not facts.broken
    return np.frombuffer(content, np.uint8).reshape(shape), facts


@pytest.mark.parametrize("ending", ["webp", "avif", "jpg", "jp2"])
def test_formats_with_loss_are_near(tmp_path, ending):
    smooth = np.add.outer(np.arange(16), np.arange(16)).astype(np.uint8) * 8
    Image.fromarray(smooth).convert("RGB").save(tmp_path / f"a.{ending}", quality=100)
    pixels, _ = pixels_of(tmp_path / f"a.{ending}", (16, 16, 3))
    assert np.abs(pixels.astype(int) - smooth[..., None]).max() <= 8


@pytest.mark.parametrize("ending", ["webp", "png", "tif", "jp2", "ppm", "bmp"])
def test_formats_without_loss_are_exact(tmp_path, ending):
    color = GENERATOR.integers(0, 256, (6, 4, 3)).astype(np.uint8)
    Image.fromarray(color).save(tmp_path / f"a.{ending}", lossless=ending == "webp")
    np.testing.assert_array_equal(pixels_of(tmp_path / f"a.{ending}", (6, 4, 3))[0], color)


# By EXIF orientation what turns the stored picture upright (EXIF 2.3, table 6).
TURNS = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).T,
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("ending", ["png", "webp", "tif"])
def test_a_picture_is_upright_in_every_format(tmp_path, ending, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    color = np.stack([NOISE] * 3, -1)
    Image.fromarray(color).save(tmp_path / f"a.{ending}", exif=exif, **LOSSLESS[ending])
    upright = TURNS[orientation](NOISE)
    pixels, facts = pixels_of(tmp_path / f"a.{ending}", (*upright.shape, 3))
    np.testing.assert_array_equal(pixels[..., 0], upright)
    assert (facts.height, facts.width) == upright.shape


def test_orientation_after_the_pixels_of_a_png_counts_and_a_damaged_one_does_not(tmp_path):
    content = io.BytesIO()
    Image.fromarray(NOISE).save(content, "PNG")
    for data, upright in (
        (b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0\0\0\0\0", NOISE[::-1, ::-1]),
        (b"MM\0", NOISE),
    ):
        chunk = struct.pack(">I", len(data)) + b"eXIf" + data + struct.pack(">I", zlib.crc32(b"eXIf" + data))
        whole = content.getvalue()
        (tmp_path / "a.png").write_bytes(whole[:-12] + chunk + whole[-12:])  # before the last chunk, IEND
        np.testing.assert_array_equal(pixels_of(tmp_path / "a.png", (6, 4, 1))[0][..., 0], upright)


def test_modes_of_8_bits_and_fewer(tmp_path):
    """Alpha is laid over white; a bit is black or white; cyan, magenta, yellow and black take their color away."""
    path = tmp_path / "a.png"
    Image.fromarray(np.array([[True, False]])).save(path)
    assert pixels_of(path, (1, 2, 1))[0].ravel().tolist() == [255, 0]
    image = Image.new("P", (3, 1))
    image.putpalette([255, 0, 0, 0, 0, 255, 9, 9, 9])
    image.putdata([0, 1, 2])
    image.save(path, transparency=bytes([255, 255, 0]))
    assert pixels_of(path, (1, 3, 3))[0].tolist() == [[[255, 0, 0], [0, 0, 255], [255, 255, 255]]]
    image.save(path, transparency=0)
    assert pixels_of(path, (1, 3, 3))[0][0, 0].tolist() == [255, 255, 255]
    Image.merge("LA", [Image.new("L", (1, 1), 0), Image.new("L", (1, 1), 51)]).save(path)
    assert pixels_of(path, (1, 1, 1))[0].ravel().tolist() == [204]
    Image.new("CMYK", (1, 1), (255, 0, 0, 0)).save(tmp_path / "a.tif")
    assert pixels_of(tmp_path / "a.tif", (1, 1, 3))[0].ravel().tolist() == [0, 255, 255]
    Image.new("LAB", (1, 1), (255, 128, 128)).save(tmp_path / "b.tif")
    assert pixels_of(tmp_path / "b.tif", (1, 1, 3))[0].min() >= 250


DEEP = np.array([[0, 500, 1_000], [1_023, 250, 3]])
EXPECTED = np.round(DEEP * 255 / 1_023).astype(np.uint8)


def big_endian(values):
    """A TIFF of 16 bits, most significant byte first, written by hand."""
    height, width = values.shape
    entries = [(256, 3, 1, width << 16), (257, 3, 1, height << 16), (258, 3, 1, 16 << 16), (259, 3, 1, 1 << 16)]
    entries += [(262, 3, 1, 1 << 16), (273, 4, 1, 8), (277, 3, 1, 1 << 16), (278, 3, 1, height << 16)]
    entries += [(279, 4, 1, 2 * values.size)]
    body = values.astype(">u2").tobytes()
    directory = struct.pack(">H", len(entries)) + b"".join(struct.pack(">HHII", *entry) for entry in entries)
    return b"MM\0*" + struct.pack(">I", 8 + len(body)) + body + directory + bytes(4)


@pytest.mark.parametrize("kind", ["I;16 png", "I;16 tif", "I;16B", "I", "F"])
def test_deep_pixels_are_scaled_by_their_range(tmp_path, kind):
    path = tmp_path / "a.tif"
    if kind == "I;16B":
        path.write_bytes(big_endian(DEEP))
    elif kind == "F":
        Image.fromarray((DEEP / 1_023).astype(np.float32)).save(path)
    elif kind == "I":
        Image.fromarray(DEEP.astype(np.int32)).save(path)
    else:
        path = tmp_path / f"a.{kind[-3:]}"
        Image.fromarray(DEEP.astype(np.uint16)).save(path)
    pixels, facts = pixels_of(path, (2, 3, 1), Depth((0, 1_023), (0, 1)))
    np.testing.assert_array_equal(pixels[..., 0], EXPECTED)
    assert facts.deep
    assert (facts.low, facts.high) == ((0, 1) if kind == "F" else (0, 1_023))


@pytest.mark.parametrize(
    ("low", "high", "floats", "ends"),
    [
        (0, 1_023, False, (0, 1_023)),
        (5, 900, False, (0, 1_023)),
        (0, 4_000, False, (0, 4_095)),
        (0, 200, False, (0, 255)),
        (0, 65_535, False, (0, 65_535)),
        (30_000, 33_000, False, (30_000, 33_000)),
        (-1_000, 2_000, False, (-1_000, 2_000)),
        (7, 7, False, (0, 255)),
        (0.0, 0.8, True, (0, 1)),
        (0.0, 254.0, True, (0, 255)),
        (-0.5, 0.5, True, (-0.5, 0.5)),
        (3e4, 3.1e4, True, (3e4, 3.1e4)),
    ],
)
def test_the_range_of_pixels(low, high, floats, ends):
    assert range_of_values(low, high, floats=floats, stretched=True) == ends


def test_beside_images_of_8_bits_black_and_white_stay_what_they_are():
    deep = FileFacts(mode="I;16", low=30_000, high=33_000)
    assert choose_depth([deep]).whole == (30_000, 33_000)
    assert choose_depth([deep, FileFacts(mode="L")]).whole == (0, 65_535)
    assert choose_depth([FileFacts(mode="L"), FileFacts(broken="empty")]) == Depth(None, None)


@pytest.fixture
def ten_bits(tmp_path):
    """A folder of sets with 10 bits in 16; the test set has darker pictures than the training set."""
    for name, brightest in (("train", 1_000), ("test", 100)):
        for number in range(24):
            path = tmp_path / "deep" / name / "ab"[number % 2] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.linspace(number, brightest, 16).astype(np.uint16).reshape(4, 4)).save(path)
    return tmp_path / "deep"


def test_the_range_is_that_of_the_training_images_and_stays_for_later_ones(ten_bits):
    splits = open_splits(ten_bits)
    schema, pixels = splits.dataset.schema, splits.dataset.features.pixels
    assert schema.depth == Depth((0, 1_023))
    assert Schema.from_dict(schema.to_dict()) == schema
    assert pixels is not None
    assert len(np.unique(pixels[splits.train])) > 60  # 4, if they were read as 16 bits
    for row in (0, 30, 47):
        stored = np.asarray(Image.open(ten_bits / splits.dataset.files[row])).astype(float)
        np.testing.assert_array_equal(pixels[row, ..., 0], np.round(stored * 255 / 1_023))
    text = "48 images have more than 8 bits per pixel: values from 0 to 1,023 became black to white."
    assert guess(text) in splits.notes
    single = open_new_rows(ten_bits / "test" / "a" / "0.png", schema).features.pixels
    assert single is not None
    np.testing.assert_array_equal(single[0], pixels[24])


def test_values_beyond_the_training_range_are_said(ten_bits):
    schema = open_splits(ten_bits).dataset.schema
    Image.fromarray(np.full((4, 4), 5_000, np.uint16)).save(ten_bits / "bright.png")
    rows = open_new_rows(ten_bits / "bright.png", schema)
    assert rows.features.pixels is not None
    assert rows.features.pixels.min() == 255
    sentence = "1 image has values beyond those of the training images, which became black or white."
    assert rows.notes == (warning(sentence),)


def test_arrays_of_16_bits_keep_the_range_of_training(tmp_path):
    values = GENERATOR.integers(0, 1_000, (40, 4, 4)).astype(np.uint16)
    np.savez(tmp_path / "a.npz", images=values, labels=np.arange(40) % 2)
    np.savez(tmp_path / "b.npz", images=values[:10] // 16, labels=np.arange(10) % 2)
    splits = open_splits(tmp_path / "a.npz", test=tmp_path / "b.npz")
    assert splits.dataset.schema.depth == Depth((0, 1_023))
    pixels = splits.dataset.features.pixels
    assert pixels is not None
    expected = np.round(np.concatenate([values, values[:10] // 16]).astype(float) * 255 / 1_023)
    np.testing.assert_array_equal(pixels[..., 0], expected)
    for new in (tmp_path / "b.npz", values[:10] // 16):
        rows = open_new_rows(new, splits.dataset.schema).features.pixels
        assert rows is not None
        np.testing.assert_array_equal(rows[..., 0], expected[40:])


def test_16_bits_per_channel_and_several_frames_are_said(tmp_path):
    rows = b"".join(b"\0" + struct.pack(">6H", *range(0, 60_000, 10_000)) for _ in range(4))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 2, 4, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    for name in "ab":
        (tmp_path / "c" / name).mkdir(parents=True)
        for number in range(12):
            (tmp_path / "c" / name / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    frames = [Image.new("RGB", (2, 4), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "c" / "a" / "x.gif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "c" / "a" / "y.tif", save_all=True, append_images=frames[1:])
    guesses = [note.text for note in open_splits(tmp_path / "c").notes if note.severity == "guess"]
    assert guesses == [
        "2 files hold more than one picture, such as an animation or pages; the first is read.",
        "24 images have 16 bits per channel, of which the upper 8 are read; if they look dark, rescale them.",
    ]
