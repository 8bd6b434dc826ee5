"""The panels of the terminal's view: gaps, findings, health by layer, numbers that can be nudged, and past nudges."""

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from goodfit.monitor.terminal.prompts import plan_changes
from goodfit.wording import numbers

# Blue and orange: color-blind people tell them apart, and their lightness differs in black and white
TRAIN, DEV, NUDGE = "dodger_blue1", "dark_orange", "magenta"
_MEASURES = ("gradient", "update", "deviation", "dead", "saturated")
_SHARES = ("dead", "saturated")
_NAMED, _NUMBER = 11, 9  # columns of a layer's name and of a measure
_MOST_LOGGED = 8  # of the last nudges


@dataclass(frozen=True)
class Panel:
    """A title, and the lines for a width."""

    title: str
    lines: Callable[[int], list[Text]]


def panels(parts: Mapping[str, Any]) -> list[Panel]:
    """Return the panels that have content, the most important first."""
    status = (parts.get("state") or {}).get("status")
    findings, layers, sliders = (parts.get(name) or [] for name in ("findings", "health", "sliders"))
    rows = []
    if findings or layers or status == "ended":
        rows.append(Panel("Findings", lambda width: _findings(findings, width)))
    if sliders and status != "ended":
        rows.append(Panel("Numbers that can be nudged", lambda width: _sliders(sliders, width)))
    if parts.get("log"):
        rows.append(Panel("Nudges", lambda width: list(_log(parts, width))))
    if layers:
        epoch = layers[0]["epochs"][-1]
        rows.append(Panel(f"Inside the network, epoch {epoch}", lambda width: list(_health(layers))))
    return rows


def gap(gap_view: Mapping[str, Any] | None, width: int, short: bool) -> list[Text]:
    """Return a bar up to the dev error (human error, avoidable bias, variance) and the numbers in words.

    `short`: only the numbers.
    """
    if not gap_view:
        return []
    train, dev, human = gap_view["train"], gap_view["dev"], gap_view["human"]
    most = max(train, dev, human or 0, 1e-9)
    base = min(human or 0, train, dev)
    long = width - 4
    ends = [round(long * max(end, 0) / most) for end in (base, max(train, base), max(dev, train))]
    bar = Text("Gap ", "bold")
    lengths = (ends[0], ends[1] - ends[0], ends[2] - ends[1])
    for length, style, block in zip(lengths, ("bright_black", TRAIN, DEV), "░█▓", strict=True):
        bar.append(block * length, style)
    texts = gap_view["texts"]
    level = " (human error taken as 0)" if gap_view["human_assumed"] else f" (human error {texts['human']})"
    sign = ("", "") if short else ("█ ", "▓ ")
    facts = [f"train {texts['train']}", f"dev {texts['dev']}"]
    if human is not None:
        facts.append(f"{sign[0]}avoidable bias {texts['bias']}{'' if short else level}")
    facts.append(f"{sign[1]}variance {texts['variance']}")
    facts += [gap_view["verdict"]] if gap_view["verdict"] else []
    return [
        *([] if short else [bar]),
        *(Text(line) for line in textwrap.wrap("; ".join(facts), width)),
    ]


def _findings(findings: Sequence[Mapping[str, Any]], width: int) -> list[Text]:
    if not findings:
        return [Text("No problems found.", "dim")]
    lines = []
    for finding in findings:
        where = f" ({finding['layer']})" if finding.get("layer") else ""
        lines.append(
            Text(f"! {finding['name']}{where}, confidence {numbers.rough_percent(finding['confidence'])}", "bold red")
        )
        remedies = "; ".join(remedy["name"] for remedy in finding["remedies"])
        sentence = finding["sentence"] + (f" Try: {remedies}." if remedies else "")
        lines += [Text(f"  {line}") for line in textwrap.wrap(sentence, max(width - 2, 10))]
    return lines


def _health(layers: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    """Yield a table; a layer with findings is marked, and they are named under it."""
    heads = ("gradient", "upd/wgt", "spread", "dead", "satur.")
    yield Text(f"{'  layer':<{_NAMED}}" + "".join(f"{head:>{_NUMBER}}" for head in heads), "dim")
    for layer in layers:
        name = f"{'! ' if layer['findings'] else '  '}{layer['layer']}"
        cells = []
        for measure in _MEASURES:
            values = layer["measures"].get(measure) or [None]
            show = numbers.percent if measure in _SHARES else numbers.column_number
            cells.append(f"{show(values[-1]):>{_NUMBER}}")
        yield Text(f"{name:<{_NAMED}}" + "".join(cells), "bold red" if layer["findings"] else "")
        for name in dict.fromkeys(layer["findings"]):
            yield Text(f"    {name}", "red")


def _sliders(sliders: Sequence[Mapping[str, Any]], width: int) -> list[Text]:
    """Return name and value in as many columns as fit; numbers without effect are dim and come last."""
    active = [slider for slider in sliders if not slider["fixed_reason"] and not slider["idle_reason"]]
    inactive = [slider for slider in sliders if slider["fixed_reason"] or slider["idle_reason"]]
    cells = [(slider["label"], numbers.setting(slider["value"]), "") for slider in active]
    cells += [(slider["label"], numbers.setting(slider["value"]), "dim") for slider in inactive]
    name = max(len(label) for label, _, _ in cells)
    wide = name + 1 + max(len(value) for _, value, _ in cells)
    count = max(1, (width + 2) // (wide + 2))
    lines = []
    for row in range(0, len(cells), count):
        text = Text()
        for label, value, style in cells[row : row + count]:
            cell = f"{label:<{name}} "
            text.append(cell, style or "cyan").append(f"{value:<{wide - name - 1}}  ", style)
        lines.append(text)
    return lines


def _log(parts: Mapping[str, Any], width: int) -> Iterator[Text]:
    """Yield the last nudges, the newest first, and under each its measured effect."""
    mark_numbers = {mark["epoch"]: mark["number"] for mark in parts.get("marks") or ()}
    effects = {effect["epoch"]: effect["sentence"] for effect in parts.get("effects") or () if effect["sentence"]}
    explained = set()
    for entry in list(reversed(parts["log"]))[:_MOST_LOGGED]:
        cancelled, epoch = entry["void"], entry["epoch"]
        rewound = entry["what"] == "rewind"
        mark = "" if cancelled or rewound else f"▲{mark_numbers.get(epoch, '')} "
        text = (
            f"rewound from epoch {epoch} to {entry['new']}"
            if rewound
            else plan_changes([(entry["what"], entry["old"], entry["new"])])
        )
        remark = ", discarded" if cancelled else ""
        after = "" if rewound else f" after epoch {epoch}"
        yield Text.assemble((mark, NUDGE), (f"{text}{after} ({entry['who']}{remark})", "dim" if cancelled else ""))
        if not cancelled and not rewound and epoch in effects and epoch not in explained:
            explained.add(epoch)
            yield from (Text(f"   {line}", "italic") for line in textwrap.wrap(effects[epoch], max(width - 3, 10)))
