"""The figures of a search: all trials at once, each hyperparameter against the error, and the best error so far."""

import math
from itertools import accumulate
from statistics import median
from typing import Any

from goodfit.record.search_result import SearchRegion, TrialResult
from goodfit.reports.axes import Axis, error_axis
from goodfit.reports.drawing import Figure, axis, end_labels, escaped, layout, line, rounded
from goodfit.reports.search import Search
from goodfit.wording import numbers
from goodfit.wording.text import count

MOST_AXES = 8  # of parallel coordinates, the error's among them: what a printed page has room for
_LINE = 11  # letters of a name between its axis and the next on a phone
_MOST_WAVES = 8  # with a row of their own under a hyperparameter; of more, some between the first and the last
_ROW = 16  # pixels of such a row
_SCATTER = 250  # pixels of the trials above them
_SPREAD = 0.5  # of a choice's column: trials with the same choice lie side by side
_GOLDEN = 0.618034  # its multiples, taken modulo 1, fill the column evenly from any number of trials
_LETTER = 0.03  # of the axis: room for a letter of a tick's name on a phone
_THINNEST = 0.012  # of the axis: a region of one value is still seen
_LACKING = 0.12  # of the axis, below it: trials that do not have the hyperparameter
_UNITS = ((7200.0, 3600.0, "hours"), (120.0, 60.0, "minutes"), (0.0, 1.0, "seconds"))  # from how many seconds


def search_figures(search: Search) -> dict[str, dict[str, list[Figure]]]:
    """For each place on the page the figures that are drawn there."""
    places = {
        "search-parallel": [parallel_figure(search)] if _scored(search) else [],
        "search-parameters": [parameter_figure(search, quantity) for quantity in search.axes],
        "search-time": [progress_figure(search)] if _completions(search) else [],
    }
    return {place: {"all": figures} for place, figures in places.items() if figures}


def parallel_figure(search: Search) -> Figure:
    """Parallel coordinates: a line a trial, across hyperparameters to its dev error; the better half is colored."""
    trials = _scored(search)
    errors = rounded([_error(search, trial) for trial in trials])
    dimensions = [_dimension(quantity, trials) for quantity in search.axes[: MOST_AXES - 1]]
    dimensions.append(_straight(search.error, errors) | {"label": search.error.name})
    values = sorted(error for error in errors if error is not None)
    middle = median(values)  # colors run from the best to here; from the middle on, all lines are gray
    trace = {
        "type": "parcoords",
        "dimensions": dimensions,
        "line": {
            "color": errors,
            "cmin": values[0],
            "cmax": middle if middle > values[0] else values[-1],
            "showscale": False,
        }
        | {"colorscale": [[0, "@dev"], [1, "@bar"]]},
        "labelfont": {"size": 13, "color": "@ink"},
        "tickfont": {"size": 12, "color": "@ink"},
        # Plotly would write the ends of each range above and below it, beside our own ticks.
        "rangefont": {"size": 1, "color": "rgba(0,0,0,0)"},
        "labelangle": 0,
    }
    figure = layout({}, {}, height=380)
    figure |= {"paper_bgcolor": "@page", "margin": {"l": 56, "r": 56, "t": 44, "b": 16}}
    return {"data": [trace], "layout": figure}


def _dimension(quantity: Axis, trials: list[TrialResult]) -> dict[str, Any]:
    """One upright axis; trials without this hyperparameter pass below it."""
    places = [quantity.at(trial.parameters.get(quantity.name)) for trial in trials]
    figure = _straight(quantity, places) | {"label": _broken(quantity.name)}
    if None in places:
        below = float(f"{quantity.low - _LACKING * (quantity.high - quantity.low):.4g}")
        figure["values"] = [below if place is None else place for place in figure["values"]]
        figure |= {"range": [below, figure["range"][1]], "tickvals": [below, *figure["tickvals"]]}
        figure["ticktext"] = ["none", *figure["ticktext"]]
    return figure


def _broken(name: str) -> str:
    """A long name on two lines, broken at the word's end nearest to its middle."""
    ends = [place for place, letter in enumerate(name, 1) if letter in "_ "]
    if len(name) <= _LINE or not ends:
        return escaped(name)
    end = min(ends, key=lambda place: abs(place - len(name) / 2))
    return f"{escaped(name[:end].rstrip())}<br>{escaped(name[end:])}"


def _straight(quantity: Axis, places: list[float | None]) -> dict[str, Any]:
    return {"values": rounded(places), "range": rounded([quantity.low, quantity.high])} | _ticks(quantity)


def _ticks(quantity: Axis) -> dict[str, Any]:
    return {"tickvals": rounded(quantity.ticks), "ticktext": [escaped(name) for name in quantity.names]}


def parameter_figure(search: Search, quantity: Axis) -> Figure:
    """Dev error against one hyperparameter on its own scale, over the regions in which each wave looked."""
    data = [_marks(search, quantity, state) for state in ("complete", "pruned")]
    data += [_without_error(search, quantity), *_best(search, quantity)]
    waves = _waves(search, quantity)
    rows = _ROW * len(waves) + 14 if waves else 0
    height = _SCATTER + rows + 60
    share = rows / (_SCATTER + rows)
    sides = _axis(quantity) | {"ticktext": _sparse_names(quantity), "title": escaped(quantity.title), "showgrid": True}
    error = _error_axis(search.error) | {"domain": [float(f"{share:.4g}"), 1]}
    figure = layout(sides | {"anchor": "y2" if waves else "y"}, error, height=height)
    if waves:
        data.append(_bands(quantity, waves))
        figure |= {"yaxis2": _rows(waves, share), "barmode": "overlay"}
    return {"data": [trace for trace in data if trace["x"]], "layout": figure}


def _sparse_names(quantity: Axis) -> list[str]:
    """The names of the ticks, empty where they would run into the one before; choices turn theirs instead."""
    names, last = [], -math.inf
    for tick, name in zip(quantity.ticks, quantity.names, strict=True):
        clear = quantity.scale == "choice" or tick - last >= _LETTER * len(name) * (quantity.high - quantity.low)
        names.append(escaped(name) if clear else "")
        last = tick if clear else last
    return names


def _axis(quantity: Axis) -> dict[str, Any]:
    angle = {} if quantity.scale == "choice" else {"tickangle": 0}  # names of choices may be long
    return {"range": rounded([quantity.low, quantity.high]), "zeroline": False} | angle | _ticks(quantity)


def _error_axis(quantity: Axis) -> dict[str, Any]:
    return _axis(quantity) | {"title": f"{quantity.name}, {quantity.title}" if quantity.title else quantity.name}


def _marks(search: Search, quantity: Axis, state: str) -> dict[str, Any]:
    """Filled marks for trials that trained to the end, hollow ones where they were stopped."""
    hollow = state == "pruned"
    trials = [trial for trial in search.trials if trial.state == state and _error(search, trial) is not None]
    marker = {"size": 8, "symbol": "circle-open" if hollow else "circle", "color": "@muted" if hollow else "@point"}
    return _scatter(search, quantity, trials, [_error(search, trial) for trial in trials]) | {"marker": marker}


def _without_error(search: Search, quantity: Axis) -> dict[str, Any]:
    """A rug at the upper edge for trials that were stopped or failed before they had an error."""
    trials = [trial for trial in search.trials if trial.state in ("pruned", "fail") and _error(search, trial) is None]
    figure = _scatter(search, quantity, trials, [search.error.high] * len(trials))
    return figure | {"marker": {"size": 9, "symbol": "line-ns-open", "color": "@no"}, "cliponaxis": False}


def _best(search: Search, quantity: Axis) -> list[dict[str, Any]]:
    """A ring around the best trial."""
    best = search.best
    if best is None:
        return []
    ring = {"symbol": "circle-open", "size": 14, "color": "@dev", "line": {"width": 2.5}}
    return [_scatter(search, quantity, [best], [_error(search, best)]) | {"marker": ring}]


def _scatter(search: Search, quantity: Axis, trials: list[TrialResult], y: list[float | None]) -> dict[str, Any]:
    places = [(trial, _place(quantity, trial), error) for trial, error in zip(trials, y, strict=True)]
    values = [(trial, x, error) for trial, x, error in places if x is not None]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": rounded([x for _, x, _ in values]),
        "y": rounded([error for _, _, error in values]),
        "text": [_hover(quantity, trial) for trial, _, _ in values],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _place(quantity: Axis, trial: TrialResult) -> float | None:
    place = quantity.at(trial.parameters.get(quantity.name))
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


def _bands(quantity: Axis, waves: list[tuple[int, SearchRegion]]) -> dict[str, Any]:
    """A bar from end to end of each wave's region; of choices, bars as long as their shares of the draws."""
    bars: list[tuple[int, float, float, str, bool]] = []
    for row, (number, region) in enumerate(waves):
        for choice, share in (region.shares or {}).items():
            if (place := quantity.at(choice)) is not None:
                words = f"wave {number}: {numbers.percent(share)} of the draws {escaped(choice)}"
                bars.append((row, place - 0.4 * share, 0.8 * share, words, False))
        low, high = quantity.at(region.low), quantity.at(region.high)
        if low is not None and high is not None:
            width = max(high - low, _THINNEST * (quantity.high - quantity.low))
            words = f"wave {number}: {quantity.text(region.low)} to {quantity.text(region.high)}"
            widened = bool(region.widened)
            bars.append((row, (low + high - width) / 2, width, words + ", widened" * widened, widened))
    return {
        "type": "bar",
        "orientation": "h",
        "yaxis": "y2",
        "y": [row for row, *_ in bars],
        "base": rounded([base for _, base, *_ in bars]),
        "x": rounded([width for _, _, width, *_ in bars]),
        "width": 0.7,
        "marker": {"color": "@bar", "line": {"width": 0}}
        | {"pattern": {"shape": ["/" if bar[-1] else "" for bar in bars], "fgcolor": "@ink", "size": 5}},
        "text": [words for *_, words, _ in bars],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
    }


def _rows(waves: list[tuple[int, SearchRegion]], share: float) -> dict[str, Any]:
    names = [f"wave {number}" if row == 0 else str(number) for row, (number, _) in enumerate(waves)]
    figure = axis(domain=[0, float(f"{0.88 * share:.4g}")], range=[len(waves) - 0.5, -0.5], showgrid=False)
    return figure | {"zeroline": False, "tickvals": list(range(len(waves))), "ticktext": names}


def progress_figure(search: Search) -> Figure:
    """The lowest dev error of one training so far, against the time since the first trial began."""
    ends = _completions(search)
    seconds, errors = [second for second, _, _ in ends], [error for _, error, _ in ends]
    error_scale = error_axis(search.error.name, errors)
    unit, name = next((unit, name) for least, unit, name in _UNITS if seconds[-1] >= least)
    x = [second / unit for second in seconds]
    dots = line(x, [error_scale.at(error) for error in errors], "dev", "%{text}") | {"mode": "markers"}
    dots |= {"text": [f"trial {number}: {numbers.percent(error)}" for _, error, number in ends]}
    dots["marker"] = {"color": "@point", "size": 7}
    lowest = list(accumulate(errors, min))
    steps = line(x, [error_scale.at(error) for error in lowest], "dev", "%{text}")
    steps |= {"text": [f"best so far {numbers.percent(error)}" for error in lowest]}
    steps["line"] = steps["line"] | {"shape": "hv"}  # the best so far holds until a better trial ends
    label = {"dev": (f"best<br>{numbers.percent(lowest[-1])}", x[-1], error_scale.at(lowest[-1]) or 0.0)}
    xaxis = {"title": f"{name} since the first trial began", "zeroline": False, "rangemode": "tozero"}
    figure = layout(xaxis, _error_axis(error_scale), height=320, right=64)
    figure["annotations"] = end_labels(label, error_scale.low, error_scale.high)
    return {"data": [dots, steps], "layout": figure}


def _scored(search: Search) -> list[TrialResult]:
    """The trials that have an error, those that were stopped with what they had then."""
    return [trial for trial in search.trials if _error(search, trial) is not None]


def _completions(search: Search) -> list[tuple[float, float, int]]:
    """End in seconds, dev error and number of each complete trial, in the order in which they ended."""
    return sorted(
        (trial.ended, trial.dev_error, trial.number)
        for trial in search.complete
        if trial.ended is not None and trial.dev_error is not None and _error(search, trial) is not None
    )


def _error(search: Search, trial: TrialResult) -> float | None:
    """Return the place of a trial's dev error on the axis."""
    return search.error.at(trial.dev_error)
