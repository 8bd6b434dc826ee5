"""Data in memory as tables: NumPy arrays, pandas and Polars frames, named columns, and pairs (X, y)."""

import datetime
import decimal
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from goodfit.data.images.pixels import as_pixels
from goodfit.data.notes import Note
from goodfit.data.source import Source, SourceRequest
from goodfit.data.tables.table import check_names, table_source
from goodfit.errors import InputError

TARGET = "y"  # the target's name where arrays X and y give it none


def open_frame(request: SourceRequest) -> Source | None:
    """Open a pandas or Polars frame."""
    kind = f"{type(request.data).__module__.partition('.')[0]} frame"
    frame = _frame(request.data, f"the {kind}")
    return None if frame is None else table_source(frame, name="data", place=f"the {kind}", address=None, kind=kind)


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
    return table_source(frame_of_columns(series, place), name="data", place=place, address=None, kind="mapping")


def open_pair(request: SourceRequest) -> Source | None:
    """Open features and target, (X, y)."""
    if not isinstance(request.data, tuple) or len(request.data) != 2:
        return None
    frame, target = frame_of_pair(*request.data, "(X, y)")
    return table_source(frame, name="data", place="(X, y)", address=None, kind="arrays", target=target)


def open_array(request: SourceRequest) -> Source | None:
    """Open an array: one row per example, or images where those are wanted without labels."""
    array, place = request.data, "the array"
    if not isinstance(array, np.ndarray):
        return None
    if request.images and not request.labeled:
        pixels, remarks = as_pixels(array, place)
        notes = tuple(map(Note, remarks))
        return Source("data", place, None, "image arrays", pl.DataFrame(), images=pixels, notes=notes)
    return table_source(frame_of_array(array, place), name="data", place=place, address=None, kind="array")


def frame_of_columns(columns: Sequence[tuple[str, pl.Series]], place: str) -> pl.DataFrame:
    """Return a table of named columns.

    Raises:
        InputError: two columns of one name, or of different lengths.
    """
    check_names([name for name, _ in columns], place)
    first_name, first = columns[0]
    for name, values in columns:
        if len(values) != len(first):
            raise InputError(
                f"{place} has columns of different lengths: '{first_name}' has {len(first)} rows, "
                f"'{name}' has {len(values)}"
            )
    return pl.DataFrame([values.rename(name) for name, values in columns])


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
        frame = frame_of_array(_as_array(inputs, f"X of {place}"), f"X of {place}")
    name = str(getattr(target, "name", None) or TARGET)
    values = target if isinstance(target, pl.Series) else as_series(target, f"y of {place}")
    if len(values) != len(frame):
        raise InputError(f"{place} has {len(frame)} rows in X but {len(values)} in y; the numbers must match")
    return frame_of_columns([*((column.name, column) for column in frame), (name, values)], place), name


def _frame(data: Any, place: str) -> pl.DataFrame | None:
    """Return a Polars or pandas frame as a Polars frame, and None for anything else."""
    if isinstance(data, pl.LazyFrame):
        return data.collect()
    if isinstance(data, pl.DataFrame):
        return data
    if not (_is_pandas(data) and hasattr(data, "columns")):
        return None
    if data.shape[1] == 0:
        raise InputError(f"{place} has no columns")
    columns = [as_series(data.iloc[:, index], place) for index in range(data.shape[1])]
    return frame_of_columns(list(zip(map(str, data.columns), columns, strict=True)), place)


def as_series(values: Any, place: str) -> pl.Series:
    """Return a pandas or Polars series, an array or a list as a column.

    Raises:
        InputError: not one value per row.
    """
    if isinstance(values, pl.Series):
        return values
    if _is_pandas(values):
        return _series_of_pandas(values)
    array = _as_array(values, place)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InputError(f"{place} has shape {array.shape}; it needs one value per row")
    return series_of_array(array, place)


def _is_pandas(data: Any) -> bool:
    return type(data).__module__.partition(".")[0] == "pandas"


def _as_array(values: Any, place: str) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError:
        raise InputError(f"{place} is ragged: its rows have different lengths") from None


def _series_of_pandas(values: Any) -> pl.Series:
    missing = values.isna().to_numpy()
    kind = getattr(values.dtype, "kind", "O")
    if kind == "M":
        return pl.Series(values.to_numpy(dtype="datetime64[us]"))
    if kind in "biuf" and not missing.any():
        return pl.Series(values.to_numpy(dtype=getattr(values.dtype, "numpy_dtype", values.dtype)))
    if kind in "iuf":
        return pl.Series(values.to_numpy(dtype=np.float64, na_value=np.nan))
    array = np.array(values.astype(object), dtype=object)
    array[missing] = None
    return _series_of_objects(array)


def series_of_array(array: np.ndarray, place: str) -> pl.Series:
    """Return a one-dimensional array of any type as a column.

    Raises:
        InputError: complex numbers.
    """
    kind = array.dtype.kind
    if kind == "c":
        raise InputError(f"{place} holds complex numbers; give real and imaginary parts as two columns")
    if kind == "M":
        return pl.Series(array.astype("datetime64[us]"))
    if kind == "S":
        array = np.char.decode(array, "utf-8")
    if kind in "SU":
        return pl.Series(array.tolist(), dtype=pl.String)
    if kind == "O":
        return _series_of_objects(array)
    if array.dtype == np.float16 or array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    return pl.Series(np.ascontiguousarray(array))


def _series_of_objects(array: np.ndarray) -> pl.Series:
    """Return Python objects as booleans, numbers or dates if all are, else as text; None and NaN are missing."""
    values = [None if value is None or value != value else value for value in array]  # only NaN differs from itself
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, bool | np.bool_) for value in present):
        return pl.Series(values, dtype=pl.Boolean)
    if all(isinstance(value, numbers.Real | decimal.Decimal) for value in present):
        return pl.Series([None if value is None else float(value) for value in values], dtype=pl.Float64)
    if all(isinstance(value, datetime.date) for value in present):
        return pl.Series([None if value is None else value.isoformat() for value in values], dtype=pl.String)
    return pl.Series([None if value is None else str(value) for value in values], dtype=pl.String)
