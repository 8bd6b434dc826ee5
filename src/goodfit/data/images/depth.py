"""The range of pixels with more than 8 bits: decided by the training images, and kept for all later ones."""

import math
from collections.abc import Sequence

from goodfit.data.images.facts import Depth, FileFacts

_FEWEST_SHADES = 64  # of 256; a range that leaves fewer is stretched


def choose_depth(files: Sequence[FileFacts]) -> Depth:
    """Return the values that become black and white, by the range of training images.

    Args:
        files: of the training images; those of 8 bits and broken ones do not count.
    """
    sound = [file for file in files if not file.broken]
    deep = [file for file in sound if file.deep]
    alone = len(deep) == len(sound)  # beside images of 8 bits, black and white mean the same in both
    whole, real = ([file for file in deep if (file.mode == "F") == floats] for floats in (False, True))
    return Depth(
        range_of_values(*_limits(whole), floats=False, stretched=alone) if whole else None,
        range_of_values(*_limits(real), floats=True, stretched=alone) if real else None,
    )


def range_of_values(low: float, high: float, *, floats: bool, stretched: bool) -> tuple[float, float]:
    """Return the values that become black and white: of the bits that are used, or else the smallest and the largest.

    Args:
        low, high: the smallest and the largest value of the training images.
        floats: True for floating-point numbers, which are from 0 to 1 or from 0 to 255, if they fit.
        stretched: True to take the smallest and the largest value where others leave only a few shades.

    >>> range_of_values(3, 1_000, floats=False, stretched=True)
    (0, 1023)
    >>> range_of_values(7_000, 7_900, floats=False, stretched=True)
    (7000, 7900)
    """
    if floats:
        white = next((limit for limit in (1, 255) if high <= limit), math.inf)
    else:
        white = 2 ** max(8, math.ceil(math.log2(max(high, 0) + 1))) - 1
    shades = 256 * (high - low) / white
    if low < 0 or math.isinf(white) or (stretched and 0 < shades < _FEWEST_SHADES):
        return (low, high) if low < high else (low, low + 1)
    return 0, white


def _limits(files: Sequence[FileFacts]) -> tuple[float, float]:
    return min(file.low for file in files), max(file.high for file in files)
