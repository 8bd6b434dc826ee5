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
    "waiting": ("waiting to start", "yellow"),
    "starting": ("starting…", "yellow"),
    "training": ("training", "green"),
    "paused": ("paused", "yellow"),
    "cut off": ("cut off", "red"),
    "damaged": ("damaged", "red"),
    "working": ("working", "green"),
}
HELP = (
    ("space", "start, pause, unpause"),
    ("r", "run to an epoch and pause there"),
    ("n", "nudge: change numbers of the plan"),
    ("b", "rewind to an epoch"),
    ("B", "branch: a new run from here, with another plan"),
    ("s", "stop, keep the best network and diagnose it"),
    ("c", "draw the cost or the error"),
    ("tab", "show the panels that have no room"),
    ("?", "these keys"),
    ("q", "leave the view; the training continues"),
    ("esc", "cancel a question"),
)


@dataclass
class Display:
    """The content of the screen.

    Attributes:
        parts: of the view.
        curves: of the view.
        measure: that is plotted.
        turned: number of times that another panel was requested.
        helping: True while the keys are explained in place of the plot.
        message: an answer, or a refusal.
        prompt: an open question and the text typed so far.
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
        """The state of the run."""
        return self.parts.get("state") or {"name": "", "run": "", "status": "starting", "sentence": ""}


def screen(display: Display, width: int, height: int) -> list[Text]:
    """As many lines as the terminal has, each of at most its width."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        small = f"The terminal is {width}×{height}; the view needs {LEAST_WIDTH}×{LEAST_HEIGHT}."
        return _fitted([Text(small), *_foot(display, width, False)], width, height)
    head, gaps = _head(display, width), gap(display.parts.get("gap"), width, short=height < _TALL)
    shown_panels = panels(display.parts)
    shown_panels = (
        shown_panels[display.turned % len(shown_panels) :] + shown_panels[: display.turned % len(shown_panels)]
        if shown_panels
        else []
    )
    room = height - len(head) - len(gaps) - len(_foot(display, width, False))
    below, hidden = _placed(shown_panels, width, room - max(_LEAST_PLOT, round(_PLOT_SHARE * room)))
    tall = room - len(below)
    body = _helped(tall) if display.helping else _plotted(display, width, tall)
    return _fitted([*head, *body, *gaps, *below], width, height, _foot(display, width, hidden))


def _fitted(lines: list[Text], width: int, height: int, foot: Sequence[Text] = ()) -> list[Text]:
    """With the last lines at the foot, and nothing that a terminal would obey."""
    lines = lines[: height - len(foot)]
    screen_lines = [*lines, *_blank(height - len(lines) - len(foot)), *foot]
    for line in screen_lines:
        if _CONTROL.search(line.plain):
            line.plain = _CONTROL.sub(" ", line.plain)
        line.truncate(width, overflow="ellipsis")
    return screen_lines


def _head(display: Display, width: int) -> list[Text]:
    """Name and state, how far it is, and what there is to say of that."""
    state, status = display.state, display.state["status"]
    word, style = _STATUS.get(status, (f"ended: {state.get('outcome')}", "cyan"))
    epoch, epochs = state.get("epoch") or 0, state.get("epochs")
    if status == "training" and epochs and epoch >= epochs:
        word = "diagnosing its best network"
    first = Text.assemble((state["name"], "bold"), "  ", (word, f"bold {style}"))
    second = Text(f"epoch {epoch:,} of {epochs:,}  " if epochs else "")
    share = state.get("share")
    if share is not None:
        long = 20 if width >= _BROAD else 6
        filled = round(long * min(max(share, 0), 1))
        second.append("━" * filled, style).append("━" * (long - filled), "bright_black").append(
            f"  {numbers.rough_percent(share)}"
        )
    notes = [numbers.time_left(state.get("seconds_left")) if status == "training" else ""]
    notes += [f"pauses after epoch {state['pause_epoch']}"] if state.get("pause_epoch") and status in LIVE else []
    notes += [f"verdict: {state['verdict']}"] if state.get("verdict") else []
    second.append("".join(f"  {note}" for note in notes if note))
    goes = f"`goodfit resume {state['run']}` continues it." if status == "cut off" else ""
    message_lines = " ".join(item for item in (state.get("sentence"), goes) if item)
    return [first, second, *(Text(line, "italic") for line in textwrap.wrap(message_lines, width)[:2])]


def _plotted(display: Display, width: int, height: int) -> list[Text]:
    """The plot under its legend."""
    metric = display.state.get("metric") or "error_rate"
    unit = "%" if display.measure == "error" else ""
    log = display.measure == "cost"
    marks = [Mark(item["epoch"], _mark(item, width), NUDGE) for item in display.parts.get("marks") or ()]
    more = (", log scale" if log else ", 1 − R²" if metric == "1-r2" else "") if width >= _BROAD else ""
    legend = Text.assemble(("Curves", "bold"), f" {display.measure}{more}")
    cell = next((item for item in display.curves if (item.role, item.pair) == ("run", 0)), None)
    if cell is None or not len(cell.values):
        above = height // 2 - 1
        empty = Text("No epoch has ended yet.".center(width), "dim")
        return [legend, *_blank(above), empty, *_blank(height - above - 2)]
    factor = 100 if unit else 1
    for set_name, style in (("train", TRAIN), ("dev", DEV)):
        value = factor * cell.values[-1, COLUMNS.index(f"{set_name}_{display.measure}")]
        legend.append(f"  {set_name} ").append(f"{value:.4g}{f' {unit}' if unit else ''}", f"bold {style}")
    if any(item.role == "copy" for item in display.curves):
        legend.append("  ╌╌ left alone", _COPY)
    if best := display.state.get("best"):
        legend.append(f"  best: epoch {best[0]:,}", "dim")
    return [legend, *plot(_lines(display), marks, width, height - 1, log=log, unit=unit)]


def _blank(count: int) -> list[Text]:
    return [Text() for _ in range(count)]


def _lines(display: Display) -> list[Line]:
    """The run's own first; of others than the first seed the dev curve alone."""
    lines = []
    for curve in sorted(display.curves, key=lambda item: (item.pair, item.role == "copy")):
        copy = curve.role == "copy"
        for set_name, style in (("dev", DEV), ("train", TRAIN)):
            if curve.pair and set_name == "train":
                continue
            values = curve.values[:, COLUMNS.index(f"{set_name}_{display.measure}")].astype(np.float64)
            epochs = np.arange(1, len(values) + 1, dtype=np.float64)
            start = max(curve.start_epoch - 1, 0) if copy else 0
            is_other = copy or curve.pair > 0
            name = "" if is_other else set_name
            lines.append(Line(epochs[start:], values[start:], _COPY if is_other else style, name, copy))
    return lines


def _mark(mark: Mapping[str, Any], width: int) -> str:
    return f"▲{mark['number']} {plan_changes(mark['what'])}" if width >= 2 * LEAST_WIDTH else f"▲{mark['number']}"


def _helped(height: int) -> list[Text]:
    lines = [Text("Keys", "bold"), *(Text.assemble((f"  {key:<6}", "bold cyan"), meaning) for key, meaning in HELP)]
    return (lines + _blank(height - len(lines)))[:height]


def _placed(shown_panels: Sequence[Panel], width: int, room: int) -> tuple[list[Text], bool]:
    """Panels side by side and one below the other, as there is room; whether some had none."""
    count = max(1, (width + 2) // (_WIDE + 2))
    wide = (width + 2) // count - 2
    columns: list[list[Text]] = [[] for _ in range(count)]
    hidden = False
    for panel in shown_panels:
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
            cell = column[row].copy() if row < len(column) else Text()
            cell.truncate(wide, overflow="ellipsis", pad=place < count - 1)
            text.append_text(cell).append("  " if place < count - 1 else "")
        rows.append(text)
    return rows, hidden


def _foot(display: Display, width: int, hidden: bool) -> list[Text]:
    """The last answer, and the question that is open or the keys that do something now."""
    message_lines = textwrap.wrap(_CONTROL.sub(" ", display.message), width)[:_MOST_MESSAGE] or [""]
    lines = [Text(line, "bold yellow") for line in message_lines]
    if display.prompt:
        question, typed = display.prompt
        typed = typed[-max(width - len(question) - 1, 1) :]
        return [*lines, Text.assemble((question, "bold cyan"), typed, ("█", "blink"))]
    status = display.state["status"]
    space = {"waiting": "start", "paused": "unpause"}.get(status, "pause")
    keys = [("q", "quit"), ("?", "keys")]
    if status in LIVE:
        keys += [("space", space), ("n", "nudge"), ("b", "rewind"), ("s", "stop"), ("r", "run to"), ("B", "branch")]
    keys += [("c", "error" if display.measure == "cost" else "cost")] + ([("tab", "more")] if hidden else [])
    text = Text()
    for key, meaning in sorted(keys, key=lambda item: item[0] == "tab", reverse=True):
        if text.cell_len + len(key) + len(meaning) + 3 <= width:
            text.append(key, "bold cyan").append(f" {meaning}  ", "dim")
    return [*lines, text]
