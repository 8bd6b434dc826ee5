"""The figure of one hyperparameter: dev error against its values, over the regions in which each wave looked."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from goodfit.record.search_result import SearchRegion, TrialResult
from goodfit.reports import plotly_types as plotly
from goodfit.reports.axes import Axis
from goodfit.reports.drawing import escaped, rounded
from goodfit.reports.search import Search
from goodfit.wording import numbers
from goodfit.wording.text import count

_MOST_WAVES = 8  # with a row of their own under a hyperparameter; of more, some between the first and the last
_ROW = 16  # pixels of such a row
_SCATTER = 250  # pixels of the trials above them
_SPREAD = 0.5  # of a choice's column: trials with the same choice lie side by side
_GOLDEN = 0.618034  # its multiples, taken modulo 1, fill the column evenly from any number of trials
_LETTER = 0.03  # of the axis: room for a letter of a tick's name on a phone
_THINNEST = 0.012  # of the axis: a region of one value is still seen


class RegionBar(NamedTuple):
    """A bar of a wave's region under a hyperparameter."""

    row: int
    base: float
    width: float
    words: str
    widened: bool


def parameter_figure(search: Search, quantity: Axis) -> plotly.Figure:
    """Return dev error against one hyperparameter on its own scale, over the regions in which each wave looked."""
    marks = [
        *(_marks(search, quantity, state) for state in ("complete", "pruned")),
        _without_error(search, quantity),
    ]
    marks += [_best(search, quantity, search.best)] if search.best else []
    traces = tuple(trace for trace in marks if trace.x)
    waves = _waves(search, quantity)
    rows = _ROW * len(waves) + 14 if waves else 0
    share = rows / (_SCATTER + rows)
    layout = plotly.Layout(
        xaxis=replace(
            quantity.to_plotly(quantity.title),
            ticktext=_sparse_names(quantity),
            showgrid=True,
            anchor="y2" if waves else "y",
        ),
        yaxis=replace(search.error.to_plotly(search.error.name_and_scale), domain=(float(f"{share:.4g}"), 1)),
        height=_SCATTER + rows + 60,
    )
    if not waves:
        return plotly.Figure(data=traces, layout=layout)
    bars = _region_bars(quantity, waves)
    layout = replace(layout, yaxis2=_rows(waves, share), barmode="overlay")
    return plotly.Figure(data=(*traces, *((_drawn_bars(bars),) if bars else ())), layout=layout)


def _sparse_names(quantity: Axis) -> tuple[str, ...]:
    """Return the names of the ticks, empty where they would run into the one before; choices turn theirs instead."""
    names, last = [], -math.inf
    for tick, name in zip(quantity.ticks, quantity.names, strict=True):
        clear = quantity.scale == "choice" or tick - last >= _LETTER * len(name) * (quantity.high - quantity.low)
        names.append(escaped(name) if clear else "")
        last = tick if clear else last
    return tuple(names)


def _marks(search: Search, quantity: Axis, state: str) -> plotly.Scatter:
    """Return filled marks for trials that trained to the end, hollow ones where they were stopped."""
    hollow = state == "pruned"
    trials = [trial for trial in search.trials if trial.state == state and search.error_place(trial) is not None]
    symbol, color = ("circle-open", "@muted") if hollow else ("circle", "@point")
    marker = plotly.Marker(size=8, symbol=symbol, color=color)
    return _scatter(quantity, trials, [search.error_place(trial) for trial in trials], marker)


def _without_error(search: Search, quantity: Axis) -> plotly.Scatter:
    """Return a rug at the upper edge for trials that were stopped or failed before they had an error."""
    trials = [
        trial for trial in search.trials if trial.state in ("pruned", "fail") and search.error_place(trial) is None
    ]
    marker = plotly.Marker(size=9, symbol="line-ns-open", color="@no")
    return replace(_scatter(quantity, trials, [search.error.high] * len(trials), marker), cliponaxis=False)


def _best(search: Search, quantity: Axis, best: TrialResult) -> plotly.Scatter:
    """Return a ring around the best trial."""
    ring = plotly.Marker(symbol="circle-open", size=14, color="@dev", line=plotly.Stroke(width=2.5))
    return _scatter(quantity, [best], [search.error_place(best)], ring)


def _scatter(
    quantity: Axis, trials: Sequence[TrialResult], y: Sequence[float | None], marker: plotly.Marker
) -> plotly.Scatter:
    places = [(trial, _place(quantity, trial), error) for trial, error in zip(trials, y, strict=True)]
    values = [(trial, x, error) for trial, x, error in places if x is not None]
    return plotly.Scatter(
        mode="markers",
        x=rounded([x for _, x, _ in values]),
        y=rounded([error for _, _, error in values]),
        text=tuple(_hover(quantity, trial) for trial, _, _ in values),
        hovertemplate="%{text}<extra></extra>",
        marker=marker,
    )


def _place(quantity: Axis, trial: TrialResult) -> float | None:
    place = quantity.place(trial.parameters.get(quantity.name))
    if place is None or quantity.scale != "choice":
        return place
    return place + _SPREAD * (_GOLDEN * trial.number % 1 - 0.5)


def _hover(quantity: Axis, trial: TrialResult) -> str:
    error = trial.dev_error
    ending = "no error" if error is None else numbers.percent(error)
    epochs = f"<br>{count(trial.epochs, 'epoch')}" if trial.epochs else ""
    value = escaped(quantity.text(trial.parameters.get(quantity.name)))
    return f"trial {trial.number}: {ending}<br>{escaped(quantity.name)} {value}{epochs}"


def _waves(search: Search, quantity: Axis) -> list[tuple[int, SearchRegion]]:
    """The waves that are drawn, with their numbers from 1."""
    all_waves = [(i, wave[quantity.name]) for i, wave in enumerate(search.regions, 1) if quantity.name in wave]
    if len(all_waves) <= _MOST_WAVES:
        return all_waves
    last = len(all_waves) - 1
    return [all_waves[round(i * last / (_MOST_WAVES - 1))] for i in range(_MOST_WAVES)]


def _region_bars(quantity: Axis, waves: Sequence[tuple[int, SearchRegion]]) -> list[RegionBar]:
    """Return a bar from end to end of each wave's region; of choices, bars as long as their shares of the draws."""
    bars: list[RegionBar] = []
    for row, (number, region) in enumerate(waves):
        for choice, share in (region.shares or {}).items():
            if (place := quantity.place(choice)) is not None:
                words = f"wave {number}: {numbers.percent(share)} of the draws {escaped(choice)}"
                bars.append(RegionBar(row, place - 0.4 * share, 0.8 * share, words, False))
        low, high = quantity.place(region.low), quantity.place(region.high)
        if low is not None and high is not None:
            width = max(high - low, _THINNEST * (quantity.high - quantity.low))
            words = f"wave {number}: {quantity.text(region.low)} to {quantity.text(region.high)}"
            widened = bool(region.widened)
            words += ", widened" if widened else ""
            bars.append(RegionBar(row, (low + high - width) / 2, width, words, widened))
    return bars


def _drawn_bars(bars: Sequence[RegionBar]) -> plotly.Bars:
    pattern = plotly.Pattern(shape=tuple("/" if bar.widened else "" for bar in bars), fgcolor="@ink", size=5)
    return plotly.Bars(
        orientation="h",
        yaxis="y2",
        y=tuple(bar.row for bar in bars),
        base=rounded([bar.base for bar in bars]),
        x=rounded([bar.width for bar in bars]),
        width=0.7,
        marker=plotly.Marker(color="@bar", line=plotly.Stroke(width=0), pattern=pattern),
        text=tuple(bar.words for bar in bars),
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
    )


def _rows(waves: Sequence[tuple[int, SearchRegion]], share: float) -> plotly.Axis:
    return plotly.Axis(
        domain=(0, float(f"{0.88 * share:.4g}")),
        range=(len(waves) - 0.5, -0.5),
        showgrid=False,
        zeroline=False,
        tickvals=tuple(range(len(waves))),
        ticktext=tuple(f"wave {number}" if row == 0 else str(number) for row, (number, _) in enumerate(waves)),
    )
