"""The parts of Plotly's figures that pages draw: their fields have Plotly's own names, and go to JSON by them.

Plotly's own classes are not used because they refuse colors that only the page's script knows: "@ink" is the
style sheet's variable --ink. A field that is None is left out, so Plotly's default holds.
"""

from dataclasses import dataclass
from typing import Literal

from goodfit.record.plain import PlainData

Values = tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class Font(PlainData):
    """Color and size of letters."""

    color: str
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Title(PlainData):
    """The title of an axis."""

    text: str
    font: Font
    standoff: int


@dataclass(frozen=True, kw_only=True)
class Axis(PlainData):
    """An axis in the page's colors that does not trap the mouse."""

    gridcolor: str = "@grid"
    linecolor: str = "@line"
    zerolinecolor: str = "@line"
    automargin: bool = True
    fixedrange: bool = True
    tickfont: Font = Font(size=12, color="@muted")
    title: Title | None = None
    type: Literal["log", "category"] | None = None
    range: tuple[float, ...] | None = None
    rangemode: Literal["tozero"] | None = None
    autorange: Literal["reversed"] | None = None
    domain: tuple[float, float] | None = None
    constrain: Literal["domain"] | None = None
    anchor: str | None = None
    ticks: str | None = None
    ticksuffix: str | None = None
    tickvals: tuple[float, ...] | None = None
    ticktext: tuple[str, ...] | None = None
    tickangle: int | None = None
    showgrid: bool | None = None
    showticklabels: bool | None = None
    zeroline: bool | None = None
    zerolinewidth: int | None = None


@dataclass(frozen=True, kw_only=True)
class Stroke(PlainData):
    """The line of a trace, a shape or a marker's edge."""

    color: str | None = None
    width: float | None = None
    dash: Literal["solid", "dash", "dot"] | None = None
    shape: Literal["hv"] | None = None


@dataclass(frozen=True, kw_only=True)
class Pattern(PlainData):
    """Hatching of bars, one shape for each."""

    shape: tuple[str, ...]
    fgcolor: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Marker(PlainData):
    """The marks of a trace; a tuple has one value for each."""

    color: str
    size: int | tuple[int, ...] | None = None
    symbol: str | tuple[str, ...] | None = None
    line: Stroke | None = None
    pattern: Pattern | None = None


@dataclass(frozen=True, kw_only=True)
class ErrorBars(PlainData):
    """Intervals around the values."""

    type: Literal["data"] = "data"
    symmetric: bool | None = None
    array: Values
    arrayminus: Values | None = None
    color: str
    thickness: float = 1.5
    width: int = 4


@dataclass(frozen=True, kw_only=True)
class Scatter(PlainData):
    """Lines, marks or both."""

    type: Literal["scatter"] = "scatter"
    mode: Literal["lines", "markers", "lines+markers"]
    x: Values
    y: Values
    text: tuple[str, ...] | None = None
    customdata: tuple[int, ...] | None = None
    line: Stroke | None = None
    marker: Marker | None = None
    error_y: ErrorBars | None = None
    fill: Literal["toself"] | None = None
    fillcolor: str | None = None
    hovertemplate: str | None = None
    hoverinfo: Literal["skip"] | None = None
    cliponaxis: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Bars(PlainData):
    """Upright or lying bars."""

    type: Literal["bar"] = "bar"
    orientation: Literal["h"] | None = None
    x: Values
    y: Values
    base: Values | None = None
    yaxis: str
    width: float
    marker: Marker
    text: tuple[str, ...]
    textposition: Literal["outside", "none"]
    textfont: Font | None = None
    hovertemplate: str | None = None
    hoverinfo: Literal["skip"] | None = None
    cliponaxis: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Heatmap(PlainData):
    """Colored cells of a matrix."""

    type: Literal["heatmap"] = "heatmap"
    x: tuple[str, ...]
    y: tuple[str, ...]
    z: tuple[tuple[int | None, ...], ...]
    zmin: int
    zmax: int
    colorscale: tuple[tuple[int, str], ...]
    showscale: bool = False
    hoverongaps: bool = False
    xgap: int = 1
    ygap: int = 1
    texttemplate: str
    hovertemplate: str


@dataclass(frozen=True, kw_only=True)
class Dimension(PlainData):
    """One axis of parallel coordinates, with the places of all lines on it."""

    label: str
    values: Values
    range: Values
    tickvals: Values
    ticktext: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LineColors(PlainData):
    """Colors of lines by a value of each."""

    color: Values
    cmin: float
    cmax: float
    showscale: bool = False
    colorscale: tuple[tuple[int, str], ...]


@dataclass(frozen=True, kw_only=True)
class ParallelCoordinates(PlainData):
    """A line a trial across upright axes."""

    type: Literal["parcoords"] = "parcoords"
    dimensions: tuple[Dimension, ...]
    line: LineColors
    labelfont: Font
    tickfont: Font
    rangefont: Font
    labelangle: int = 0


@dataclass(frozen=True, kw_only=True)
class Annotation(PlainData):
    """Words at a place of the plot."""

    x: float
    y: float
    text: str
    font: Font
    xanchor: Literal["left", "right"]
    yref: Literal["paper"] | None = None
    yanchor: Literal["top", "bottom"] | None = None
    align: Literal["left"] | None = None
    xshift: int | None = None
    yshift: int | None = None
    showarrow: bool = False


@dataclass(frozen=True, kw_only=True)
class Rule(PlainData):
    """An upright line through the whole plot."""

    type: Literal["line"] = "line"
    x0: float
    x1: float
    yref: Literal["paper"] = "paper"
    y0: float = 0
    y1: float = 1
    line: Stroke


@dataclass(frozen=True, kw_only=True)
class Margin(PlainData):
    """Pixels around the plot."""

    l: int = 48  # noqa: E741
    r: int = 12
    t: int = 12
    b: int = 44


@dataclass(frozen=True, kw_only=True)
class HoverLabel(PlainData):
    """Colors of the box that appears beside the mouse."""

    bgcolor: str = "@panel"
    bordercolor: str = "@line"
    font: Font = Font(color="@ink")


@dataclass(frozen=True, kw_only=True)
class Square(PlainData):
    """Limits in pixels of the height of a plot that is as high as wide."""

    tallest: int
    shortest: int


@dataclass(frozen=True, kw_only=True)
class Layout(PlainData):
    """Everything around the traces; `meta` is for the page's script."""

    font: Font = Font(color="@ink", size=13)
    paper_bgcolor: str = "rgba(0,0,0,0)"
    plot_bgcolor: str = "rgba(0,0,0,0)"
    margin: Margin = Margin()
    showlegend: bool = False
    hovermode: Literal["closest", "x unified"] = "closest"
    hoverlabel: HoverLabel = HoverLabel()
    xaxis: Axis
    yaxis: Axis
    yaxis2: Axis | None = None
    height: int | None = None
    barmode: Literal["overlay"] | None = None
    annotations: tuple[Annotation, ...] | None = None
    shapes: tuple[Rule, ...] | None = None
    meta: Square | None = None


@dataclass(frozen=True, kw_only=True)
class Figure(PlainData):
    """A figure, as Plotly's script takes it."""

    data: tuple[Scatter | Bars | Heatmap | ParallelCoordinates, ...]
    layout: Layout
