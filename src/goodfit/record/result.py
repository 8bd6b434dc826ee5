"""The result of a run: everything that `result.json` holds and `--json` prints, as values with named fields.

A field's name is its key in JSON. Errors are shares of wrong answers for classes (0.02 is 2 %) and 1 − R² for a
regression.
"""

from dataclasses import dataclass
from typing import Any

from goodfit.data.notes import Note
from goodfit.plan import Plan
from goodfit.record.nudge import Nudge
from goodfit.record.plain import PlainData
from goodfit.record.search_result import FinalistResult, SearchResult, StudyFacts, TrialResult
from goodfit.record.values import EffectEstimate, Estimate


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
class PlotData(PlainData):
    """The evidence of a finding, as lines over one axis.

    Attributes:
        title: heading of the plot.
        x_name: label of the x axis.
        y_name: label of the y axis.
        x: places on the x axis.
        lines: values by the line's name, as long as `x`; None where nothing was measured.
        log: True if the y axis is logarithmic.
    """

    title: str
    x_name: str
    y_name: str
    x: tuple[float | None, ...]
    lines: dict[str, tuple[float | None, ...]]
    log: bool = False


@dataclass(frozen=True, kw_only=True)
class RemedyResult(PlainData):
    """A change that a finding suggests.

    Attributes:
        id: stable identifier; the name may be reworded, the ID may not.
        id: stable identifier.
        name: short name.
        why: the reason, in a sentence.
        changes: settings of the plan; empty if no plan can express the change.
    """

    id: str
    name: str
    why: str
    changes: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class FindingResult(PlainData):
    """A problem that was found in a training.

    Attributes:
        id: stable identifier; the name may be reworded, the ID may not.
        name: of the symptom.
        severity: 1 if nothing is learned or the errors deceive, 2 if learning is hampered, 3 if time is wasted.
        layer: where it was seen; None for the network as a whole.
        epoch: when it was seen; None for the training as a whole.
        confidence: 0 to 1.
        sentence: what was seen, with its numbers.
        evidence: these numbers by name; None where one is undefined.
        prescriptions: suggested changes, the most promising first.
        plot: the evidence drawn.
    """

    id: str
    name: str
    severity: int
    layer: str | None
    epoch: int | None
    confidence: float
    sentence: str
    evidence: dict[str, float | None]
    prescriptions: tuple[RemedyResult, ...]
    plot: PlotData | None


@dataclass(frozen=True, kw_only=True)
class GapFigures(PlainData):
    """The gaps between errors, and the verdict on them.

    Attributes:
        verdict: in a few words, such as "good fit" or "high variance".
        reason: one sentence.
        avoidable_bias: train error − human error; None if no human error is known.
        variance: dev error − train error.
        dev_overfitting: test error − dev error; None before the test set is opened.
    """

    verdict: str
    reason: str
    avoidable_bias: Estimate | None
    variance: Estimate
    dev_overfitting: Estimate | None


@dataclass(frozen=True, kw_only=True)
class ExperimentResult(PlainData):
    """A prescription that was run as an experiment, and its measured effect.

    Attributes:
        id: stable identifier of the prescription.
        prescription: its name.
        why: its reason, in a sentence.
        changes: settings that it changed in the incumbent's plan.
        error_effect: change of the dev error; negative is better.
        cost_effect: change of the dev cost, which decides; negative is better.
        p_holm: the cost effect's p value, corrected for all experiments of the round (Holm).
        train_error: with the change.
        dev_error: with the change.
        adopted: True if the changed plan became the incumbent.
        against: ID of the finding that it should cure; None for the recipe's own.
        cured: True if that finding was gone; None if it was against none.
        outcome: the worst ending of its trainings.
        seconds: training time.
    """

    id: str
    prescription: str
    why: str
    changes: dict[str, Any]
    error_effect: EffectEstimate
    cost_effect: EffectEstimate
    p_holm: float
    train_error: float
    dev_error: float
    adopted: bool
    against: str | None
    cured: bool | None
    outcome: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class RoundResult(GapFigures):
    """One turn of the improve loop: the incumbent, its diagnosis, and the experiments.

    Attributes:
        number: of the round, from 1.
        train_error: of the incumbent.
        dev_error: of the incumbent.
        plan: of the incumbent.
        seeds: number of trainings behind the incumbent's errors.
        findings: problems in the incumbent's training.
        experiments: in the order in which they were proposed.
    """

    number: int
    train_error: float
    dev_error: float
    plan: Plan
    seeds: int
    findings: tuple[FindingResult, ...]
    experiments: tuple[ExperimentResult, ...]


@dataclass(frozen=True, kw_only=True)
class LearningCurveResult(PlainData):
    """Dev error by number of training examples, continued to twice as many.

    Attributes:
        sizes: numbers of training examples, rising.
        dev_error: mean over the subsets of each size.
        low: lower limits of their intervals.
        high: upper limits.
        doubled: error expected with twice the largest size.
        gain: the fall expected from that; positive is better.
        floor: a in error(m) = a + b·m^(−c), with m in units of the largest size.
        slope: b.
        power: c.
        sentence: the conclusion.
    """

    sizes: tuple[int, ...]
    dev_error: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    doubled: Estimate
    gain: Estimate
    floor: float
    slope: float
    power: float
    sentence: str


@dataclass(frozen=True, kw_only=True)
class AugmentationResult(PlainData):
    """The worth of augmentation, in real examples.

    Attributes:
        examples: number of real examples that it stands for; None if no learning curve was measured, or if it is more
            than the curve covers.
        low: lower limit.
        high: upper limit.
        sentence: the conclusion.
    """

    examples: int | None
    low: int | None
    high: int | None
    sentence: str


@dataclass(frozen=True, kw_only=True)
class EnsemblePart(PlainData):
    """A plan in the ensemble.

    Attributes:
        name: of the experiment.
        weight: share in the mean.
        networks: number of its trained networks.
    """

    name: str
    weight: float
    networks: int


@dataclass(frozen=True, kw_only=True)
class EnsembleResult(PlainData):
    """The ensemble, and its effect on the dev error and cost.

    Attributes:
        adopted: True if the final model is the ensemble, False if it is the single network.
        models: number of networks in the final model.
        single_dev_error: of one network of the best plan.
        dev_error: of the ensemble.
        error_effect: the ensemble's change of the dev error; negative is better.
        cost_effect: the ensemble's change of the calibrated dev cost, which decides; negative is better.
        parts: the plans in it, with their weights.
        sentence: what was kept and why; it claims a lower error only where the interval of the change excludes zero.
    """

    adopted: bool
    models: int
    single_dev_error: float
    dev_error: float
    error_effect: EffectEstimate
    cost_effect: EffectEstimate
    parts: tuple[EnsemblePart, ...]
    sentence: str


@dataclass(frozen=True, kw_only=True)
class CalibrationResult(PlainData):
    """The temperature of the probabilities, and its effect on the dev set.

    Attributes:
        temperature: probabilities become p^(1/T), normalized; 1 changes nothing.
        log_loss_before: with the probabilities as they were.
        log_loss_after: with the temperature.
        ece_before: expected calibration error before.
        ece_after: expected calibration error after.
    """

    temperature: float
    log_loss_before: float
    log_loss_after: float
    ece_before: float
    ece_after: float


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


@dataclass(frozen=True, kw_only=True)
class NudgeEffect(PlainData):
    """The measured effect of the nudges of one epoch.

    Attributes:
        epoch: after which they were made.
        what: name, old and new value of each.
        at: epoch of the last comparison; None before the first.
        pairs: number of pairs of a nudged model and its untouched copy.
        error: change of the dev error, nudged − untouched.
        cost: change of the calibrated dev cost.
        sentence: the conclusion; empty before the first comparison.
        ended: True once a later nudge or the end of the training closed the comparison.
    """

    epoch: int
    what: tuple[tuple[Any, ...], ...]
    at: int | None
    pairs: int
    error: EffectEstimate | None
    cost: EffectEstimate | None
    sentence: str
    ended: bool


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
    learning_curve: LearningCurveResult | None = None
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
