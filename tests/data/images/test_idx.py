"""Gzipped IDX files whose headers lie: only their end says so. The plain ones are with the other sources."""

import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from goodfit.data.images.load import load_images
from goodfit.data.sources import open_source
from goodfit.errors import InputError


def packed(path, sizes, content):
    header = struct.pack(f">BBBB{len(sizes)}I", 0, 0, 8, len(sizes), *sizes)
    path.write_bytes(gzip.compress(header + content))


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ((31, 3, 2), "its header says 31 × 3 × 2 bytes, but 180 follow"),
        ((29, 3, 2), "its header says 29 × 3 × 2 bytes, but more than 174 follow"),
        ((2**32 - 1,) * 3, "its header says 4,294,967,295 × .* bytes, but 180 follow"),
    ],
)
def test_a_wrong_header_is_reported_and_allocates_no_memory(tmp_path, sizes, sentence):
    path = tmp_path / "a-images-idx3-ubyte.gz"
    packed(path, sizes, bytes(180))
    packed(tmp_path / "a-labels-idx1-ubyte.gz", (30,), bytes(30))
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="a-images-idx3-ubyte.gz is damaged: " + sentence):
            open_source(path)
        source = open_source(path, labeled=False)
        with pytest.raises(InputError, match="a-images-idx3-ubyte.gz is damaged: " + sentence):
            load_images([source], None, tmp_path / "cache")
        assert tracemalloc.get_traced_memory()[1] < 2**26
    finally:
        tracemalloc.stop()
    assert not (tmp_path / "cache").exists()


def test_a_wrong_header_of_labels_is_reported(tmp_path):
    packed(tmp_path / "a-images-idx3-ubyte.gz", (30, 3, 2), bytes(180))
    packed(tmp_path / "a-labels-idx1-ubyte.gz", (31,), bytes(30))
    with pytest.raises(InputError, match=r"a-labels-idx1-ubyte.gz is damaged: its header says 31 bytes, but 30 follow"):
        open_source(tmp_path / "a-images-idx3-ubyte.gz")


def test_four_dimensions_are_colors(tmp_path):
    content = np.arange(30 * 3 * 2 * 3, dtype=np.uint8)
    packed(tmp_path / "a-images-idx4-ubyte.gz", (30, 3, 2, 3), content.tobytes())
    source = open_source(tmp_path / "a-images-idx4-ubyte.gz", labeled=False)
    pixels, _, notes, _ = load_images([source], np.arange(30), tmp_path / "c")
    np.testing.assert_array_equal(pixels.ravel(), content)
    assert (pixels.shape, notes) == ((30, 3, 2, 3), [])
