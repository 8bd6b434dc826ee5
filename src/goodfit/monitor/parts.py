"""Panels of the page as plain values: gaps, health by layer, and measured effects of nudges."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from goodfit.diagnosis.gaps import judge
from goodfit.record.nudge import NudgeEffect
from goodfit.record.plain import PlainData
from goodfit.record.result import RunResult
from goodfit.record.run import Health
from goodfit.record.values import Estimate
from goodfit.run_folder.live_state import About
from goodfit.run_folder.summary import estimate
from goodfit.wording import numbers

_MOST_LOOKS = 60  # of one layer: a spark line is about as many pixels wide


def finite(value: Any) -> float | None:
    """Return the number to five digits, enough for any screen; None if it is not finite."""
    is_finite = isinstance(value, int | float) and math.isfinite(value)
    return float(f"{value:.5g}") if is_finite else None


@dataclass(frozen=True, kw_only=True)
class GapTexts(PlainData):
    """The figures of the gap panel in words, gaps with their intervals."""

    train: str
    dev: str
    human: str
    bias: str
    variance: str


@dataclass(frozen=True, kw_only=True)
class GapView(PlainData):
    """The errors after an epoch, and the gaps between them.

    Attributes:
        epoch: after which they were measured; None where unknown.
        train: error on the training set.
        dev: error on the dev set.
        human: human error; None where unknown.
        human_assumed: True if no human error was given and 0 was taken for it.
        bias: train error − human error; None where unknown.
        variance: dev error − train error.
        texts: the same in words.
        verdict: None where the errors have no intervals.
        reason: one sentence.
    """

    epoch: int | None
    train: float | None
    dev: float | None
    human: float | None
    human_assumed: bool
    bias: float | None
    variance: float | None
    texts: GapTexts
    verdict: str | None
    reason: str | None


def gap(
    train: float | None,
    dev: float | None,
    about: About,
    options: Mapping[str, Any],
    epoch: int,
) -> GapView | None:
    """Return both errors after an epoch, the gaps with their intervals, and the verdict.

    Args:
        train: error on the training set.
        dev: error on the dev set.
        about: metric and facts of the data.
        options: of the command: `human_error` and `min_gap`.
        epoch: after which they were measured.
    """
    if train is None or dev is None:
        return None
    rates, human_error = about.metric == "error_rate", options.get("human_error")
    human = 0.0 if human_error is None and rates else human_error
    gaps = None
    if rates and about.data.dev:
        gaps = judge(
            min(train, 1.0),
            min(dev, 1.0),
            train_size=about.data.m,
            dev_size=about.data.dev,
            human_error=human,
            min_gap=options.get("min_gap", 0.02),
        )
        bias, variance = gaps.avoidable_bias and estimate(gaps.avoidable_bias), estimate(gaps.variance)
    else:  # one epoch's mean of another measure tells nothing of its interval
        bias, variance = None if human is None else _bare(train - human), _bare(dev - train)
    verdict = (gaps.verdict, gaps.reason) if gaps else (None, None)
    return _gap_view(epoch, (train, dev, human), human_error is None, (bias, variance), verdict)


def gap_of_result(result: RunResult) -> GapView | None:
    """Return the same for the network that a finished run kept."""
    final, human = result.final, result.human_error
    if finite(final.train_error) is None or finite(final.dev_error) is None:
        return None
    assumed = human is None
    human = 0.0 if assumed and result.metric == "error_rate" else human
    errors = (final.train_error, final.dev_error, human)
    gaps = (final.avoidable_bias, final.variance)
    return _gap_view(result.best_epoch, errors, assumed, gaps, (final.verdict, final.reason))


def _gap_view(
    epoch: int | None,
    errors: tuple[float, float, float | None],
    assumed: bool,
    gaps: tuple[Estimate | None, Estimate | None],
    verdict: tuple[str | None, str | None],
) -> GapView:
    """Return the view of train, dev and human error, and of bias and variance."""
    train, dev, human = errors
    bias, variance = gaps
    return GapView(
        epoch=epoch,
        train=finite(train),
        dev=finite(dev),
        human=finite(human),
        human_assumed=assumed,
        bias=finite(bias and bias.value),
        variance=finite(variance and variance.value),
        texts=GapTexts(
            train=numbers.percent(train),
            dev=numbers.percent(dev),
            human=numbers.percent(human),
            bias=_gap_text(bias),
            variance=_gap_text(variance),
        ),
        verdict=verdict[0],
        reason=verdict[1],
    )


def _gap_text(gap: Estimate | None) -> str:
    if gap is None:
        return "unknown"
    if gap.low == gap.high:  # no interval is known
        return numbers.gap(gap.value)
    return numbers.gap(gap.value, gap.low, gap.high)


def _bare(value: float) -> Estimate:
    return Estimate(value, value, value)


@dataclass(frozen=True, kw_only=True)
class LayerHealth(PlainData):
    """Health statistics of one layer.

    Attributes:
        layer: "inputs", "layer 1", …, "output".
        epochs: of the looks.
        findings: names of the findings that point at this layer.
        measures: values by measure, one per look; None where one is undefined.
    """

    layer: str
    epochs: tuple[int, ...]
    findings: tuple[str, ...]
    measures: dict[str, tuple[float | None, ...]]


def health(looks: Health, findings: Iterable[Mapping[str, Any]]) -> tuple[LayerHealth, ...]:
    """Return the health of each layer by measure, with the names of the findings that point at it."""
    if not len(looks.epochs):
        return ()
    shown_looks = np.unique(np.linspace(0, len(looks.epochs) - 1, _MOST_LOOKS).round().astype(int))
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = looks.of("update") / looks.of("weight")
    measures = {name: looks.of(name) for name in ("gradient", "deviation", "dead", "saturated")} | {"update": moved}
    names: dict[str | None, list[str]] = defaultdict(list)
    for finding in findings:
        names[finding.get("layer")].append(finding["name"])
    return tuple(
        LayerHealth(
            layer=layer,
            epochs=tuple(looks.epochs[shown_looks].tolist()),
            findings=tuple(names[layer]),
            measures={
                name: tuple(finite(value) for value in values[shown_looks, place].tolist())
                for name, values in measures.items()
                if layer != "inputs" or name == "deviation"  # inputs have no weights, and nothing to die
            },
        )
        for place, layer in enumerate(looks.layers)
    )


def effects(entries: Iterable[NudgeEffect]) -> list[dict[str, Any]]:
    """Return the measured effects of nudges, with numbers that a screen can hold."""
    return [
        effect.to_dict() | {"at": effect.at, "error": _interval_view(effect.error), "cost": _interval_view(effect.cost)}
        for effect in entries
    ]


def _interval_view(interval: Estimate | None) -> dict[str, float | None] | None:
    if interval is None:
        return None
    return {"value": finite(interval.value), "low": finite(interval.low), "high": finite(interval.high)}
