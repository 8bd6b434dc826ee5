"""Dialects of text tables: encoding, separator, lines before the table, comments and row names."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

from goodfit.data.notes import Note, guess
from goodfit.errors import InputError

_SEPARATORS = ",;\t|"
_TABS = (".tsv", ".tab")
_SEPARATOR_LINE = re.compile(rb'\A"?sep=(.)"?\n', re.IGNORECASE)  # as Excel writes and reads it
_SAMPLE = 1_000  # rows that decide on the dialect
_LONGEST_PREAMBLE = 50  # lines before the names of the columns
_NUMBER = re.compile(r"\s*[+-]?[\d.,]*\d[\d.,]*(?:[eE][+-]?\d+)?\s*")
_YEAR = re.compile(r"(?:19|20)\d\d")
_BOMS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_BINARY = {
    b"PK": "an Excel workbook or a ZIP archive; save the sheet as CSV, or unpack it",
    b"\x1f\x8b": "data compressed by gzip; unpack it",
    b"PAR1": "Parquet; name it .parquet",
    b"ARROW1": "Arrow; convert it to Parquet",
    b"SQLite": "a database; export its table as CSV",
}
_MARKUP = re.compile(rb'\s*(?:\{"|\[\s*\{|<(?:!doctype|html|table|\?xml))', re.IGNORECASE)
_ODD_ZEROS = 0.4  # of the bytes at odd or even places, from which text is UTF-16 without a mark
_QUOTED = 0.5  # of the lines below the first that have a value between apostrophes, where these quote
_SHOWN = 40  # characters of a line in a note


@dataclass(frozen=True)
class Text:
    """A text file, ready to be divided: UTF-8, one newline after each line, the names of the columns first.

    Attributes:
        content: the text, without blank lines at its ends.
        skipped: number of lines cut from its beginning.
        separator: between the values of a row.
        spaces: True if blanks between a separator and a quote do not count.
        names: of the columns; empty where a column has none.
        notes: on what was guessed.
    """

    content: bytes
    skipped: int
    separator: str = ","
    spaces: bool = False
    names: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    def rows(self) -> Any:
        """Return a reader of the csv module, which counts the lines too."""
        lines = io.TextIOWrapper(io.BytesIO(self.content), "utf-8", newline="")
        return csv.reader(lines, delimiter=self.separator, skipinitialspace=self.spaces)


class _Layout(NamedTuple):
    """Rows as a dialect divides them: the one with the names, and if all later ones have as many values.

    Attributes:
        start: position of the row with the names among those of the file.
        width: number of values of the rows after it.
        numbers: share of their values that are numbers.
        fits: True if each of them has `width` values, of at least two columns.
        named: True if all columns have a name; R writes none for the names of the rows.
    """

    start: int
    width: int
    numbers: float
    fits: bool
    named: bool


def read_dialect(content: bytes, path: Path) -> Text:
    """Find out how a text file is written.

    Raises:
        InputError: binary data, or text in an encoding that cannot be told.
    """
    content, notes = _as_utf8(content, path)
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    requoted = _without_apostrophes(content)
    if requoted is not None:
        content = requoted
        notes = (*notes, guess(f"The values in {path} are quoted with apostrophes, which are taken off."))
    lines = content.lstrip(b"\n")
    text = Text(lines.rstrip(b"\n") + b"\n", len(content) - len(lines), notes=notes)
    named = _SEPARATOR_LINE.match(text.content)
    if named:
        text = _cut(text, 1)
    tabs = path.suffix.lower() in _TABS and b"\t" in text.content
    candidates = named[1].decode() if named else "\t" if tabs else _SEPARATORS
    return _with_names(*_divide(text, candidates), path)


def _as_utf8(content: bytes, path: Path) -> tuple[bytes, tuple[Note, ...]]:
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return _decode(content, encoding, path), ()
    content = content.removeprefix(codecs.BOM_UTF8)
    if _MARKUP.match(content):
        raise InputError(f"{path} holds JSON, HTML or XML, not rows of values; convert it to CSV or Parquet")
    if b"\0" in content:
        encoding = None if content.startswith(tuple(_BINARY)) else _unmarked_utf16(content)
        if encoding is None:
            raise InputError(f"{path} is not a table: it holds {_binary_kind(content)}")
        return _decode(content, encoding, path), (guess(f"{path} is text in UTF-16 without a mark and is read so."),)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _from_windows(content, error.start, path)
    return content, ()


def _binary_kind(content: bytes) -> str:
    kinds = (kind for start, kind in _BINARY.items() if content.startswith(start))
    return next(kinds, "binary data")


def _without_apostrophes(content: bytes) -> bytes | None:
    """Return text whose values are quoted with apostrophes with double quotes in their place; None for other text."""
    if b'"' in content or b"'" not in content:
        return None
    sample = [line for line in content.split(b"\n", _SAMPLE)[:_SAMPLE] if line][1:]
    for separator in _SEPARATORS:
        mark = re.escape(separator.encode())
        quoted = re.compile(rb"(?:^|" + mark + rb" ?)'[^']*'(?=$|" + mark + rb")")
        if not sample or sum(quoted.search(line) is not None for line in sample) < _QUOTED * len(sample):
            continue
        lines = io.StringIO(content.decode(), newline="")
        requoted = io.StringIO()
        try:
            rows = list(csv.reader(lines, delimiter=separator, quotechar="'", skipinitialspace=True, strict=True))
        except csv.Error:  # an apostrophe inside a value
            continue
        csv.writer(requoted, delimiter=separator, lineterminator="\n").writerows(rows)
        return requoted.getvalue().encode()
    return None


def _decode(content: bytes, encoding: str, path: Path) -> bytes:
    try:
        return content.decode(encoding).encode()
    except UnicodeError:
        raise InputError(f"{path} begins as text in {encoding.upper()} but is damaged; save it as UTF-8") from None


def _unmarked_utf16(content: bytes) -> str | None:
    """Return the order of bytes of text in UTF-16; most text of tables has zeros in one half of its bytes alone."""
    if len(content) % 2:
        return None
    even, odd = (content[place::2].count(0) / (len(content) // 2) for place in (0, 1))
    if odd > _ODD_ZEROS and even == 0:
        return "utf-16-le"
    return "utf-16-be" if even > _ODD_ZEROS and odd == 0 else None


def _from_windows(content: bytes, place: int, path: Path) -> tuple[bytes, tuple[Note, ...]]:
    """Read text as Windows-1252, which older Excel writes; five bytes mean nothing in it."""
    line = content.count(b"\n", 0, place) + 1
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        raise InputError(
            f"{path} is not text in UTF-8: line {line} has the byte 0x{content[place]:02x}; save it as UTF-8"
        ) from None
    word = re.search(r"\w*\W?$", text[:place])[0] + re.match(r".\w*", text[place:])[0]  # type: ignore[index]
    return text.encode(), (
        guess(f"{path} is not text in UTF-8; it is read as Windows-1252, in which line {line} has '{word[-_SHOWN:]}'."),
    )


def _divide(text: Text, separators: str) -> tuple[Text, _Layout]:
    """Return the text with its separator: the one that gives every row as many values as there are names.

    Where several do, it is one that leaves no column without a name, then the one that leaves the most numbers; where
    none does, the most frequent in the names.
    """
    header = re.sub(rb'"[^"]*"', b"", text.content.split(b"\n", 1)[0])
    options = []
    for separator in separators:
        for spaces in (False, True) if re.search(rf'{re.escape(separator)} +"'.encode(), text.content) else (False,):
            option = replace(text, separator=separator, spaces=spaces)
            options.append((option, _layout(list(islice(option.rows(), _SAMPLE)))))
    return max(
        options,
        key=lambda option: (
            option[1].fits,
            option[1].named,
            option[1].numbers if option[1].fits else 0,
            header.count(option[0].separator.encode()),
            option[0].spaces,
        ),
    )


def _layout(rows: Sequence[Sequence[str]]) -> _Layout:
    filled = [(place, row) for place, row in enumerate(rows) if row]
    widths = [len(row) for _, row in filled[1:] if not row[0].startswith("#")] or [len(filled[0][1])]
    width = max(set(widths), key=lambda count: (widths.count(count), count))
    first = _first_of_table([row for _, row in filled], width)
    names, *table = [row for _, row in filled[first:] if not is_comment(row, width)]
    values = [value for row in table for value in row]
    numbers = sum(_NUMBER.fullmatch(value) is not None for value in values) / max(len(values), 1)
    fits = width > 1 and all(len(row) == width for row in table) and len(names) in (width, width - 1)
    return _Layout(filled[first][0], width, numbers, fits, fits and len(names) == width)


def _first_of_table(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return the position of the names among rows without blank ones: 0 unless a later row is the first of a table."""
    for place, (row, following) in enumerate(pairwise(rows[: _LONGEST_PREAMBLE + 1])):
        if row[0].startswith("#") and (len(row) != width or not _are_data(following)):
            continue
        if not all(len(later) == width or is_comment(later, width) for later in rows[place + 1 :]):
            continue
        # R writes no name for the names of the rows; a title of one word above two columns is no such header.
        lacks_one = len(row) == width - 1 and (width > 2 or _are_data(following))
        if (len(row) == width or lacks_one) and (place == 0 or not _are_data(row)):
            return place
    return 0


def _are_data(row: Sequence[str]) -> bool:
    """Return True for a row that holds a number other than a year, as names of columns do not."""
    return any(_NUMBER.fullmatch(value) and not _YEAR.fullmatch(value) for value in row)


def is_comment(row: Sequence[str], width: int) -> bool:
    """Return True for a row that begins with # and has not as many values as the table."""
    return bool(row) and row[0].startswith("#") and len(row) != width


def _with_names(text: Text, layout: _Layout, path: Path) -> Text:
    """Cut what stands before the names, and take them."""
    reader = text.rows()
    lines = 0
    for _ in range(layout.start):
        next(reader)
        lines = reader.line_num
    notes = list(text.notes)
    if lines:
        line = text.content.split(b"\n", 1)[0].decode()[:_SHOWN]
        subject, verb = (f"The first {lines} lines", "are") if lines > 1 else ("The first line", "is")
        notes.append(guess(f"{subject} of {path} ('{line}') {verb} skipped, for the table begins below."))
        text = _cut(text, lines)
    names = next(text.rows())
    names[0] = names[0].removeprefix("#")
    if layout.fits and len(names) == layout.width - 1:
        names = _with_row_names(text, names, notes, path)
    return replace(text, names=tuple(name.strip() for name in names), notes=tuple(notes))


def _with_row_names(text: Text, names: list[str], notes: list[Note], path: Path) -> list[str]:
    """Name one column more than the file does: the last one where it is empty, else the first."""
    if all(not row or not row[-1].strip() for row in islice(text.rows(), 1, _SAMPLE)):
        return [*names, ""]
    notes.append(
        guess(f"{path} names one column less than its rows have, so the first of them is taken for names of the rows.")
    )
    return ["", *names]


def _cut(text: Text, lines: int) -> Text:
    """Return the text without its first lines."""
    content = text.content.split(b"\n", lines)[lines]
    rest = content.lstrip(b"\n")
    return replace(text, content=rest or b"\n", skipped=text.skipped + lines + len(content) - len(rest))


def row_widths(text: Text) -> Iterator[tuple[int, int]]:
    """Yield the line and the number of values of each row, 0 for a blank line or a comment."""
    width, mark = len(text.names), text.separator.encode()
    if b'"' in text.content:
        reader = text.rows()
        line = 1
        for row in reader:
            yield line, 0 if is_comment(row, width) else len(row)
            line = reader.line_num + 1
    else:  # counting separators is much faster, and without quotes it is right
        for line, row in enumerate(io.BytesIO(text.content), 1):
            count = row.count(mark) + 1 if row != b"\n" else 0
            yield line, 0 if row.startswith(b"#") and count != width else count
