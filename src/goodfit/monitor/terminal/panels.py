"""The panels of the terminal's view: gaps, findings, health by layer, numbers that can be nudged, and past nudges."""

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.text import Text

from goodfit.monitor.findings import FindingView
from goodfit.monitor.gap import GapView
from goodfit.monitor.health import LayerHealth
from goodfit.monitor.sliders import Slider
from goodfit.monitor.view import Panels
from goodfit.wording import numbers

# Blue and orange: color-blind people tell them apart, and their lightness differs in black and white
TRAIN, DEV, NUDGE = "dodger_blue1", "dark_orange", "magenta"
_MEASURES = ("gradient", "update", "deviation", "dead", "saturated")
_NAMED, _NUMBER = 11, 9  # columns of a layer's name and of a measure
_MOST_LOGGED = 8  # of the last nudges


@dataclass(frozen=True)
class Panel:
    """A title, and the lines for a width."""

    title: str
    lines: Callable[[int], list[Text]]


def panels(view: Panels) -> list[Panel]:
    """Return the panels that have content, the most important first."""
    has_ended = view.state.status == "ended"
    rows = []
    if view.findings or view.health or has_ended:
        rows.append(Panel("Findings", lambda width: _findings(view.findings, width)))
    if view.sliders and not has_ended:
        rows.append(Panel("Numbers that can be nudged", lambda width: _sliders(view.sliders, width)))
    if view.log:
        rows.append(Panel("Nudges", lambda width: list(_log(view, width))))
    if view.health:
        title = f"Inside the network, epoch {numbers.number(view.health[0].epochs[-1])}"
        rows.append(Panel(title, lambda width: list(_health(view.health))))
    return rows


def gap_lines(gap: GapView | None, width: int, short: bool) -> list[Text]:
    """Return a bar up to the dev error (human error, avoidable bias, variance) and the numbers in words.

    `short`: only the numbers.
    """
    if gap is None:
        return []
    train, dev, human, texts = gap.train or 0.0, gap.dev or 0.0, gap.human, gap.texts
    most = max(train, dev, human or 0, 1e-9)
    base = min(human or 0, train, dev)
    long = width - 4
    ends = [round(long * max(end, 0) / most) for end in (base, max(train, base), max(dev, train))]
    bar = Text("Gap ", "bold")
    lengths = (ends[0], ends[1] - ends[0], ends[2] - ends[1])
    for length, style, block in zip(lengths, ("bright_black", TRAIN, DEV), "░█▓", strict=True):
        bar.append(block * length, style)
    level = " (human error taken as 0)" if gap.human_assumed else f" (human {gap.measure} {texts.human})"
    sign = ("", "") if short else ("█ ", "▓ ")
    name = "" if gap.measure == "error" else f"{gap.measure} "
    facts = [f"train {name}{texts.train}", f"dev {name}{texts.dev}"]
    if human is not None:
        facts.append(f"{sign[0]}avoidable bias {texts.bias}{'' if short else level}")
    facts.append(f"{sign[1]}variance {texts.variance}")
    facts += [gap.verdict] if gap.verdict else []
    return [
        *([] if short else [bar]),
        *(Text(line) for line in textwrap.wrap("; ".join(facts), width)),
    ]


def _findings(findings: Sequence[FindingView], width: int) -> list[Text]:
    if not findings:
        return [Text("No problems found.", "dim")]
    lines = []
    for finding in findings:
        where = f" ({finding.layer})" if finding.layer else ""
        where += f", explained by {finding.explained_by}" if finding.explained_by else ""
        lines.append(Text(f"! {finding.name}{where}, confidence {finding.confidence}", "bold red"))
        remedies = "; ".join(remedy.name for remedy in finding.remedies)
        sentence = finding.sentence + (f" Try: {remedies}." if remedies else "")
        lines += [Text(f"  {line}") for line in textwrap.wrap(sentence, max(width - 2, 10))]
    return lines


def _health(layers: Sequence[LayerHealth]) -> Iterator[Text]:
    """Yield a table; a layer with findings is marked, and they are named under it."""
    heads = ("gradient", "upd/wgt", "spread", "dead", "satur.")
    yield Text(f"{'  layer':<{_NAMED}}" + "".join(f"{head:>{_NUMBER}}" for head in heads), "dim")
    for layer in layers:
        name = f"{'! ' if layer.findings else '  '}{layer.layer}"
        measures = (layer.measures.get(measure) for measure in _MEASURES)
        cells = [f"{measure.text if measure else numbers.UNKNOWN:>{_NUMBER}}" for measure in measures]
        yield Text(f"{name:<{_NAMED}}" + "".join(cells), "bold red" if layer.findings else "")
        for name in dict.fromkeys(layer.findings):
            yield Text(f"    {name}", "red")


def _sliders(sliders: Sequence[Slider], width: int) -> list[Text]:
    """Return name and value in as many columns as fit; numbers without effect are dim and come last."""
    active = [slider for slider in sliders if not slider.fixed_reason and not slider.idle_reason]
    inactive = [slider for slider in sliders if slider.fixed_reason or slider.idle_reason]
    cells = [(slider.label, numbers.setting(slider.value), "") for slider in active]
    cells += [(slider.label, numbers.setting(slider.value), "dim") for slider in inactive]
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


def _log(view: Panels, width: int) -> Iterator[Text]:
    """Yield the last nudges, the newest first, and under each its measured effect."""
    effects = {effect.number: effect.sentence for effect in view.effects}
    lines = list(reversed(view.log))[:_MOST_LOGGED]
    for line, earlier in zip_longest(lines, lines[1:]):
        mark = f"▲{line.number} " if line.number else ""
        remark = ", discarded" if line.void else ""
        after = "" if line.rewind else f" after epoch {numbers.number(line.epoch)}"
        yield Text.assemble((mark, NUDGE), (f"{line.text}{after} ({line.sender}{remark})", "dim" if line.void else ""))
        if line.number and not (earlier and earlier.number == line.number):  # its changes are complete
            sentence = effects.get(line.number, "")
            yield from (Text(f"   {part}", "italic") for part in textwrap.wrap(sentence, max(width - 3, 10)))
