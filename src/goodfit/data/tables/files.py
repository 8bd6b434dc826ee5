"""Files as tables: CSV, TSV, Parquet and NPZ, with one clear sentence for each way a file can be wrong."""

import codecs
import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from goodfit.data.source import Source, SourceRequest
from goodfit.data.tables.memory import TARGET, frame_of_array, frame_of_columns, frame_of_pair, series_of_array
from goodfit.data.tables.table import MISSING_WORDS, check_names, table_source
from goodfit.errors import InputError

_POLARS_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
_DECIMAL_COMMA = r"^[+-]?\d*,\d+$"
_DECIMAL_COMMA_OR_WHOLE = r"^[+-]?\d*,?\d+$"
_TABS = (".tsv", ".tab")

_Table = tuple[pl.DataFrame, str | None]  # and the target's name, where the file itself names it


def open_table_file(request: SourceRequest) -> Source | None:
    """Open a file as a table, by its extension.

    Raises:
        InputError: the file is empty, not a table or damaged.
    """
    path = request.path
    if path is None:
        return None
    if path.is_dir():
        raise InputError(f"{path} is a directory; name a file in it")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        ending = f"ends in '{path.suffix}'" if path.suffix else "has no extension"
        raise InputError(f"{path} {ending}, so it is not a table that can be read: use {', '.join(READERS)}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if not content.strip():
        raise InputError(f"{path} is empty")
    try:
        frame, target = reader(content, path)
    except csv.Error as error:
        raise InputError(f"{path} cannot be read as a table ({error}); is a quote in it never closed?") from None
    index, categories = _pandas_columns(content) if reader is _read_parquet else ([], [])
    return table_source(
        frame,
        name=path.stem,
        place=str(path),
        address=str(path.resolve()),
        kind="file",
        target=target,
        categories=categories,
        index=index,
        text=reader is _read_text,
    )


class _Text(NamedTuple):
    """A text file, ready to be divided: UTF-8, one newline after each line, no blank lines at its ends.

    Attributes:
        content: the text.
        skipped: number of blank lines cut from its beginning.
        separator: between the values of a row.
    """

    content: bytes
    skipped: int
    separator: str

    def rows(self) -> Any:
        """Return a reader of the csv module, which counts the lines too."""
        lines = io.TextIOWrapper(io.BytesIO(self.content), "utf-8", newline="")
        return csv.reader(lines, delimiter=self.separator)


def _read_text(content: bytes, path: Path) -> _Table:
    text = _clean_text(content, path)
    names = [name.strip() or f"column {position}" for position, name in enumerate(next(text.rows()), 1)]
    check_names(names, str(path))
    examples = _check_rows(text, len(names), path)
    if not examples.any():
        raise InputError(f"{path} has a first line with column names but no rows")
    frame = _parse(text, len(examples), names).filter(pl.Series(examples))
    # Between commas a decimal comma would have torn its number in two.
    return (frame if text.separator == "," else _with_decimal_points(frame)), None


def _clean_text(content: bytes, path: Path) -> _Text:
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
    separator = "\t"
    if path.suffix.lower() not in _TABS:
        # Quoted names may hold any mark; of the rest, the most frequent one separates.
        header = re.sub(rb'"[^"]*"', b"", text.split(b"\n", 1)[0])
        separator = max(",;\t", key=lambda mark: header.count(mark.encode()))
    return _Text(text.rstrip(b"\n") + b"\n", len(content) - len(text), separator)


def _check_rows(text: _Text, width: int, path: Path) -> np.ndarray:
    """Return True for the rows that hold an example: not the first, with the names, and not blank ones.

    Raises:
        InputError: a row has more or fewer values than there are names; the line of the file is named.
    """
    examples = []
    for line, count in _row_widths(text):
        if count not in (0, width):
            raise InputError(
                f"{path} has {count} value{'s' * (count != 1)} in line {line + text.skipped} where its first line "
                f"has {width}; every row needs one value for each column"
            )
        examples.append(count > 0)
    examples[0] = False
    return np.array(examples)


def _row_widths(text: _Text) -> Iterator[tuple[int, int]]:
    """Yield the line and the number of values of each row, 0 for a blank line."""
    if b'"' in text.content:
        reader = text.rows()
        line = 1
        for row in reader:
            yield line, len(row)
            line = reader.line_num + 1
    else:  # counting separators is much faster, and without quotes it is right
        mark = text.separator.encode()
        for line, row in enumerate(io.BytesIO(text.content), 1):
            yield line, row.count(mark) + 1 if row != b"\n" else 0


def _parse(text: _Text, rows: int, names: list[str]) -> pl.DataFrame:
    """Return every row as text, the first and blank ones too."""
    try:
        frame = pl.read_csv(text.content, separator=text.separator, infer_schema=False, has_header=False)
    except _POLARS_ERRORS:
        frame = pl.DataFrame()
    if frame.shape != (rows, len(names)):  # Polars reads some quotes otherwise than the csv module
        blank = [""] * len(names)
        values = [row or blank for row in text.rows()]
        return pl.DataFrame(values, schema=dict.fromkeys(names, pl.String), orient="row")
    frame.columns = names
    return frame


def _with_decimal_points(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the table with decimal points in the columns of numbers such as 3,14."""
    commas = [column.name for column in frame if _has_decimal_commas(column)]
    return frame.with_columns(pl.col(commas).str.replace(",", ".")) if commas else frame


def _has_decimal_commas(column: pl.Series) -> bool:
    words = column.drop_nulls().str.strip_chars()
    words = words.filter(~words.str.to_lowercase().is_in(MISSING_WORDS))
    return bool(words.str.contains(_DECIMAL_COMMA).any() and words.str.contains(_DECIMAL_COMMA_OR_WHOLE).all())


def _read_parquet(content: bytes, path: Path) -> _Table:
    try:
        return pl.read_parquet(content), None
    except (*_POLARS_ERRORS, OSError):
        raise InputError(f"{path} is not a readable Parquet file: it is damaged or of another kind") from None


def _pandas_columns(content: bytes) -> tuple[list[str], list[str]]:
    """Return the names of the columns that were the index of a pandas frame, and of those that were categories."""
    facts = json.loads(pl.read_parquet_metadata(content).get("pandas", "{}"))
    columns = {column["name"]: column["pandas_type"] for column in facts.get("columns", [])}
    index = [name for name in facts.get("index_columns", []) if isinstance(name, str)]  # a range is no column
    return index, [str(name) for name, kind in columns.items() if kind == "categorical"]


def _read_npz(content: bytes, path: Path) -> _Table:
    place = str(path)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except Exception:  # zipfile and NumPy raise many kinds, and all mean one thing here
        raise InputError(
            f"{place} is not a readable NPZ file: write it with numpy.savez, its arrays without Python objects"
        ) from None
    if {"X", TARGET} <= arrays.keys():
        return frame_of_pair(arrays["X"], arrays[TARGET], place)
    if len(arrays) == 1 and (single := next(iter(arrays.values()))).ndim >= 2:
        return frame_of_array(single, place), None
    if not arrays or any(array.ndim != 1 for array in arrays.values()):
        raise InputError(f"{place} needs arrays X and {TARGET}, or one array with one dimension for each column")
    return frame_of_columns([(name, series_of_array(array, place)) for name, array in arrays.items()], place), None


READERS: dict[str, Callable[[bytes, Path], _Table]] = {
    ".csv": _read_text,
    ".tsv": _read_text,
    ".tab": _read_text,
    ".txt": _read_text,
    ".parquet": _read_parquet,
    ".npz": _read_npz,
}
