"""The parts of all figures: axes, lines, bands, whiskers and labels.

A color is the name of a style-sheet variable after an @; the page's script fills it in. So one figure serves the
light, the dark and the printed page, and colors are written down in one place only.
"""

import html
import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from goodfit.reports import plotly_types as plotly
from goodfit.wording import numbers

Values = Sequence[float | None]

_LONGEST_NAME = 20
_MOST_TICKS = 7
_CLOSE = 0.08  # of the axis: labels nearer than this are pushed apart


class LogTicks(NamedTuple):
    """The range of a logarithmic axis, in powers of ten, and a few round ticks on it."""

    low: float
    high: float
    ticks: tuple[float, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The ticks as people read them."""
        return tuple(map(numbers.number, self.ticks))


class LineEnd(NamedTuple):
    """The name of a line and the place of its end, in the axes' own coordinates."""

    name: str
    x: float
    y: float


def axis_title(text: str) -> plotly.Title | None:
    """Return the title of an axis; None for no words."""
    return plotly.Title(text=text, font=plotly.Font(size=12, color="@muted"), standoff=8) if text else None


def margin(right: int) -> plotly.Margin:
    """Return margins with room for labels at the ends of lines."""
    return plotly.Margin(r=right)


def log_ticks(values: Values) -> LogTicks:
    """Return range and ticks of a logarithmic axis over these values."""
    finite_values = [value for value in values if value is not None and value > 0]
    low, high = math.log10(min(finite_values, default=0.1)), math.log10(max(finite_values, default=1.0))
    low, high = low - 0.06 * (high - low) - 0.02, high + 0.04 * (high - low) + 0.02
    powers = range(math.floor(low), math.ceil(high) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        ticks = [step * 10.0**power for power in powers for step in steps if low <= math.log10(step) + power <= high]
        if len(ticks) <= _MOST_TICKS:
            break
    if not ticks:  # a range too narrow for round numbers
        ticks = [float(f"{10 ** (low + share * (high - low)):.2g}") for share in (0.25, 0.75)]
    return LogTicks(low, high, tuple(ticks[:: -(-len(ticks) // _MOST_TICKS)]))


def log_axis(ticks: LogTicks, title: str = "") -> plotly.Axis:
    """Return a logarithmic axis."""
    return plotly.Axis(
        type="log",
        range=(ticks.low, ticks.high),
        tickvals=ticks.ticks,
        ticktext=ticks.names,
        title=axis_title(title),
    )


def line(
    x: Values, y: Values, color: str, hover: str, mode: Literal["lines", "lines+markers"] = "lines"
) -> plotly.Scatter:
    """Return a line; training is dashed with squares, so that color is not needed to tell."""
    train = color == "train"
    return plotly.Scatter(
        mode=mode,
        x=rounded(x),
        y=rounded(y),
        line=plotly.Stroke(color=f"@{color}", width=2.5, dash="dash" if train else "solid"),
        marker=plotly.Marker(color=f"@{color}", size=8, symbol="square" if train else "circle"),
        hovertemplate=f"{hover}<extra></extra>",
    )


def band(x: Sequence[float], low: Values, high: Values, color: str) -> plotly.Scatter:
    """Return the area between two lines."""
    ends = [(a, b, c) for a, b, c in zip(x, low, high, strict=True) if b is not None and c is not None]
    return plotly.Scatter(
        mode="lines",
        x=(*(a for a, _, _ in ends), *(a for a, _, _ in reversed(ends))),
        y=rounded([*(c for _, _, c in ends), *(b for _, b, _ in reversed(ends))]),
        fill="toself",
        fillcolor=f"@{color}-fill",
        line=plotly.Stroke(width=0),
        hoverinfo="skip",
    )


def whiskers(y: Sequence[float], low: Sequence[float], high: Sequence[float], color: str) -> plotly.ErrorBars:
    """Return intervals that need not lie evenly around the values."""
    return plotly.ErrorBars(
        symmetric=False,
        array=rounded([max(b - a, 0.0) for a, b in zip(y, high, strict=True)]),
        arrayminus=rounded([max(a - b, 0.0) for a, b in zip(y, low, strict=True)]),
        color=f"@{color}",
    )


def end_labels(ends: Mapping[str, LineEnd], low: float, high: float) -> tuple[plotly.Annotation, ...]:
    """Return the names of lines beside their ends, pushed apart where they meet.

    Args:
        ends: by color.
        low: where the y axis begins.
        high: where it ends.
    """
    order = sorted(ends.items(), key=lambda item: item[1].y)
    labels = []
    for i, (color, end) in enumerate(order):
        neighbor = order[1 - i][1].y if len(order) == 2 else math.inf
        close = abs(end.y - neighbor) < _CLOSE * (high - low)
        labels.append(
            plotly.Annotation(
                x=float(f"{end.x:.6g}"),
                y=float(f"{min(end.y, high):.4g}"),
                text=end.name,
                xanchor="left",
                align="left",
                xshift=9,
                yshift=(-8 if i == 0 else 8) if close else 0,
                font=plotly.Font(color=f"@{color}", size=13),
            )
        )
    return tuple(labels)


def tick_names(classes: Sequence[str]) -> tuple[str, ...]:
    """Short, distinct, harmless names: Plotly reads tags in text, and takes equal names for one class.

    >>> tick_names(["a<b", "a very long name of a class, 1", "a very long name of a class, 2"])
    ('a&lt;b', 'a very long name of… (2)', 'a very long name of… (3)')
    """
    short = [name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…" for name in classes]
    return tuple(escaped(name if short.count(name) == 1 else f"{name} ({i + 1})") for i, name in enumerate(short))


def escaped(text: str) -> str:
    """Text that Plotly shows as it is."""
    return html.escape(text, quote=False)


def hundredfold(values: Values) -> list[float | None]:
    """Shares as percentages."""
    return [None if value is None else 100 * value for value in values]


def rounded(values: Values) -> tuple[float | None, ...]:
    """Return numbers with four significant digits, enough for any screen; whole ones as they are."""
    return tuple(value if value is None or isinstance(value, int) else float(f"{value:.4g}") for value in values)
