"""Facts about one image file, and the form that its pixels are brought to.

It imports nothing of goodfit, as `decode`, which runs as a program of its own.
"""

from collections.abc import Sequence
from typing import NamedTuple

Shape = tuple[int, int, int]


class Depth(NamedTuple):
    """The values that become black and white, of images with more than 8 bits per pixel.

    Attributes:
        whole: of whole numbers; None, as below, where the training images have none, which stands for all 16 bits.
        real: of floating-point numbers; None stands for 0 to 1.
    """

    whole: tuple[float, float] | None = None
    real: tuple[float, float] | None = None

    @classmethod
    def of_list(cls, ranges: Sequence[Sequence[float] | None]) -> "Depth":
        """Return the ranges as JSON has them."""
        return cls(*(None if ends is None else (ends[0], ends[1]) for ends in ranges))

    def range_of(self, mode: str) -> tuple[float, float]:
        """Return the values that become black and white in images of this mode."""
        return (self.real or (0, 1)) if mode == "F" else (self.whole or (0, 65_535))


class FileFacts(NamedTuple):
    """Facts about one image file.

    Attributes:
        height, width: of the image in the file, upright.
        channels: 1 for gray, 3 for red, green and blue.
        mode: Pillow's name of the kind of its pixels; ends with ;16 where Pillow cuts 16 bits per channel to 8.
        frames: True if it holds more than one, of which the first is read.
        low, high: smallest and largest value of an image with more than 8 bits; 0 for others.
        broken: why it cannot be read; empty if it can.
    """

    height: int = 0
    width: int = 0
    channels: int = 0
    mode: str = ""
    frames: bool = False
    low: float = 0.0
    high: float = 0.0
    broken: str = ""

    @property
    def deep(self) -> bool:
        """True if its pixels have more than 8 bits, and one channel."""
        return self.mode[:1] in ("I", "F")

    def is_clipped(self, depth: Depth) -> bool:
        """Return True if some of its values lie beyond black or white."""
        black, white = depth.range_of(self.mode)
        return self.deep and not black <= self.low <= self.high <= white
