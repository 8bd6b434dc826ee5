"""The figures of predictions: confusion of classes, residuals, and calibration of probabilities."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from goodfit.reports import plotly_types as plotly
from goodfit.reports.drawing import (
    LineEnd,
    axis_title,
    end_labels,
    escaped,
    line,
    margin,
    rounded,
    tick_names,
    whiskers,
)
from goodfit.reports.predictions import BINS, CalibrationBin, Confusion, Residuals
from goodfit.wording import numbers

_MOST_COUNTS = 15  # classes up to which each cell of the confusion matrix has room for its count


def confusion_figure(confusion: Confusion) -> plotly.Figure:
    """Return a matrix of true against predicted classes; the colors of mistakes have a scale of their own."""
    names, counts = tick_names(confusion.classes), confusion.counts
    n = len(names)
    right = tuple(tuple(counts[i][j] if i == j else None for j in range(n)) for i in range(n))
    wrong = tuple(tuple(counts[i][j] or None if i != j else None for j in range(n)) for i in range(n))
    side = plotly.Axis(
        type="category",
        ticks="",
        showgrid=False,
        zeroline=False,
        constrain="domain",
        tickfont=plotly.Font(size=12 if n <= 20 else 10, color="@muted"),
    )
    layout = plotly.Layout(
        xaxis=replace(side, title=axis_title("predicted")),
        yaxis=replace(side, title=axis_title("true"), autorange="reversed"),
        # Square within these, by the script
        meta=plotly.Square(tallest=240 + 24 * n if n <= 20 else 860, shortest=260),
    )
    return plotly.Figure(data=(_heat(names, right, "right"), _heat(names, wrong, "wrong")), layout=layout)


def _heat(
    names: tuple[str, ...], counts: tuple[tuple[int | None, ...], ...], color: Literal["right", "wrong"]
) -> plotly.Heatmap:
    return plotly.Heatmap(
        x=names,
        y=names,
        z=counts,
        zmin=0,
        zmax=max((count for row in counts for count in row if count), default=1),
        colorscale=((0, f"@{color}-low"), (1, f"@{color}-high")),
        texttemplate="%{z}" if len(names) <= _MOST_COUNTS else "",
        hovertemplate=f"true %{{y}}, predicted %{{x}}: %{{z:,}} {color}<extra></extra>",
    )


def residual_figure(residuals: Residuals, target: str) -> plotly.Figure:
    """Return truth minus prediction against the prediction.

    The means of groups show where the network leans to one side.
    """
    x, y, half = zip(*residuals.trend, strict=True)
    cloud = plotly.Scatter(
        mode="markers",
        x=rounded(residuals.predictions),
        y=rounded(residuals.residuals),
        customdata=tuple(residuals.rows),
        marker=plotly.Marker(color="@point", size=6),
        hovertemplate="row %{customdata}<br>predicted %{x}<br>off by %{y}<extra></extra>",
    )
    trend = replace(
        line(x, y, "dev", "mean %{y}", "lines+markers"),
        marker=plotly.Marker(color="@dev", symbol="diamond", size=9),
        error_y=plotly.ErrorBars(array=rounded(half), color="@dev"),
    )
    edge = 0.03 * (max(residuals.predictions) - min(residuals.predictions) or 1.0)
    low, high = (float(f"{end:.4g}") for end in (min(residuals.predictions) - edge, max(residuals.predictions) + edge))
    layout = plotly.Layout(
        xaxis=plotly.Axis(title=axis_title(f"predicted {escaped(target)}"), zeroline=False, range=(low, high)),
        yaxis=plotly.Axis(title=axis_title("truth − prediction"), zeroline=True, zerolinewidth=2),
        height=420,
        margin=margin(48),
        annotations=end_labels({"dev": LineEnd("mean", x[-1], y[-1])}, -math.inf, math.inf),
    )
    return plotly.Figure(data=(cloud, trend), layout=layout)


def calibration_figure(bins: Sequence[CalibrationBin], positive: str | None) -> plotly.Figure:
    """Return the share of predictions that came true by their probability, above the counts of each probability."""
    predicted = [100 * bin.predicted for bin in bins]
    observed = [100 * bin.observed for bin in bins]
    counts = tuple(bin.count for bin in bins)
    ideal = plotly.Scatter(
        mode="lines",
        x=(0, 100),
        y=(0, 100),
        hoverinfo="skip",
        line=plotly.Stroke(color="@muted", width=1.5, dash="dash"),
    )
    hover = "predicted %{x:.1f} %<br>came true %{y:.1f} %<br>%{customdata:,} examples"
    curve = replace(
        line(predicted, observed, "dev", hover, "lines+markers"),
        customdata=counts,
        error_y=whiskers(observed, [100 * bin.low for bin in bins], [100 * bin.high for bin in bins], "dev"),
    )
    bars = plotly.Bars(
        x=tuple((bin.place + 0.5) * 100 / BINS for bin in bins),
        y=counts,
        yaxis="y2",
        width=90 / BINS,
        marker=plotly.Marker(color="@bar"),
        text=tuple(map(numbers.number, counts)),
        textposition="outside",
        cliponaxis=False,
        textfont=plotly.Font(size=11, color="@muted"),
        hoverinfo="skip",
    )
    return plotly.Figure(data=(ideal, curve, bars), layout=_calibration_layout(positive, max(counts)))


def _calibration_layout(positive: str | None, most: int) -> plotly.Layout:
    meaning = f"predicted probability of {escaped(positive)}" if positive else "probability given to the prediction"
    side = plotly.Axis(ticksuffix=" %", rangemode="tozero", range=(-2, 102), zeroline=False)
    label = plotly.Annotation(
        x=12,
        y=12,
        text="ideal",
        xanchor="left",
        yanchor="top",
        xshift=6,
        font=plotly.Font(color="@muted", size=12),
    )
    return plotly.Layout(
        xaxis=replace(side, title=axis_title(meaning), anchor="y2"),
        yaxis=replace(side, title=axis_title("came true"), domain=(0.36, 1)),
        yaxis2=plotly.Axis(
            title=axis_title("examples"),
            domain=(0, 0.22),
            showticklabels=False,
            showgrid=False,
            range=(0, 1.4 * most),
        ),
        height=440,
        annotations=(label,),
    )
