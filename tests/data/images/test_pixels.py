import numpy as np
import pytest

from goodfit.data.images.pixels import as_pixels, in_8_bits
from goodfit.errors import InputError


def test_arrays_of_other_kinds_become_8_bits():
    assert as_pixels(np.full((1, 2, 2), 0.5), "a")[0][0, 0, 0, 0] == 128
    assert as_pixels(np.array([[[0, 65_535]]], np.uint16), "a")[0].ravel().tolist() == [0, 255]
    assert as_pixels(np.array([[[True, False]]]), "a")[0].ravel().tolist() == [255, 0]
    assert as_pixels(np.array([[[7.0, 255.0]]]), "a")[0].ravel().tolist() == [7, 255]
    pixels = np.array([[[[10, 20, 30, 255], [10, 20, 30, 0]]]], np.uint8)
    assert as_pixels(pixels, "a")[0].reshape(2, 3).tolist() == [[10, 20, 30], [255, 255, 255]]


def by_pieces(*pieces):
    """Each list is a piece of gray pixels."""
    arrays = [np.array(piece)[:, None] for piece in pieces]
    changed, notes, _ = in_8_bits(lambda: iter(arrays), arrays[0].dtype, 1, "a.npz: images")
    return [piece.ravel().tolist() for piece in changed], notes


def test_the_conversion_of_the_first_piece_depends_on_the_last():
    assert by_pieces([0.0, 1.0], [1.0]) == ([[0, 255], [255]], ("Pixels from 0 to 1 were scaled to 0 to 255.",))
    assert by_pieces([0.0, 1.0], [2.0]) == ([[0, 1], [2]], ())
    assert by_pieces([0, 257], [3], [65_535]) == (
        [[0, 1], [0], [255]],
        ("Pixels from 0 to 65,535 were scaled to 0 to 255.",),
    )


@pytest.mark.parametrize(
    ("pieces", "sentence"),
    [
        (([0.5, 1.0], [2.0]), "a.npz: images has pixels such as 2, which are neither whole nor from 0 to 1"),
        (([0.0, 1.0], [np.inf]), r"images has pixels that are missing or infinite \(NaN, inf\); use whole numbers"),
        (([7, 8], [-1]), "has pixels from -1 to 8; use 0 to 255"),
        (([7, 8], [65_536]), "has pixels from 7 to 65536; use 0 to 255"),
        ((["a"], ["b"]), "values of type <U1 that are no pixels"),
    ],
)
def test_a_bad_value_in_any_piece_is_refused(pieces, sentence):
    with pytest.raises(InputError, match=sentence):
        by_pieces(*pieces)
