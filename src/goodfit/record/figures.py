"""A run's errors, the gaps between them, and the verdict on them."""

from dataclasses import dataclass

from goodfit.record.findings import FindingResult
from goodfit.record.plain import PlainData
from goodfit.record.values import Estimate
from goodfit.wording import numbers

DRIFT = "drift"
_GAP_NAMES = ("avoidable bias", "variance", "dev overfitting")


@dataclass(frozen=True, kw_only=True)
class GapFigures(PlainData):
    """The gaps between errors, and the verdict on them.

    The gaps of a regression are differences of RMSEs, divided by the spread of the target.

    Attributes:
        verdict: in a few words, such as "good fit" or "high variance".
        reason: one sentence.
        spread: of the training targets of a regression, in their unit: their interquartile range / 1.349, or their
            standard deviation where that is 0; None for classes.
        avoidable_bias: train error − human error; None if no human error is known.
        variance: dev error − train error.
        dev_overfitting: test error − dev error; None before the test set is opened.
        by_time: True if the sets follow each other in time: what separates test from dev is then drift.
    """

    verdict: str
    reason: str
    avoidable_bias: Estimate | None
    variance: Estimate
    dev_overfitting: Estimate | None
    spread: float | None = None
    by_time: bool = False

    @property
    def gaps(self) -> dict[str, Estimate]:
        """The gaps that are known, by name."""
        gaps = (self.avoidable_bias, self.variance, self.dev_overfitting)
        names = (*_GAP_NAMES[:2], DRIFT) if self.by_time else _GAP_NAMES
        return {name: gap for name, gap in zip(names, gaps, strict=True) if gap}


def gap_text(gap: Estimate, spread: float | None = None) -> str:
    """Return the gap between two errors with its interval; with a spread it is one of RMSEs, in the target's unit.

    >>> gap_text(Estimate(0.1, 0.0871, 0.114))
    '10.0 points [8.7, 11.4]'
    >>> gap_text(Estimate(0.1, 0.0872, 0.114), 50)
    'RMSE 5.00 [4.36, 5.70]'
    """
    if spread is None:
        return numbers.gap(gap.value, gap.low, gap.high)
    gap = gap.scaled(spread)
    return f"RMSE {numbers.amount(gap.value, gap.low, gap.high)}"


@dataclass(frozen=True, kw_only=True)
class GuessFigures(PlainData):
    """The best constant prediction beside the network, on the test set if it was opened, else on the dev set.

    Attributes:
        prediction: in words: a class in quotation marks, or "the mean".
        error: of the constant.
        network: error of the network.
    """

    prediction: str
    error: float
    network: Estimate


@dataclass(frozen=True, kw_only=True)
class FinalFigures(GapFigures):
    """The last diagnosis of a run: errors, metrics and advice.

    Attributes:
        train_error: of the final model.
        dev_error: of the final model.
        test_error: with its interval; None while the test set is closed.
        test_note: why there is no test error, or what limits it; None if there is nothing to say.
        models: number of networks in the final model.
        next_steps: what to do next, a sentence each.
        train_metrics: by name.
        dev_metrics: by name.
        test_metrics: by name; None while the test set is closed.
        findings: problems in the training, the most important first.
        guess: the best constant prediction beside the network.
        fit_share: the lowest train error that the training reached, as a share of that of the kept parameters.
        bias_shown: True if a larger network lowered the train error, False if it did not; None where a human error
            tells of the bias, or no larger network was tried.
    """

    train_error: float
    dev_error: float
    test_error: Estimate | None
    test_note: str | None
    models: int
    next_steps: tuple[str, ...]
    train_metrics: dict[str, float]
    dev_metrics: dict[str, float]
    test_metrics: dict[str, float] | None
    findings: tuple[FindingResult, ...]
    guess: GuessFigures | None = None
    fit_share: float = 1.0
    bias_shown: bool | None = None
