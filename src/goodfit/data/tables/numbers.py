"""Numbers as people write them: thousands, decimal commas, currencies, percent, units, accounting and bounds."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import polars as pl

from goodfit.data.formats import NumberFormat

_BLANKS = "[\u00a0\u2007\u2009\u202f]"  # no-break, figure, thin and narrow no-break space
_APOSTROPHES = "[\u2018\u2019\u02bc`\u00b4]"
_MINUSES = "[\u2212\u2013\u2012\ufe63\uff0d]"
_INFINITE = r"^[+-]?(?:inf|infinity|\u221e|1\.#inf)$"
_CODES = "USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|CZK|BRL|MXN|ZAR|RUB|TRY|KRW"
_CURRENCY = rf"(?:[A-Za-z]{{0,3}}\p{{Sc}}|{_CODES}|kr\.?|Rs\.?|Fr\.|zł)"
_UNIT = rf"(?:%|‰|{_CURRENCY}|[\p{{L}}°][\p{{L}}\p{{N}}°²³/%·^*-]{{0,11}})"
_WORD = (
    r"^(?P<bound>[<>≤≥]=?)? *(?P<open>\()? *(?P<sign>[+-])? *"
    rf"(?P<before>{_CURRENCY})? *(?P<inner>[+-])? *(?P<digits>[\d.,' ]*\d[.,]?)"
    rf"(?P<exponent>[eEdD][+-]?\d+)? *(?P<after>{_UNIT})?(?P<trailing>-)? *(?P<close>\))?$"
)
_CANDIDATES = tuple(
    NumberFormat(decimal, thousands)
    for thousands in ("", ",", ".", " ", "'")
    for decimal in (".", ",")
    if decimal != thousands
)
_ENOUGH_GROUPED = (
    10  # different numbers with three digits after their only mark: by chance 0.9 ** 10 without a zero at the end
)
_ROWS_ASKED, _COLUMNS_ASKED = 200, 100  # that tell the decimal mark of a table
_GROUPED_POINTS = r"^[+-]?(?:\d{1,3}|[1-9]\d{0,2}\.\d{3})$"  # 519 and 1.234, which may be 1234
_MOST_BOUNDS = 0.5  # of the values of a column of numbers
READABLE_SHARE = 0.95  # of the values must be numbers for a column to be one of numbers; the rest are missing


@dataclass(frozen=True, eq=False)
class Surroundings:
    """The table around a column, which tells how an ambiguous number such as 1,234 is meant.

    Attributes:
        frame: the training source.
        separator: between the values of a file of text; None for other sources.
    """

    frame: pl.DataFrame
    separator: str | None

    @cached_property
    def decimal(self) -> str | None:
        """The decimal mark of the columns that can be read in one way alone; None if they do not agree."""
        marks = {definite_decimal(divide(column)) for column in self.text()} - {None}
        return marks.pop() if len(marks) == 1 else None

    def text(self) -> list[pl.Series]:
        """Return the first values of the first columns of text."""
        return self.frame.select(pl.col(pl.String)).head(_ROWS_ASKED).get_columns()[:_COLUMNS_ASKED]


class NumberWords(NamedTuple):
    """Different words of a column, divided.

    Attributes:
        parts: columns word, rows (in which it occurs), and the groups of a number, null for other words.
        total: number of all rows with a word.
    """

    parts: pl.DataFrame
    total: int


def divide(words: pl.Series) -> NumberWords:
    """Divide the different words of a column into sign, digits, currency and unit."""
    counts = words.drop_nulls().rename("word").value_counts(name="rows")
    parts = _plain_marks(counts["word"]).str.extract_groups(_WORD).struct.unnest()
    fits = parts["open"].is_null() == parts["close"].is_null()
    parts = parts.with_columns(pl.when(fits).then(pl.col("digits")))
    return NumberWords(pl.concat([counts, parts], how="horizontal"), len(words) - words.null_count())


def _plain_marks(words: pl.Series) -> pl.Series:
    return words.str.replace_all(_BLANKS, " ").str.replace_all(_APOSTROPHES, "'").str.replace_all(_MINUSES, "-")


def _spelling(style: NumberFormat) -> str:
    """Return the pattern of the digits of a number."""
    decimal, mark = re.escape(style.decimal), re.escape(style.thousands)
    whole = r"\d+"
    if style.thousands:
        whole += rf"|[1-9]\d{{0,2}}(?:{mark}\d{{3}})+"
    if style.thousands == ",":
        whole += r"|[1-9]\d?(?:,\d\d)+,\d{3}"  # 12,34,567 in India
    return rf"^(?:(?:{whole})(?:{decimal}\d*)?|{decimal}\d+)$"


def definite_decimal(words: NumberWords) -> str | None:
    """Return the decimal mark of a column whose numbers can be read in one way alone."""
    style = _affixed(words)
    if style is None:
        return None
    best = _best_styles(_with_affixes(words, style))
    marks = {candidate.decimal for candidate in best}
    return marks.pop() if len(marks) == 1 else None


def are_plain(words: pl.Series) -> bool:
    """Return True if all words are numbers as programs write them, which can mean nothing else."""
    if words.cast(pl.Float64, strict=False).null_count() > words.null_count():
        return False
    return not (words.str.contains(_GROUPED_POINTS).all() and words.str.contains(".", literal=True).any())


def infer_number_format(words: NumberWords, surroundings: Surroundings) -> NumberFormat | None:
    """Return the format by which nearly all words are numbers, decided by the column as a whole; None if none does."""
    affixes = _affixed(words)
    if affixes is None:
        return None
    parts = _with_affixes(words, affixes)
    best = _best_styles(parts)
    if not best or _rows_read(parts, best[0]) < READABLE_SHARE * words.total:
        return None
    if parts.filter(pl.col("bound").is_not_null())["rows"].sum() > _MOST_BOUNDS * words.total:
        return None
    style = _choose(parts, best, surroundings)
    return NumberFormat(style.decimal, style.thousands, affixes.before, affixes.after)


def _affixed(words: NumberWords) -> NumberFormat | None:
    """Return the most frequent currency or unit; None if no word is a number."""
    numbers = words.parts.filter(pl.col("digits").is_not_null())
    if numbers.is_empty():
        return None
    pairs = numbers.select(pl.col("before", "after").fill_null(""), "rows").group_by("before", "after").sum()
    before, after, _ = pairs.sort("rows", "before", "after", descending=[True, False, False]).row(0)
    return NumberFormat(before=before, after=after)


def _with_affixes(words: NumberWords, style: NumberFormat) -> pl.DataFrame:
    """Return the parts of the numbers with this currency or unit; those without any too where it is a currency."""
    before, after = pl.col("before").fill_null(""), pl.col("after").fill_null("")
    fits = (before == style.before) & (after == style.after)
    if pl.Series([style.before + style.after]).str.contains(rf"^{_CURRENCY}$").item():
        fits |= (before == "") & (after == "")
    return words.parts.filter(pl.col("digits").is_not_null() & fits)


def _rows_read(parts: pl.DataFrame, style: NumberFormat) -> int:
    return int(parts.filter(pl.col("digits").str.contains(_spelling(style)))["rows"].sum())


def _best_styles(parts: pl.DataFrame) -> list[NumberFormat]:
    """Return the styles that read the most rows, the simplest first."""
    rows = [_rows_read(parts, style) for style in _CANDIDATES]
    return [style for style, count in zip(_CANDIDATES, rows, strict=True) if count == max(rows) > 0]


def _choose(parts: pl.DataFrame, best: list[NumberFormat], surroundings: Surroundings) -> NumberFormat:
    """Return the style meant, where a mark may stand before a fraction or between thousands."""
    mark = best[0].decimal
    ambiguous = best[0].thousands == "" and any(style.thousands == mark for style in best)
    marked = parts.filter(pl.col("digits").str.contains(re.escape(mark)))
    if len(best) == 1 or not ambiguous or marked.is_empty():
        return best[0]
    grouped = NumberFormat("," if mark == "." else ".", mark)
    if surroundings.decimal is not None:
        return best[0] if surroundings.decimal == mark else grouped
    others = parts.filter(~pl.col("digits").str.contains(re.escape(mark)))
    below = len(others) > 0 and bool(others["digits"].str.contains(r"^\d{1,3}$").all())
    if below and len(marked) >= _ENOUGH_GROUPED:
        return grouped
    return grouped if mark == "," and (below or surroundings.separator != ";") else best[0]


def read_numbers_of_text(words: pl.Series, style: NumberFormat | None) -> pl.Series:
    """Return words as numbers; null where missing or not in the format.

    Bounds such as <0.4 stand for their value, and a number in parentheses is negative.
    """
    plain = words.cast(pl.Float64, strict=False)
    if style is None:
        rest = words.filter(plain.is_null() & words.is_not_null()).unique()
        return plain if rest.is_empty() else plain.fill_null(_read_different(words, rest, NumberFormat()))
    return _read_different(words, words.drop_nulls().unique(), style)


def _read_different(words: pl.Series, different: pl.Series, style: NumberFormat) -> pl.Series:
    parts = _with_affixes(divide(different), style).filter(pl.col("digits").str.contains(_spelling(style)))
    digits = parts["digits"].str.replace_all(re.escape(style.thousands), "") if style.thousands else parts["digits"]
    exponent = parts["exponent"].fill_null("").str.replace("[dD]", "e")
    values = (digits.str.replace(re.escape(style.decimal), ".") + exponent).cast(pl.Float64, strict=False)
    minus = (parts["sign"] == "-").fill_null(False) | (parts["inner"] == "-").fill_null(False)
    minus |= parts["trailing"].is_not_null() | parts["open"].is_not_null()
    infinite = different.filter(_plain_marks(different).str.to_lowercase().str.contains(_INFINITE))
    table = dict(zip(parts["word"].to_list(), values.zip_with(~minus, -values).to_list(), strict=True))
    table |= {word: float("-inf") if word.startswith("-") else float("inf") for word in infinite}
    return words.replace_strict(table, default=None, return_dtype=pl.Float64)


def bounds(words: pl.Series) -> pl.Series:
    """Return the words that are bounds, such as <0.4."""
    return words.filter(words.str.contains("^[<>≤≥]").fill_null(False))
