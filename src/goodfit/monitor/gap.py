"""The gap panel of a live view: both errors after an epoch, the gaps between them, and the verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from goodfit.diagnosis.gaps import judge
from goodfit.diagnosis.intervals import Interval
from goodfit.monitor.curves import Point, finite
from goodfit.record.plain import PlainData
from goodfit.record.result import RunResult
from goodfit.record.values import Estimate
from goodfit.run_folder.live_state import About
from goodfit.wording import numbers


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


def gap_after(point: Point, about: About, options: Mapping[str, Any]) -> GapView | None:
    """Return the gaps after an epoch; None if an error is undefined.

    Args:
        point: the epoch.
        about: facts of the training.
        options: of the command: `human_error` and `min_gap`.
    """
    train, dev, human_error = point.train_error, point.dev_error, options.get("human_error")
    if train is None or dev is None:
        return None
    is_rate = about.metric == "error_rate"
    human = 0.0 if human_error is None and is_rate else human_error
    errors = (train, dev, human)
    if not (is_rate and about.data.dev):  # one epoch's mean of another measure has no known interval
        bias, variance = None if human is None else _bare(train - human), _bare(dev - train)
        return _gap_view(point.epoch, errors, human_error is None, (bias, variance), (None, None))
    gaps = judge(
        min(train, 1.0),
        min(dev, 1.0),
        train_size=about.data.m,
        dev_size=about.data.dev,
        human_error=human,
        min_gap=options.get("min_gap", 0.02),
    )
    intervals = (gaps.avoidable_bias, gaps.variance)
    return _gap_view(point.epoch, errors, human_error is None, intervals, (gaps.verdict, gaps.reason))


def gap_of_result(result: RunResult) -> GapView | None:
    """Return the gaps of the network that a finished run kept; None if an error is undefined."""
    final, human = result.final, result.human_error
    if finite(final.train_error) is None or finite(final.dev_error) is None:
        return None
    if human is None and result.metric == "error_rate":
        human = 0.0
    errors = (final.train_error, final.dev_error, human)
    gaps = (final.avoidable_bias, final.variance)
    return _gap_view(result.best_epoch, errors, result.human_error is None, gaps, (final.verdict, final.reason))


def _gap_view(
    epoch: int | None,
    errors: tuple[float, float, float | None],
    human_assumed: bool,
    gaps: tuple[Interval | Estimate | None, Interval | Estimate | None],
    verdict: tuple[str | None, str | None],
) -> GapView:
    """Return the view of train, dev and human error, of bias and variance, and of the verdict with its reason."""
    train, dev, human = errors
    bias, variance = gaps
    return GapView(
        epoch=epoch,
        train=finite(train),
        dev=finite(dev),
        human=None if human is None else finite(human),
        human_assumed=human_assumed,
        bias=bias and finite(bias.value),
        variance=variance and finite(variance.value),
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


def _gap_text(gap: Interval | Estimate | None) -> str:
    if gap is None:
        return "unknown"
    if gap.low == gap.high:  # no interval is known
        return numbers.gap(gap.value)
    return numbers.gap(gap.value, gap.low, gap.high)


def _bare(value: float) -> Interval:
    return Interval(value, value, value)
