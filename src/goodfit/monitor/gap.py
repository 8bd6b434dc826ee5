"""The gap panel of a live view: both errors at the kept epoch, the gaps between them, and the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from goodfit.diagnosis.finding import Finding
from goodfit.diagnosis.gaps import judge
from goodfit.diagnosis.intervals import Interval, wilson
from goodfit.diagnosis.verdict import Guess, conclude
from goodfit.monitor.curves import Curve, finite
from goodfit.record.findings import FindingResult
from goodfit.record.plain import PlainData
from goodfit.record.result import RunResult
from goodfit.record.values import Estimate
from goodfit.run_folder.live_state import About
from goodfit.wording import numbers
from goodfit.wording.text import no_break


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
    """The errors after an epoch, and the gaps between them: shares, or for a regression RMSEs in the target's unit.

    Attributes:
        epoch: after which they were measured; None where unknown.
        measure: "error" or "RMSE".
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
    measure: str
    train: float | None
    dev: float | None
    human: float | None
    human_assumed: bool
    bias: float | None
    variance: float | None
    texts: GapTexts
    verdict: str | None
    reason: str | None


def gap_of_curve(
    curve: Curve, about: About, options: Mapping[str, Any], findings: Sequence[Finding | FindingResult]
) -> GapView | None:
    """Return the gaps at the epoch that would be kept now, judged as those of a finished run are.

    Args:
        curve: of the watched model.
        about: facts of the training.
        options: of the command: `human_error` and `min_gap`.
        findings: so far.

    Returns:
        None if an error is undefined, or 1 − R² is one of equal targets.
    """
    point = curve.best or curve.point(-1)
    train, dev, human_error = point.train_error, point.dev_error, options.get("human_error")
    if train is None or dev is None:
        return None
    is_rate = about.metric == "error_rate"
    human = 0.0 if human_error is None and is_rate else human_error
    if not (is_rate and about.data.dev):  # one epoch's mean of another measure has no known interval
        if not is_rate:  # 1 − R² is the squared RMSE over the set's own variance
            train_deviation, dev_deviation = about.data.deviations or (0.0, 0.0)
            if not train_deviation or not dev_deviation:
                return None
            train, dev = train**0.5 * train_deviation, dev**0.5 * dev_deviation
        errors, bias = (train, dev, human), None if human is None else _bare(train - human)
        gaps = (bias, _bare(dev - train))
        return _gap_view(point.epoch, errors, human_error is None, gaps, (None, None), is_rate=is_rate)
    gaps = judge(
        min(train, 1.0),
        min(dev, 1.0),
        train_size=about.data.m,
        dev_size=about.data.dev,
        human_error=human,
        min_gap=options.get("min_gap", 0.02),
        fit_share=float(np.nanmin(curve.values[:, 2])) / train if train > 0 else 1.0,
    )
    guess = None
    if about.data.guess is not None:
        guess = Guess(about.data.guess.prediction, about.data.guess.error, wilson(min(dev, 1.0), about.data.dev))
    gaps = conclude(gaps, guess, findings)
    errors, intervals = (train, dev, human), (gaps.avoidable_bias, gaps.variance)
    verdict = (gaps.verdict, gaps.reason)
    return _gap_view(point.epoch, errors, human_error is None, intervals, verdict, is_rate=True)


def gap_of_result(result: RunResult) -> GapView | None:
    """Return the gaps of the network that a finished run kept; None if an error is undefined."""
    final, human = result.final, result.human_error
    if finite(final.train_error) is None or finite(final.dev_error) is None:
        return None
    is_rate = result.metric == "error_rate"
    if human is None and is_rate:
        human = 0.0
    errors, gaps = (final.train_error, final.dev_error, human), (final.avoidable_bias, final.variance)
    if not is_rate and final.spread is not None:
        errors = (final.train_metrics["rmse"], final.dev_metrics["rmse"], human)
        gaps = (gaps[0] and gaps[0].scaled(final.spread), gaps[1].scaled(final.spread))
    verdict = (final.verdict, final.reason)
    return _gap_view(result.best_epoch, errors, result.human_error is None, gaps, verdict, is_rate=is_rate)


def _gap_view(
    epoch: int | None,
    errors: tuple[float, float, float | None],
    human_assumed: bool,
    gaps: tuple[Interval | Estimate | None, Interval | Estimate | None],
    verdict: tuple[str | None, str | None],
    *,
    is_rate: bool,
) -> GapView:
    """Return the view of train, dev and human error, of bias and variance, and of the verdict with its reason."""
    train, dev, human = errors
    bias, variance = gaps
    show = numbers.percent if is_rate else numbers.amount
    return GapView(
        epoch=epoch,
        measure="error" if is_rate else "RMSE",
        train=finite(train),
        dev=finite(dev),
        human=None if human is None else finite(human),
        human_assumed=human_assumed,
        bias=bias and finite(bias.value),
        variance=variance and finite(variance.value),
        texts=GapTexts(
            train=no_break(show(train)),
            dev=no_break(show(dev)),
            human=no_break(show(human)),
            bias=no_break(_gap_text(bias, is_rate)),
            variance=no_break(_gap_text(variance, is_rate)),
        ),
        verdict=verdict[0],
        reason=verdict[1] and no_break(verdict[1]),
    )


def _gap_text(gap: Interval | Estimate | None, is_rate: bool) -> str:
    if gap is None:
        return "unknown"
    show = numbers.gap if is_rate else numbers.amount
    return show(gap.value) if gap.low == gap.high else show(gap.value, gap.low, gap.high)  # equal: no interval is known


def _bare(value: float) -> Interval:
    return Interval(value, value, value)
