"""The contact sheet of augmented images."""

import numpy as np
import pytest
from PIL import Image

import goodfit
from goodfit.errors import InputError


def sheet(path, **options):
    facts = goodfit.augment("digits", as_="images", out=path, **options)
    assert (facts.sheet, facts.examples, facts.columns) == (str(path), 10, 10)
    return np.asarray(Image.open(path))


def cells(image):
    """Pictures of 64 pixels with gaps of 4 between them, by row and column."""
    return image[4:, 4:].reshape(10, 68, 10, 68)[:, :64, :, :64].swapaxes(1, 2)


def test_the_first_column_has_the_images_and_the_others_what_becomes_of_them(tmp_path):
    still = cells(sheet(tmp_path / "still.png", strength=0.0))
    assert (still == still[:, :1]).all()
    assert len(np.unique(still[:, 0].reshape(10, -1), axis=0)) == 10
    moved = cells(sheet(tmp_path / "moved.png", strength=1.0))
    np.testing.assert_array_equal(moved[:, 0], still[:, 0])
    for row in moved:
        assert len(np.unique(row.reshape(10, -1), axis=0)) == 10
    turned = cells(sheet(tmp_path / "flipped.png", strength=0.0, flip=1.0))
    difference = turned[:, 1:].astype(int) - turned[:, :1, :, ::-1]
    assert np.abs(difference).max() <= 1  # of rounding


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"strength": -0.1}, "strength is -0.1; give a number from 0 to 2"),
        ({"flip": 1.5}, "flip is 1.5; give a number from 0 to 1"),
        ({"as_": None}, "digits is a table; augmentation is for images: open it with --as images"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(tmp_path, options, sentence):
    with pytest.raises(InputError, match=sentence):
        goodfit.augment("digits", **{"as_": "images", "out": tmp_path / "sheet.png"} | options)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path):
    with pytest.raises(InputError, match="choose another file with --out"):
        goodfit.augment("digits", as_="images", out=tmp_path / "nowhere" / "sheet.png")
