"""Marks of missing values: words such as NA that stand for no value in text files, and are words anywhere else."""

import re

import polars as pl

from goodfit.data.tables.dialects import Text

# pandas' list (io.parsers, na_values), with what spreadsheets, databases, R and statistical offices write.
_ANY_CASE = ("na", "n/a", "n.a.", "#n/a", "#na", "<na>", "nan", "-nan", "null", "(null)", "#n/a n/a", "nat")
_EXACT = ("?", "-", "--", "---", "–", "—", ".", "..", "None", "<None>", "NaN", "-NaN", "NaT", "n.A.", "\\N")
_ERRORS = ("#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN")
# In lower or upper case, not as Na (sodium) or Null (a surname).
MARKS = frozenset({*_ANY_CASE, *map(str.upper, _ANY_CASE), *_EXACT, *_ERRORS})

_WORD = "\ue000"  # before a mark that is a word; a private character of Unicode, so in no file
_CELL = re.compile(rb'"(?:[^"]|"")*"')
_LINES = 100  # that decide if a file quotes everything


def protect_quoted_marks(text: Text) -> bytes:
    """Return the content with a sign before each mark in quotes, unless the file quotes its numbers too.

    Where only some values are in quotes, "NA" is a word and NA is a missing value, as R and pandas can write them.
    """
    if b'"' not in text.content or _quotes_everything(text):
        return text.content
    separator = re.escape(text.separator.encode())
    words = b"|".join(re.escape(mark.encode()) for mark in sorted(MARKS))
    quoted = re.compile(rb'(?<=[\n%b])"(%b)"(?=[\n%b])' % (separator, words, separator))
    return quoted.sub(b'"%b\\1"' % _WORD.encode(), text.content)


def _quotes_everything(text: Text) -> bool:
    lines = text.content.split(b"\n", _LINES + 1)[1 : _LINES + 1]
    return all(not _CELL.sub(b"", line).strip(b" " + text.separator.encode()) for line in lines)


def split_marks(frame: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, pl.Series]]:
    """Return a table of stripped words with null for marks, and the marks of each column that has some.

    Returns:
        The table, and by the column's name its marks, null in all other rows.
    """
    marks = {column.name: column.set(~column.is_in(MARKS), None) for column in frame if column.is_in(MARKS).any()}
    plain = frame.with_columns(
        pl.when(pl.col(pl.String).is_in(MARKS))
        .then(None)
        .otherwise(pl.col(pl.String).str.strip_prefix(_WORD))
        .name.keep()
    )
    return plain, marks
