"""A source to a table: looks at what was given, finds its reader, and tidies what it reads."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from goodfit.data.tables.arrays import check_names, frame_in_memory, frame_of_array, frame_of_pair
from goodfit.data.tables.builtin import BUILTIN, read_builtin
from goodfit.data.tables.columns import tidy
from goodfit.data.tables.files import READERS, read_file
from goodfit.errors import InputError, nearest


@dataclass(frozen=True)
class Table:
    """A source, read.

    Attributes:
        frame: its columns; missing values are null, text has no spaces around it.
        name: of the file without its ending, or of the built-in data.
        place: how to call it in a sentence.
        source: what opens it again, in any folder; None for data in memory.
        kind: file, built-in, array, arrays, pandas frame or polars frame.
        target: the target's name, where the source itself says it.
    """

    frame: pl.DataFrame
    name: str
    place: str
    source: str | None
    kind: str
    target: str | None = None


def read_table(source: Any) -> Table:
    """The table of a source: a file, a built-in name, an array, (X, y), or a pandas or Polars frame.

    Raises:
        InputError: the source is missing, empty, damaged or not a table.
    """
    table = _read_named(source) if isinstance(source, str | Path) else _read_memory(source)
    if table.frame.is_empty():
        raise InputError(f"{table.place} has no rows")
    check_names(table.frame.columns, table.place)
    return replace(table, frame=tidy(table.frame))


def _read_named(source: str | Path) -> Table:
    if str(source) in BUILTIN:
        frame, target = read_builtin(str(source))
        return Table(frame, str(source), str(source), str(source), "built-in", target)
    path = Path(os.path.expanduser(source))  # unlike Path's own, it lets an unknown ~user stand
    if not os.path.exists(path):  # unlike Path's own, it does not raise for names that no file can have
        beside = sorted(path.parent.iterdir()) if os.path.isdir(path.parent) else []
        hint = nearest(str(source), [*BUILTIN, *(str(each) for each in beside if each.suffix in READERS)])
        raise InputError(f"there is no file or built-in data '{source}': {hint}")
    frame, target = read_file(path)
    return Table(frame, path.stem, str(path), str(path.resolve()), "file", target)


def _read_memory(source: Any) -> Table:
    kind = f"{type(source).__module__.partition('.')[0]} frame"
    frame = frame_in_memory(source, f"the {kind}")
    if frame is not None:
        return Table(frame, "data", f"the {kind}", None, kind)
    if isinstance(source, tuple) and len(source) == 2:
        frame, target = frame_of_pair(*source, "(X, y)")
        return Table(frame, "data", "(X, y)", None, "arrays", target)
    if isinstance(source, np.ndarray):
        return Table(frame_of_array(source, "the array"), "data", "the array", None, "array")
    raise InputError(
        f"data of type {type(source).__name__} cannot be opened: "
        "give a file, a built-in name, an array, (X, y) or a data frame"
    )
