"""Tables that are in memory already: NumPy arrays, pandas and Polars frames."""

import datetime
import decimal
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from goodfit.errors import InputError

TARGET = "y"  # the target's name where arrays X and y give it none


def frame_of_columns(columns: Sequence[tuple[str, pl.Series]], what: str) -> pl.DataFrame:
    """A table of named columns.

    Raises:
        InputError: two columns of one name, or of different lengths.
    """
    check_names([name for name, _ in columns], what)
    first_name, first = columns[0]
    for name, values in columns:
        if len(values) != len(first):
            raise InputError(
                f"{what} has columns of different lengths: '{first_name}' has {len(first)} rows, "
                f"'{name}' has {len(values)}"
            )
    return pl.DataFrame([values.rename(name) for name, values in columns])


def check_names(names: Sequence[str], what: str) -> None:
    """Refuse a table in which two columns have one name.

    Raises:
        InputError: the name, and both places.
    """
    first: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if name in first:
            raise InputError(
                f"{what} has two columns named '{name}' (columns {first[name]} and {place}); "
                "give each column its own name"
            )
        first[name] = place


def frame_of_array(array: np.ndarray, what: str) -> pl.DataFrame:
    """The columns x0, x1, … of an array; images and the like are laid out flat.

    Raises:
        InputError: not one row an example.
    """
    if array.ndim < 2:
        raise InputError(f"{what} has the shape {array.shape}; it needs rows and columns")
    if array.size == 0:
        raise InputError(f"{what} is empty: its shape is {array.shape}")
    flat = array.reshape(len(array), -1)
    return pl.DataFrame([series_of(flat[:, i], what).rename(f"x{i}") for i in range(flat.shape[1])])


def frame_of_pair(inputs: Any, target: Any, what: str) -> tuple[pl.DataFrame, str]:
    """The table of (X, y), and the name of its target.

    Raises:
        InputError: X has no rows and columns, or y is not one value a row of X.
    """
    frame = frame_in_memory(inputs, f"X of {what}")
    if frame is None:
        frame = frame_of_array(_as_array(inputs, f"X of {what}"), f"X of {what}")
    name = str(getattr(target, "name", None) or TARGET)
    values = target if isinstance(target, pl.Series) else series_of_any(target, f"y of {what}")
    if len(values) != len(frame):
        raise InputError(f"{what} has {len(frame)} rows in X but {len(values)} in y; they must go together")
    return frame_of_columns([*((column.name, column) for column in frame), (name, values)], what), name


def frame_in_memory(source: Any, what: str) -> pl.DataFrame | None:
    """A Polars or pandas frame as a Polars frame; None for anything else."""
    if isinstance(source, pl.LazyFrame):
        return source.collect()
    if isinstance(source, pl.DataFrame):
        return source
    if not (_is_pandas(source) and hasattr(source, "columns")):
        return None
    if source.shape[1] == 0:
        raise InputError(f"{what} has no columns")
    columns = [series_of_any(source.iloc[:, place], what) for place in range(source.shape[1])]
    return frame_of_columns(list(zip(map(str, source.columns), columns, strict=True)), what)


def series_of_any(values: Any, what: str) -> pl.Series:
    """A column from a pandas series, an array or a list."""
    if _is_pandas(values):
        return _series_of_pandas(values)
    array = _as_array(values, what)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InputError(f"{what} has the shape {array.shape}; it needs one value a row")
    return series_of(array, what)


def _is_pandas(source: Any) -> bool:
    return type(source).__module__.partition(".")[0] == "pandas"


def _as_array(values: Any, what: str) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError:
        raise InputError(f"{what} is ragged: its rows have different lengths") from None


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


def series_of(array: np.ndarray, what: str) -> pl.Series:
    """A column from a one-dimensional array of any kind."""
    kind = array.dtype.kind
    if kind == "c":
        raise InputError(f"{what} holds complex numbers; give real and imaginary parts as two columns")
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
    """Python objects as booleans, numbers or dates where all are, else as text; None and NaN are missing."""
    values = [None if value is None or value != value else value for value in array]
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, bool | np.bool_) for value in present):
        return pl.Series(values, dtype=pl.Boolean)
    if all(isinstance(value, numbers.Real | decimal.Decimal) for value in present):
        return pl.Series([None if value is None else float(value) for value in values], dtype=pl.Float64)
    if all(isinstance(value, datetime.date) for value in present):
        return pl.Series([None if value is None else value.isoformat() for value in values], dtype=pl.String)
    return pl.Series([None if value is None else str(value) for value in values], dtype=pl.String)
