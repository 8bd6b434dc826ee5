"""Open data: from a file, a built-in name, arrays or a frame to a `Dataset`, with what people are told about it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float, Int

from goodfit.data.columns import as_words, infer_kind, read_codes, read_numbers
from goodfit.data.dataset import Column, Dataset, Features, Schema, TaskKind
from goodfit.data.inference import infer_columns, row_numbers
from goodfit.data.tables import Table, read_table
from goodfit.data.target import read_target
from goodfit.errors import InputError, nearest

FEWEST_ROWS = 20


def read_frame(source: Any) -> pl.DataFrame:
    """The table of a source: a file, a built-in name, an array, (X, y), or a pandas or Polars frame.

    Args:
        source: a path to CSV, TSV, Parquet or NPZ; digits, wine, breast_cancer, iris or diabetes; or data in memory.

    Returns:
        The table; missing values are null, text has no spaces around it.

    Raises:
        InputError: the source is missing, empty, damaged or not a table.
    """
    return read_table(source).frame


def encode(frame: pl.DataFrame, schema: Schema, where: str = "") -> Features:
    """The schema's columns of a table as arrays; other columns are ignored and their order is free.

    Args:
        frame: as `read_frame` gives it.
        schema: what the columns mean.
        where: words for errors that say which table, as in " of new.csv".

    Returns:
        Features, one row for each row of the table.

    Raises:
        InputError: a column is missing, holds something else than the schema says, or is infinite somewhere.
    """
    for column in schema.columns:
        if column.name not in frame.columns:
            hint = nearest(column.name, frame.columns)
            raise InputError(f"the data{where} has no column '{column.name}': {hint}")
    numbers = np.empty((len(frame), len(schema.numbers)))
    codes = np.empty((len(frame), len(schema.categories)), np.int32)
    for place, column in enumerate(schema.numbers):
        numbers[:, place] = read_numbers(frame[column.name], column, where)
    for place, column in enumerate(schema.categories):
        codes[:, place] = read_codes(frame[column.name], column, where)
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
        target: the column to predict, or its place in an array; not needed where the source names it.
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
    tables = [first, *(read_table(other) for other in (more or {}).values())]
    target = _target_name(first, target)
    roles = [_role(first, role, name, target) for role, name in (("group", group), ("time", time)) if name is not None]
    for table in tables[1:]:
        _check_same_columns(first, table)
    whole = _stacked(tables)
    keep = whole[target].is_not_null()
    frame = whole.filter(keep)
    if len(frame) < FEWEST_ROWS:
        raise InputError(f"{first.place} has {len(frame)} rows with a {target}; at least {FEWEST_ROWS} are needed")
    _refuse_infinite_target(tables, target)
    answer = read_target(frame[target], task)
    inputs = frame.drop(target, *roles)
    columns, left_out, told = infer_columns(inputs, row_numbers(first.frame.select(inputs.columns)))
    schema = Schema(columns, target, answer.task, answer.classes, (*left_out, *roles))
    rows = keep.arg_true().to_numpy().astype(np.int64)
    features = [encode(table.frame, schema, _where(table, tables)) for table in tables]
    dataset = Dataset(
        name=first.name,
        features=Features(*(np.concatenate(parts) for parts in list(zip(*features, strict=True))[:2])).take(rows),
        target=answer.values,
        schema=schema,
        notes=(*_missing_targets(len(whole) - len(frame), target), answer.note, *told),
        origin=_origin(first, tables[1:], more, target=target, task=task, group=group, time=time),
        groups=None if group is None else _groups(frame[group]),
        times=None if time is None else _times(frame[time]),
    )
    came_from = np.repeat(np.arange(len(tables)), [len(table.frame) for table in tables])[rows]
    names = ["data", *(more or {})]
    return dataset, {name: np.flatnonzero(came_from == place) for place, name in enumerate(names)}


def _origin(first: Table, others: Sequence[Table], more: Mapping[str, Any] | None, **options: str | None) -> dict:
    further = {name: table.source for name, table in zip(more or {}, others, strict=True)}
    return {"source": first.source, "kind": first.kind, **options, **further}


def _where(table: Table, tables: Sequence[Table]) -> str:
    return f" of {table.place}" if len(tables) > 1 else ""


def _target_name(table: Table, target: str | int | None) -> str:
    columns = table.frame.columns
    if isinstance(target, int):
        if not -len(columns) <= target < len(columns):
            raise InputError(f"{table.place} has {len(columns)} columns, so none at place {target} to be the target")
        return columns[target]
    if target is None and table.target is None:
        shown = ", ".join(columns[:12]) + (", …" if len(columns) > 12 else "")
        raise InputError(f"say which column of {table.place} is the target; it has {shown}")
    name = str(target or table.target)
    if name not in columns:
        raise InputError(f"{table.place} has no column '{name}' to be the target: {nearest(name, columns)}")
    return name


def _role(table: Table, role: str, name: str, target: str) -> str:
    if name not in table.frame.columns:
        raise InputError(f"{table.place} has no {role} column '{name}': {nearest(name, table.frame.columns)}")
    if name == target:
        raise InputError(f"'{name}' is the target, so it cannot be the {role} column as well")
    return name


def _check_same_columns(first: Table, other: Table) -> None:
    lacking = [name for name in first.frame.columns if name not in other.frame.columns]
    beyond = [name for name in other.frame.columns if name not in first.frame.columns]
    facts = [f"{verb} {', '.join(names)}" for verb, names in (("lacks", lacking), ("adds", beyond)) if names]
    if facts:
        raise InputError(f"{other.place} {' and '.join(facts)}; it needs the same columns as {first.place}")


def _stacked(tables: Sequence[Table]) -> pl.DataFrame:
    """The tables one after another; a column of different types becomes text, which is read again by its kind."""
    frames = [table.frame.select(tables[0].frame.columns) for table in tables]
    mixed = [name for name in frames[0].columns if len({frame[name].dtype for frame in frames}) > 1]
    for name in mixed:
        for table in tables:
            if infer_kind(table.frame[name]) is None:
                found = table.frame[name].dtype
                raise InputError(
                    f"column '{name}' of {table.place} holds values of type {found}, elsewhere it does not"
                )
    return pl.concat([frame.with_columns(as_words(frame[name]) for name in mixed) for frame in frames])


def _missing_targets(count: int, target: str) -> list[str]:
    if count == 0:
        return []
    rows = "1 row has" if count == 1 else f"{count:,} rows have"
    return [f"{rows} no {target} and {'is' if count == 1 else 'are'} left out"]


def _refuse_infinite_target(tables: Sequence[Table], target: str) -> None:
    for table in tables:
        if infer_kind(table.frame[target]) == "number":
            read_numbers(table.frame[target], Column(target, "number"), _where(table, tables))


def _groups(column: pl.Series) -> Int[np.ndarray, "rows"]:
    _refuse_missing(column, "group")
    return np.unique(as_words(column).to_numpy().astype(str), return_inverse=True)[1].astype(np.int64)


def _times(column: pl.Series) -> Float[np.ndarray, "rows"]:
    kind = infer_kind(column)
    if kind not in ("number", "date"):
        raise InputError(f"time column '{column.name}' holds neither numbers nor dates (like 2024-01-31)")
    _refuse_missing(column, "time")
    times = read_numbers(column, Column(column.name, kind))
    unreadable = np.flatnonzero(np.isnan(times))
    if len(unreadable):
        word = column[int(unreadable[0])]
        raise InputError(f"time column '{column.name}' has '{word}', which is not a {kind}; mend it or leave it out")
    return times


def _refuse_missing(column: pl.Series, role: str) -> None:
    count = column.null_count()
    if count:
        raise InputError(f"{role} column '{column.name}' is empty in {count:,} rows; fill it or leave them out")
