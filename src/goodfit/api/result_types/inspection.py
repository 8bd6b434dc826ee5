"""Data before any training: the reading of each column, and notes."""

import html
from dataclasses import dataclass

from goodfit.data.notes import Note
from goodfit.record.plain import PlainData
from goodfit.wording.text import count, shape_words


@dataclass(frozen=True, kw_only=True)
class ColumnReading(PlainData):
    """One column, as a network would get it.

    Attributes:
        name: of the column.
        reading: kind of its values with their format, `target`, or the reason why it is left out.
        missing: rows without a value that can be learned from; None of a column that is left out.
        values: range of numbers and dates, or number and names of the levels.
    """

    name: str
    reading: str
    missing: int | None
    values: str

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """Its row in a table for people."""
        return self.name, self.reading, "" if self.missing is None else f"{self.missing:,}", self.values


@dataclass(frozen=True, kw_only=True, repr=False)
class Inspection(PlainData):
    """The reading of a table or of images.

    Attributes:
        name: of the data.
        rows: number of rows, those without a target excepted.
        columns: the target first, then those that are learned from, then those that are left out.
        notes: on what was guessed, changed, left out or lost.
        sizes: numbers of rows of the training, dev and test sets; empty without a target.
        task: `binary`, `classes` or `regression`; None without a target.
        target: name of the target column; None if none was named.
        image: height, width and channels of images; None for a table.
    """

    name: str
    rows: int
    columns: tuple[ColumnReading, ...]
    notes: tuple[Note, ...]
    sizes: dict[str, int]
    task: str | None = None
    target: str | None = None
    image: tuple[int, int, int] | None = None

    @property
    def headline(self) -> str:
        """Numbers of rows and columns, or of images with their shape, and, with a target, rows of each set."""
        if self.image is None:
            used = sum(column.missing is not None and column.name != self.target for column in self.columns)
            text = f"{self.name}: {count(self.rows, 'row')}, {count(used, 'column')} to learn from"
        else:
            text = f"{self.name}: {shape_words((self.rows, *self.image))}"
        return f"{text}; {', '.join(f'{name} {size:,}' for name, size in self.sizes.items())}" if self.sizes else text

    def __repr__(self) -> str:
        """Return the headline on one line."""
        return f"Inspection({self.headline})"

    def _repr_html_(self) -> str:
        """Return the table of columns and the notes, for notebooks."""
        head = "".join(f"<th>{title}</th>" for title in TITLES)
        rows = "".join(
            f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in column.cells)}</tr>" for column in self.columns
        )
        notes = "".join(f"<li>{html.escape(note.text)}</li>" for note in self.notes)
        headline = html.escape(self.headline)
        return f"<p>{headline}</p><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table><ul>{notes}</ul>"


TITLES = ("column", "read as", "missing", "values")
