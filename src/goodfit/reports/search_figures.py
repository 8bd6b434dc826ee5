"""The figures of a search: all trials at once, each hyperparameter against the error, and the best error so far."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from statistics import median

from goodfit.record.search_result import TrialResult
from goodfit.reports import plotly_types as plotly
from goodfit.reports.axes import Axis, error_axis
from goodfit.reports.drawing import LineEnd, axis_title, end_labels, escaped, line, margin, rounded
from goodfit.reports.parameter_figure import parameter_figure
from goodfit.reports.search import Search
from goodfit.wording import numbers

MOST_AXES = 8  # of parallel coordinates, the error's among them: what a printed page has room for
_LINE = 11  # letters of a name between its axis and the next on a phone
_LACKING = 0.12  # of the axis, below it: trials that do not have the hyperparameter
_UNITS = ((7200.0, 3600.0, "hours"), (120.0, 60.0, "minutes"), (0.0, 1.0, "seconds"))  # from how many seconds


def search_figures(search: Search) -> dict[str, dict[str, list[plotly.Figure]]]:
    """Return the figures that are drawn in each place of the page."""
    places = {
        "search-parallel": [parallel_figure(search)] if _scored(search) else [],
        "search-parameters": [parameter_figure(search, quantity) for quantity in search.axes],
        "search-time": [progress_figure(search)] if _completions(search) else [],
    }
    return {place: {"all": figures} for place, figures in places.items() if figures}


def parallel_figure(search: Search) -> plotly.Figure:
    """Return parallel coordinates: each trial is a line to its dev error; the better half is colored."""
    trials = _scored(search)
    errors = rounded([search.error_place(trial) for trial in trials])
    dimensions = [_dimension(quantity, trials) for quantity in search.axes[: MOST_AXES - 1]]
    dimensions.append(_straight(search.error, errors, search.error.name))
    values = sorted(error for error in errors if error is not None)
    middle = median(values)  # colors run from the best to here; from the middle on, all lines are gray
    trace = plotly.ParallelCoordinates(
        dimensions=tuple(dimensions),
        line=plotly.LineColors(
            color=errors,
            cmin=values[0],
            cmax=middle if middle > values[0] else values[-1],
            colorscale=((0, "@dev"), (1, "@bar")),
        ),
        labelfont=plotly.Font(size=13, color="@ink"),
        tickfont=plotly.Font(size=12, color="@ink"),
        # Plotly would write the ends of each range above and below it, beside our own ticks.
        rangefont=plotly.Font(size=1, color="rgba(0,0,0,0)"),
    )
    layout = plotly.Layout(
        xaxis=plotly.Axis(),
        yaxis=plotly.Axis(),
        height=380,
        paper_bgcolor="@page",
        margin=plotly.Margin(l=56, r=56, t=44, b=16),
    )
    return plotly.Figure(data=(trace,), layout=layout)


def _dimension(quantity: Axis, trials: Sequence[TrialResult]) -> plotly.Dimension:
    """Return one upright axis; trials without this hyperparameter pass below it."""
    places = [quantity.place(trial.parameters.get(quantity.name)) for trial in trials]
    dimension = _straight(quantity, places, _broken(quantity.name))
    if None not in places:
        return dimension
    below = float(f"{quantity.low - _LACKING * (quantity.high - quantity.low):.4g}")
    return replace(
        dimension,
        values=tuple(below if place is None else place for place in dimension.values),
        range=(below, dimension.range[1]),
        tickvals=(below, *dimension.tickvals),
        ticktext=("none", *dimension.ticktext),
    )


def _broken(name: str) -> str:
    """A long name on two lines, broken at the word's end nearest to its middle."""
    ends = [place for place, letter in enumerate(name, 1) if letter in "_ "]
    if len(name) <= _LINE or not ends:
        return escaped(name)
    end = min(ends, key=lambda place: abs(place - len(name) / 2))
    return f"{escaped(name[:end].rstrip())}<br>{escaped(name[end:])}"


def _straight(quantity: Axis, places: Sequence[float | None], label: str) -> plotly.Dimension:
    return plotly.Dimension(
        label=label,
        values=rounded(places),
        range=rounded([quantity.low, quantity.high]),
        tickvals=rounded(quantity.ticks),
        ticktext=tuple(map(escaped, quantity.names)),
    )


def progress_figure(search: Search) -> plotly.Figure:
    """Return the lowest dev error of one training so far, against the time since the first trial began."""
    ends = _completions(search)
    seconds, errors = [second for second, _, _ in ends], [error for _, error, _ in ends]
    error_scale = error_axis(search.error.name, errors)
    unit, name = next((unit, name) for least, unit, name in _UNITS if seconds[-1] >= least)
    x = rounded([second / unit for second in seconds])
    dots = plotly.Scatter(
        mode="markers",
        x=x,
        y=rounded([error_scale.place(error) for error in errors]),
        text=tuple(f"trial {number}: {numbers.percent(error)}" for _, error, number in ends),
        hovertemplate="%{text}<extra></extra>",
        marker=plotly.Marker(color="@point", size=7),
    )
    lowest = list(accumulate(errors, min))
    steps = line(x, [error_scale.place(error) for error in lowest], "dev", "%{text}")
    steps = replace(
        steps,
        text=tuple(f"best so far {numbers.percent(error)}" for error in lowest),
        line=steps.line and replace(steps.line, shape="hv"),
    )
    best = LineEnd(f"best<br>{numbers.percent(lowest[-1])}", seconds[-1] / unit, error_scale.place(lowest[-1]) or 0.0)
    title = axis_title(f"{name} since the first trial began")
    layout = plotly.Layout(
        xaxis=plotly.Axis(title=title, zeroline=False, rangemode="tozero"),
        yaxis=error_scale.to_plotly(error_scale.name_and_scale),
        height=320,
        margin=margin(64),
        annotations=end_labels({"dev": best}, error_scale.low, error_scale.high),
    )
    return plotly.Figure(data=(dots, steps), layout=layout)


def _scored(search: Search) -> list[TrialResult]:
    """The trials that have an error, those that were stopped with what they had then."""
    return [trial for trial in search.trials if search.error_place(trial) is not None]


def _completions(search: Search) -> list[tuple[float, float, int]]:
    """End in seconds, dev error and number of each complete trial, in the order in which they ended."""
    return sorted(
        (trial.end_seconds, trial.dev_error, trial.number)
        for trial in search.complete
        if trial.end_seconds is not None and trial.dev_error is not None and search.error_place(trial) is not None
    )
