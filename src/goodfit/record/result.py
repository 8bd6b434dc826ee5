"""The result of a run: everything that `result.json` holds and `--json` prints, as values with named fields.

A field's name is its key in JSON. Errors are shares of wrong answers for classes (0.02 is 2 %) and 1 − R² for a
regression.
"""

from dataclasses import dataclass
from typing import Any

from goodfit.data.notes import Note
from goodfit.plan import Plan
from goodfit.record.ensemble import CalibrationResult, EnsembleResult
from goodfit.record.figures import FinalFigures
from goodfit.record.learning_curve import AugmentationResult, LearningCurve
from goodfit.record.nudge import Nudge, NudgeEffect
from goodfit.record.plain import PlainData
from goodfit.record.rounds import RoundResult
from goodfit.record.search_result import FinalistResult, SearchResult, StudyFacts, TrialResult


@dataclass(frozen=True, kw_only=True)
class DataSummary(PlainData):
    """The data that a run was trained on.

    Attributes:
        name: of the built-in data set, the file or the folder.
        source: path or built-in name; None for data in memory.
        rows: examples in all three sets.
        columns: features.
        fingerprint: digest of the contents.
        image: height, width and channels; None for a table.
    """

    name: str
    source: str | None
    rows: int
    columns: int
    fingerprint: str
    image: tuple[int, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class SetSizes(PlainData):
    """Number of examples in each set."""

    train: int
    dev: int
    test: int


@dataclass(frozen=True, kw_only=True)
class BranchOrigin(PlainData):
    """The parameters that a branch started from.

    Attributes:
        run: the folder of the run that they came from.
        epoch: at which they were.
        fitted: names of the parameters that fitted the new plan.
    """

    run: str
    epoch: int
    fitted: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RunFacts(PlainData):
    """The request behind a run, and the data that it was asked of.

    Attributes:
        goodfit: version that wrote it.
        versions: of Python and the libraries that numbers depend on.
        command: `improve`, `train` or `tune`.
        run: the run's folder.
        report: its page.
        started: in ISO's form.
        data: name, source and size.
        task: `binary`, `classes` or `regression`.
        target: name of the predicted column.
        classes: their names; empty for a regression.
        metric: `error_rate` or `1-r2`.
        notes: on the data and its split.
        sizes: of the three sets.
        opened_from: path or built-in name; None for data in memory.
        options: by the command's names.
        command_line: that repeats the run.
    """

    goodfit: str
    versions: dict[str, str]
    command: str
    run: str
    report: str
    started: str
    data: DataSummary
    task: str
    target: str
    classes: tuple[str, ...]
    metric: str
    notes: tuple[Note, ...]
    sizes: SetSizes
    opened_from: str | None
    options: dict[str, Any]
    command_line: str


@dataclass(frozen=True, kw_only=True)
class RunResult(RunFacts):
    """The result of a run of `improve`, `train` or `tune`; what a command does not have is empty or None.

    Attributes:
        seed: random seed of the split and the training.
        rounds_asked: rounds that `improve` was limited to.
        budget: seconds that `improve` was limited to.
        folds: of cross-validation.
        human_error: human or Bayes error; None where not given.
        min_gap: smallest gap that counts.
        given_plan: the plan that `improve` started from.
        outcome: "finished", "interrupted" or another ending of a training.
        outcome_reason: of `train`, in a few words.
        best_epoch: of `train`: the epoch whose parameters were kept.
        baseline: errors of simple predictions and of the starting network, by name.
        rounds: of `improve`.
        learning_curve: error by number of examples, where it was measured.
        augmentation: its worth, where it was measured.
        ensemble: of `improve` and `tune`.
        calibration: of their probabilities; None for a regression.
        nudges: of `train`, those that were not rewound.
        nudge_effects: of `train` with untouched copies.
        branched_from: of a branch.
        study: name and place of the search.
        search: its space and course.
        trials: all trials of the search.
        finalists: the best plans of the search, trained again.
        final: the last diagnosis.
        plan: of the final model, or of its best network.
        seconds: wall time.
    """

    seed: int
    rounds_asked: int | None = None
    budget: float | None = None
    folds: int | None = None
    human_error: float | None
    min_gap: float
    given_plan: Plan | None = None
    outcome: str
    outcome_reason: str | None = None
    best_epoch: int | None = None
    baseline: dict[str, float]
    rounds: tuple[RoundResult, ...] = ()
    learning_curve: LearningCurve | None = None
    augmentation: AugmentationResult | None = None
    ensemble: EnsembleResult | None = None
    calibration: CalibrationResult | None = None
    nudges: tuple[Nudge, ...] = ()
    nudge_effects: tuple[NudgeEffect, ...] = ()
    branched_from: BranchOrigin | None = None
    study: StudyFacts | None = None
    search: SearchResult | None = None
    trials: tuple[TrialResult, ...] = ()
    finalists: tuple[FinalistResult, ...] = ()
    final: FinalFigures
    plan: Plan
    seconds: float
