"""Several sources of the same columns, one below the other."""

from collections.abc import Sequence

import polars as pl

from goodfit.data.source import Source
from goodfit.data.tables.columns import as_words, is_nested
from goodfit.data.tables.roles import Roles
from goodfit.errors import InputError


def stack(sources: Sequence[Source], roles: Roles) -> pl.DataFrame:
    """Return the rows of all sources, in their order.

    Of tables all columns, which must be the same; of images those with a role. A column that has another type in
    another source becomes text, and its kind is inferred again.

    Raises:
        InputError: a source lacks or adds a column, or a column holds lists or bytes in some sources only.
    """
    first, *further = sources
    names = first.columns.columns if first.images is None else roles.names
    for source in further:
        _check_columns(first, source, names)
    frames = [source.columns.select(names) for source in sources]
    mixed = [name for name in names if len({frame[name].dtype for frame in frames}) > 1]
    for source in sources:
        for name in mixed:
            if is_nested(source.columns[name]):
                raise InputError(
                    f"column '{name}' of {source.place} holds values of type {source.columns[name].dtype}, "
                    "but other values in another source"
                )
    return pl.concat([frame.with_columns(as_words(frame[name]) for name in mixed) for frame in frames])


def _check_columns(first: Source, source: Source, names: Sequence[str]) -> None:
    lacking = [name for name in names if name not in source.columns.columns]
    extra = [name for name in source.columns.columns if name not in names] if first.images is None else []
    facts = [f"{verb} {', '.join(columns)}" for verb, columns in (("lacks", lacking), ("adds", extra)) if columns]
    if facts:
        raise InputError(f"{source.place} {' and '.join(facts)}; it needs the same columns as {first.place}")
