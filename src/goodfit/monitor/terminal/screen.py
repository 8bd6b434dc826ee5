"""The view of a run as lines of a terminal: what fits its size, the most asked for first."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from rich.text import Text

from goodfit.monitor.terminal.panels import DEV, NUDGE, TRAIN, Panel, gap, panels
from goodfit.monitor.terminal.plot import Line, Mark, plot
from goodfit.monitor.terminal.prompts import plan_changes
from goodfit.monitor.view import COLUMNS, Curve
from goodfit.wording import numbers

LEAST_WIDTH, LEAST_HEIGHT = 60, 20
_TALL = 28  # with which there is room for bars
_BROAD = 90  # with which there is room for a long bar of what is done, and for words
_WIDE = 62  # of a column of panels, at least, where there are several
_LEAST_PLOT, _PLOT_SHARE = 8, 0.4  # rows that panels leave to the plot, and of all that there are
_MOST_MESSAGE = 3  # lines of an answer
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # a terminal would obey them
_COPY = "bright_black"

LIVE = ("waiting", "training", "paused")
_STATUS = {
    "waiting": ("waits to start", "yellow"),
    "starting": ("starting…", "yellow"),
    "training": ("training", "green"),
    "paused": ("paused", "yellow"),
    "cut off": ("cut off", "red"),
    "damaged": ("damaged", "red"),
    "working": ("at work", "green"),
}
HELP = (
    ("space", "start, pause, continue"),
    ("r", "run to an epoch and pause there"),
    ("n", "nudge: change numbers of the plan"),
    ("b", "back to an epoch"),
    ("B", "branch: a new run from here, with another plan"),
    ("s", "stop, keep the best network and diagnose it"),
    ("c", "draw the cost or the error"),
    ("tab", "bring up what has no room"),
    ("?", "these keys"),
    ("q", "leave the view; the training goes on"),
    ("esc", "leave a question"),
)


@dataclass
class Seen:
    """What is on the screen.

    Attributes:
        parts: of the view.
        curves: of the view.
        measure: what is drawn.
        turned: how often another panel was asked for.
        helping: whether the keys are told in place of the plot.
        message: an answer, or a refusal.
        prompt: a question and what was typed, where one is open.
    """

    parts: Mapping[str, Any] = field(default_factory=dict)
    curves: Sequence[Curve] = ()
    measure: Literal["cost", "error"] = "cost"
    turned: int = 0
    helping: bool = False
    message: str = ""
    prompt: tuple[str, str] | None = None

    @property
    def state(self) -> Mapping[str, Any]:
        """Where the run is."""
        return self.parts.get("state") or {"name": "", "run": "", "status": "starting", "sentence": ""}


def screen(seen: Seen, width: int, height: int) -> list[Text]:
    """As many lines as the terminal has, each of at most its width."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        small = f"The terminal is {width}×{height}; the view needs {LEAST_WIDTH}×{LEAST_HEIGHT}."
        return _fitted([Text(small), *_foot(seen, width, False)], width, height)
    head, gaps = _head(seen, width), gap(seen.parts.get("gap"), width, short=height < _TALL)
    told = panels(seen.parts)
    told = told[seen.turned % len(told) :] + told[: seen.turned % len(told)] if told else []
    room = height - len(head) - len(gaps) - len(_foot(seen, width, False))
    below, hidden = _placed(told, width, room - max(_LEAST_PLOT, round(_PLOT_SHARE * room)))
    tall = room - len(below)
    drawn = _helped(tall) if seen.helping else _plotted(seen, width, tall)
    return _fitted([*head, *drawn, *gaps, *below], width, height, _foot(seen, width, hidden))


def _fitted(lines: list[Text], width: int, height: int, foot: Sequence[Text] = ()) -> list[Text]:
    """With the last lines at the foot, and nothing that a terminal would obey."""
    lines = lines[: height - len(foot)]
    whole = [*lines, *_blank(height - len(lines) - len(foot)), *foot]
    for line in whole:
        if _CONTROL.search(line.plain):
            line.plain = _CONTROL.sub(" ", line.plain)
        line.truncate(width, overflow="ellipsis")
    return whole


def _head(seen: Seen, width: int) -> list[Text]:
    """Name and state, how far it is, and what there is to say of that."""
    state, status = seen.state, seen.state["status"]
    word, style = _STATUS.get(status, (f"ended: {state.get('outcome')}", "cyan"))
    epoch, epochs = state.get("epoch") or 0, state.get("epochs")
    if status == "training" and epochs and epoch >= epochs:
        word = "diagnosing its best network"
    first = Text.assemble((state["name"], "bold"), "  ", (word, f"bold {style}"))
    second = Text(f"epoch {epoch:,} of {epochs:,}  " if epochs else "")
    share = state.get("share")
    if share is not None:
        long = 20 if width >= _BROAD else 6
        done = round(long * min(max(share, 0), 1))
        second.append("━" * done, style).append("━" * (long - done), "bright_black").append(
            f"  {numbers.rough_percent(share)}"
        )
    notes = [numbers.time_left(state.get("seconds_left")) if status == "training" else ""]
    notes += [f"pauses after epoch {state['until']}"] if state.get("until") and status in LIVE else []
    notes += [f"verdict: {state['verdict']}"] if state.get("verdict") else []
    second.append("".join(f"  {note}" for note in notes if note))
    goes = f"`goodfit resume {state['run']}` goes on with it." if status == "cut off" else ""
    said = " ".join(each for each in (state.get("sentence"), goes) if each)
    return [first, second, *(Text(line, "italic") for line in textwrap.wrap(said, width)[:2])]


def _plotted(seen: Seen, width: int, height: int) -> list[Text]:
    """The plot under its legend."""
    metric = seen.state.get("metric") or "error_rate"
    unit = "%" if seen.measure == "error" and metric == "error_rate" else ""
    log = seen.measure == "cost"
    marks = [Mark(each["epoch"], _mark(each, width), NUDGE) for each in seen.parts.get("marks") or ()]
    more = (", log scale" if log else ", 1 − R²" if metric == "1-r2" else "") if width >= _BROAD else ""
    legend = Text.assemble(("Curves", "bold"), f" {seen.measure}{more}")
    own = next((each for each in seen.curves if (each.role, each.pair) == ("run", 0)), None)
    if own is None or not len(own.values):
        above = height // 2 - 1
        empty = Text("No epoch has ended yet.".center(width), "dim")
        return [legend, *_blank(above), empty, *_blank(height - above - 2)]
    factor = 100 if unit else 1
    for which, style in (("train", TRAIN), ("dev", DEV)):
        value = factor * own.values[-1, COLUMNS.index(f"{which}_{seen.measure}")]
        legend.append(f"  {which} ").append(f"{value:.4g}{f' {unit}' if unit else ''}", f"bold {style}")
    if any(each.role == "copy" for each in seen.curves):
        legend.append("  ╌╌ left alone", _COPY)
    if best := seen.state.get("best"):
        legend.append(f"  best: epoch {best[0]:,}", "dim")
    return [legend, *plot(_lines(seen), marks, width, height - 1, log=log, unit=unit)]


def _blank(count: int) -> list[Text]:
    return [Text() for _ in range(count)]


def _lines(seen: Seen) -> list[Line]:
    """The run's own first; of others than the first seed the dev curve alone."""
    lines = []
    for curve in sorted(seen.curves, key=lambda each: (each.pair, each.role == "copy")):
        copy = curve.role == "copy"
        for which, style in (("dev", DEV), ("train", TRAIN)):
            if curve.pair and which == "train":
                continue
            values = curve.values[:, COLUMNS.index(f"{which}_{seen.measure}")].astype(np.float64)
            epochs = np.arange(1, len(values) + 1, dtype=np.float64)
            begun = max(curve.begun - 1, 0) if copy else 0
            other = copy or curve.pair > 0
            name = "" if other else which
            lines.append(Line(epochs[begun:], values[begun:], _COPY if other else style, name, copy))
    return lines


def _mark(mark: Mapping[str, Any], width: int) -> str:
    return f"▲{mark['number']} {plan_changes(mark['what'])}" if width >= 2 * LEAST_WIDTH else f"▲{mark['number']}"


def _helped(height: int) -> list[Text]:
    lines = [Text("Keys", "bold"), *(Text.assemble((f"  {key:<6}", "bold cyan"), what) for key, what in HELP)]
    return (lines + _blank(height - len(lines)))[:height]


def _placed(told: Sequence[Panel], width: int, room: int) -> tuple[list[Text], bool]:
    """Panels side by side and one below the other, as there is room; whether some had none."""
    count = max(1, (width + 2) // (_WIDE + 2))
    wide = (width + 2) // count - 2
    columns: list[list[Text]] = [[] for _ in range(count)]
    hidden = False
    for panel in told:
        column = min(columns, key=len)
        lines = [Text(panel.title, "bold"), *panel.lines(wide)]
        free = room - len(column)
        if free < min(len(lines), 3):
            hidden = True
            continue
        if len(lines) > free:
            hidden = True
            lines = [*lines[: free - 1], Text(f"… {len(lines) - free + 1} more", "dim")]
        column += lines
    rows = []
    for row in range(max(map(len, columns))):
        text = Text()
        for place, column in enumerate(columns):
            own = column[row].copy() if row < len(column) else Text()
            own.truncate(wide, overflow="ellipsis", pad=place < count - 1)
            text.append_text(own).append("  " if place < count - 1 else "")
        rows.append(text)
    return rows, hidden


def _foot(seen: Seen, width: int, hidden: bool) -> list[Text]:
    """The last answer, and the question that is open or the keys that do something now."""
    said = textwrap.wrap(_CONTROL.sub(" ", seen.message), width)[:_MOST_MESSAGE] or [""]
    lines = [Text(line, "bold yellow") for line in said]
    if seen.prompt:
        question, typed = seen.prompt
        typed = typed[-max(width - len(question) - 1, 1) :]
        return [*lines, Text.assemble((question, "bold cyan"), typed, ("█", "blink"))]
    status = seen.state["status"]
    space = {"waiting": "start", "paused": "unpause"}.get(status, "pause")
    keys = [("q", "quit"), ("?", "keys")]
    if status in LIVE:
        keys += [("space", space), ("n", "nudge"), ("b", "rewind"), ("s", "stop"), ("r", "run to"), ("B", "branch")]
    keys += [("c", "error" if seen.measure == "cost" else "cost")] + ([("tab", "more")] if hidden else [])
    text = Text()
    for key, what in sorted(keys, key=lambda each: each[0] == "tab", reverse=True):
        if text.cell_len + len(key) + len(what) + 3 <= width:
            text.append(key, "bold cyan").append(f" {what}  ", "dim")
    return [*lines, text]
