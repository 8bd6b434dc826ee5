"""Files as tables: CSV, TSV, Parquet and NPZ, with one clear sentence for each way a file can be wrong."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from goodfit.data.notes import Note, warning
from goodfit.data.source import Source, SourceRequest
from goodfit.data.tables.dialects import Text, read_dialect, row_widths
from goodfit.data.tables.memory import TARGET, frame_of_array, frame_of_columns, frame_of_pair, series_of_array
from goodfit.data.tables.missing import protect_quoted_marks
from goodfit.data.tables.table import clean_names, table_source
from goodfit.errors import InputError

_POLARS_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)  # its Rust code panics on some damaged files


_OTHER_SEPARATOR = re.compile(r"[\s:~^,;]")
_FRACTION = re.compile(r"[+-]?\d+\.\d+(?:[eE][+-]?\d+)?")
_UNPACK = "unpack it, and give the file in it"
_CONVERT = "convert it to Parquet or CSV, for example with pandas: pandas.{}(...).to_parquet(...)"
_ADVICE = {
    **dict.fromkeys((".gz", ".zip", ".bz2", ".xz", ".zst", ".7z", ".tar"), _UNPACK),
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".ods"), "save the sheet as CSV"),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), _CONVERT.format("read_json")),
    **dict.fromkeys((".feather", ".arrow", ".ipc"), _CONVERT.format("read_feather")),
    ".dta": _CONVERT.format("read_stata"),
    ".sav": _CONVERT.format("read_spss"),
    **dict.fromkeys((".sas7bdat", ".xpt"), _CONVERT.format("read_sas")),
    ".orc": _CONVERT.format("read_orc"),
    **dict.fromkeys((".h5", ".hdf5"), _CONVERT.format("read_hdf")),
    **dict.fromkeys((".pkl", ".pickle"), "pickles can run programs; write the table as Parquet or CSV"),
    ".npy": "write the array with numpy.savez, as X beside y",
    **dict.fromkeys((".data", ".dat"), "if it is text, rename it to .csv"),
}


class _Table(NamedTuple):
    """The columns of a file, the target if the file names it, the separator of text, and notes on guesses."""

    frame: pl.DataFrame
    target: str | None = None
    separator: str | None = None
    notes: tuple[Note, ...] = ()


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
        advice = _ADVICE.get(path.suffix.lower(), f"use {', '.join(READERS)}")
        raise InputError(f"{path} {ending}, so it is not a table that can be read: {advice}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if not content.strip():
        raise InputError(f"{path} is empty")
    try:
        table = reader(content, path)
    except csv.Error as error:
        raise InputError(f"{path} cannot be read as a table ({error}); is a quote in it never closed?") from None
    index, categories = _pandas_columns(content) if reader is _read_parquet else ([], [])
    if (
        table.separator
        and table.frame.width == 1
        and request.labeled
        and _OTHER_SEPARATOR.search(table.frame.columns[0])
    ):
        raise InputError(
            f"{path} has a single column, '{table.frame.columns[0]}', since no comma, semicolon, tab or | divides its "
            "rows; save it with one of these between the values"
        )
    if table.separator and table.frame.is_empty() and request.labeled:
        raise InputError(f"{path} has a first line with column names but no rows")
    return table_source(
        table.frame,
        name=path.stem,
        place=str(path),
        address=str(path.resolve()),
        kind="file",
        target=table.target,
        categories=categories,
        index=index,
        separator=table.separator,
        notes=table.notes,
    )


def _read_text(content: bytes, path: Path) -> _Table:
    text = read_dialect(content, path)
    names = clean_names(text.names, str(path))
    examples = _check_rows(text, path)
    frame = _parse(replace(text, content=protect_quoted_marks(text)), examples, names)
    return _Table(frame, separator=text.separator, notes=(*text.notes, *_nameless(names, path)))


def _nameless(names: list[str], path: Path) -> list[Note]:
    """Return a warning if the names of the columns look like a row of values."""
    fractions = [name for name in names if _FRACTION.fullmatch(name)]
    if not fractions:
        return []
    return [
        warning(
            f"The first line of {path} is taken for the names of its columns, though '{fractions[0]}' in it looks like "
            "a value; if it has no names, write a line with them above."
        )
    ]


def _check_rows(text: Text, path: Path) -> np.ndarray:
    """Return True for the rows that hold an example: not the first, with the names, and not blank ones or comments.

    Raises:
        InputError: a row has more or fewer values than there are names; the line of the file is named.
    """
    examples, width = [], len(text.names)
    for line, count in row_widths(text):
        if line > 1 and count not in (0, width):
            raise InputError(
                f"{path} has {count} value{'s' * (count != 1)} in line {line + text.skipped} where its first line "
                f"has {width}; every row needs one value for each column"
            )
        examples.append(count > 0)
    examples[0] = False
    return np.array(examples)


def _parse(text: Text, examples: np.ndarray, names: list[str]) -> pl.DataFrame:
    """Return the rows that hold an example, as text."""
    # All as text: Polars would infer types from the first rows, where ours are decided by all of them.
    try:
        frame = pl.read_csv(text.content, separator=text.separator, infer_schema=False, has_header=False)
    except _POLARS_ERRORS:
        frame = pl.DataFrame()
    # Polars knows no blanks before quotes, and reads some quotes otherwise than the csv module.
    if text.spaces or frame.shape != (len(examples), len(names)):
        rows = list(compress(text.rows(), examples))
        return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    frame.columns = names
    return frame.filter(pl.Series(examples))


def _read_parquet(content: bytes, path: Path) -> _Table:
    try:
        return _Table(pl.read_parquet(content))
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
        return _Table(*frame_of_pair(arrays["X"], arrays[TARGET], place))
    if len(arrays) == 1 and (single := next(iter(arrays.values()))).ndim >= 2:
        return _Table(frame_of_array(single, place))
    if not arrays or any(array.ndim != 1 for array in arrays.values()):
        raise InputError(f"{place} needs arrays X and {TARGET}, or one array with one dimension for each column")
    columns = [(name, series_of_array(array, place)) for name, array in arrays.items()]
    return _Table(frame_of_columns(columns, place))


READERS: dict[str, Callable[[bytes, Path], _Table]] = {
    ".csv": _read_text,
    ".tsv": _read_text,
    ".tab": _read_text,
    ".txt": _read_text,
    ".parquet": _read_parquet,
    ".npz": _read_npz,
}
