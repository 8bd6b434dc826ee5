"""Features of labeled rows, with the facts about them that a dataset keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from jaxtyping import Int

from goodfit.data.dataset import Column, Features
from goodfit.data.images.facts import Depth
from goodfit.data.notes import Note


@dataclass(frozen=True, eq=False)
class Inputs:
    """Features of the labeled rows and the facts about them.

    Attributes:
        features: of the usable rows.
        usable: positions of these rows among the labeled ones; the others hold images that cannot be read.
        columns: of a table, the columns that are learned from.
        left_out: the columns that are not, those with a role among them, and the reason of each as a predicate.
        image: height, width and channels of images; None for a table.
        depth: the values that became black and white, of images with more than 8 bits; None for others.
        files: paths of image files, as people know them; empty for other data.
        notes: on columns left out and on changes made to images.
    """

    features: Features
    usable: Int[np.ndarray, "usable"]
    columns: tuple[Column, ...]
    left_out: Mapping[str, str]
    image: tuple[int, int, int] | None = None
    depth: Depth | None = None
    files: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    def take(self, rows: Int[np.ndarray, "selection"]) -> Self:
        """Return the inputs of these of the usable rows."""
        files = tuple(self.files[row] for row in rows) if self.files else ()
        return replace(self, features=self.features.take(rows), usable=self.usable[rows], files=files)
