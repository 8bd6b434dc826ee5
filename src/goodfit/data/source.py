"""Sources of data: the request to open one, and the columns and images of its rows, not yet interpreted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import polars as pl

from goodfit.data.data_source import DataSource
from goodfit.data.images.facts import Depth
from goodfit.data.images.stored import Images
from goodfit.data.notes import Note

As = Literal["images"]


@dataclass(frozen=True, eq=False)
class SourceRequest:
    """Data to open, and the form they are wanted in.

    Attributes:
        data: as the user gave them.
        path: of the existing file or folder that `data` names; None for anything else.
        images: True to take the data for images, False for a table; None for whichever they look like.
        labeled: False if only features are needed, as for prediction.
        depth: the values that become black and white in images with more than 8 bits; None for their own range.
    """

    data: DataSource
    path: Path | None
    images: bool | None
    labeled: bool
    depth: Depth | None = None


@dataclass(frozen=True, eq=False)
class Source:
    """Opened data: columns for each row and, where the rows are images, their pixels, not yet decoded.

    Attributes:
        name: of the file without its extension, of the folder, or of the built-in data.
        place: name of the source in a sentence.
        address: opens the source again from any folder; None for data in memory.
        kind: such as `file`, `built-in`, `array`, `pandas frame` or `image folder`.
        columns: of a table its columns, of images what is known of each beside its pixels; missing values are null,
            and text has no spaces around it.
        target: name of the target column, where the source itself names it.
        images: one for each row; None for a table.
        whole_classes: True if whole numbers in the target are classes, however many there are.
        notes: remarks for people.
        categories: names of the columns that are categories by their type, whatever their values look like.
        index: names of the columns that pandas wrote as the index of a frame.
        separator: between the values of a file of text, which has no types; None for other sources.
        sets: the dev and the test set that come with images for training.
        marks: of a text file the words that stand for missing values, by column; null in all other rows.
    """

    name: str
    place: str
    address: str | None
    kind: str
    columns: pl.DataFrame
    target: str | None = None
    images: Images | None = None
    whole_classes: bool = False
    notes: tuple[Note, ...] = ()
    categories: frozenset[str] = frozenset()
    index: tuple[str, ...] = ()
    separator: str | None = None
    marks: Mapping[str, pl.Series] = field(default_factory=dict)
    sets: Mapping[str, "Source"] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.columns.height if self.images is None else len(self.images)
