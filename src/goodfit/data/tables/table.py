"""Tables as they are read: one mark for missing values, no spaces around words, one name for each column."""

from collections.abc import Sequence

import polars as pl

from goodfit.data.source import Source
from goodfit.errors import InputError

MISSING_WORDS = ("", "na", "n/a", "#n/a", "null", "nan", "?")


def table_source(
    frame: pl.DataFrame, *, name: str, place: str, address: str | None, kind: str, target: str | None = None
) -> Source:
    """Return a table as a source; the arguments are the attributes of `Source`.

    Raises:
        InputError: the table has no rows.
    """
    if frame.is_empty():
        raise InputError(f"{place} has no rows")
    return Source(name, place, address, kind, tidy(frame), target)


def tidy(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the same table with null for missing values, no spaces around words, and words for enumerations."""
    enumerations = [name for name, dtype in frame.schema.items() if dtype in (pl.Categorical, pl.Enum)]
    frame = frame.with_columns(pl.col(enumerations).cast(pl.String)) if enumerations else frame
    text = pl.col(pl.String).str.strip_chars()
    return frame.with_columns(
        pl.when(text.str.to_lowercase().is_in(MISSING_WORDS)).then(None).otherwise(text).name.keep(),
        pl.col(pl.Float32, pl.Float64).fill_nan(None),
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
