"""Arrays in files become pixels in a mapped file: once, piece by piece, and together."""

import gzip
import mmap
import os
import struct
import tracemalloc

import numpy as np
import pytest

from goodfit.data.images import array_files, load, memory_map
from goodfit.data.images.digits import read_digits
from goodfit.data.images.stored import ArrayFile
from goodfit.data.notes import Note
from goodfit.data.sources import open_source
from goodfit.data.splits import open_splits
from goodfit.errors import InputError

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, (40, 6, 5)).astype(np.uint8)
LABELS = np.arange(40) % 2


@pytest.fixture(params=["stored", "deflated", "idx", "idx.gz"])
def file(request, tmp_path):
    """The same images in each kind of file."""
    if request.param in ("stored", "deflated"):
        save = np.savez if request.param == "stored" else np.savez_compressed
        save(tmp_path / "a.npz", images=IMAGES, labels=LABELS)
        return tmp_path / "a.npz"
    ending = request.param.removeprefix("idx")
    for part, array in (("images-idx3", IMAGES), ("labels-idx1", LABELS)):
        header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        content = header + array.astype(np.uint8).tobytes()
        (tmp_path / f"a-{part}-ubyte{ending}").write_bytes(gzip.compress(content) if ending else content)
    return tmp_path / f"a-images-idx3-ubyte{ending}"


@pytest.fixture
def writings(monkeypatch):
    """One for each time that pixels were written."""
    counts = []
    real = load._write
    monkeypatch.setattr(load, "_write", lambda *arguments: counts.append(1) or real(*arguments))
    return counts


def pixels_of(source, cache, **options):
    pixels = open_splits(source, cache=cache, **options).dataset.features.pixels
    assert pixels is not None
    return pixels


def test_pixels_lie_in_a_mapped_file_that_is_found_again(file, tmp_path, writings):
    for _ in range(2):
        pixels = pixels_of(file, tmp_path / "cache")
        np.testing.assert_array_equal(pixels[..., 0], IMAGES)
        assert isinstance(pixels.base, mmap.mmap | np.memmap)
        assert not pixels.flags.writeable
        assert pixels.ctypes.data % 64 == 0
    assert len(writings) == 1
    os.utime(file, ns=(0, 0))
    pixels_of(file, tmp_path / "cache")
    assert len(writings) == 2
    content = bytearray((cached := next((tmp_path / "cache").glob("*.npy"))).read_bytes())
    content[-1] ^= 1
    cached.write_bytes(content)
    np.testing.assert_array_equal(pixels_of(file, tmp_path / "cache")[..., 0], IMAGES)
    assert len(writings) == 3
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_sources_and_dropped_rows_go_into_one_file(tmp_path, monkeypatch, writings):
    monkeypatch.setattr(memory_map, "PIECE", 100)
    monkeypatch.setattr(array_files, "PIECE", 100)
    labels = LABELS.astype(float)
    labels[[0, 7, 39]] = np.nan
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=labels)
    np.savez(tmp_path / "b.npz", images=IMAGES[:5] / 255, labels=LABELS[:5])
    expected = np.concatenate([np.delete(IMAGES, [0, 7, 39], 0), IMAGES[:5]])
    for _ in range(2):
        splits = open_splits(tmp_path / "a.npz", test=tmp_path / "b.npz", cache=tmp_path / "cache")
        assert splits.dataset.features.pixels is not None
        np.testing.assert_array_equal(splits.dataset.features.pixels[..., 0], expected)
        assert splits.test.tolist() == list(range(37, 42))
        assert splits.dataset.target.tolist() == [*np.delete(LABELS, [0, 7, 39]), *LABELS[:5]]
        assert Note("Pixels from 0 to 1 were scaled to 0 to 255.") in splits.notes
    assert len(writings) == 1
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 1
    labels[1] = np.nan
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=labels)
    assert len(pixels_of(tmp_path / "a.npz", tmp_path / "cache")) == 36


def test_arrays_in_memory_stay_there_unless_they_go_with_a_file(tmp_path):
    digits, _ = read_digits()
    rows = np.arange(5, 2_000)
    pixels, *_ = load.gather_arrays([digits, digits], rows, "digits", tmp_path / "cache")
    np.testing.assert_array_equal(pixels, np.concatenate([digits, digits])[rows])
    assert not (tmp_path / "cache").exists()
    images = GENERATOR.integers(0, 256, (300, 8, 8)).astype(np.uint8)
    np.savez(tmp_path / "a.npz", images=images, labels=np.arange(300) % 10)
    stored = open_source(tmp_path / "a.npz").images
    assert isinstance(stored, ArrayFile)
    pixels, *_ = load.gather_arrays([digits, stored], rows, "digits, a.npz", tmp_path / "cache")
    np.testing.assert_array_equal(pixels, np.concatenate([digits, images[..., None]])[rows])
    assert (tmp_path / "cache").exists()


def test_nothing_is_written_for_bad_labels_and_nothing_stays_of_bad_pixels(tmp_path, writings):
    np.savez(tmp_path / "a.npz", images=IMAGES - 0.5, labels=np.zeros(40))
    with pytest.raises(InputError, match="label"):
        pixels_of(tmp_path / "a.npz", tmp_path / "out" / "cache")
    assert not writings
    np.savez(tmp_path / "a.npz", images=IMAGES - 0.5, labels=LABELS)
    with pytest.raises(InputError, match=r"a.npz: images has pixels from -0.5 to 254.5"):
        pixels_of(tmp_path / "a.npz", tmp_path / "out" / "cache")
    assert len(writings) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("kind", ["u1", "f4"])
def test_an_array_is_never_in_memory_as_a_whole(tmp_path, monkeypatch, save, kind):
    monkeypatch.setattr(array_files, "PIECE", 2**16)
    images = np.tile(IMAGES, (100, 8, 8)).astype(kind)
    save(tmp_path / "a.npz", images=images, labels=np.arange(len(images)) % 2)
    del images
    open_splits(tmp_path / "a.npz", cache=tmp_path / "first")  # what is imported on the way does not count
    tracemalloc.start()
    try:
        pixel_arrays = [pixels_of(tmp_path / "a.npz", tmp_path / "cache") for _ in range(2)]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert pixel_arrays[1].nbytes == 4_000 * 48 * 40
    assert peak < pixel_arrays[1].nbytes / 4
