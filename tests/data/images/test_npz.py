"""NPZ files of images, whole and damaged; what they hold of images is with the other sources in test_images.py."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from goodfit.data.images import array_files
from goodfit.data.images.stored import ArrayFile
from goodfit.data.sources import open_source
from goodfit.errors import InputError

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 5, 4, 3)).astype(np.uint8)
MANY = np.tile(IMAGES, (10, 1, 1, 1))  # more than is read together with the header


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(array_files, "PIECE", 100)


def written(path: Path, images, save=np.savez):
    save(path, images=images, labels=np.arange(len(images)))
    return path


def pixels_of(path):
    images = open_source(path).images
    assert isinstance(images, ArrayFile)
    pieces, notes, _ = images.pieces(None)
    return np.concatenate(list(pieces)).reshape(images.shape), notes


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("kind", ["u1", ">u2", "<f4", "i8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_way_of_writing_gives_the_same_pixels(tmp_path, save, kind, order):
    path = written(tmp_path / "a.npz", IMAGES.astype(kind, order), save)
    np.testing.assert_array_equal(pixels_of(path)[0], IMAGES)


def test_a_fourth_channel_and_no_channel(tmp_path):
    opaque = np.concatenate([IMAGES, np.full((30, 5, 4, 1), 255, np.uint8)], 3)
    pixels, notes = pixels_of(written(tmp_path / "a.npz", opaque))
    np.testing.assert_array_equal(pixels, IMAGES)
    assert notes == ("The fourth channel of the images was taken as alpha and blended over white.",)
    gray = np.asfortranarray(IMAGES[..., 0])
    np.testing.assert_array_equal(pixels_of(written(tmp_path / "b.npz", gray))[0], IMAGES[..., :1])


def test_a_flipped_byte_is_found_when_the_pixels_are_read(tmp_path):
    path = written(tmp_path / "a.npz", MANY)
    content = bytearray(path.read_bytes())
    content[content.index(IMAGES.tobytes()) + 10_000] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a.npz is damaged: Bad CRC-32 for file 'images.npy'; download it"):
        pixels_of(path)


def test_damaged_deflated_bytes(tmp_path):
    path = written(tmp_path / "a.npz", np.random.default_rng(0).permuted(MANY), np.savez_compressed)
    content = bytearray(path.read_bytes())
    content[8_000:9_000] = bytes(1_000)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a.npz is damaged: "):
        pixels_of(path)


def test_a_file_that_is_cut_off_or_damaged_at_its_beginning_is_not_readable(tmp_path):
    path = written(tmp_path / "a.npz", IMAGES)
    content = path.read_bytes()
    for spoilt in (content[:-30], content[:2_000], content.replace(b"NUMPY", b"other"), b"", b"text"):
        path.write_bytes(spoilt)
        with pytest.raises(InputError, match=r"a.npz is not a readable NPZ file: write it with numpy.savez"):
            open_source(path)


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ((31, 5, 4, 3), "its header says 31 × 5 × 4 × 3 × 2 bytes, but 3,600 follow"),
        ((29, 5, 4, 3), "its header says 29 × 5 × 4 × 3 × 2 bytes, but more than 3,480 follow"),
        ((10**9, 10**9, 10**9, 3), "its header says .* bytes, but 3,600 follow"),
    ],
)
def test_a_wrong_header_is_refused_before_pixels_are_read(tmp_path, shape, sentence):
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(member, {"descr": "<u2", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("images.npy", member.getvalue() + IMAGES.astype("<u2").tobytes())
    with pytest.raises(InputError, match="a.npz is damaged: " + sentence):
        open_source(tmp_path / "a.npz", labeled=False)


def test_labels_that_are_python_objects(tmp_path):
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=np.array(["a", None] * 15, object))
    with pytest.raises(InputError, match="holds Python objects; its labels must be one array"):
        open_source(tmp_path / "a.npz")
    assert open_source(tmp_path / "a.npz", labeled=False).images is not None
