"""The parts of a picture: axes, marks, panels and controls, as the plain values that the page's script draws.

A color is the name of a variable of the style sheet. A mark with `when` is shown only in those states of the figure's
controls, and one with `strong` is faint in all other states: {"beta": 2} is the third choice of the control "beta".
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from goodfit.reports.drawing import rounded

Axis = dict[str, Any]
Mark = dict[str, Any]
Panel = dict[str, Any]
Control = dict[str, Any]
Figure = dict[str, Any]
Color = Literal["blue", "orange", "purple", "green", "ink", "muted", "line"]
Numbers = Sequence[float] | Float[np.ndarray, "_"] | Int[np.ndarray, "_"]


def axis(
    title: str,
    low: float,
    high: float,
    *,
    unit: str = "",
    log: bool = False,
    ticks: Mapping[float, str] | None = None,
) -> Axis:
    """Return an axis from low to high; `ticks` are names for places, where round numbers would not do."""
    spec: Axis = {"title": title, "range": rounded([float(low), float(high)]), "unit": unit, "log": log}
    return spec if ticks is None else spec | {"ticks": [[place, name] for place, name in ticks.items()]}


def line(
    x: Numbers | str,
    y: Numbers,
    name: str,
    color: Color,
    *,
    label: str | None = None,
    dash: bool = False,
    **more: Any,
) -> Mark:
    """Return a line through points; NaN breaks it.

    Args:
        x: the points' x, or the name of one of the figure's columns.
        y: the points' y.
        name: shown beside a value that the pointer reads.
        color: see the style sheet.
        label: text at the line's end; the name, if not given, and none if empty.
        dash: True for a broken line, so that color is not needed to tell lines apart.
        more: `when`, `strong`, `width`, `dots` (a dot at each point), `quiet` (no reading of values).
    """
    places = x if isinstance(x, str) else _plain(x)
    spec = {"kind": "line", "x": places, "y": _plain(y), "name": name, "color": color}
    return spec | {"label": name if label is None else label, "dash": dash} | more


def points(
    x: Numbers,
    y: Numbers,
    name: str,
    color: Color,
    *,
    shape: Literal["circle", "ring", "square", "cross"] = "circle",
    size: float = 5,
    **more: Any,
) -> Mark:
    """Return single points; `label` in `more` names them beside the last one."""
    spec = {"kind": "points", "x": _plain(x), "y": _plain(y), "name": name, "color": color}
    return spec | {"shape": shape, "size": size} | more


def bars(x: Numbers, y: Numbers, width: float, name: str, color: Color, **more: Any) -> Mark:
    """Return upright bars from zero; the width is in the axis' own unit."""
    return {"kind": "bars", "x": _plain(x), "y": _plain(y), "width": width, "name": name, "color": color} | more


def upright(x: float, label: str, color: Color = "muted", **more: Any) -> Mark:
    """Return a line across the panel at one x, named at its top."""
    return {"kind": "rule", "x": rounded([float(x)])[0], "label": label, "color": color} | more


def level(y: float, label: str, color: Color = "muted", **more: Any) -> Mark:
    """Return a line across the panel at one y, named at its right end."""
    return {"kind": "rule", "y": rounded([float(y)])[0], "label": label, "color": color} | more


def text(x: float, y: float, words: str, color: Color = "muted", **more: Any) -> Mark:
    """Return words at a place; `anchor` in `more` is start, middle or end."""
    return {
        "kind": "text",
        "x": rounded([float(x)])[0],
        "y": rounded([float(y)])[0],
        "text": words,
        "color": color,
    } | more


def regions(z: Float[np.ndarray, "rows columns"], low: Color, high: Color, **more: Any) -> Mark:
    """Return a map of shares from 0 to 1 over the whole panel, in ten steps; the first row is the lowest.

    It has one color below one half and another above; the nearer to one half, the paler.
    """
    # A digit per cell, since maps are the largest part of a page; 1.0 belongs to the tenth step.
    steps = np.clip((10 * z).astype(int), 0, 9)
    cells = ["".join(map(str, row)) for row in steps]
    return {"kind": "regions", "cells": cells, "low": low, "high": high} | more


def panel(
    title: str,
    x: Axis,
    y: Axis,
    marks: Sequence[Mark],
    *,
    height: int = 320,
    equal: bool = False,
    wide: bool = False,
    read: Literal["x", "point", "none"] = "x",
) -> Panel:
    """Return one picture.

    Args:
        title: above it.
        x, y: its axes.
        marks: drawn in this order.
        height: in pixels.
        equal: one unit is as long on both axes; the height follows.
        wide: as wide as two panels.
        read: the pointer reads every line at one x, the nearest point, or nothing.
    """
    spec = {"title": title, "x": x, "y": y, "marks": list(marks), "height": height}
    return spec | {"equal": equal, "wide": wide, "read": read}


def slider(name: str, label: str, choices: Sequence[str], start: int = 0) -> Control:
    """Return a control over ordered choices."""
    return {"kind": "slider", "name": name, "label": label, "choices": list(choices), "start": start}


def buttons(name: str, label: str, choices: Sequence[str], start: int = 0) -> Control:
    """Return a control over choices side by side."""
    return {"kind": "buttons", "name": name, "label": label, "choices": list(choices), "start": start}


def figure(
    panels: Sequence[Panel],
    controls: Sequence[Control] = (),
    says: Sequence[str] = (),
    columns: Mapping[str, Numbers] | None = None,
) -> Figure:
    """Return panels side by side under their common controls.

    Args:
        panels: up to two in a row.
        controls: the reader's.
        says: a sentence on the picture for each state of the controls; the last control changes first.
        columns: x values that several lines share.
    """
    captions = [unbroken(sentence) for sentence in says]
    if len(captions) not in (0, math.prod(len(control["choices"]) for control in controls)):
        raise ValueError("a figure says one sentence for each state of its controls")
    shared = {name: _plain(values) for name, values in (columns or {}).items()}
    return {"panels": list(panels), "controls": list(controls), "says": captions, "columns": shared}


def unbroken(text: str) -> str:
    """Return text on one line that may not be broken between a number and its unit, or beside a sign such as =.

    >>> unbroken("at β = 0.9\\n  it is 35 %").split(" ")
    ['at', 'β\\xa0=\\xa00.9', 'it', 'is', '35\\xa0%']
    """
    text = re.sub(r"[ \n]+", " ", text.strip())
    text = re.sub(r" ([=<>≈−·]) ", "\u00a0\\1\u00a0", text)
    return re.sub(r"(?<=\d) (?=[%°])", "\u00a0", text)


def _plain(values: Numbers) -> list[float | None]:
    """Return short numbers that JSON can hold: what is not finite becomes None."""
    finite = [float(value) if math.isfinite(value) else None for value in values]
    return [int(value) if value is not None and value == int(value) else value for value in rounded(finite)]
