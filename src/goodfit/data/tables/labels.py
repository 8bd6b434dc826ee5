"""Labels and levels: their spelling, and the type in which labels come back from a prediction."""

from collections import Counter
from collections.abc import Sequence

import polars as pl

from goodfit.data.dataset import LabelType, Schema

_FRACTION = r"^(-?(?:0|[1-9]\d*)\.\d*?)0*$"
_TYPES: dict[LabelType, pl.DataType] = {"integer": pl.Int64(), "float": pl.Float64(), "boolean": pl.Boolean()}


def respell(words: pl.Series, levels: Sequence[str]) -> pl.Series:
    """Return the words, those that mean the same as one of the levels spelled as it is.

    Programs write 1 as 1.0 where a value is missing, and true as True. Only words that are no level themselves change,
    and only where a single level is meant; 01 is never 1.
    """
    meanings = _plain(pl.Series(levels, dtype=pl.String)).to_list()
    counts = Counter(meanings)
    spellings = {meaning: level for meaning, level in zip(meanings, levels, strict=True) if counts[meaning] == 1}
    unchanged = words.is_null() | words.is_in(list(levels))
    if unchanged.all():
        return words
    return words.zip_with(unchanged, _plain(words).replace_strict(spellings, default=words, return_dtype=pl.String))


def _plain(words: pl.Series) -> pl.Series:
    """Return 1 for 1.0, 1.5 for 1.50 and true for True; other words as they are."""
    numbers = words.str.extract(_FRACTION, 1).str.strip_chars_end(".")
    lower = words.str.to_lowercase()
    return numbers.fill_null(lower.zip_with(lower.is_in(["true", "false"]), words))


def label_type(column: pl.Series, classes: Sequence[str], *, text: bool) -> LabelType | None:
    """Return the type in which labels come back, which writes each as it is spelled; None for words.

    Args:
        column: the target in the training source.
        classes: its labels as words.
        text: True if the column was read from a file of text, which has no types.
    """
    dtype = column.dtype
    if not text:
        if dtype == pl.Boolean:
            return "boolean"
        return ("integer" if dtype.is_integer() else "float") if dtype.is_numeric() else None
    words = pl.Series(classes, dtype=pl.String)
    if words.is_in(["true", "false"]).all():
        return "boolean"
    for name in ("integer", "float"):
        if words.cast(_TYPES[name], strict=False).cast(pl.String).eq_missing(words).all():
            return name
    return None


def typed_labels(schema: Schema) -> pl.Series:
    """Return the label of each class, in the type that the labels had."""
    words = pl.Series(schema.classes, dtype=pl.String)
    if schema.label_type == "boolean":
        return words == "true"
    if schema.label_type == "integer" and (words.cast(pl.Int64, strict=False).is_null()).any():
        return words.cast(pl.UInt64)
    return words if schema.label_type is None else words.cast(_TYPES[schema.label_type])
