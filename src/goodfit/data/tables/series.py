"""One column in memory, of any library, as a Polars series."""

import datetime
import decimal
import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from goodfit.errors import InputError

_MOST_DENSE_VALUES = 2**28  # of a sparse matrix: 2 GB as float64
_NULLABLE_INTEGERS = {"i": (pl.Int64, np.int64), "u": (pl.UInt64, np.uint64)}


def is_pandas(data: Any) -> bool:
    """Return True for anything of pandas."""
    # By the module's name, since pandas is no dependency and may not be installed.
    return type(data).__module__.partition(".")[0] == "pandas"


def is_declared_category(values: Any) -> bool:
    """Return True for categories of pandas, whose levels may be numbers; those of Polars are always words."""
    return is_pandas(values) and str(getattr(values, "dtype", "")) == "category"


def is_sparse(data: Any) -> bool:
    """Return True for a sparse matrix of SciPy."""
    return type(data).__module__.startswith("scipy.sparse")


def as_column(values: Any) -> Any:
    """Return the only column of a frame that has one, and anything else as it is."""
    if isinstance(values, pl.LazyFrame):
        values = values.collect()
    if isinstance(values, pl.DataFrame):
        return values.to_series() if values.width == 1 else values
    return values.iloc[:, 0] if is_pandas(values) and values.ndim == 2 and values.shape[1] == 1 else values


def as_series(values: Any, place: str) -> pl.Series:
    """Return a series, an index, an array or a list of any library as a column.

    Raises:
        InputError: not one value a row.
    """
    values = as_column(values)
    if isinstance(values, pl.Series):
        return values
    if is_pandas(values) and values.ndim == 1:
        return _series_of_pandas(values)
    array = as_array(values, place)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InputError(f"{place} has shape {array.shape}; it needs one value a row")
    return series_of_array(array, place)


def as_array(values: Any, place: str) -> np.ndarray:
    """Return rows and columns, or one value a row, as an array; masked arrays keep their mask.

    Raises:
        InputError: rows of different lengths, or a sparse matrix that is too large.
    """
    if is_sparse(values):
        return _dense(values, place)
    if np.ma.isMaskedArray(values):
        return values
    one_by_one = isinstance(values, Iterable) and not isinstance(values, Sequence | Mapping | str | set)
    if one_by_one and not hasattr(values, "__array__"):
        values = list(values)  # such as the values of a dictionary
    try:
        return np.asarray(values)
    except ValueError:
        raise InputError(f"{place} is ragged: its rows have different lengths") from None


def _dense(matrix: Any, place: str) -> np.ndarray:
    if np.prod(matrix.shape, dtype=np.float64) > _MOST_DENSE_VALUES:
        rows, columns = matrix.shape
        raise InputError(
            f"{place} is a sparse matrix of {rows:,} rows and {columns:,} columns, and it is read with all its zeros; "
            f"reduce it to {_MOST_DENSE_VALUES // rows:,} columns, for example with TruncatedSVD of scikit-learn"
        )
    return matrix.toarray()


def _series_of_pandas(values: Any) -> pl.Series:
    """Return a pandas Series, Index or extension array."""
    if hasattr(values, "array"):
        values = values.array
    dtype = values.dtype
    if str(dtype) == "category":
        levels = _series_of_pandas(values.categories)
        codes = pl.Series(np.asarray(values.codes), dtype=pl.Int64)  # -1 where missing
        return levels.gather(codes.set(codes < 0, None))
    if hasattr(dtype, "fill_value"):  # sparse
        return series_of_array(np.asarray(values), "a sparse column")
    if str(dtype).startswith("period"):
        values = values.to_timestamp()
    missing = np.asarray(values.isna(), dtype=bool)
    kind = getattr(values.dtype, "kind", "O")
    if kind in "Mm":
        unit = np.dtype(f"{kind}8[us]")
        return pl.Series(values.to_numpy(dtype=unit, na_value=unit.type("NaT")))
    # Whole numbers stay whole beside missing values: as float64, those beyond 2^53 would merge with their neighbors.
    if kind in _NULLABLE_INTEGERS and missing.any():
        type_, numpy_type = _NULLABLE_INTEGERS[kind]
        return pl.Series(values.to_numpy(dtype=numpy_type, na_value=0), dtype=type_).set(pl.Series(missing), None)
    if kind in "biu" and not missing.any():
        return pl.Series(values.to_numpy(dtype=getattr(values.dtype, "numpy_dtype", values.dtype)))
    if kind == "f":
        return pl.Series(values.to_numpy(dtype=np.float64, na_value=np.nan))
    array = np.array(values.astype(object), dtype=object)
    array[missing] = None
    return series_of_array(array, "a column")


def series_of_array(array: np.ndarray, place: str) -> pl.Series:
    """Return a one-dimensional array of any type as a column; masked values are missing.

    Raises:
        InputError: complex numbers.
    """
    if isinstance(array, np.ma.MaskedArray):
        return series_of_array(array.data, place).set(pl.Series(np.ma.getmaskarray(array)), None)
    kind = array.dtype.kind
    if kind == "c":
        raise InputError(f"{place} holds complex numbers; give real and imaginary parts as two columns")
    if kind in "Mm":
        return pl.Series(array.astype(f"{kind}8[us]"))
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
    """Return Python objects as the one type that all have, else as text; None and NaN are missing."""
    values = [None if _is_missing(value) else value for value in array]
    present = [value for value in values if value is not None]

    def all_are(*types: type) -> bool:
        return bool(present) and all(isinstance(value, types) for value in present)

    # Truth values come first, since Python counts them among the integers.
    if all_are(bool, np.bool_):
        return pl.Series(values, dtype=pl.Boolean)
    if all_are(int, np.integer) and not any(isinstance(value, bool) for value in present):
        return _series_of_integers(values)
    if not present or all_are(numbers.Real, decimal.Decimal):
        return pl.Series([None if value is None else float(value) for value in values], dtype=pl.Float64)
    if all_are(datetime.time, datetime.timedelta, np.timedelta64):
        return pl.Series(values, dtype=pl.Time if all_are(datetime.time) else pl.Duration("us"))
    # As text in ISO's form, because no Polars type holds dates with and without a time of day or a zone.
    if all_are(datetime.date):
        return pl.Series([None if value is None else value.isoformat() for value in values], dtype=pl.String)
    if all_are(list, tuple, dict, set, np.ndarray):
        return pl.Series([None if value is None else [str(value)] for value in values], dtype=pl.List(pl.String))
    return pl.Series([None if value is None else _as_text(value) for value in values], dtype=pl.String)


def _is_missing(value: Any) -> bool:
    """Return True for None, and for NaN and the like, which alone are not equal to themselves."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    different = value != value
    return isinstance(different, bool | np.bool_) and bool(different)


def _series_of_integers(values: Sequence[Any]) -> pl.Series:
    """Return whole numbers as such, so that large ones stay apart; those of more than 64 bits as 64-bit floats."""
    integers = [None if value is None else int(value) for value in values]
    present = [value for value in integers if value is not None]
    for dtype, low, high in ((pl.Int64, -(2**63), 2**63), (pl.UInt64, 0, 2**64)):
        if low <= min(present) and max(present) < high:
            return pl.Series(integers, dtype=dtype)
    return pl.Series([None if value is None else float(value) for value in integers], dtype=pl.Float64)


def _as_text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
