"""Tables with a column of paths of image files, whose rows are images."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl

from goodfit.data.images.kinds import is_readable, unreadable_kind
from goodfit.data.images.stored import ImageFiles
from goodfit.data.source import Source
from goodfit.data.tables.roles import missing_values
from goodfit.errors import InputError
from goodfit.wording.text import count


def images_in_table(table: Source) -> Source | None:
    """Return the images whose paths a column of a file holds; None if there is no such column.

    Raises:
        InputError: a path leaves the folder of the file.
    """
    if table.address is None or table.kind != "file":
        return None
    root = Path(table.address).parent
    name = _path_column(table, root)
    if name is None:
        return None
    present = table.columns[name].is_not_null()
    frame = table.columns.filter(present)
    if os.sep == "/" and not _exists(root / frame[name][0]):  # as Windows writes paths
        frame = frame.with_columns(pl.col(name).str.replace_all("\\", "/", literal=True))
    labels = frame.drop(name)
    return replace(
        table,
        kind="image table",
        columns=labels,
        target=labels.columns[0] if labels.width == 1 else None,
        images=ImageFiles(root, tuple(_contained(root, frame[name], table.place))),
        notes=(*table.notes, *missing_values(len(table) - len(frame), name)),
        marks={column: words.filter(present) for column, words in table.marks.items() if column != name},
    )


def _path_column(table: Source, root: Path) -> str | None:
    """Return the first column whose every value ends like an image or video, and some of whose files exist.

    Raises:
        InputError: no file exists, and the table holds nothing but paths and labels.
    """
    missing = None
    for column in table.columns:
        if column.dtype != pl.String or column.null_count() == len(column):
            continue
        words = column.drop_nulls()
        if all(is_readable(word) or unreadable_kind(word) for word in words):
            if any(_exists(root / word) or _exists(root / word.replace("\\", "/")) for word in words):
                return column.name
            missing = missing or words
    if missing is not None and table.columns.width <= 2 and missing.is_unique().all():
        raise InputError(
            f"column '{missing.name}' of {table.place} names {count(len(missing), 'image')}, but none is there: the "
            f"first would be {root / missing[0]}; write the paths relative to the folder of the file"
        )
    return None


def _exists(path: Path) -> bool:
    return "\0" not in str(path) and os.path.exists(path)


def _contained(root: Path, paths: Iterable[str], place: str) -> Iterator[str]:
    """Yield the paths; none may leave the folder, by `..` or by a link, since tables come from other people.

    Raises:
        InputError: the first path that leaves the folder.
    """
    real_root = os.path.realpath(root)
    for row, path in enumerate(paths, 1):
        if os.path.commonpath([real_root, os.path.realpath(os.path.join(root, path))]) != real_root:
            raise InputError(
                f"{place}: the path '{path}' (image {row}) leaves the folder of the file; keep images in that folder"
            )
        yield path
