"""The figures of a page, as Plotly's own dicts."""

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any

from goodfit.record.findings import PlotData
from goodfit.record.learning_curve import LearningCurveResult
from goodfit.record.nudge import Nudge
from goodfit.record.values import Estimate
from goodfit.reports.curves import Curve
from goodfit.reports.drawing import (
    Figure,
    axis,
    band,
    end_labels,
    escaped,
    hundredfold,
    layout,
    line,
    log_axis,
    percent_axis,
    rounded,
    tick_names,
    whiskers,
)
from goodfit.reports.predictions import BINS, CalibrationBin, Confusion, Residuals
from goodfit.wording import numbers

_NAMES = {"train": "training", "dev": "dev"}
_MOST_COUNTS = 15  # classes up to which each cell of the confusion matrix has room for its count
_LABEL = 0.18  # of the axis: room for a number on a phone
_SETTLING = 0.1  # share of the epochs whose errors need not fit into the picture: there, all networks guess


def curve_figures(curve: Curve, nudges: Sequence[Nudge] = ()) -> tuple[Figure, Figure]:
    """Train and dev cost (logarithmic) and train and dev error against epochs, with the spread over seeds.

    Nudges, as a result has them, are marked at their epochs.
    """
    cost, error = _cost_panel(curve), _error_panel(curve)
    if nudges:
        _mark(cost, nudges, 10 ** cost["layout"]["yaxis"]["range"][1])
        _mark(error, nudges, error["layout"]["yaxis"]["range"][1])
    return cost, error


def _mark(panel: Figure, nudges: Sequence[Nudge], top: float) -> None:
    """A dotted line and a triangle at the panel's top for each epoch with nudges, which are its hover words."""
    by_epoch: dict[int, list[str]] = {}
    for nudge in nudges:
        change = f"{nudge.what} {nudge.old} → {nudge.new}"
        by_epoch.setdefault(max(nudge.epoch, 1), []).append(escaped(change))  # the axis begins at 1
    panel["data"].append(
        {"type": "scatter", "mode": "markers", "x": list(by_epoch), "y": rounded([top] * len(by_epoch))}
        | {"text": ["<br>".join(changes) for changes in by_epoch.values()], "hovertemplate": "%{text}<extra></extra>"}
        | {"marker": {"symbol": "triangle-down", "size": 11, "color": "@ink"}, "cliponaxis": False}
    )
    line = {"color": "@muted", "width": 1, "dash": "dot"}
    panel["layout"]["shapes"] = [
        {"type": "line", "x0": epoch, "x1": epoch, "yref": "paper", "y0": 0, "y1": 1, "line": line}
        for epoch in by_epoch
    ]


def _cost_panel(curve: Curve) -> Figure:
    bands = {name: [_positive(part) for part in curve.bands[f"{name}_cost"]] for name in _NAMES}
    data = _lines(curve, bands, "%{y:.3~g}")
    lowest = curve.best_epoch and bands["dev"][0][curve.epochs.index(curve.best_epoch)]
    if lowest:
        ring = {"symbol": "circle-open", "size": 11, "color": "@dev", "line": {"width": 2}}
        data.append(
            {"type": "scatter", "mode": "markers", "x": [curve.best_epoch], "y": rounded([lowest]), "marker": ring}
            | {"hovertemplate": f"lowest dev cost, epoch {curve.best_epoch:,}<extra></extra>"}
        )
    yaxis = log_axis(list(chain(*bands["train"], *bands["dev"])))
    ends = {name: (label, *end) for name, label in _NAMES.items() if (end := _end(curve, bands[name][0]))}
    # Plotly takes the places of labels on a logarithmic axis as exponents.
    places = {name: (label, x, math.log10(y)) for name, (label, x, y) in ends.items()}
    return _panel(curve, data, yaxis, end_labels(places, *yaxis["range"]))


def _error_panel(curve: Curve) -> Figure:
    bands = {name: [hundredfold(part) for part in curve.bands[f"{name}_error"]] for name in _NAMES}
    settled = [epoch > _SETTLING * curve.epochs[-1] for epoch in curve.epochs]
    values = [
        value
        for name in _NAMES
        for value, late in zip(bands[name][2], settled, strict=True)
        if late and value is not None
    ]
    top = 1.1 * max(values, default=100.0) or 1.0
    ends = {name: (label, *end) for name, label in _NAMES.items() if (end := _end(curve, bands[name][0]))}
    yaxis = percent_axis(range=[0, float(f"{top:.4g}")])
    return _panel(curve, _lines(curve, bands, "%{y:.3~g} %"), yaxis, end_labels(ends, 0, top))


def _panel(curve: Curve, data: list[dict[str, Any]], yaxis: dict[str, Any], labels: list[dict[str, Any]]) -> Figure:
    last = curve.epochs[-1]
    xaxis = {"title": "epoch", "zeroline": False, "range": [1, last] if last > 1 else [0, 2]}
    frame = layout(xaxis, yaxis, height=300, right=64)
    return {"data": data, "layout": frame | {"hovermode": "x unified", "annotations": labels}}


def _lines(curve: Curve, bands: dict[str, list[list[float | None]]], number: str) -> list[dict[str, Any]]:
    data = []
    for name, label in _NAMES.items():
        mean, low, high = bands[name]
        if curve.models > 1:
            data.append(band(curve.epochs, low, high, name))
        data.append(line(curve.epochs, mean, name, f"{label} {number}"))
    return data


def _end(curve: Curve, mean: list[float | None]) -> tuple[float, float] | None:
    """Return the end of a line."""
    points = [(epoch, value) for epoch, value in zip(curve.epochs, mean, strict=True) if value is not None]
    return points[-1] if points else None


def _positive(values: Sequence[float | None]) -> list[float | None]:
    """Without what a logarithmic axis cannot show."""
    return [value if value is not None and value > 0 else None for value in values]


def data_size_figure(curve: LearningCurveResult) -> Figure:
    """Error against the number of training examples (logarithmic), and what twice as many should give."""
    sizes, dev, doubled = list(curve.sizes), [100 * error for error in curve.dev_error], curve.doubled
    data = [line(sizes, dev, "dev", "dev %{y:.3~g} %") | {"mode": "lines+markers"}]
    low, high = ([100 * end for end in ends] for ends in (curve.low, curve.high))
    data[0]["error_y"] = whiskers(dev, low, high, "dev")
    start = {"x": math.log10(sizes[0]), "y": dev[0], "text": "dev", "showarrow": False}
    start |= {"xanchor": "left", "yanchor": "bottom", "xshift": 8, "yshift": 2}
    ticks = [*sizes, 2 * sizes[-1]]
    data.append(_expected(ticks[-2:], dev[-1], doubled))
    expected = (f"expected<br>{numbers.percent(doubled.value)}", math.log10(ticks[-1]), 100 * doubled.value)
    labels = [start | {"font": {"color": "@dev", "size": 13}}, *end_labels({"dev": expected}, 0, math.inf)]
    values = _sparse_sizes(ticks)
    xaxis = {"type": "log", "title": "training examples, logarithmic", "tickvals": values, "tickangle": 0}
    edge = 0.04 * math.log10(ticks[-1] / ticks[0])
    xaxis |= {"range": [math.log10(ticks[0]) - edge, math.log10(ticks[-1]) + edge]}
    xaxis["ticktext"] = [f"{size:,}" for size in values]
    frame = layout(xaxis, percent_axis(), height=360, right=76)
    return {"data": data, "layout": frame | {"annotations": labels}}


def finding_figure(plot: PlotData) -> Figure:
    """The evidence of a finding: its lines, the first and the last named at their ends, all of them on hovering."""
    x, lines = plot.x, list(plot.lines.items())
    # The first and the last line have colors and names, those between them are gray; a single line has the last's.
    colors = [*["train"][: len(lines) - 1], *["muted"] * (len(lines) - 2), "dev"]
    values = {name: _positive(y) if plot.log else y for name, y in lines}
    data = [
        line(x, values[name], color, f"{escaped(name)} %{{y:.3~g}}")
        for (name, _), color in zip(lines, colors, strict=True)
    ]
    every = [value for y in values.values() for value in y if value is not None]
    yaxis = log_axis(every) if plot.log else {"zeroline": False, "rangemode": "tozero"}
    ends = {}
    for (name, _), color in zip(lines, colors, strict=True):
        points = [(place, y) for place, y in zip(x, values[name], strict=True) if place is not None and y is not None]
        if points and color != "muted":
            place, y = points[-1]
            ends[color] = (escaped(name), place, math.log10(y) if plot.log else y)
    low, high = yaxis["range"] if plot.log else (min(every, default=0.0), max(every, default=1.0))
    frame = layout({"title": plot.x_name, "zeroline": False}, yaxis | {"title": plot.y_name}, height=300, right=110)
    return {"data": data, "layout": frame | {"annotations": end_labels(ends, low, high)}}


def _sparse_sizes(sizes: list[int]) -> list[int]:
    """Sizes whose names do not run into each other on a logarithmic axis, the largest kept first."""
    least = _LABEL * math.log(sizes[-1] / sizes[0])
    values = [sizes[-1]]
    for size in reversed(sizes[:-1]):
        if math.log(values[0] / size) >= least:
            values.insert(0, size)
    return values


def _expected(sizes: list[int], last: float, doubled: Estimate) -> dict[str, Any]:
    """The dotted way from the last measured size to twice of it."""
    value, low, high = (100 * value for value in (doubled.value, doubled.low, doubled.high))
    frame: Figure = line(sizes, [last, value], "dev", "%{x:,} examples: %{y:.3~g} % expected") | {
        "mode": "lines+markers"
    }
    frame["line"] = frame["line"] | {"dash": "dot"}
    frame["marker"] = {
        "symbol": ["circle", "diamond-open"],
        "size": [1, 12],
        "color": "@dev",
        "line": {"width": 2},
    }
    frame["error_y"] = whiskers([last, value], [last, low], [last, high], "dev")
    return frame


def confusion_figure(confusion: Confusion) -> Figure:
    """A matrix of true against predicted classes; the colors of mistakes have a scale of their own."""
    names, counts = tick_names(confusion.classes), confusion.counts
    n = len(names)
    # Two layers, one for the diagonal: on one scale, the many right answers would leave all mistakes pale.
    right = [[counts[i][j] if i == j else None for j in range(n)] for i in range(n)]
    wrong = [[counts[i][j] or None if i != j else None for j in range(n)] for i in range(n)]
    sides: dict[str, Any] = {
        "type": "category",
        "ticks": "",
        "showgrid": False,
        "zeroline": False,
        "constrain": "domain",
    }
    sides["tickfont"] = {"size": 12 if n <= 20 else 10, "color": "@muted"}
    sides["constrain"] = "domain"
    frame = layout(sides | {"title": "predicted"}, sides | {"title": "true", "autorange": "reversed"})
    frame["meta"] = {
        "tallest": 240 + 24 * n if n <= 20 else 860,
        "shortest": 260,
    }  # square within these, by the script
    return {"data": [_heat(names, right, "right", n), _heat(names, wrong, "wrong", n)], "layout": frame}


def _heat(names: list[str], counts: list[list[int | None]], color: str, n: int) -> dict[str, Any]:
    return {
        "type": "heatmap",
        "x": names,
        "y": names,
        "z": counts,
        "zmin": 0,
        "zmax": max((count for row in counts for count in row if count), default=1),
        "colorscale": [[0, f"@{color}-low"], [1, f"@{color}-high"]],
        "showscale": False,
        "hoverongaps": False,
        "xgap": 1,
        "ygap": 1,
        "texttemplate": "%{z}" if n <= _MOST_COUNTS else "",
        "hovertemplate": f"true %{{y}}, predicted %{{x}}: %{{z:,}} {color}<extra></extra>",
    }


def residual_figure(residuals: Residuals, target: str) -> Figure:
    """Truth minus prediction against the prediction; the means of groups show where the network leans to one side."""
    x, y, half = zip(*residuals.trend, strict=True)
    cloud = {
        "type": "scatter",
        "mode": "markers",
        "x": rounded(residuals.predictions),
        "y": rounded(residuals.residuals),
        "customdata": list(residuals.rows),
        "marker": {"color": "@point", "size": 6},
        "hovertemplate": "row %{customdata}<br>predicted %{x}<br>off by %{y}<extra></extra>",
    }
    trend: Figure = line(x, y, "dev", "mean %{y}") | {"mode": "lines+markers"}
    trend["marker"] = trend["marker"] | {"symbol": "diamond", "size": 9}
    trend["error_y"] = {"type": "data", "array": rounded(half), "color": "@dev", "thickness": 1.5, "width": 4}
    edge = 0.03 * (max(residuals.predictions) - min(residuals.predictions) or 1.0)
    ends = rounded([min(residuals.predictions) - edge, max(residuals.predictions) + edge])
    frame = layout(
        {"title": f"predicted {escaped(target)}", "zeroline": False, "range": ends},
        {"title": "truth − prediction", "zeroline": True, "zerolinewidth": 2},
        height=420,
        right=48,
    )
    frame["annotations"] = end_labels({"dev": ("mean", x[-1], y[-1])}, -math.inf, math.inf)
    return {"data": [cloud, trend], "layout": frame}


def calibration_figure(bins: Sequence[CalibrationBin], positive: str | None) -> Figure:
    """Return the share of predictions that came true by their probability, above the counts of each probability."""
    predicted = [100 * bin.predicted for bin in bins]
    observed = [100 * bin.observed for bin in bins]
    counts = [bin.count for bin in bins]
    ideal = {"type": "scatter", "mode": "lines", "x": [0, 100], "y": [0, 100], "hoverinfo": "skip"}
    ideal["line"] = {"color": "@muted", "width": 1.5, "dash": "dash"}
    curve = line(predicted, observed, "dev", "predicted %{x:.1f} %<br>came true %{y:.1f} %<br>%{customdata:,} examples")
    curve |= {"mode": "lines+markers", "customdata": counts}
    curve["error_y"] = whiskers(observed, [100 * bin.low for bin in bins], [100 * bin.high for bin in bins], "dev")
    bars = {
        "type": "bar",
        "x": [(bin.place + 0.5) * 100 / BINS for bin in bins],
        "y": counts,
        "yaxis": "y2",
        "width": 90 / BINS,
        "marker": {"color": "@bar"},
        "text": [f"{n:,}" for n in counts],
        "textposition": "outside",
        "cliponaxis": False,
        "textfont": {"size": 11, "color": "@muted"},
        "hoverinfo": "skip",
    }
    meaning = f"predicted probability of {escaped(positive)}" if positive else "probability given to the prediction"
    sides = percent_axis(range=[-2, 102], zeroline=False)
    frame = layout(
        sides | {"title": meaning, "anchor": "y2"}, sides | {"title": "came true", "domain": [0.36, 1]}, height=440
    )
    frame["yaxis2"] = axis("examples", domain=[0, 0.22], showticklabels=False, showgrid=False)
    frame["yaxis2"]["range"] = [0, 1.4 * max(counts)]  # room for the count above the highest bar
    label = {"x": 12, "y": 12, "text": "ideal", "showarrow": False, "xanchor": "left", "yanchor": "top"}
    frame["annotations"] = [label | {"font": {"color": "@muted", "size": 12}, "xshift": 6}]
    return {"data": [ideal, curve, bars], "layout": frame}
