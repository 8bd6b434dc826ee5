"""Curves in a terminal: dots of braille, four rows and two columns of them in each character, with axes in words."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float
from rich.text import Text

from goodfit.wording import numbers

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a braille character, by row and column
_EMPTY = 0x2800  # the braille character without dots; adding bits sets them
_DASH = 3  # dots that are drawn, and then left out, of a dashed line
_TICKS = 9  # columns of the axis at the left
_LABELS = 6  # columns at the right, for the names of the lines


@dataclass(frozen=True)
class Line:
    """One line of a plot.

    Attributes:
        epochs: increasing.
        values: NaN where there is none.
        style: Rich's.
        name: written at its end; none where empty.
        dashed: drawn with gaps.
    """

    epochs: Float[np.ndarray, "points"]
    values: Float[np.ndarray, "points"]
    style: str
    name: str = ""
    dashed: bool = False


@dataclass(frozen=True)
class Mark:
    """Something at an epoch, named under the plot."""

    epoch: int
    label: str
    style: str


@dataclass
class Canvas:
    """Dots in characters; what is drawn later is seen where two lines meet in one."""

    width: int
    height: int
    _cells: dict[tuple[int, int], tuple[int, str]] = field(default_factory=dict)

    def dot(self, column: int, row: int, style: str) -> None:
        """Set one dot; rows count from the top, two columns and four rows a character."""
        if 0 <= column < 2 * self.width and 0 <= row < 4 * self.height:
            place = (row // 4, column // 2)
            bits = self._cells.get(place, (0, ""))[0]
            self._cells[place] = (bits | _DOTS[row % 4][column % 2], style)

    def line(self, points: Iterable[tuple[int, int] | None], style: str, dashed: bool = False) -> None:
        """Dots from point to point, and none to or from a point that is None."""
        before, dots_drawn = None, 0
        for point in points:
            if point is not None:
                for column, row in _between(before or point, point):
                    if not dashed or dots_drawn // _DASH % 2 == 0:
                        self.dot(column, row, style)
                    dots_drawn += 1
            before = point

    def rows(self) -> list[Text]:
        """The characters."""
        rows = []
        for row in range(self.height):
            text = Text()
            for column in range(self.width):
                bits, style = self._cells.get((row, column), (0, ""))
                text.append(chr(_EMPTY + bits) if bits else " ", style)
            rows.append(text)
        return rows


def _between(start: tuple[int, int], end: tuple[int, int]) -> Iterable[tuple[int, int]]:
    """The dots after one up to another; the dot itself where they are the same."""
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    for step in range(1, steps + 1):
        yield tuple(round(a + (b - a) * step / steps) for a, b in zip(start, end, strict=True))  # pyright: ignore
    if not steps:
        yield end


@dataclass(frozen=True)
class Scale:
    """From values to dots; row 0 is the top."""

    low: float
    high: float
    log: bool
    dots: int

    def row(self, value: float) -> int | None:
        """The row of a value; above the top it is drawn at the top; None where it has no place."""
        if not math.isfinite(value) or (self.log and value <= 0):
            return None
        low, high, position = (math.log10(item) if self.log else item for item in (self.low, self.high, value))
        share = min(max((position - low) / (high - low), 0), 1)
        return round((1 - share) * (self.dots - 1))

    def value(self, share: float) -> float:
        """The value at a share of the height, from the bottom."""
        if self.log:
            return 10 ** (math.log10(self.low) * (1 - share) + math.log10(self.high) * share)
        return self.low + (self.high - self.low) * share


def plot(lines: Sequence[Line], marks: Sequence[Mark], width: int, height: int, *, log: bool, unit: str) -> list[Text]:
    """Lines of text: the plot, its axis of epochs, and under that the marks where there are any.

    Args:
        lines: the first are seen where they meet others.
        marks: by epoch.
        width: in characters.
        height: in rows, at least 4.
        log: True to draw values logarithmically.
        unit: after the values; with "%" they are drawn a hundred times as large.
    """
    inner, under = width - _TICKS - _LABELS, 2 if marks else 1
    factor = 100.0 if unit == "%" else 1.0
    canvas = Canvas(inner, height - under)
    last = max((float(line.epochs[-1]) for line in lines if len(line.epochs)), default=0.0)
    last = max(last, 8.0)
    scale = _scale(lines, log, 4 * canvas.height, factor)
    ends: dict[int, tuple[str, str]] = {}
    # In reverse, since a cell has the color of the line that was drawn last.
    for line in map(_thinned, reversed(lines), [2 * inner] * len(lines)):
        points = [
            None if (row := scale.row(factor * value)) is None else (_column(epoch, last, inner), row)
            for epoch, value in zip(line.epochs.tolist(), line.values.tolist(), strict=True)
        ]
        canvas.line(points, line.style, line.dashed)
        if line.name and points and points[-1]:
            _label(ends, points[-1][1] // 4, line, canvas.height)
    texts = []
    for row, text in enumerate(canvas.rows()):
        name, style = ends.get(row, ("", ""))
        texts.append(Text(_tick(row, canvas.height, scale, unit), "dim") + text + Text(f" {name:<5.5}", style))
    texts.append(Text(_epochs(last, inner), "dim"))
    return texts + ([_marked(marks, last, inner)] if marks else [])


def _thinned(line: Line, columns: int) -> Line:
    """No more points than columns have room for: of each column's epochs the lowest and the highest, and the last."""
    if len(line.epochs) <= 4 * columns:
        return line
    places = {len(line.epochs) - 1}
    for bin in np.array_split(np.arange(len(line.epochs)), columns):
        values = line.values[bin]
        there = bin[np.isfinite(values)]
        if len(there):
            places |= {int(there[pick(line.values[there])]) for pick in (np.argmin, np.argmax)}
    order = np.array(sorted(places))
    return replace(line, epochs=line.epochs[order], values=line.values[order])


def _column(epoch: float, last: float, inner: int) -> int:
    return round(epoch / last * (2 * inner - 1))


def _scale(lines: Sequence[Line], log: bool, dots: int, factor: float) -> Scale:
    """All of the lines where logarithmic; else from zero, with the steep first epochs above the picture."""
    values = [factor * line.values for line in lines]
    if not log:
        values = [
            item[line.epochs > 0.06 * line.epochs[-1]] if len(item) >= 12 else item
            for line, item in zip(lines, values, strict=True)
        ]
    every = np.concatenate([np.zeros(0), *values])
    every = every[np.isfinite(every) & ((every > 0) | (not log))]
    if not len(every):
        return Scale(0.1 if log else 0.0, 1.0, log, dots)
    low, high = float(every.min()), float(every.max())
    if log:
        return Scale(low, high if high > low else 10 * low, log, dots)
    return Scale(min(low, 0.0), 1.05 * high if high > 0 else 1.0, log, dots)


def _label(ends: dict[int, tuple[str, str]], row: int, line: Line, height: int) -> None:
    """Write the name of a line where it ends, or as near as there is room."""
    for away in (0, -1, 1, -2, 2):
        if 0 <= row + away < height and row + away not in ends:
            ends[row + away] = (line.name, line.style)
            return


def _tick(row: int, height: int, scale: Scale, unit: str) -> str:
    """The value at some rows: the top, the bottom and every third between."""
    if row not in (0, height - 1) and (row % 3 or height - 1 - row < 2):
        return f"{'│':>{_TICKS}}"
    value = scale.value((height - 1 - row) / max(height - 1, 1))
    text = numbers.number(value, 2)  # a row is no finer than that
    return f"{f'{text} {unit}'.strip() if len(text) < 6 else text:>{_TICKS - 2}} ┤"


def _epochs(last: float, inner: int) -> str:
    """The axis of epochs."""
    end = f"epoch {last:,.0f}"
    return " " * (_TICKS - 1) + "0" + "─" * max(inner - len(end) - 1, 0) + f" {end}"


def _marked(marks: Sequence[Mark], last: float, inner: int) -> Text:
    """The labels under their epochs; one that has no room is left out, but for the newest."""
    text = Text(" " * _TICKS, end="")
    placed: list[tuple[int, Mark]] = []
    edge = inner + _LABELS
    for mark in reversed(marks):
        column = min(max(_column(mark.epoch, last, inner) // 2, 0), inner + _LABELS - len(mark.label))
        if column + len(mark.label) < edge or (not placed and column + len(mark.label) <= edge):
            placed.insert(0, (column, mark))
            edge = column
    for column, mark in placed:
        text.append(" " * (column + _TICKS - text.cell_len))
        text.append(mark.label, mark.style)
    return text
