"""Sources of images: what was given is looked at, and listed with what is known of each image; nothing is decoded."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
from jaxtyping import UInt8

from goodfit.data.images.arrays import ArrayFile, read_digits
from goodfit.data.images.decode import ENDINGS
from goodfit.data.images.folders import CLASS, image_column, inside, list_classes, list_folder
from goodfit.data.images.idx import is_idx, read_idx
from goodfit.data.images.npz import read_npz_images
from goodfit.data.images.pixels import as_pixels
from goodfit.data.notes import Note
from goodfit.data.tables.read import Table, read_table
from goodfit.data.tables.roles import missing_values
from goodfit.errors import InputError

As = Literal["images"]


@dataclass(frozen=True)
class Images:
    """The images of a source: files that are not decoded yet, or arrays.

    Attributes:
        name: of the file or the folder, or of the built-in data.
        place: how to call it in a sentence.
        source: what opens it again, in any folder; None for data in memory.
        kind: image folder, image table, image arrays, image file or built-in.
        columns: what is known of each image beside its pixels.
        target: the target's name, where the source itself says it.
        root: the folder that the files are in.
        files: their paths in it; empty where they are arrays.
        pixels: of every image, where they are arrays: in memory, or in a file that is not read yet.
        notes: remarks for people.
    """

    name: str
    place: str
    source: str | None
    kind: str
    columns: pl.DataFrame
    target: str | None = None
    root: Path = Path()
    files: tuple[str, ...] = ()
    pixels: UInt8[np.ndarray, "images height width channels"] | ArrayFile | None = None
    notes: tuple[Note, ...] = ()

    def __len__(self) -> int:
        return len(self.files) if self.pixels is None else self.pixels.shape[0]

    @property
    def paths(self) -> list[str]:
        """Of the files, as they are opened."""
        if self.kind == "image table":  # whose paths may be whole ones, as long as they stay in its folder
            return [os.path.join(self.root, file) for file in self.files]
        within = f"{self.root}{os.sep}"
        return [within + file for file in self.files]


def find_images(source: Any, as_: As | None = None, labeled: bool = True) -> Images | None:
    """The images of a source; None where it is a table (in which `images_of_table` may find paths).

    Args:
        source: a folder with a sub-folder for each class, an IDX or NPZ file, or digits with `as_`; without labels also
            any folder of images, one image file, or an array.
        as_: images, for the built-in digits.
        labeled: whether every image needs its label.

    Raises:
        InputError: no images, or not with their labels; the sentence says why.
    """
    if as_ is not None:
        if as_ != "images" or str(source) != "digits":
            raise InputError(f"--as {as_} is not for this data: only the built-in digits are opened so, by --as images")
        pixels, columns = read_digits()
        return Images("digits", "digits", "digits", "built-in", columns, "digit", pixels=pixels)
    if not isinstance(source, str | Path):
        return None
    path = Path(os.path.expanduser(source))  # as for tables
    if not os.path.exists(path):
        return None
    if path.is_dir():
        return _in_folder(path, labeled)
    if path.suffix.lower() in ENDINGS:
        if labeled:
            wanted = "give a folder with a sub-folder for each class"
            raise InputError(f"{path} is a single image without a label; {wanted}")
        return Images(*_names(path), "image file", pl.DataFrame(), root=path.parent, files=(path.name,))
    read = read_idx if is_idx(path) else read_npz_images if path.suffix.lower() == ".npz" else None
    found = read(path, labeled) if read else None
    if found is None:
        return None
    target = found.columns.columns[0] if labeled else None
    return Images(*_names(path), "image arrays", found.columns, target, pixels=found.pixels)


def _in_folder(path: Path, labeled: bool) -> Images:
    if not labeled:
        return Images(*_names(path), "image folder", pl.DataFrame(), root=path, files=list_folder(path))
    files, labels, notes = list_classes(path)
    return Images(*_names(path), "image folder", labels, CLASS, path, files, notes=notes)


def _names(path: Path) -> tuple[str, str, str]:
    """A file's or folder's name, how to call it, and what opens it again."""
    whole = path.resolve()
    return whole.name if whole.is_dir() else whole.name.partition(".")[0], str(path), str(whole)


def images_without_labels(source: Any) -> Images:
    """The images of a source, whose labels are not asked for.

    Raises:
        InputError: it holds no images.
    """
    if isinstance(source, np.ndarray):
        pixels, notes = as_pixels(source, "the array")
        return Images(
            "data", "the array", None, "image arrays", pl.DataFrame(), pixels=pixels, notes=tuple(map(Note, notes))
        )
    images = find_images(source, "images" if str(source) == "digits" else None, labeled=False)
    if images is None:
        table = read_table(source)
        images = images_of_table(table)
        if images is None:
            wanted = "a folder or a table of image files, one image, an array, or an NPZ or IDX file"
            raise InputError(f"{table.place} holds no images, but the run was trained on images: give {wanted}")
    return images


def images_of_table(table: Table) -> Images | None:
    """The images whose paths a table's column holds; None where it is an ordinary table.

    Raises:
        InputError: a path that leaves the table's folder.
    """
    if table.source is None or table.kind != "file":
        return None
    root = Path(table.source).parent
    name = image_column(table.frame, root)
    if name is None:
        return None
    frame = table.frame.filter(pl.col(name).is_not_null())
    notes = tuple(missing_values(len(table.frame) - len(frame), name))
    others = frame.drop(name)
    target = others.columns[0] if others.width == 1 else None
    files = tuple(inside(root, frame[name], table.place))
    return Images(table.name, table.place, table.source, "image table", others, target, root, files, notes=notes)
