"""Tables as they are read: null for missing values, no spaces around words, one name for each column."""

from collections.abc import Sequence

import polars as pl

from goodfit.data.notes import Note
from goodfit.data.source import Source
from goodfit.data.tables.missing import split_marks
from goodfit.errors import InputError


def table_source(
    frame: pl.DataFrame,
    *,
    name: str,
    place: str,
    address: str | None,
    kind: str,
    target: str | None = None,
    categories: Sequence[str] = (),
    notes: Sequence[Note] = (),
    index: Sequence[str] = (),
    separator: str | None = None,
) -> Source:
    """Return a table as a source; the arguments are the attributes of `Source`.

    Raises:
        InputError: two columns of one name.
    """
    names = dict(zip(frame.columns, clean_names(frame.columns, place), strict=True))
    declared = [column for column, dtype in frame.schema.items() if dtype in (pl.Categorical, pl.Enum)]
    all_categories = frozenset([*(names[column] for column in declared), *categories])
    frame = tidy(frame.rename(names))
    frame, marks = split_marks(frame) if separator else (frame, {})
    return Source(
        name,
        place,
        address,
        kind,
        frame,
        target,
        categories=all_categories,
        notes=tuple(notes),
        index=tuple(index),
        separator=separator,
        marks=marks,
    )


def clean_names(names: Sequence[str], place: str) -> list[str]:
    """Return the names of columns without spaces around them, and a name for those that have none.

    Raises:
        InputError: two columns of one name.
    """
    clean = [name.strip() or f"column {position}" for position, name in enumerate(names, 1)]
    check_names(clean, place)
    return clean


def tidy(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the same table with null for empty values, no spaces around words, and words for enumerations."""
    enumerations = [name for name, dtype in frame.schema.items() if dtype in (pl.Categorical, pl.Enum)]
    frame = frame.with_columns(pl.col(enumerations).cast(pl.String)) if enumerations else frame
    text = pl.col(pl.String).str.strip_chars()
    return frame.with_columns(
        pl.when(text == "").then(None).otherwise(text).name.keep(), pl.col(pl.Float32, pl.Float64).fill_nan(None)
    )


def check_names(names: Sequence[str], place: str) -> None:
    """Refuse a table with two columns of one name.

    Raises:
        InputError: the name, and both positions.
    """
    positions: dict[str, int] = {}
    for position, name in enumerate(names, 1):
        if name in positions:
            raise InputError(
                f"{place} has two columns named '{name}' (columns {positions[name]} and {position}); "
                "give each column its own name"
            )
        positions[name] = position
