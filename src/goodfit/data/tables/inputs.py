"""Tables as features: the columns worth learning from, as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from jaxtyping import Int, Num

from goodfit.data.dataset import Column, Features, Schema
from goodfit.data.formats import NumberFormat
from goodfit.data.inputs import Inputs
from goodfit.data.notes import Note, guess, warning
from goodfit.data.source import Source
from goodfit.data.tables.columns import (
    ColumnType,
    TypedColumn,
    infer_type,
    read_codes,
    read_numbers,
    type_column,
    type_columns,
)
from goodfit.data.tables.inference import infer_columns
from goodfit.data.tables.names import number_names
from goodfit.data.tables.numbering import RowNumbers, row_numbers
from goodfit.data.tables.numbers import Surroundings, are_plain
from goodfit.data.tables.repeats import repeated_identifiers
from goodfit.data.tables.roles import Roles
from goodfit.errors import InputError, nearest


def table_inputs(
    sources: Sequence[Source],
    columns: Mapping[str, TypedColumn],
    rows: Int[np.ndarray, "rows"],
    roles: Roles,
    target: Num[np.ndarray, "rows"],
) -> Inputs:
    """Infer the columns to learn from, and encode them.

    Args:
        sources: the tables.
        columns: of the rows that have a target.
        rows: positions of these rows among those of all sources.
        roles: names of the columns that are no features.
        target: of these rows, numbers or codes of classes.

    Raises:
        InputError: no column is left to learn from, or a value does not fit its column.
    """
    # The time is learned from too: without it no trend could be.
    unlearned = [name for name in roles.names if name != roles.time]
    typed = {name: column for name, column in columns.items() if name not in unlearned}
    timeless = {name: column for name, column in typed.items() if name != roles.time}
    first = np.flatnonzero(rows < len(sources[0]))
    names = number_names({name: column.take(first) for name, column in timeless.items()}, target[first])
    typed |= {name: replace(typed[name], type=ColumnType("category"), values=typed[name].raw) for name in names}
    numbering = _row_numbers(sources[0], {name: typed[name] for name in timeless}, rows, target)
    features, left_out, notes = infer_columns(typed, numbering.idle, sources[0].index, roles.time)
    learned = {column.name: typed[column.name] for column in features if not column.trend}
    repeats = repeated_identifiers(learned, target) if roles.group is None else []
    # Source by source, so that an error can name the row of its own file.
    parts = [encode(read_features(source, features), features, source.place) for source in sources]
    numbers, codes = (np.concatenate(arrays) for arrays in zip(*((p.numbers, p.codes) for p in parts), strict=True))
    return Inputs(
        Features(numbers, codes).take(rows),
        np.arange(len(rows)),
        features,
        left_out | ({} if roles.group is None else {roles.group: "is the group column"}),
        notes=(
            *(note for source in sources for note in source.notes),
            *notes,
            *names.values(),
            *repeats,
            *_sequence_notes(numbering),
        ),
    )


def _sequence_notes(numbering: RowNumbers) -> list[Note]:
    return [
        guess(
            f"Column '{name}' counts the rows, and is learned from, since the target changes along it; leave it out if "
            "it is unknown for new rows."
        )
        for name in numbering.sequences
    ]


def _row_numbers(
    first: Source, columns: Mapping[str, TypedColumn], rows: Int[np.ndarray, "rows"], target: Num[np.ndarray, "rows"]
) -> RowNumbers:
    """Find row numbers in the first source alone: further sources may count from its beginning again."""
    types = {name: column.type for name, column in columns.items()}
    labeled = rows[rows < len(first)]
    return row_numbers(
        type_columns(first.columns.select(list(columns)), types),
        np.isin(np.arange(len(first)), labeled),
        target[: len(labeled)],
    )


def read_features(source: Source, columns: Sequence[Column]) -> dict[str, TypedColumn]:
    """Read the columns of a table that are learned from; others are ignored, and their order is free.

    Raises:
        InputError: a column is missing.
    """
    frame = source.columns
    for column in columns:
        if column.name not in frame.columns:
            hint = nearest(column.name, frame.columns)
            raise InputError(f"{source.place} has no column '{column.name}': {hint}")
    types = {column.name: ColumnType(column.kind, column.format) for column in columns}
    _refuse_other_thousands(source, types)
    return {name: type_column(frame[name], types[name], source.marks.get(name)) for name in types}


def _refuse_other_thousands(source: Source, types: Mapping[str, ColumnType]) -> None:
    """Refuse columns where 1.234 means 1234 though it was 1.234 in training: all other formats cannot be read at all.

    Raises:
        InputError: the column, and a row with such a number.
    """
    surroundings = Surroundings(source.columns, source.separator)
    for name, (kind, style) in types.items():
        column = source.columns[name]
        if kind != "number" or style is not None or column.dtype != pl.String or are_plain(column.drop_nulls()):
            continue
        found = infer_type(column, surroundings=surroundings).format
        if isinstance(found, NumberFormat) and found.thousands == ".":
            row = int(column.str.contains(".", literal=True).fill_null(False).arg_true()[0])
            raise InputError(
                f"column '{name}' of {source.place} has points between thousands (row {row + 1} has '{column[row]}'), "
                "but it had none in training; write its numbers as they were there"
            )


def encode(values: Mapping[str, TypedColumn], columns: Sequence[Column], place: str) -> Features:
    """Return columns of a table as arrays.

    Args:
        values: the columns of a source.
        columns: their meaning.
        place: name of the table in an error.

    Returns:
        Features, one row for each row of the table.

    Raises:
        InputError: a column holds values of another kind, or is infinite somewhere.
    """
    numeric = [column for column in columns if column.kind != "category"]
    categories = [column for column in columns if column.kind == "category"]
    rows = len(values[columns[0].name].raw)
    numbers = np.empty((rows, len(numeric)))
    codes = np.empty((rows, len(categories)), np.int32)
    for index, column in enumerate(numeric):
        numbers[:, index] = read_numbers(values[column.name], column, place)
    for index, column in enumerate(categories):
        codes[:, index] = read_codes(values[column.name], column, place)
    return Features(numbers, codes)


def unknown_levels(source: Source, schema: Schema, features: Features) -> list[Note]:
    """Return a note on each category of which no value is known from training."""
    notes = []
    for place, column in enumerate(schema.categories):
        values = source.columns[column.name].drop_nulls()
        if len(values) and (features.codes[:, place] < 0).all():
            notes.append(
                warning(
                    f"No value of the column '{column.name}' of {source.place} was seen in training (the first is "
                    f"'{str(values[0])[:40]}'); all of them count as unknown."
                )
            )
    return notes
