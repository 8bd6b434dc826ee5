"""The figures of trainings: curves by epoch, error by number of examples, and the evidence of findings."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

from goodfit.record.findings import PlotData
from goodfit.record.learning_curve import LearningCurve
from goodfit.record.nudge import Nudge
from goodfit.record.values import Estimate
from goodfit.reports import plotly_types as plotly
from goodfit.reports.curves import Curve
from goodfit.reports.drawing import (
    LineEnd,
    Values,
    axis_title,
    band,
    end_labels,
    escaped,
    hundredfold,
    line,
    log_axis,
    log_ticks,
    margin,
    rounded,
    whiskers,
)
from goodfit.wording import numbers

_NAMES = {"train": "training", "dev": "dev"}
_LABEL = 0.18  # of the axis: room for a number on a phone
_SETTLING = 0.1  # share of the epochs whose errors need not fit into the picture: there, all networks guess

Bands = Mapping[str, Sequence[Values]]


def curve_figures(curve: Curve, nudges: Sequence[Nudge] = ()) -> tuple[plotly.Figure, plotly.Figure]:
    """Return train and dev cost (logarithmic) and train and dev error against epochs, with the spread over seeds.

    Args:
        curve: of one experiment.
        nudges: marked at their epochs.
    """
    cost, top_cost = _cost_panel(curve)
    error, top_error = _error_panel(curve)
    return (_marked(cost, nudges, top_cost), _marked(error, nudges, top_error)) if nudges else (cost, error)


def _marked(panel: plotly.Figure, nudges: Sequence[Nudge], top: float) -> plotly.Figure:
    """Add a dotted line and a triangle at the panel's top for each epoch with nudges, which are its hover words."""
    by_epoch: dict[int, list[str]] = {}
    for nudge in nudges:
        change = f"{nudge.setting} {numbers.setting(nudge.old)} → {numbers.setting(nudge.new)}"
        by_epoch.setdefault(max(nudge.epoch, 1), []).append(escaped(change))  # the axis begins at 1
    triangles = plotly.Scatter(
        mode="markers",
        x=tuple(by_epoch),
        y=rounded([top] * len(by_epoch)),
        text=tuple("<br>".join(changes) for changes in by_epoch.values()),
        hovertemplate="%{text}<extra></extra>",
        marker=plotly.Marker(symbol="triangle-down", size=11, color="@ink"),
        cliponaxis=False,
    )
    stroke = plotly.Stroke(color="@muted", width=1, dash="dot")
    rules = tuple(plotly.Rule(x0=epoch, x1=epoch, line=stroke) for epoch in by_epoch)
    return plotly.Figure(data=(*panel.data, triangles), layout=replace(panel.layout, shapes=rules))


def _cost_panel(curve: Curve) -> tuple[plotly.Figure, float]:
    """Return the panel of costs, and its highest value."""
    bands = {name: [_positive(part) for part in curve.bands[f"{name}_cost"]] for name in _NAMES}
    data = _lines(curve, bands, "%{y:.3~g}")
    lowest = curve.best_epoch and bands["dev"][0][curve.epochs.index(curve.best_epoch)]
    if lowest and curve.best_epoch:
        data.append(
            plotly.Scatter(
                mode="markers",
                x=(curve.best_epoch,),
                y=rounded([lowest]),
                marker=plotly.Marker(symbol="circle-open", size=11, color="@dev", line=plotly.Stroke(width=2)),
                hovertemplate=f"lowest dev cost, epoch {numbers.number(curve.best_epoch)}<extra></extra>",
            )
        )
    ticks = log_ticks(list(chain(*bands["train"], *bands["dev"])))
    ends = {color: end._replace(y=math.log10(end.y)) for color, end in _ends(curve, bands).items()}
    labels = end_labels(ends, ticks.low, ticks.high)
    return _panel(curve, data, log_axis(ticks), labels), 10**ticks.high


def _error_panel(curve: Curve) -> tuple[plotly.Figure, float]:
    """Return the panel of errors, and its highest value."""
    bands = {name: [hundredfold(part) for part in curve.bands[f"{name}_error"]] for name in _NAMES}
    settled = [epoch > _SETTLING * curve.epochs[-1] for epoch in curve.epochs]
    values = [
        value
        for name in _NAMES
        for value, late in zip(bands[name][2], settled, strict=True)
        if late and value is not None
    ]
    top = 1.1 * max(values, default=100.0) or 1.0
    high = float(f"{top:.4g}")
    yaxis = plotly.Axis(ticksuffix=" %", rangemode="tozero", range=(0, high))
    labels = end_labels(_ends(curve, bands), 0, top)
    return _panel(curve, _lines(curve, bands, "%{y:.3~g} %"), yaxis, labels), high


def _panel(
    curve: Curve, data: Sequence[plotly.Scatter], yaxis: plotly.Axis, labels: tuple[plotly.Annotation, ...]
) -> plotly.Figure:
    last = curve.epochs[-1]
    xaxis = plotly.Axis(title=axis_title("epoch"), zeroline=False, range=(1, last) if last > 1 else (0, 2))
    layout = plotly.Layout(
        xaxis=xaxis, yaxis=yaxis, height=300, margin=margin(64), hovermode="x unified", annotations=labels
    )
    return plotly.Figure(data=tuple(data), layout=layout)


def _lines(curve: Curve, bands: Bands, number: str) -> list[plotly.Scatter]:
    data = []
    for name, label in _NAMES.items():
        mean, low, high = bands[name]
        if curve.models > 1:
            data.append(band(curve.epochs, low, high, name))
        data.append(line(curve.epochs, mean, name, f"{label} {number}"))
    return data


def _ends(curve: Curve, bands: Bands) -> dict[str, LineEnd]:
    """Return the end of each line, by its color."""
    ends = {}
    for name, label in _NAMES.items():
        points = [
            (epoch, value) for epoch, value in zip(curve.epochs, bands[name][0], strict=True) if value is not None
        ]
        if points:
            ends[name] = LineEnd(label, *points[-1])
    return ends


def _positive(values: Values) -> list[float | None]:
    """Leave out what a logarithmic axis cannot show."""
    return [value if value is not None and value > 0 else None for value in values]


def data_size_figure(curve: LearningCurve) -> plotly.Figure:
    """Return error against the number of training examples (logarithmic), and what twice as many should give."""
    sizes, dev, doubled = list(curve.sizes), [100 * error for error in curve.dev_error], curve.doubled
    low, high = ([100 * end for end in ends] for ends in (curve.low, curve.high))
    measured = line(sizes, dev, "dev", "dev %{y:.3~g} %", "lines+markers")
    measured = replace(measured, error_y=whiskers(dev, low, high, "dev"))
    start = plotly.Annotation(
        x=math.log10(sizes[0]),
        y=dev[0],
        text="dev",
        xanchor="left",
        yanchor="bottom",
        xshift=8,
        yshift=2,
        font=plotly.Font(color="@dev", size=13),
    )
    ticks = [*sizes, 2 * sizes[-1]]
    expected = LineEnd(f"expected<br>{numbers.percent(doubled.value)}", math.log10(ticks[-1]), 100 * doubled.value)
    values = _sparse_sizes(ticks)
    edge = 0.04 * math.log10(ticks[-1] / ticks[0])
    xaxis = plotly.Axis(
        type="log",
        title=axis_title("training examples, logarithmic"),
        tickvals=tuple(values),
        tickangle=0,
        range=(math.log10(ticks[0]) - edge, math.log10(ticks[-1]) + edge),
        ticktext=tuple(map(numbers.number, values)),
    )
    layout = plotly.Layout(
        xaxis=xaxis,
        yaxis=plotly.Axis(ticksuffix=" %", rangemode="tozero"),
        height=360,
        margin=margin(76),
        annotations=(start, *end_labels({"dev": expected}, 0, math.inf)),
    )
    return plotly.Figure(data=(measured, _expected(ticks[-2:], dev[-1], doubled)), layout=layout)


def _sparse_sizes(sizes: list[int]) -> list[int]:
    """Return sizes whose names do not run into each other on a logarithmic axis, the largest kept first."""
    least = _LABEL * math.log(sizes[-1] / sizes[0])
    values = [sizes[-1]]
    for size in reversed(sizes[:-1]):
        if math.log(values[0] / size) >= least:
            values.insert(0, size)
    return values


def _expected(sizes: list[int], last: float, doubled: Estimate) -> plotly.Scatter:
    """Return the dotted way from the last measured size to twice of it."""
    value, low, high = (100 * value for value in (doubled.value, doubled.low, doubled.high))
    way = line(sizes, [last, value], "dev", "%{x:,} examples: %{y:.3~g} % expected", "lines+markers")
    return replace(
        way,
        line=way.line and replace(way.line, dash="dot"),
        marker=plotly.Marker(
            symbol=("circle", "diamond-open"), size=(1, 12), color="@dev", line=plotly.Stroke(width=2)
        ),
        error_y=whiskers([last, value], [last, low], [last, high], "dev"),
    )


def finding_figure(plot: PlotData) -> plotly.Figure:
    """Return the evidence of a finding: its lines, the first and last named at their ends, all of them on hovering."""
    x, lines = plot.x, list(plot.lines.items())
    colors = [*["train"][: len(lines) - 1], *["muted"] * (len(lines) - 2), "dev"]
    values = {name: _positive(y) if plot.log else list(y) for name, y in lines}
    data = tuple(
        line(x, values[name], color, f"{escaped(name)} %{{y:.3~g}}")
        for (name, _), color in zip(lines, colors, strict=True)
    )
    ends = {}
    for (name, _), color in zip(lines, colors, strict=True):
        points = [(place, y) for place, y in zip(x, values[name], strict=True) if place is not None and y is not None]
        if points and color != "muted":
            place, y = points[-1]
            ends[color] = LineEnd(escaped(name), place, math.log10(y) if plot.log else y)
    finite = [value for y in values.values() for value in y if value is not None]
    if plot.log:
        ticks = log_ticks(finite)
        yaxis, low, high = log_axis(ticks, plot.y_name), ticks.low, ticks.high
    else:
        yaxis = plotly.Axis(zeroline=False, rangemode="tozero", title=axis_title(plot.y_name))
        low, high = min(finite, default=0.0), max(finite, default=1.0)
    layout = plotly.Layout(
        xaxis=plotly.Axis(title=axis_title(plot.x_name), zeroline=False),
        yaxis=yaxis,
        height=300,
        margin=margin(110),
        annotations=end_labels(ends, low, high),
    )
    return plotly.Figure(data=data, layout=layout)
