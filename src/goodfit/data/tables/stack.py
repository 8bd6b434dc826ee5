"""Several sources of the same columns, one below the other."""

from collections.abc import Iterator, Sequence

import polars as pl

from goodfit.data.images.stored import ImageFiles
from goodfit.data.source import Source
from goodfit.data.tables.columns import READERS, TypedColumn, as_words, infer_type, is_nested, type_column
from goodfit.data.tables.labels import respell
from goodfit.data.tables.numbers import Surroundings
from goodfit.data.tables.roles import Roles
from goodfit.errors import InputError


def stack(sources: Sequence[Source], roles: Roles) -> dict[str, TypedColumn]:
    """Return the columns of all sources, read as the first one, the training source, has them; by their names.

    Of tables all columns, which must be the same; of images those with a role.

    Raises:
        InputError: a source lacks or adds a column, or a column holds lists or bytes in some sources only.
    """
    first, *further = sources
    names = roles.names
    if first.images is None:  # a saved index is not learned from, so that other sources may lack it
        lost = set(first.index) - set(roles.names) - set.intersection(*(set(s.columns.columns) for s in sources))
        names = [name for name in first.columns.columns if name not in lost]
    for source in further:
        _check_columns(first, source, names)
    surroundings = Surroundings(first.columns, first.separator)
    return {name: _stacked(name, sources, surroundings, name in roles.names) for name in names}


def _stacked(name: str, sources: Sequence[Source], surroundings: Surroundings, has_role: bool) -> TypedColumn:
    column_type = infer_type(sources[0].columns[name], name in sources[0].categories, surroundings)
    parts = [type_column(source.columns[name], column_type, source.marks.get(name)) for source in sources]
    raws = list(_of_one_type([part.raw for part in parts], sources))
    # One program may write 1 and another 1.0 for the same label; the training source's spelling holds.
    exact = isinstance(sources[0].images, ImageFiles) and name in sources[0].categories  # names of folders
    if len(raws) > 1 and raws[0].dtype == pl.String and not exact and (has_role or column_type.kind == "category"):
        levels = raws[0].drop_nulls().unique().to_list()
        raws[1:] = [respell(raw, levels) for raw in raws[1:]]
    raw = pl.concat(raws)
    values = pl.concat([part.values for part in parts]) if column_type.kind in READERS else raw
    marks = pl.concat([_marks(part) for part in parts])
    return TypedColumn(raw, column_type, values, marks if marks.count() else None)


def _marks(column: TypedColumn) -> pl.Series:
    return pl.Series(column.name, [None] * len(column.raw), pl.String) if column.marks is None else column.marks


def _of_one_type(columns: Sequence[pl.Series], sources: Sequence[Source]) -> Iterator[pl.Series]:
    """Yield the columns, as words where their types differ."""
    differ = len({column.dtype for column in columns}) > 1
    for column, source in zip(columns, sources, strict=True):
        if differ and is_nested(column):
            raise InputError(
                f"column '{column.name}' of {source.place} holds values of type {column.dtype}, "
                "but other values in another source"
            )
        yield as_words(column) if differ else column


def _check_columns(first: Source, source: Source, names: Sequence[str]) -> None:
    lacking = [name for name in names if name not in source.columns.columns]
    extra = [name for name in source.columns.columns if name not in (*names, *source.index)]
    extra = extra if first.images is None else []
    facts = [f"{verb} {', '.join(columns)}" for verb, columns in (("lacks", lacking), ("adds", extra)) if columns]
    if facts:
        raise InputError(f"{source.place} {' and '.join(facts)}; it needs the same columns as {first.place}")
