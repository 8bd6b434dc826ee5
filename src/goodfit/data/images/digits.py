"""The built-in digits as images."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import UInt8
from sklearn.datasets import load_digits

from goodfit.data.source import Source, SourceRequest
from goodfit.errors import InputError

DIGITS = "digits"
_TARGET = "digit"
_MOST_INK = 16  # the largest value of a pixel in scikit-learn's copy


def open_digit_images(request: SourceRequest) -> Source | None:
    """Open the built-in digits as images of 8 × 8, where images are asked for.

    Raises:
        InputError: other labeled data are to be opened as images.
    """
    if not request.images:
        return None
    if not isinstance(request.data, str | Path) or str(request.data) != DIGITS:
        if request.labeled:
            raise InputError("--as images is not for this data: only the built-in digits can be opened so")
        return None
    pixels, labels = read_digits()
    return Source(DIGITS, DIGITS, DIGITS, "built-in", labels, target=_TARGET, images=pixels, whole_classes=True)


def read_digits() -> tuple[UInt8[np.ndarray, "images 8 8 1"], pl.DataFrame]:
    """Return the digits' pixels, scaled from 0…16 to 0…255, and their labels."""
    bunch: Any = load_digits()
    pixels = np.round(bunch.images * (255 / _MOST_INK)).astype(np.uint8)[..., None]
    return pixels, pl.DataFrame({_TARGET: bunch.target})
