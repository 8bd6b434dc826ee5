import base64
import io

import numpy as np
import pytest
from PIL import Image

from goodfit.errors import InputError
from goodfit.reports.pictures import read_pictures


@pytest.fixture
def arrays():
    """Two samples of one class and one of another, gray, and one mistake with markup in its names."""
    return {
        "samples": np.arange(3 * 2 * 3, dtype=np.uint8).reshape(3, 2, 3, 1),
        "sample_rows": np.array([4, 5, 9]),
        "sample_truths": np.array(["cat", "cat", "dog"]),
        "mistakes": np.full((1, 2, 3, 1), 7, np.uint8),
        "mistake_rows": np.array([3]),
        "mistake_files": np.array(["cat/<b>.png"]),
        "truths": np.array(["<i>cat</i>"]),
        "predictions": np.array(["dog"]),
        "probabilities": np.array([0.875]),
        "costs": np.array([2.0]),
    }


def pixels(picture):
    head, _, content = picture.source.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def test_samples_by_class_as_png_whose_pixels_are_the_images(arrays, tmp_path):
    np.savez(tmp_path / "pictures.npz", **arrays)
    found = read_pictures(tmp_path / "pictures.npz")
    assert found is not None
    assert [(name, [one.row for one in its]) for name, its in found.samples] == [("cat", [4, 5]), ("dog", [9])]
    np.testing.assert_array_equal(pixels(found.samples[1][1][0]), arrays["samples"][2, ..., 0])
    one = found.samples[0][1][0]
    assert (one.width, one.height) == (96, 64)  # 32 times 3 × 2
    assert one.alt == "Training example of cat, row 4"


def test_a_mistake_has_its_words(arrays, tmp_path):
    np.savez(tmp_path / "pictures.npz", **arrays)
    found = read_pictures(tmp_path / "pictures.npz")
    assert found is not None
    (one,) = found.mistakes
    assert (one.file, one.truth, one.prediction, one.certainty, one.cost) == (
        "cat/<b>.png",
        "<i>cat</i>",
        "dog",
        0.875,
        2,
    )
    assert one.alt == "Row 3: <i>cat</i>, taken for dog"


def test_colors_large_images_and_numbers(arrays, tmp_path):
    colors = np.random.default_rng(0).integers(0, 256, (1, 64, 50, 3)).astype(np.uint8)
    arrays |= {
        "mistakes": colors,
        "truths": np.array([3.25]),
        "predictions": np.array([1.0]),
        "probabilities": [np.nan],
    }
    np.savez(tmp_path / "pictures.npz", **arrays | {"mistake_files": np.array([], str)})
    found = read_pictures(tmp_path / "pictures.npz")
    assert found is not None
    (one,) = found.mistakes
    np.testing.assert_array_equal(pixels(one), colors[0])
    assert (one.width, one.height, one.truth, one.prediction, one.certainty, one.file) == (
        50,
        64,
        "3.25",
        "1",
        None,
        "",
    )


def test_no_file_is_no_picture_and_a_damaged_one_is_told(arrays, tmp_path):
    path = tmp_path / "pictures.npz"
    assert read_pictures(path) is None
    np.savez(path, **arrays)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"pictures.npz is damaged .*; run the command again"):
        read_pictures(path)
