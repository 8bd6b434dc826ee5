"""Open data: from a file, a built-in name, arrays or a frame to a `Dataset`, with what people are told about it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Int

from goodfit.data.dataset import Column, Dataset, Features, Schema, TaskKind
from goodfit.data.images.dataset import open_images
from goodfit.data.images.listing import As, Images, find_images, images_of_table
from goodfit.data.tables.columns import as_words, infer_kind, read_codes, read_numbers
from goodfit.data.tables.inference import infer_columns, row_numbers
from goodfit.data.tables.read import Table, read_table
from goodfit.data.tables.roles import FEWEST_ROWS, missing_values, read_groups, read_times, role_column, target_column
from goodfit.data.tables.target import read_target
from goodfit.errors import InputError, nearest


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
    as_: As | None = None,
    cache: Path | None = None,
) -> tuple[Dataset, dict[str, Int[np.ndarray, "rows"]]]:
    """Open data, and further data of the same columns after it.

    Args:
        source: as for `read_frame`, or images: a folder with a sub-folder for each class, a table with a column of
            paths, an NPZ file with images and labels, or an IDX file with its labels beside it.
        target: the column to predict, or its place in an array; not needed where the source names it.
        task: binary, classes or regression; None to infer it.
        group: a column whose rows of one value stay in one set; not learned from.
        time: a column that orders the rows; not learned from.
        more: further sources by name (dev, test), whose rows are appended.
        as_: images, to open the built-in digits so.
        cache: the folder in which decoded images are kept; None for the system's temporary folder.

    Returns:
        The dataset, and its rows by where they came from: `data`, and the names in `more`.

    Raises:
        InputError: the data cannot be learned from; the sentence says why.
    """
    first = _opened(source, as_)
    others = {name: _opened(other) for name, other in (more or {}).items()}
    if isinstance(first, Images):
        return open_images(first, others, target=target, task=task, group=group, time=time, cache=cache)
    for name, other in others.items():
        if isinstance(other, Images):
            raise InputError(f"{first.place} is a table, but the {name} source {other.place} holds images")
    tables = [first, *(other for other in others.values() if isinstance(other, Table))]
    target = target_column(first.frame.columns, first.place, target, first.target)
    roles = [
        role_column(first.frame.columns, first.place, role, name, target)
        for role, name in (("group", group), ("time", time))
        if name is not None
    ]
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
        notes=(*missing_values(len(whole) - len(frame), target), answer.note, *told),
        origin=_origin(first, tables[1:], more, target=target, task=task, group=group, time=time),
        groups=None if group is None else read_groups(frame[group]),
        times=None if time is None else read_times(frame[time]),
    )
    came_from = np.repeat(np.arange(len(tables)), [len(table.frame) for table in tables])[rows]
    names = ["data", *(more or {})]
    return dataset, {name: np.flatnonzero(came_from == place) for place, name in enumerate(names)}


def _opened(source: Any, as_: As | None = None) -> Table | Images:
    images = find_images(source, as_)
    if images is not None:
        return images
    table = read_table(source)
    return images_of_table(table) or table


def _origin(first: Table, others: Sequence[Table], more: Mapping[str, Any] | None, **options: str | None) -> dict:
    further = {name: table.source for name, table in zip(more or {}, others, strict=True)}
    return {"source": first.source, "kind": first.kind, **options, **further}


def _where(table: Table, tables: Sequence[Table]) -> str:
    return f" of {table.place}" if len(tables) > 1 else ""


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


def _refuse_infinite_target(tables: Sequence[Table], target: str) -> None:
    for table in tables:
        if infer_kind(table.frame[target]) == "number":
            read_numbers(table.frame[target], Column(target, "number"), _where(table, tables))
