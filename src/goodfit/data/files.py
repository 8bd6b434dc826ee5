"""Files to tables: CSV, TSV, Parquet and NPZ, with one clear sentence for each way a file can be wrong."""

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from goodfit.data.arrays import (
    TARGET,
    check_names,
    frame_of_array,
    frame_of_columns,
    frame_of_pair,
    series_of,
)
from goodfit.errors import InputError


def read_file(path: Path) -> tuple[pl.DataFrame, str | None]:
    """The table in a file, and its target's name where the file itself says it.

    Raises:
        InputError: the file is missing, empty, not a table or damaged.
    """
    if path.is_dir():
        raise InputError(f"{path} is a directory; name a file in it")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path} ends in '{path.suffix}', which is not known: use {', '.join(READERS)}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if not content.strip():
        raise InputError(f"{path} is empty")
    return reader(content, path)


def _read_csv(content: bytes, path: Path) -> tuple[pl.DataFrame, None]:
    separator = b"\t" if path.suffix.lower() in (".tsv", ".tab") else b","
    return _read_separated(content, path, separator), None


def _read_separated(content: bytes, path: Path, separator: bytes) -> pl.DataFrame:
    content = _checked_text(content, path)
    if separator == b",":
        header = content.split(b"\n", 1)[0]
        separator = max((b",", b";", b"\t"), key=header.count)
    names, blank = _checked_rows(content, path, separator)
    check_names(names, str(path))
    frame = pl.read_csv(
        content, separator=separator.decode(), infer_schema=False, has_header=False, skip_rows=0
    )
    frame.columns = names
    keep = np.ones(len(frame), bool)
    keep[[0, *blank]] = False
    frame = frame.filter(pl.Series(keep))
    if frame.is_empty():
        raise InputError(f"{path} has a first line with column names but no rows")
    return frame


def _checked_text(content: bytes, path: Path) -> bytes:
    """The content without a byte order mark, its lines ended by one newline; refused where it is not text in UTF-8."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError(f"{path} is text in UTF-16; save it as UTF-8")
    if b"\0" in content:
        raise InputError(f"{path} is not a table: it holds binary data")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path} is not text in UTF-8: line {line} has the byte 0x{content[error.start]:02x}; save it as UTF-8"
        ) from None
    content = content.removeprefix(codecs.BOM_UTF8)
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return content.rstrip(b"\n") + b"\n"


def _checked_rows(content: bytes, path: Path, separator: bytes) -> tuple[list[str], list[int]]:
    """The names in the first line, and which rows are blank lines (the first line is row 0).

    Raises:
        InputError: a row with more or fewer values than there are names; the line of the file is named.
    """
    rows = _widths(content, separator)
    _, width = next(rows)
    blank = []
    for row, (line, found) in enumerate(rows, 1):
        if found == 0:
            blank.append(row)
        elif found != width:
            raise InputError(
                f"{path} has {found} value{'s' * (found != 1)} in line {line} where its first line has {width}; "
                "every row needs one value for each column"
            )
    first = next(csv.reader(io.StringIO(content.decode("utf-8"), newline=""), delimiter=separator.decode()))
    return [name.strip() or f"column {place}" for place, name in enumerate(first, 1)], blank


def _widths(content: bytes, separator: bytes) -> Iterator[tuple[int, int]]:
    """The line and the number of values of each row, 0 for a blank line."""
    if b'"' in content:
        reader = csv.reader(io.StringIO(content.decode("utf-8"), newline=""), delimiter=separator.decode())
        line = 1
        for row in reader:
            yield line, len(row)
            line = reader.line_num + 1
    else:
        for number, line in enumerate(io.BytesIO(content), 1):
            yield number, line.count(separator) + 1 if line != b"\n" else 0


def _read_parquet(content: bytes, path: Path) -> tuple[pl.DataFrame, None]:
    try:
        return pl.read_parquet(content), None
    except (pl.exceptions.PolarsError, OSError):
        raise InputError(f"{path} is not a readable Parquet file: it is damaged or of another kind") from None


def _read_npz(content: bytes, path: Path) -> tuple[pl.DataFrame, str | None]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except Exception:  # zipfile and NumPy raise many kinds, and all mean one thing here
        raise InputError(
            f"{path} is not a readable NPZ file: write it by numpy.savez, without Python objects in its arrays"
        ) from None
    if {"X", "y"} <= arrays.keys():
        return frame_of_pair(arrays["X"], arrays["y"], str(path))
    if len(arrays) == 1 and (only := next(iter(arrays.values()))).ndim >= 2:
        return frame_of_array(only, str(path)), None
    if not arrays or any(array.ndim != 1 for array in arrays.values()):
        raise InputError(
            f"{path} needs arrays X and {TARGET}, or one array with one dimension for each column"
        )
    return frame_of_columns(
        [(name, series_of(array, str(path))) for name, array in arrays.items()], str(path)
    ), None


READERS = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".tab": _read_csv,
    ".txt": _read_csv,
    ".parquet": _read_parquet,
    ".npz": _read_npz,
}
