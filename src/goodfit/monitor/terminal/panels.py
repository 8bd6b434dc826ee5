"""The panels of the terminal's view: gaps, findings, health by layer, numbers that can be nudged, and past nudges."""

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from goodfit.monitor.terminal.prompts import plan_changes
from goodfit.wording import numbers

# Blue and orange: told apart by all eyes, and by light where there is no color
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
    """Those that have something to say, the most asked for first."""
    status = (parts.get("state") or {}).get("status")
    found, layers, knobs = (parts.get(name) or [] for name in ("findings", "health", "knobs"))
    told = []
    if found or layers or status == "ended":
        told.append(Panel("Findings", lambda width: _findings(found, width)))
    if knobs and status != "ended":
        told.append(Panel("Numbers that can be nudged", lambda width: _knobs(knobs, width)))
    if parts.get("log"):
        told.append(Panel("Nudges", lambda width: list(_log(parts, width))))
    if layers:
        epoch = layers[0]["epochs"][-1]
        told.append(Panel(f"Inside the network, epoch {epoch}", lambda width: list(_health(layers))))
    return told


def gap(told: Mapping[str, Any] | None, width: int, short: bool) -> list[Text]:
    """A bar up to the dev error: what a person leaves, avoidable bias, variance; and the numbers in words.

    `short`: the numbers alone.
    """
    if not told:
        return []
    train, dev, human = told["train"], told["dev"], told["human"]
    most = max(train, dev, human or 0, 1e-9)
    base = min(human or 0, train, dev)
    long = width - 4
    ends = [round(long * max(each, 0) / most) for each in (base, max(train, base), max(dev, train))]
    bar = Text("Gap ", "bold")
    lengths = (ends[0], ends[1] - ends[0], ends[2] - ends[1])
    for length, style, block in zip(lengths, ("bright_black", TRAIN, DEV), "░█▓", strict=True):
        bar.append(block * length, style)
    said = told["said"]
    level = " (human error taken as 0)" if told["assumed"] else f" (human error {said['human']})"
    sign = ("", "") if short else ("█ ", "▓ ")
    facts = [f"train {said['train']}", f"dev {said['dev']}"]
    if human is not None:
        facts.append(f"{sign[0]}avoidable bias {said['bias']}{'' if short else level}")
    facts.append(f"{sign[1]}variance {said['variance']}")
    facts += [told["verdict"]] if told["verdict"] else []
    return [
        *([] if short else [bar]),
        *(Text(line) for line in textwrap.wrap("; ".join(facts), width)),
    ]


def _findings(found: Sequence[Mapping[str, Any]], width: int) -> list[Text]:
    if not found:
        return [Text("Nothing ails the training.", "dim")]
    lines = []
    for each in found:
        where = f" ({each['layer']})" if each.get("layer") else ""
        lines.append(
            Text(f"! {each['name']}{where}, confidence {numbers.rough_percent(each['confidence'])}", "bold red")
        )
        remedies = "; ".join(remedy["name"] for remedy in each["remedies"])
        said = each["sentence"] + (f" Try: {remedies}." if remedies else "")
        lines += [Text(f"  {line}") for line in textwrap.wrap(said, max(width - 2, 10))]
    return lines


def _health(layers: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    """A table; a layer that a finding points at is marked, and says which."""
    heads = ("gradient", "upd/wgt", "spread", "dead", "satur.")
    yield Text(f"{'  layer':<{_NAMED}}" + "".join(f"{head:>{_NUMBER}}" for head in heads), "dim")
    for layer in layers:
        name = f"{'! ' if layer['found'] else '  '}{layer['layer']}"
        cells = []
        for measure in _MEASURES:
            values = layer["measures"].get(measure) or [None]
            show = numbers.percent if measure in _SHARES else numbers.column_number
            cells.append(f"{show(values[-1]):>{_NUMBER}}")
        yield Text(f"{name:<{_NAMED}}" + "".join(cells), "bold red" if layer["found"] else "")
        for found in dict.fromkeys(layer["found"]):
            yield Text(f"    {found}", "red")


def _knobs(knobs: Sequence[Mapping[str, Any]], width: int) -> list[Text]:
    """Name and value in as many columns as fit; what cannot move, or moves nothing, is dim and comes last."""
    able = [each for each in knobs if not each["fixed"] and not each["idle"]]
    rest = [each for each in knobs if each["fixed"] or each["idle"]]
    told = [(each["label"], numbers.setting(each["value"]), "") for each in able]
    told += [(each["label"], numbers.setting(each["value"]), "dim") for each in rest]
    name = max(len(label) for label, _, _ in told)
    wide = name + 1 + max(len(value) for _, value, _ in told)
    count = max(1, (width + 2) // (wide + 2))
    lines = []
    for row in range(0, len(told), count):
        text = Text()
        for label, value, style in told[row : row + count]:
            cell = f"{label:<{name}} "
            text.append(cell, style or "cyan").append(f"{value:<{wide - name - 1}}  ", style)
        lines.append(text)
    return lines


def _log(parts: Mapping[str, Any], width: int) -> Iterator[Text]:
    """The last nudges, the newest first, and under each what it was worth."""
    numbers = {each["epoch"]: each["number"] for each in parts.get("marks") or ()}
    worth = {each["epoch"]: each["sentence"] for each in parts.get("worth") or () if each["sentence"]}
    said = set()
    for each in list(reversed(parts["log"]))[:_MOST_LOGGED]:
        void, epoch = each["void"], each["epoch"]
        back = each["what"] == "rewind"
        mark = "" if void or back else f"▲{numbers.get(epoch, '')} "
        text = (
            f"back from epoch {epoch} to {each['new']}"
            if back
            else plan_changes([(each["what"], each["old"], each["new"])])
        )
        more = ", void" if void else ""
        after = "" if back else f" after epoch {epoch}"
        yield Text.assemble((mark, NUDGE), (f"{text}{after} ({each['who']}{more})", "dim" if void else ""))
        if not void and not back and epoch in worth and epoch not in said:
            said.add(epoch)
            yield from (Text(f"   {line}", "italic") for line in textwrap.wrap(worth[epoch], max(width - 3, 10)))
