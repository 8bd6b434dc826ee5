"""Files to tables: CSV, TSV, Parquet and NPZ, with one clear sentence for each way a file can be wrong."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from goodfit.data.tables.arrays import TARGET, check_names, frame_of_array, frame_of_columns, frame_of_pair, series_of
from goodfit.data.tables.columns import MISSING_WORDS
from goodfit.errors import InputError

_POLARS_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
_DECIMAL_COMMA = r"^[+-]?\d*,\d+$"
_DECIMAL_COMMA_OR_WHOLE = r"^[+-]?\d*,?\d+$"


def read_file(path: Path) -> tuple[pl.DataFrame, str | None]:
    """The table in a file, and its target's name where the file itself says it.

    Raises:
        InputError: the file is empty, not a table or damaged.
    """
    if path.is_dir():
        raise InputError(f"{path} is a directory; name a file in it")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        ending = f"ends in '{path.suffix}'" if path.suffix else "has no ending"
        raise InputError(f"{path} {ending}, so it is no table that can be read: use {', '.join(READERS)}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if not content.strip():
        raise InputError(f"{path} is empty")
    try:
        return reader(content, path)
    except csv.Error as error:
        raise InputError(f"{path} cannot be read as a table ({error}); is a quote in it never closed?") from None


def _read_text(content: bytes, path: Path) -> tuple[pl.DataFrame, None]:
    text, skipped = _checked_text(content, path)
    separator = "\t" if path.suffix.lower() in (".tsv", ".tab") else ","
    if separator == ",":
        header = re.sub(rb'"[^"]*"', b"", text.split(b"\n", 1)[0])
        separator = max(",;\t", key=lambda each: header.count(each.encode()))
    names = [name.strip() or f"column {place}" for place, name in enumerate(next(_rows(text, separator)), 1)]
    check_names(names, str(path))
    keep = _checked_rows(_widths(text, separator), len(names), path, skipped)
    if not keep.any():
        raise InputError(f"{path} has a first line with column names but no rows")
    frame = _parsed(text, separator, len(keep), names).filter(pl.Series(keep))
    return (frame if separator == "," else _with_decimal_points(frame)), None


def _checked_text(content: bytes, path: Path) -> tuple[bytes, int]:
    """UTF-8 text, one newline after each line, blank lines cut from its ends; and how many were before the first."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError(f"{path} is text in UTF-16; save it as UTF-8")
    if b"\0" in content:
        raise InputError(f"{path} is not a table: it holds binary data")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise InputError(
            f"{path} is not text in UTF-8: line {line} has the byte 0x{byte:02x}; save it as UTF-8"
        ) from None
    content = content.removeprefix(codecs.BOM_UTF8)
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    text = content.lstrip(b"\n")
    return text.rstrip(b"\n") + b"\n", len(content) - len(text)


def _rows(text: bytes, separator: str) -> Any:
    """A reader of the csv module, which counts the lines as well."""
    return csv.reader(io.TextIOWrapper(io.BytesIO(text), "utf-8", newline=""), delimiter=separator)


def _checked_rows(rows: Iterator[tuple[int, int]], width: int, path: Path, skipped: int) -> np.ndarray:
    """Which rows hold an example: not the first, with the names, and not the blank ones.

    Raises:
        InputError: a row with more or fewer values than there are names; the line of the file is named.
    """
    keep = []
    for line, found in rows:
        if found not in (0, width):
            raise InputError(
                f"{path} has {found} value{'s' * (found != 1)} in line {line + skipped} where its first line "
                f"has {width}; every row needs one value for each column"
            )
        keep.append(found > 0)
    keep[0] = False
    return np.array(keep)


def _widths(text: bytes, separator: str) -> Iterator[tuple[int, int]]:
    """The line and the number of values of each row, 0 for a blank line."""
    if b'"' in text:
        reader = _rows(text, separator)
        line = 1
        for row in reader:
            yield line, len(row)
            line = reader.line_num + 1
    else:
        mark = separator.encode()
        for line, row in enumerate(io.BytesIO(text), 1):
            yield line, row.count(mark) + 1 if row != b"\n" else 0


def _parsed(text: bytes, separator: str, rows: int, names: list[str]) -> pl.DataFrame:
    """Every row as text, the first and blank ones too; by the csv module where Polars reads quotes otherwise."""
    try:
        frame = pl.read_csv(text, separator=separator, infer_schema=False, has_header=False)
    except _POLARS_ERRORS:
        frame = pl.DataFrame()
    if frame.shape != (rows, len(names)):
        blank = [""] * len(names)
        every = [row or blank for row in _rows(text, separator)]
        return pl.DataFrame(every, schema=dict.fromkeys(names, pl.String), orient="row")
    frame.columns = names
    return frame


def _with_decimal_points(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns of numbers such as 3,14 (where another sign separates the values) with decimal points."""
    commas = [column.name for column in frame if _decimal_commas(column)]
    return frame.with_columns(pl.col(commas).str.replace(",", ".")) if commas else frame


def _decimal_commas(column: pl.Series) -> bool:
    words = column.drop_nulls().str.strip_chars()
    words = words.filter(~words.str.to_lowercase().is_in(MISSING_WORDS))
    return bool(words.str.contains(_DECIMAL_COMMA).any() and words.str.contains(_DECIMAL_COMMA_OR_WHOLE).all())


def _read_parquet(content: bytes, path: Path) -> tuple[pl.DataFrame, None]:
    try:
        return pl.read_parquet(content), None
    except (*_POLARS_ERRORS, OSError):
        raise InputError(f"{path} is not a readable Parquet file: it is damaged or of another kind") from None


def _read_npz(content: bytes, path: Path) -> tuple[pl.DataFrame, str | None]:
    what = str(path)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except Exception:  # zipfile and NumPy raise many kinds, and all mean one thing here
        raise InputError(
            f"{what} is not a readable NPZ file: write it by numpy.savez, its arrays without Python objects"
        ) from None
    if {"X", TARGET} <= arrays.keys():
        return frame_of_pair(arrays["X"], arrays[TARGET], what)
    if len(arrays) == 1 and (only := next(iter(arrays.values()))).ndim >= 2:
        return frame_of_array(only, what), None
    if not arrays or any(array.ndim != 1 for array in arrays.values()):
        raise InputError(f"{what} needs arrays X and {TARGET}, or one array with one dimension for each column")
    return frame_of_columns([(name, series_of(array, what)) for name, array in arrays.items()], what), None


READERS = {
    ".csv": _read_text,
    ".tsv": _read_text,
    ".tab": _read_text,
    ".txt": _read_text,
    ".parquet": _read_parquet,
    ".npz": _read_npz,
}
