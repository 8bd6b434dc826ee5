"""The parts of all figures: axes, lines, bands and whiskers as plain Plotly dicts.

A color is the name of a style-sheet variable after an @; the page's script fills it in. So one figure serves the
light, the dark and the printed page, and colors are written down in one place only.
"""

import html
import math
from collections.abc import Sequence
from typing import Any

from goodfit.wording import numbers

Figure = dict[str, Any]
Values = Sequence[float | None]

_LONGEST_NAME = 20
_MOST_TICKS = 7
_CLOSE = 0.08  # of the axis: labels nearer than this are pushed apart


def layout(
    xaxis: dict[str, Any], yaxis: dict[str, Any], *, height: int | None = None, right: int = 12
) -> dict[str, Any]:
    """A plain white-space layout without legend; `right` leaves room for labels at the ends of lines."""
    return {
        "font": {"color": "@ink", "size": 13},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 48, "r": right, "t": 12, "b": 44},
        "showlegend": False,
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": "@panel", "bordercolor": "@line", "font": {"color": "@ink"}},
        "xaxis": axis(**xaxis),
        "yaxis": axis(**yaxis),
        **({"height": height} if height else {}),
    }


def axis(title: str = "", **more: Any) -> dict[str, Any]:
    """An axis in the page's colors that does not trap the mouse."""
    base = {"gridcolor": "@grid", "linecolor": "@line", "zerolinecolor": "@line", "automargin": True}
    # Without zooming, a wheel or a finger over a figure scrolls the page.
    base |= {"fixedrange": True, "tickfont": {"size": 12, "color": "@muted"}}
    if title:
        base["title"] = {"text": title, "font": {"size": 12, "color": "@muted"}, "standoff": 8}
    return base | more


def percent_axis(title: str = "", **more: Any) -> dict[str, Any]:
    """Settings of an axis of percentages."""
    return {"title": title, "ticksuffix": " %", "rangemode": "tozero", **more}


def log_axis(values: Values) -> dict[str, Any]:
    """Settings of a logarithmic axis over these values, with a few round ticks."""
    finite_values = [value for value in values if value is not None and value > 0]
    low, high = math.log10(min(finite_values, default=0.1)), math.log10(max(finite_values, default=1.0))
    low, high = low - 0.06 * (high - low) - 0.02, high + 0.04 * (high - low) + 0.02
    powers = range(math.floor(low), math.ceil(high) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):  # about even on a logarithmic scale, fewer where the range is wide
        ticks = [step * 10.0**power for power in powers for step in steps if low <= math.log10(step) + power <= high]
        if len(ticks) <= _MOST_TICKS:
            break
    if not ticks:  # a range too narrow for round numbers
        ticks = [float(f"{10 ** (low + share * (high - low)):.2g}") for share in (0.25, 0.75)]
    ticks = ticks[:: -(-len(ticks) // _MOST_TICKS)]
    return {
        "type": "log",
        "range": [low, high],
        "tickvals": ticks,
        "ticktext": [numbers.number(tick) for tick in ticks],
    }


def line(x: Values, y: Values, color: str, hover: str) -> Figure:
    """A line; training is dashed with squares, so that color is not needed to tell."""
    train = color == "train"
    return {
        "type": "scatter",
        "mode": "lines",
        "x": rounded(x),
        "y": rounded(y),
        "line": {"color": f"@{color}", "width": 2.5, "dash": "dash" if train else "solid"},
        "marker": {"color": f"@{color}", "size": 8, "symbol": "square" if train else "circle"},
        "hovertemplate": f"{hover}<extra></extra>",
    }


def band(x: Sequence[float], low: Values, high: Values, color: str) -> dict[str, Any]:
    """The area between two lines."""
    finite_values = [(a, b, c) for a, b, c in zip(x, low, high, strict=True) if b is not None and c is not None]
    return {
        "type": "scatter",
        "mode": "lines",
        # Along the upper line and back along the lower one: a closed outline.
        "x": [a for a, _, _ in finite_values] + [a for a, _, _ in reversed(finite_values)],
        "y": rounded([c for _, _, c in finite_values] + [b for _, b, _ in reversed(finite_values)]),
        "fill": "toself",
        "fillcolor": f"@{color}-fill",
        "line": {"width": 0},
        "hoverinfo": "skip",
    }


def whiskers(y: Sequence[float], low: Sequence[float], high: Sequence[float], color: str) -> dict[str, Any]:
    """Intervals that need not lie evenly around the values."""
    return {
        "type": "data",
        "symmetric": False,
        "array": rounded([max(b - a, 0.0) for a, b in zip(y, high, strict=True)]),
        "arrayminus": rounded([max(a - b, 0.0) for a, b in zip(y, low, strict=True)]),
        "color": f"@{color}",
        "thickness": 1.5,
        "width": 4,
    }


def end_labels(ends: dict[str, tuple[str, float, float]], low: float, high: float) -> list[dict[str, Any]]:
    """Names beside the ends of lines, pushed apart where they meet.

    Args:
        ends: by color the name and the end's place, in the axes' own coordinates.
        low: where the y axis begins.
        high: where it ends.
    """
    order = sorted(ends.items(), key=lambda end: end[1][2])
    labels = []
    for i, (color, (name, x, y)) in enumerate(order):
        neighbor = order[1 - i][1][2] if len(order) == 2 else math.inf
        close = abs(y - neighbor) < _CLOSE * (high - low)
        labels.append(
            {
                "x": float(f"{x:.6g}"),
                "y": float(f"{min(y, high):.4g}"),
                "text": name,
                "showarrow": False,
                "xanchor": "left",
                "align": "left",
                "xshift": 9,
                "yshift": (-8 if i == 0 else 8) if close else 0,
                "font": {"color": f"@{color}", "size": 13},
            }
        )
    return labels


def tick_names(classes: Sequence[str]) -> list[str]:
    """Short, distinct, harmless names: Plotly reads tags in text, and takes equal names for one class.

    >>> tick_names(["a<b", "a very long name of a class, 1", "a very long name of a class, 2"])
    ['a&lt;b', 'a very long name of… (2)', 'a very long name of… (3)']
    """
    short = [name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…" for name in classes]
    return [escaped(name if short.count(name) == 1 else f"{name} ({i + 1})") for i, name in enumerate(short)]


def escaped(text: str) -> str:
    """Text that Plotly shows as it is."""
    return html.escape(text, quote=False)


def hundredfold(values: Values) -> list[float | None]:
    """Shares as percentages."""
    return [None if value is None else 100 * value for value in values]


def rounded(values: Values) -> list[float | None]:
    """Four significant digits: enough for any screen, and a smaller page; whole numbers as they are."""
    return [value if value is None or isinstance(value, int) else float(f"{value:.4g}") for value in values]
