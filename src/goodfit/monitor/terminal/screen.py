"""The view of a run as lines of a terminal: what fits its size, the most asked for first."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from rich.text import Text

from goodfit.monitor.curves import COLUMNS, Curve, watched_curve
from goodfit.monitor.nudges import Mark
from goodfit.monitor.state import LIVE, RunState, Status
from goodfit.monitor.terminal import plot
from goodfit.monitor.terminal.panels import DEV, NUDGE, TRAIN, Panel, gap_lines, panels
from goodfit.monitor.view import Panels, View
from goodfit.wording import numbers

LEAST_WIDTH, LEAST_HEIGHT = 60, 20
_TALL = 28  # with which there is room for bars
_BROAD = 90  # with which there is room for a long bar of what is done, and for words
_WIDE = 62  # of a column of panels, at least, where there are several
_LEAST_PLOT, _PLOT_SHARE = 8, 0.4  # rows that panels leave to the plot, and of all that there are
_MOST_MESSAGE = 3  # lines of an answer
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # a terminal would obey them
_COPY = "bright_black"

_STYLES: dict[Status, str] = {
    "waiting": "yellow",
    "starting": "yellow",
    "training": "green",
    "paused": "yellow",
    "cut off": "red",
    "damaged": "red",
    "working": "green",
    "ended": "cyan",
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


def _no_view() -> View:
    state = RunState(name="", run="", status="starting", status_text="starting…")
    return View(Panels(state=state, gap=None))


@dataclass
class Display:
    """The content of the screen.

    Attributes:
        view: of the run.
        measure: that is plotted.
        turned: number of times that another panel was requested.
        helping: True while the keys are explained in place of the plot.
        message: a reply, or a refusal.
        prompt: an open question and the text typed so far.
    """

    view: View = field(default_factory=_no_view)
    measure: Literal["cost", "error"] = "cost"
    turned: int = 0
    helping: bool = False
    message: str = ""
    prompt: tuple[str, str] | None = None

    @property
    def state(self) -> RunState:
        """The state of the run."""
        return self.view.panels.state


def screen(display: Display, width: int, height: int) -> list[Text]:
    """Return as many lines as the terminal has, each of at most its width."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        small = f"The terminal is {width}×{height}; the view needs {LEAST_WIDTH}×{LEAST_HEIGHT}."
        return _fitted([Text(small), *_foot(display, width, False)], width, height)
    head, gaps = _head(display, width), gap_lines(display.view.panels.gap, width, short=height < _TALL)
    shown_panels = panels(display.view.panels)
    first = display.turned % max(len(shown_panels), 1)
    room = height - len(head) - len(gaps) - len(_foot(display, width, False))
    least_body = len(HELP) + 1 if display.helping else max(_LEAST_PLOT, round(_PLOT_SHARE * room))
    panel_room = room - least_body
    below, hidden = _placed(shown_panels[first:] + shown_panels[:first], width, panel_room)
    tall = room - len(below)
    body = _helped(tall) if display.helping else _plotted(display, width, tall)
    return _fitted([*head, *body, *gaps, *below], width, height, _foot(display, width, hidden))


def _fitted(lines: list[Text], width: int, height: int, foot: Sequence[Text] = ()) -> list[Text]:
    """Return lines for the whole screen, the last ones at its foot, with nothing that a terminal would obey."""
    lines = lines[: height - len(foot)]
    screen_lines = [*lines, *_blank(height - len(lines) - len(foot)), *foot]
    for line in screen_lines:
        if _CONTROL.search(line.plain):
            line.plain = _CONTROL.sub(" ", line.plain)
        line.truncate(width, overflow="ellipsis")
    return screen_lines


def _head(display: Display, width: int) -> list[Text]:
    """Return name and state, how far the run is, and what there is to say about that."""
    state = display.state
    style = _STYLES[state.status]
    first = Text.assemble((state.name, "bold"), "  ", (state.status_text, f"bold {style}"))
    second = Text(f"{state.progress}  " if state.progress else "")
    if state.share is not None:
        long = 20 if width >= _BROAD else 6
        filled = round(long * min(max(state.share, 0), 1))
        second.append("━" * filled, style).append("━" * (long - filled), "bright_black")
        second.append(f"  {numbers.rough_percent(state.share)}")
    verdict = f"verdict: {state.verdict}" if state.verdict else ""
    second.append("".join(f"  {note}" for note in (*state.notes, verdict) if note))
    return [first, second, *(Text(line, "italic") for line in textwrap.wrap(state.sentence, width)[:2])]


def _plotted(display: Display, width: int, height: int) -> list[Text]:
    """Return the plot under its legend."""
    is_error, state, is_broad = display.measure == "error", display.state, width >= _BROAD
    scale = "" if is_error and state.metric == "error_rate" else ", 1 − R²" if is_error else ", log scale"
    legend = Text.assemble(("Curves", "bold"), f" {display.measure}{scale if is_broad else ''}")
    curve = watched_curve(display.view.curves)
    if curve is None or not len(curve.values):
        above = height // 2 - 1
        empty = Text("No epoch has ended yet.".center(width), "dim")
        return [legend, *_blank(above), empty, *_blank(height - above - 2)]
    last = curve.point(-1)._asdict()
    show = numbers.percent if is_error else numbers.number
    for set_name, style in (("train", TRAIN), ("dev", DEV)):
        legend.append(f"  {set_name} ").append(show(last[f"{set_name}_{display.measure}"]), f"bold {style}")
    if any(item.role == "copy" for item in display.view.curves):
        legend.append("  ╌╌ untouched copy", _COPY)
    if state.best:
        legend.append(f"  best: epoch {numbers.number(state.best.epoch)}", "dim")
    marks = [plot.Mark(mark.epoch, _mark_label(mark, width), NUDGE) for mark in display.view.panels.marks]
    lines = _lines(display.view.curves, display.measure)
    return [legend, *plot.plot(lines, marks, width, height - 1, log=not is_error, unit="%" if is_error else "")]


def _blank(count: int) -> list[Text]:
    return [Text() for _ in range(count)]


def _lines(curves: Sequence[Curve], measure: str) -> list[plot.Line]:
    """Return the run's lines first; of other seeds than the first the dev curve alone."""
    lines = []
    for curve in sorted(curves, key=lambda item: (item.pair, item.role == "copy")):
        copy = curve.role == "copy"
        for set_name, style in (("dev", DEV), ("train", TRAIN)):
            if curve.pair and set_name == "train":
                continue
            values = curve.values[:, COLUMNS.index(f"{set_name}_{measure}")].astype(np.float64)
            epochs = np.arange(1, len(values) + 1, dtype=np.float64)
            start = max(curve.start_epoch - 1, 0) if copy else 0
            is_other = copy or curve.pair > 0
            name = "" if is_other else set_name
            lines.append(plot.Line(epochs[start:], values[start:], _COPY if is_other else style, name, copy))
    return lines


def _mark_label(mark: Mark, width: int) -> str:
    return f"▲{mark.number} {mark.text}" if width >= 2 * LEAST_WIDTH else f"▲{mark.number}"


def _helped(height: int) -> list[Text]:
    lines = [Text("Keys", "bold"), *(Text.assemble((f"  {key:<6}", "bold cyan"), meaning) for key, meaning in HELP)]
    return (lines + _blank(height - len(lines)))[:height]


def _placed(shown_panels: Sequence[Panel], width: int, room: int) -> tuple[list[Text], bool]:
    """Return panels side by side and one below the other, as there is room, and True if some had none."""
    count = max(1, (width + 2) // (_WIDE + 2))
    wide = (width + 2) // count - 2
    columns: list[list[Text]] = [[] for _ in range(count)]
    hidden = False
    for panel in shown_panels:
        column = min(columns, key=len)  # the columns stay about equally long
        lines = [Text(panel.title, "bold"), *panel.lines(wide)]
        free = room - len(column)
        if free < min(len(lines), 3):  # less of a panel than its title and two lines says nothing
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
    status = display.state.status
    space = {"waiting": "start", "paused": "unpause"}.get(status, "pause")
    keys = [("q", "quit"), ("?", "keys")]
    if status in LIVE:
        keys += [("space", space), ("n", "nudge"), ("b", "rewind"), ("s", "stop"), ("r", "run to"), ("B", "branch")]
    keys += [("c", "error" if display.measure == "cost" else "cost")] + ([("tab", "more")] if hidden else [])
    text = Text()
    # On a narrow screen the last keys have no room, so the one that shows hidden panels comes first.
    for key, meaning in sorted(keys, key=lambda item: item[0] == "tab", reverse=True):
        if text.cell_len + len(key) + len(meaning) + 3 <= width:
            text.append(key, "bold cyan").append(f" {meaning}  ", "dim")
    return [*lines, text]
