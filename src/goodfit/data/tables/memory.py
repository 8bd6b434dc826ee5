"""Data in memory as tables: NumPy arrays, pandas and Polars frames, named columns, and pairs (X, y)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from goodfit.data.images.pixels import as_pixels
from goodfit.data.notes import Note, warning
from goodfit.data.source import Source, SourceRequest
from goodfit.data.tables.series import (
    as_array,
    as_column,
    as_series,
    is_declared_category,
    is_pandas,
    is_sparse,
    series_of_array,
)
from goodfit.data.tables.table import clean_names, table_source
from goodfit.errors import InputError

TARGET = "y"  # the target's name where arrays X and y give it none


def open_frame(request: SourceRequest) -> Source | None:
    """Open a pandas or Polars frame."""
    kind = f"{type(request.data).__module__.partition('.')[0]} frame"
    frame = _frame(request.data, f"the {kind}")
    if frame is None:
        return None
    categories = _declared_categories(request.data)
    return table_source(frame, name="data", place=f"the {kind}", address=None, kind=kind, categories=categories)


def open_columns(request: SourceRequest) -> Source | None:
    """Open a mapping from names to columns.

    Raises:
        InputError: columns of different lengths, or no columns.
    """
    columns = request.data
    if not isinstance(columns, Mapping):
        return None
    place = "the mapping"
    if not columns:
        raise InputError(f"{place} has no columns")
    series = [(str(name), as_series(values, f"column '{name}' of {place}")) for name, values in columns.items()]
    frame = frame_of_columns(series, place)
    categories = [str(name).strip() for name, values in columns.items() if is_declared_category(values)]
    return table_source(frame, name="data", place=place, address=None, kind="mapping", categories=categories)


def open_pair(request: SourceRequest) -> Source | None:
    """Open features and target, (X, y)."""
    if not isinstance(request.data, tuple) or len(request.data) != 2:
        return None
    inputs, labels = request.data[0], as_column(request.data[1])
    frame, target = frame_of_pair(inputs, labels, "(X, y)")
    categories = [*_declared_categories(inputs), *([target] if is_declared_category(labels) else [])]
    notes = _name_notes(labels, target)
    return table_source(
        frame,
        name="data",
        place="(X, y)",
        address=None,
        kind="arrays",
        target=target,
        categories=categories,
        notes=notes,
    )


def open_array(request: SourceRequest) -> Source | None:
    """Open an array: one row per example, or images where those are wanted without labels."""
    array, place = request.data, "the array"
    if is_sparse(array):
        array = as_array(array, place)
    if not isinstance(array, np.ndarray):
        return None
    if request.images and not request.labeled:
        pixels, remarks = as_pixels(array, place, request.depth)
        notes = tuple(map(Note, remarks))
        return Source("data", place, None, "image arrays", pl.DataFrame(), images=pixels, notes=notes)
    return table_source(frame_of_array(array, place), name="data", place=place, address=None, kind="array")


def frame_of_columns(columns: Sequence[tuple[str, pl.Series]], place: str) -> pl.DataFrame:
    """Return a table of named columns.

    Raises:
        InputError: two columns of one name, or of different lengths.
    """
    names = clean_names([name for name, _ in columns], place)
    first_name, first = columns[0]
    for name, values in columns:
        if len(values) != len(first):
            raise InputError(
                f"{place} has columns of different lengths: '{first_name}' has {len(first)} rows, "
                f"'{name}' has {len(values)}"
            )
    return pl.DataFrame([values.rename(name) for name, (_, values) in zip(names, columns, strict=True)])


def frame_of_array(array: np.ndarray, place: str) -> pl.DataFrame:
    """Return the columns x0, x1, … of an array; further dimensions are flattened.

    Raises:
        InputError: the array has no rows and columns.
    """
    if array.ndim < 2:
        raise InputError(f"{place} has shape {array.shape}; it needs rows and columns")
    if array.size == 0:
        raise InputError(f"{place} is empty: its shape is {array.shape}")
    flat = array.reshape(len(array), -1)
    return pl.DataFrame([series_of_array(flat[:, i], place).rename(f"x{i}") for i in range(flat.shape[1])])


def frame_of_pair(inputs: Any, target: Any, place: str) -> tuple[pl.DataFrame, str]:
    """Return the table of (X, y), and the name of its target.

    Args:
        inputs: X, as a frame or anything with rows and columns.
        target: y, one value for each row of X.
        place: name of both in a sentence.

    Raises:
        InputError: X has no rows and columns, or y does not match it.
    """
    frame = _frame(inputs, f"X of {place}")
    if frame is None:
        frame = frame_of_array(as_array(inputs, f"X of {place}"), f"X of {place}")
    names = clean_names(frame.columns, f"X of {place}")
    name = _target_name(target)
    while name in names:
        name += " (target)"
    values = as_series(target, f"y of {place}")
    if len(values) != len(frame):
        raise InputError(f"{place} has {len(frame)} rows in X but {len(values)} in y; the numbers must match")
    return frame_of_columns([*zip(names, frame, strict=True), (name, values)], place), name


def _target_name(target: Any) -> str:
    name = getattr(as_column(target), "name", None)
    return TARGET if name is None or name == "" else str(name).strip()


def _name_notes(target: Any, name: str) -> list[Note]:
    if name == _target_name(target):
        return []
    return [warning(f"X has a column named as y is, '{_target_name(target)}'; the target is called '{name}' here.")]


def _frame(data: Any, place: str) -> pl.DataFrame | None:
    """Return a Polars or pandas frame as a Polars frame, and None for anything else."""
    if isinstance(data, pl.LazyFrame):
        return data.collect()
    if isinstance(data, pl.DataFrame):
        return data
    if not (is_pandas(data) and hasattr(data, "columns")):
        return None
    if data.shape[1] == 0:
        raise InputError(f"{place} has no columns")
    columns = [as_series(data.iloc[:, index], place) for index in range(data.shape[1])]
    return frame_of_columns(list(zip(map(str, data.columns), columns, strict=True)), place)


def _declared_categories(data: Any) -> list[str]:
    """Return the names of a pandas frame's columns of categories; those of a Polars frame show in its own types."""
    if not (is_pandas(data) and hasattr(data, "columns")):
        return []
    names = clean_names(list(map(str, data.columns)), "the frame")
    return [name for name, dtype in zip(names, data.dtypes, strict=True) if str(dtype) == "category"]
