"""The page of a descent check: J with and without its penalty by iteration, and the first iteration that raised it."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup
from plotly.offline import get_plotlyjs

from goodfit.errors import InputError
from goodfit.reports.drawing import Figure, end_labels, layout, line, log_axis
from goodfit.reports.page import asset, environment

_EDGE = 0.1  # of the range: room for the names of lines that end low
_WIDE = 20.0  # the largest over the smallest value from which an axis is logarithmic


def write_descent(path: Path, descent: dict[str, Any], data: str, plan: dict[str, Any]) -> Path:
    """Write the page of a descent and return its path.

    Args:
        path: the HTML file.
        descent: as `goodfit check --descent --json` prints it.
        data: the data's name.
        plan: its settings.

    Raises:
        InputError: the file cannot be written.
    """
    page = render(descent, data, plan)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {path} ({error.strerror}); give another file with --out") from None
    return path


def render(descent: dict[str, Any], data: str, plan: dict[str, Any]) -> str:
    """The page as text."""
    return (
        environment()
        .get_template("descent.html")
        .render(
            descent=descent,
            data=data,
            plan=plan,
            penalized=_penalized(descent),
            figures={"descent": {"all": [descent_figure(descent)]}},
            style=asset("report.css"),
            script=asset("report.js"),
            plotly=Markup(get_plotlyjs()),
        )
    )


def descent_figure(descent: dict[str, Any]) -> Figure:
    """J and the cost without penalty against iterations; the first rise is ringed and ruled."""
    objective, cost, rise = _finite(descent["objective"]), _finite(descent["cost"]), descent["first_rise"]
    iterations = list(range(len(objective)))
    lines = {"dev": ("J", objective, "J %{y:.6~g}")}
    if _penalized(descent):
        lines["train"] = ("without<br>penalty", cost, "without penalty %{y:.6~g}")
    points = [value for _, values, _ in lines.values() for value in values if value is not None]
    positive = min(points, default=0.0) > 0
    logarithmic = positive and max(points) > _WIDE * min(points)
    low, high = min(points, default=0.0), max(points, default=1.0)
    edge = _EDGE * (high - low) or 1.0
    yaxis = log_axis(points) if logarithmic else {"range": [low - edge, high + edge]}
    # Drawn with more digits than `line` keeps.
    traces = [
        line(iterations, [], color, hover) | {"y": [_exact(value) for value in values]}
        for color, (_, values, hover) in lines.items()
    ]
    figure_layout = layout({"title": "iteration", "zeroline": False}, yaxis | {"zeroline": False}, height=420, right=76)
    ends = {color: (name, *end) for color, (name, values, _) in lines.items() if (end := _end(values, logarithmic))}
    annotations = end_labels(ends, *yaxis["range"])
    if rise is not None:
        traces.append(_ring(rise, objective))
        annotations.append(_rise_label(rise, len(objective)))
        figure_layout["shapes"] = [
            {"type": "line", "xref": "x", "yref": "paper", "x0": rise, "x1": rise, "y0": 0, "y1": 1}
            | {"line": {"color": "@no", "width": 1.5, "dash": "dot"}}
        ]
    return {"data": traces, "layout": figure_layout | {"hovermode": "x unified", "annotations": annotations}}


def _ring(rise: int, objective: Sequence[float | None]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [rise],
        "y": [_exact(objective[rise])],
        "marker": {"symbol": "circle-open", "size": 12, "color": "@no", "line": {"width": 2.5}},
        "hovertemplate": f"J rose in iteration {rise}<extra></extra>",
    }


def _rise_label(rise: int, length: int) -> dict[str, Any]:
    """The iteration's number beside its rule, on the side that has room."""
    margin = rise > length / 2
    return {
        "x": rise,
        "y": 1,
        "yref": "paper",
        "text": f"J rises in iteration {rise}",
        "showarrow": False,
        "xanchor": "right" if margin else "left",
        "xshift": -6 if margin else 6,
        "yanchor": "top",
        "font": {"color": "@no", "size": 13},
    }


def _end(values: Sequence[float | None], logarithmic: bool) -> tuple[float, float] | None:
    """Return the end of a line in the axes' own coordinates."""
    points = [(place, value) for place, value in enumerate(values) if value is not None]
    if not points:
        return None
    place, value = points[-1]
    return float(place), math.log10(value) if logarithmic else value


def _exact(value: float | None) -> float | None:
    """Seven digits: a J that falls slowly is to be seen falling."""
    return None if value is None else float(f"{value:.7g}")


def _finite(values: Sequence[float | None]) -> list[float | None]:
    return [value if value is not None and math.isfinite(value) else None for value in values]


def _penalized(descent: dict[str, Any]) -> bool:
    """True if J differs from the cost."""
    return descent["objective"] != descent["cost"]
