"""The page of a descent check: J with and without its penalty by iteration, and the first iteration that raised it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from markupsafe import Markup
from plotly.offline import get_plotlyjs

from goodfit.errors import InputError
from goodfit.plan import Plan
from goodfit.record.plain import plain_value
from goodfit.reports import plotly_types as plotly
from goodfit.reports.drawing import LineEnd, axis_title, end_labels, line, log_axis, log_ticks, margin
from goodfit.reports.page import asset, environment

_EDGE = 0.1  # of the range: room for the names of lines that end low
_WIDE = 20.0  # the largest over the smallest value from which an axis is logarithmic


def write_descent(path: Path, descent: Mapping[str, Any], data: str, plan: Plan) -> Path:
    """Write the page of a descent and return its path.

    Args:
        path: the HTML file.
        descent: as `goodfit check --descent --json` prints it.
        data: the data's name.
        plan: its settings.

    Raises:
        InputError: the file cannot be written.
    """
    figure = descent_figure(descent["objective"], descent["cost"], descent["first_rise"])
    page = (
        environment()
        .get_template("descent.html")
        .render(
            descent=descent,
            data=data,
            plan=plan,
            penalized=descent["objective"] != descent["cost"],
            figures=plain_value({"descent": {"all": [figure]}}),
            style=asset("report.css"),
            script=asset("report.js"),
            plotly=Markup(get_plotlyjs()),
        )
    )
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {path} ({error.strerror}); give another file with --out") from None
    return path


def descent_figure(
    objective: Sequence[float | None], cost: Sequence[float | None], first_rise: int | None
) -> plotly.Figure:
    """Return J and the cost without penalty against iterations; the first rise is ringed and ruled.

    Args:
        objective: J before the first iteration and after each.
        cost: the same without penalty; equal to J if there is none.
        first_rise: the first iteration that raised J; None if none did.
    """
    lines = {"dev": ("J", _finite(objective), "J %{y:.6~g}")}
    if objective != cost:
        lines["train"] = ("without<br>penalty", _finite(cost), "without penalty %{y:.6~g}")
    points = [value for _, values, _ in lines.values() for value in values if value is not None]
    low, high = min(points, default=0.0), max(points, default=1.0)
    logarithmic = min(points, default=0.0) > 0 and high > _WIDE * low
    if logarithmic:
        ticks = log_ticks(points)
        yaxis, low, high = replace(log_axis(ticks), zeroline=False), ticks.low, ticks.high
    else:
        edge = _EDGE * (high - low) or 1.0
        low, high = low - edge, high + edge
        yaxis = plotly.Axis(range=(low, high), zeroline=False)
    traces = [
        # Drawn with more digits than `line` keeps.
        replace(line(range(len(values)), [], color, hover), y=tuple(map(_exact, values)))
        for color, (_, values, hover) in lines.items()
    ]
    ends = {color: end for color, (name, values, _) in lines.items() if (end := _end(name, values, logarithmic))}
    labels, rules = end_labels(ends, low, high), None
    if first_rise is not None:
        traces.append(_ring(first_rise, lines["dev"][1][first_rise]))
        labels = (*labels, _rise_label(first_rise, len(objective)))
        stroke = plotly.Stroke(color="@no", width=1.5, dash="dot")
        rules = (plotly.Rule(x0=first_rise, x1=first_rise, line=stroke),)
    layout = plotly.Layout(
        xaxis=plotly.Axis(title=axis_title("iteration"), zeroline=False),
        yaxis=yaxis,
        height=420,
        margin=margin(76),
        hovermode="x unified",
        annotations=labels,
        shapes=rules,
    )
    return plotly.Figure(data=tuple(traces), layout=layout)


def _ring(rise: int, objective: float | None) -> plotly.Scatter:
    return plotly.Scatter(
        mode="markers",
        x=(rise,),
        y=(_exact(objective),),
        marker=plotly.Marker(symbol="circle-open", size=12, color="@no", line=plotly.Stroke(width=2.5)),
        hovertemplate=f"J rose in iteration {rise}<extra></extra>",
    )


def _rise_label(rise: int, length: int) -> plotly.Annotation:
    """Return the iteration's number beside its rule, on the side that has room."""
    is_late = rise > length / 2
    return plotly.Annotation(
        x=rise,
        y=1,
        yref="paper",
        text=f"J rises in iteration {rise}",
        xanchor="right" if is_late else "left",
        xshift=-6 if is_late else 6,
        yanchor="top",
        font=plotly.Font(color="@no", size=13),
    )


def _end(name: str, values: Sequence[float | None], logarithmic: bool) -> LineEnd | None:
    """Return the end of a line in the axes' own coordinates."""
    points = [(place, value) for place, value in enumerate(values) if value is not None]
    if not points:
        return None
    place, value = points[-1]
    return LineEnd(name, float(place), math.log10(value) if logarithmic else value)


def _exact(value: float | None) -> float | None:
    """Seven digits: a J that falls slowly is to be seen falling."""
    return None if value is None else float(f"{value:.7g}")


def _finite(values: Sequence[float | None]) -> list[float | None]:
    return [value if value is not None and math.isfinite(value) else None for value in values]
