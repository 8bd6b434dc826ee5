"""A fit, the result of `improve`, `train`, `resume`, `branch` and `load`; and a search, the result of `tune`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goodfit.plan import Plan
from goodfit.record.findings import FindingResult
from goodfit.record.result import RunResult
from goodfit.record.search_result import FinalistResult, TrialResult
from goodfit.record.values import Estimate
from goodfit.wording.numbers import percent

if TYPE_CHECKING:
    import polars as pl

    from goodfit.api.requests.data import DataSource


@dataclass(frozen=True, repr=False)
class Fit:
    """A trained network, its errors, and the reasons for its verdict.

    Attributes:
        result: everything in the run's `result.json`, such as `result.rounds`, `result.ensemble` and `result.final`.
        resumed: sentences on the point at which `resume` went on; empty for other functions.
    """

    result: RunResult
    resumed: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """The verdict in a few words, such as "good fit" or "high variance"."""
        return self.result.final.verdict

    @property
    def reason(self) -> str:
        """The reason for the verdict, in a sentence."""
        return self.result.final.reason

    @property
    def train_error(self) -> float:
        """Error on the training set: the share of wrong answers, or 1 − R² for a regression."""
        return self.result.final.train_error

    @property
    def dev_error(self) -> float:
        """Error on the dev set."""
        return self.result.final.dev_error

    @property
    def test_error(self) -> Estimate | None:
        """Error on the test set with its 95 % interval; None while the test set is closed."""
        return self.result.final.test_error

    @property
    def findings(self) -> tuple[FindingResult, ...]:
        """Problems in the training, the most important first."""
        return self.result.final.findings

    @property
    def next_steps(self) -> tuple[str, ...]:
        """Advice on what to do next, a sentence each."""
        return self.result.final.next_steps

    @property
    def plan(self) -> Plan:
        """Settings of the network, or of the best network of an ensemble."""
        return self.result.plan

    @property
    def outcome(self) -> str:
        """The ending: "finished", "interrupted", or another one of a training."""
        return self.result.outcome

    @property
    def run(self) -> Path:
        """Folder of the run."""
        return Path(self.result.run)

    @property
    def report(self) -> Path:
        """Path of the report."""
        return Path(self.result.report)

    @property
    def history(self) -> "pl.DataFrame":
        """Costs and errors by epoch, read from the run's folder."""
        from goodfit.errors import InputError
        from goodfit.run_folder.tables import read_history

        history = read_history(self.run)
        if history is None:
            raise InputError(f"the run {self.run} has no history; run it again")
        return history

    def predict(self, data: "DataSource", *, out: str | Path | None = None) -> "pl.DataFrame":
        """Predict new rows, as `goodfit.predict` does."""
        from goodfit.api.predict import predict

        return predict(self.run, data, out=out)

    def to_dict(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return self.result.to_dict() | ({"resumed": list(self.resumed)} if self.resumed else {})

    def __repr__(self) -> str:
        """Return the verdict, the errors and the folder on one line."""
        test = self.test_error
        errors = f"dev error {percent(self.dev_error)}"
        errors += f", test error {percent(test.value, test.low, test.high)}" if test else ""
        return f"{type(self).__name__}({self.verdict}; {errors}; {self.run})"

    def _repr_html_(self) -> str:
        """Return the first screen of the report, for notebooks."""
        from goodfit.reports.first_screen import first_screen

        return first_screen(self.run)


@dataclass(frozen=True, repr=False)
class Search(Fit):
    """The result of a hyperparameter search: a fit by its best plan."""

    @property
    def best(self) -> Plan:
        """The plan that won among the finalists."""
        return self.plan

    @property
    def trials(self) -> tuple[TrialResult, ...]:
        """All trials, in the order in which they were drawn."""
        return self.result.trials

    @property
    def finalists(self) -> tuple[FinalistResult, ...]:
        """The best plans, trained again with new seeds."""
        return self.result.finalists
