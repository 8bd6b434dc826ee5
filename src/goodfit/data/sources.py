"""Open data: from a file, a built-in name, arrays or a frame to a `Dataset`, with what people are told about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float, Int

from goodfit.data.arrays import check_names, frame_in_memory, frame_of_array, frame_of_pair
from goodfit.data.builtin import BUILTIN, read_builtin
from goodfit.data.columns import as_words, infer_kind, read_codes, read_numbers, tidy
from goodfit.data.dataset import Column, Dataset, Features, Schema, TaskKind
from goodfit.data.files import READERS, read_file
from goodfit.data.inference import infer_columns, read_target, row_numbers
from goodfit.errors import InputError, nearest

FEWEST_ROWS = 20


@dataclass(frozen=True)
class Table:
    """A source, read: its table, how to call it, where it is, and its target where the source itself says it."""

    frame: pl.DataFrame
    name: str
    place: str
    path: str | None
    kind: str
    target: str | None = None


def read_frame(source: Any) -> pl.DataFrame:
    """The table of a source: a file, a built-in name, an array, (X, y), or a pandas or Polars frame.

    Args:
        source: a path to CSV, TSV, Parquet or NPZ; digits, wine, breast_cancer, iris or diabetes; or data in memory.

    Returns:
        The table; missing values are null, text without spaces around it.

    Raises:
        InputError: the source is missing, empty, damaged or not a table.
    """
    return read_table(source).frame


def read_table(source: Any) -> Table:
    """The same, with the source's name and the target it names."""
    if isinstance(source, str | Path):
        table = _read_named(source)
    else:
        table = _read_memory(source)
    if table.frame.is_empty():
        raise InputError(f"{table.place} has no rows")
    check_names(table.frame.columns, table.place)
    return Table(tidy(table.frame), table.name, table.place, table.path, table.kind, table.target)


def _read_named(source: str | Path) -> Table:
    if str(source) in BUILTIN:
        frame, target = read_builtin(str(source))
        return Table(frame, str(source), str(source), str(source), "built-in", target)
    path = Path(source).expanduser()
    if not path.exists():
        folder = path.parent if path.parent.is_dir() else Path()
        beside = [
            str(path.with_name(each.name)) for each in sorted(folder.iterdir()) if each.suffix in READERS
        ]
        raise InputError(
            f"there is no file or built-in data '{source}': {nearest(str(source), [*BUILTIN, *beside])}"
        )
    frame, target = read_file(path)
    return Table(frame, path.stem, str(path), str(path.resolve()), "file", target)


def _read_memory(source: Any) -> Table:
    frame = frame_in_memory(source, "the data frame")
    if frame is not None:
        kind = f"{type(source).__module__.partition('.')[0]} frame"
        return Table(frame, "data", f"the {kind}", None, kind)
    if isinstance(source, tuple) and len(source) == 2:
        frame, target = frame_of_pair(*source, "(X, y)")
        return Table(frame, "data", "(X, y)", None, "arrays", target)
    if isinstance(source, np.ndarray):
        return Table(frame_of_array(source, "the array"), "data", "the array", None, "array")
    raise InputError(
        f"data of type {type(source).__name__} cannot be opened: give a file, a built-in name, an array, (X, y) or a data frame"
    )


def encode(frame: pl.DataFrame, schema: Schema, where: str = "") -> Features:
    """The schema's columns of a table as arrays; other columns are ignored and their order is free.

    Args:
        frame: as `read_frame` gives it.
        schema: what the columns mean.
        where: words that say which table, for errors.

    Returns:
        Features, one row for each row of the table.

    Raises:
        InputError: a column is missing, holds something else than the schema says, or is infinite somewhere.
    """
    for column in schema.columns:
        if column.name not in frame.columns:
            raise InputError(
                f"the data{where} has no column '{column.name}': {nearest(column.name, frame.columns)}"
            )
    numbers = np.empty((len(frame), len(schema.numbers)))
    codes = np.empty((len(frame), len(schema.categories)), np.int32)
    for place, column in enumerate(schema.numbers):
        numbers[:, place] = read_numbers(frame[column.name], column, where)
    for place, column in enumerate(schema.categories):
        codes[:, place] = read_codes(frame[column.name], column)
    return Features(numbers, codes)


def open_data(
    source: Any,
    *,
    target: str | int | None = None,
    task: TaskKind | None = None,
    group: str | None = None,
    time: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> tuple[Dataset, dict[str, Int[np.ndarray, "rows"]]]:
    """Open data, and further data of the same columns after it.

    Args:
        source: as for `read_frame`.
        target: the column to predict; its number for an array; not needed where the source names it.
        task: binary, classes or regression; None to infer it.
        group: a column whose rows of one value stay in one set; not learnt from.
        time: a column that orders the rows; not learnt from.
        more: further sources by name (dev, test), whose rows are appended.

    Returns:
        The dataset, and its rows by where they came from: `data`, and the names in `more`.

    Raises:
        InputError: the data cannot be learnt from; the sentence says why.
    """
    first = read_table(source)
    tables = {"data": first} | {name: read_table(other) for name, other in (more or {}).items()}
    target = _target_name(first, target)
    _check_role(first, "group", group, target)
    _check_role(first, "time", time, target)
    for table in tables.values():
        _check_same_columns(first, table)
    whole = _stacked([table.frame for table in tables.values()])
    present = whole[target].is_not_null()
    notes = _missing_targets(whole, target)
    frame = whole.filter(present)
    if len(frame) < FEWEST_ROWS:
        raise InputError(
            f"{first.place} has {len(frame)} rows with a target; at least {FEWEST_ROWS} are needed"
        )
    answer = read_target(frame[target], task)
    roles = [name for name in (group, time) if name is not None]
    inputs = frame.drop(target, *roles)
    columns, left_out, told = infer_columns(inputs, row_numbers(first.frame.drop(target, *roles)))
    notes += [answer.note, *told]
    schema = Schema(columns, target, answer.task, answer.classes, (*left_out, *roles))
    keep = present.to_numpy()
    features = _encode_all(tables, schema).take(np.flatnonzero(keep))
    origin = {
        "source": first.path,
        "kind": first.kind,
        "target": target,
        "task": task,
        "group": group,
        "time": time,
    }
    dataset = Dataset(
        first.name,
        features,
        answer.values,
        schema,
        tuple(notes),
        origin,
        _groups(frame, group),
        _times(frame, time),
    )
    return dataset, _parts(tables, keep)


def _target_name(table: Table, target: str | int | None) -> str:
    columns = table.frame.columns
    if isinstance(target, int) and not isinstance(target, bool):
        if not -len(columns) <= target < len(columns):
            raise InputError(f"target {target} is no column of {table.place}, which has {len(columns)}")
        return columns[target]
    if target is None and table.target is None:
        shown = ", ".join(columns[:12]) + (", …" if len(columns) > 12 else "")
        raise InputError(f"say which column of {table.place} is the target: {shown}")
    name = str(table.target if target is None else target)
    if name not in columns:
        raise InputError(f"{table.place} has no column '{name}' to be the target: {nearest(name, columns)}")
    return name


def _check_role(table: Table, role: str, name: str | None, target: str) -> None:
    if name is None:
        return
    if name not in table.frame.columns:
        raise InputError(f"{table.place} has no {role} column '{name}': {nearest(name, table.frame.columns)}")
    if name == target:
        raise InputError(f"'{name}' is the target and cannot be the {role} column as well")


def _check_same_columns(first: Table, other: Table) -> None:
    lacking = [name for name in first.frame.columns if name not in other.frame.columns]
    beyond = [name for name in other.frame.columns if name not in first.frame.columns]
    if lacking or beyond:
        facts = [f"lacks {', '.join(lacking)}"] * bool(lacking) + [f"has {', '.join(beyond)} besides"] * bool(
            beyond
        )
        raise InputError(
            f"{other.place} {' and '.join(facts)}; it must have the same columns as {first.place}"
        )


def _stacked(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """The tables one after another; a column of different types becomes text, which is read again by its kind."""
    first, *others = frames
    for other in others:
        other = other.select(first.columns)
        mixed = [name for name in first.columns if first[name].dtype != other[name].dtype]
        words = [pl.col(mixed).cast(pl.String)] if mixed else []
        first = pl.concat([first.with_columns(words), other.with_columns(words)])
    return first


def _missing_targets(whole: pl.DataFrame, target: str) -> list[str]:
    missing = whole[target].null_count()
    if not missing:
        return []
    rows = "1 row has" if missing == 1 else f"{missing:,} rows have"
    return [f"{rows} no {target} and {'is' if missing == 1 else 'are'} left out"]


def _encode_all(tables: Mapping[str, Table], schema: Schema) -> Features:
    several = len(tables) > 1
    parts = [
        encode(table.frame, schema, f" of {table.place}" if several else "") for table in tables.values()
    ]
    return Features(
        np.concatenate([part.numbers for part in parts]), np.concatenate([part.codes for part in parts])
    )


def _groups(frame: pl.DataFrame, name: str | None) -> Int[np.ndarray, "rows"] | None:
    if name is None:
        return None
    _refuse_missing(frame[name], "group")
    return as_words(frame[name]).rank("dense").to_numpy().astype(np.int64) - 1


def _times(frame: pl.DataFrame, name: str | None) -> Float[np.ndarray, "rows"] | None:
    if name is None:
        return None
    kind = infer_kind(frame[name])
    if kind not in ("number", "date"):
        raise InputError(f"time column '{name}' holds neither numbers nor dates (like 2024-01-31)")
    _refuse_missing(frame[name], "time")
    times = read_numbers(frame[name], Column(name, kind))
    if np.isnan(times).any():
        raise InputError(
            f"time column '{name}' cannot be read in row {np.flatnonzero(np.isnan(times))[0] + 1}"
        )
    return times


def _refuse_missing(column: pl.Series, role: str) -> None:
    if column.null_count():
        row = column.is_null().arg_true()[0]
        raise InputError(
            f"{role} column '{column.name}' is empty in {column.null_count():,} rows (first: row {row + 1}); fill it"
        )


def _parts(tables: Mapping[str, Table], keep: np.ndarray) -> dict[str, Int[np.ndarray, "rows"]]:
    """The rows of each table among those that were kept."""
    origin = np.repeat(np.arange(len(tables)), [len(table.frame) for table in tables.values()])[keep]
    return {name: np.flatnonzero(origin == place) for place, name in enumerate(tables)}
