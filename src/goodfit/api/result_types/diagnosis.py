"""A diagnosis: bias and variance of a run or of bare error rates; and the error on a test set that was opened."""

from dataclasses import dataclass
from typing import Any

from goodfit.record.figures import GapFigures
from goodfit.record.findings import FindingResult
from goodfit.record.plain import PlainData
from goodfit.record.values import Estimate


@dataclass(frozen=True, kw_only=True)
class Diagnosis(GapFigures):
    """Bias, variance and verdict.

    Attributes:
        train_error: share of wrong training examples, or 1 − R² for a regression.
        dev_error: the same of the dev set.
        run: folder of the run; None for bare error rates.
        metric: `error_rate` or `1-r2`.
        folds: number of folds that were trained for it.
        sizes: numbers of examples behind the errors, by set; empty for bare error rates.
        train_metrics: other metrics of the training set, by name; None with folds.
        dev_metrics: other metrics of the dev set; None with folds.
        findings: problems in the training, the most important first.
    """

    train_error: float
    dev_error: float
    run: str | None = None
    metric: str = "error_rate"
    folds: int | None = None
    sizes: dict[str, int]
    train_metrics: dict[str, float] | None = None
    dev_metrics: dict[str, float] | None = None
    findings: tuple[FindingResult, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TestResult(PlainData):
    """The error of a run on its test set.

    Attributes:
        run: folder of the run.
        metric: `error_rate` or `1-r2`.
        test_error: with its 95 % interval.
        test_note: earlier openings of the test set; None if there were none.
        test_metrics: other metrics, by name.
        dev_overfitting: test error − dev error.
        reason: the reason for the run's verdict, with the test set.
    """

    __test__ = False  # pytest would take the class for a test

    run: str
    metric: str
    test_error: Estimate
    test_note: str | None
    test_metrics: dict[str, Any]
    dev_overfitting: Estimate | None
    reason: str
