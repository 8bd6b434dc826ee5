"""A diagnosis: bias and variance of a run or of bare error rates; and the error on a test set that was opened."""

from dataclasses import dataclass, field

from goodfit.record.figures import GapFigures, gap_text
from goodfit.record.findings import FindingResult
from goodfit.record.plain import PlainData
from goodfit.record.values import Estimate
from goodfit.wording.numbers import percent


@dataclass(frozen=True, kw_only=True, repr=False)
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
    sizes: dict[str, int] = field(default_factory=dict)
    train_metrics: dict[str, float] | None = None
    dev_metrics: dict[str, float] | None = None
    findings: tuple[FindingResult, ...] = ()

    def __repr__(self) -> str:
        """Return the verdict, the errors and the folder on one line."""
        facts = [self.verdict, self._errors, *([self.run] if self.run else [])]
        return f"Diagnosis({'; '.join(facts)})"

    def _repr_html_(self) -> str:
        """Return the verdict, its reason and the gaps, for notebooks."""
        from goodfit.reports.answers import Answer
        from goodfit.reports.first_screen import answer_html

        items = [f"{name.capitalize()}: {gap_text(gap, self.spread)}" for name, gap in self.gaps.items()]
        items += [f"{finding.name}: {finding.sentence}" for finding in self.findings]
        headline = self.verdict.capitalize()
        return answer_html(Answer("Is it a good fit?", headline, self._errors, (self.reason,), tuple(items)))

    @property
    def _errors(self) -> str:
        return f"train error {percent(self.train_error)}, dev error {percent(self.dev_error)}"


@dataclass(frozen=True, kw_only=True, repr=False)
class TestResult(PlainData):
    """The error of a run on its test set.

    Attributes:
        run: folder of the run.
        metric: `error_rate` or `1-r2`.
        test_error: with its 95 % interval.
        test_note: earlier openings of the test set; None if there were none.
        test_metrics: other metrics, by name.
        dev_overfitting: test error − dev error; for a regression a difference of RMSEs over the spread.
        spread: of the target of a regression, in its unit; None for classes.
        by_time: True if the sets follow each other in time, so that dev_overfitting is drift.
        reason: the reason for the run's verdict, with the test set; None if the run knows a better one.
    """

    __test__ = False  # pytest would take the class for a test

    run: str
    metric: str
    test_error: Estimate
    test_note: str | None
    test_metrics: dict[str, float]
    dev_overfitting: Estimate | None
    spread: float | None = None
    by_time: bool = False
    reason: str | None = None

    def __repr__(self) -> str:
        """Return the error with its interval and the folder on one line."""
        error = percent(self.test_error.value, self.test_error.low, self.test_error.high)
        return f"TestResult(test error {error}; {self.run})"
