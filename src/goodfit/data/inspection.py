"""Data before any training: how each column is read, and what was guessed, changed or lost."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Column, Dataset, Features, Splits
from goodfit.data.notes import Note, guess
from goodfit.data.source import Source
from goodfit.data.tables.columns import infer_type, type_column
from goodfit.data.tables.inference import infer_columns
from goodfit.data.tables.inputs import encode, read_features
from goodfit.wording import numbers
from goodfit.wording.text import count, first_names

_LEVELS = 4  # that are listed
_LONGEST_LEVEL = 20
_CLASSES = 20  # whose images are counted for people


class ColumnSummary(NamedTuple):
    """One column, as a network would get it.

    Attributes:
        name: of the column.
        reading: kind of its values with their format, the task of a target, or the reason why it is left out.
        missing: rows without a value, values that cannot be read and levels that are not learned among them; None of
            a column that is left out.
        values: range of numbers and dates, or number and names of the levels.
    """

    name: str
    reading: str
    missing: int | None
    values: str


def summarize_dataset(dataset: Dataset) -> list[ColumnSummary]:
    """Return the target, the columns that are learned from and those that are not."""
    summaries = summarize_features(dataset.features, dataset.schema.columns, dataset.left_out)
    return [_target(dataset), *summaries]


def counts_of_images(splits: Splits) -> list[Note]:
    """Return a note on the number of images of each class in each set; none for tables and regressions."""
    schema, target = splits.dataset.schema, splits.dataset.target
    if schema.image is None or not schema.classes:
        return []
    sets = {
        name: rows for name, rows in (("train", splits.train), ("dev", splits.dev), ("test", splits.test)) if len(rows)
    }
    counts = np.stack([np.bincount(target[rows], minlength=len(schema.classes)) for rows in sets.values()], axis=1)
    listing = [f"{name} {', '.join(f'{n:,}' for n in row)}" for name, row in zip(schema.classes, counts, strict=True)]
    return [Note(f"Images of each class ({', '.join(sets)}): {first_names(listing, _CLASSES, '; ')}.")]


def summarize_source(source: Source) -> tuple[list[ColumnSummary], list[Note]]:
    """Return the columns of a table without a target, and notes on them.

    Raises:
        InputError: no column can be learned from.
    """
    typed = {
        column.name: type_column(
            column, infer_type(column, column.name in source.categories), source.marks.get(column.name)
        )
        for column in source.columns
    }
    columns, left_out, notes = infer_columns(typed, index=source.index)
    features = encode(read_features(source, columns), columns, source.place)
    hint = guess("Without a target, row numbers, leaks and duplicates are not looked for; name it with --target.")
    return summarize_features(features, columns, left_out), [*source.notes, *notes, hint]


def summarize_features(
    features: Features, columns: tuple[Column, ...], left_out: Mapping[str, str]
) -> list[ColumnSummary]:
    """Return the columns that are learned from and those that are not."""
    numeric, codes = iter(features.numbers.T), iter(features.codes.T)
    summaries = [
        _category(column, next(codes)) if column.kind == "category" else _number(column, next(numeric))
        for column in columns
    ]
    return summaries + [ColumnSummary(name, f"left out: {reason}", None, "") for name, reason in left_out.items()]


def _target(dataset: Dataset) -> ColumnSummary:
    schema, target = dataset.schema, dataset.target
    if schema.task == "regression":
        return ColumnSummary(schema.target, "target of a regression", 0, _range(target))
    shares = np.bincount(target, minlength=len(schema.classes)) / len(target)
    order = np.argsort(-shares, kind="stable")
    listing = [f"{schema.classes[code][:_LONGEST_LEVEL]} {numbers.percent(float(shares[code]))}" for code in order]
    classes = count(len(schema.classes), "class", "classes")
    return ColumnSummary(schema.target, "target", 0, f"{classes}: {_listing(listing)}")


def _category(column: Column, codes: Int[np.ndarray, "rows"]) -> ColumnSummary:
    levels = [level[:_LONGEST_LEVEL] for level in column.categories]
    values = f"{count(len(levels), 'level')}: {_listing(levels)}"
    return ColumnSummary(column.name, "category", int((codes < 0).sum()), values)


def _number(column: Column, values: Float[np.ndarray, "rows"]) -> ColumnSummary:
    reading = column.kind if column.format is None else f"{column.kind} ({column.format})"
    if column.trend:
        reading += ", with its trend"
    present = values[~np.isnan(values)]
    if column.kind == "boolean":
        summary = f"true in {numbers.percent(float(present.mean()))}"
    elif column.kind == "date":
        summary = " to ".join(str(np.datetime64(int(np.floor(day)), "D")) for day in (present.min(), present.max()))
    else:
        summary = _range(present)
    return ColumnSummary(column.name, reading, len(values) - len(present), summary)


def _range(values: Float[np.ndarray, "rows"]) -> str:
    return " to ".join(numbers.number(float(value)) for value in (values.min(), values.max()))


def _listing(names: Sequence[str]) -> str:
    return ", ".join([*names[:_LEVELS], "…"] if len(names) > _LEVELS else names)
