"""Images where they are stored: files, or one array in a file or in memory; nothing has been decoded yet."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from goodfit.data.images.facts import Depth
from goodfit.data.images.pixels import Pixels


@dataclass(frozen=True)
class ImageFiles:
    """Image files in one folder.

    Attributes:
        root: the folder.
        names: paths within it, as people know the files; absolute paths are taken as they are.
    """

    root: Path
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def paths(self) -> list[str]:
        """Paths that open the files."""
        return [os.path.join(self.root, name) for name in self.names]


@dataclass(frozen=True)
class ArrayFile:
    """Images in an NPZ or IDX file, of which only the header has been read.

    Attributes:
        path: of the file.
        shape: of the pixels: images, height, width and channels (1 or 3).
        pieces: reads the pixels, with the values that become black and white; None for their own range.
    """

    path: Path
    shape: tuple[int, int, int, int]
    pieces: Callable[[Depth | None], Pixels]

    def __len__(self) -> int:
        return self.shape[0]


Images = ImageFiles | ArrayFile | UInt8[np.ndarray, "images height width channels"]
