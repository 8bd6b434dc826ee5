"""The doctor's examination of trained plans: facts of the data, one training, and findings that most seeds share."""

from collections import Counter
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from goodfit.checks.curvature import curvature
from goodfit.checks.network import open_network
from goodfit.data.dataset import Splits
from goodfit.data.shift import compare_distributions
from goodfit.diagnosis.data_facts import basic_data_facts
from goodfit.diagnosis.finding import ClassRecall, DataFacts, Finding, Findings, Observation, Signals
from goodfit.diagnosis.findings import examine, plateau
from goodfit.diagnosis.findings.explanations import arranged
from goodfit.diagnosis.intervals import wilson
from goodfit.diagnosis.target_tail import target_tail
from goodfit.experiments.calibration import calibrate
from goodfit.experiments.leaks import duplicates, leak
from goodfit.record.measurement import Measurement, sample
from goodfit.record.run import Run, unflatten

_CURVATURE_ROWS = 256  # enough for the curvature's sign, and each of its dozens of products passes over them
_SHIFT_LEVEL = 0.001  # at the usual .05, one healthy split in twenty would be reported
_SUREST_SHARE = 0.25  # share of the dev examples, those that the networks are surest of
_FEWEST_SURE = 20
_LEARNED = 0.85  # of the constant guess's error: with a higher one, wrong answers say nothing about labels


def data_facts(splits: Splits) -> DataFacts:
    """Return the facts of the data that are known before any training."""
    return replace(
        basic_data_facts(splits),
        dev=len(splits.dev),
        duplicates=duplicates(splits),
        shift=tuple(note.text for note in compare_distributions(splits, _SHIFT_LEVEL)),
        leak=leak(splits),
        target_values=len(np.unique(splits.dataset.target[splits.train])),
        by_time=splits.by_time,
        target_tail=target_tail(splits.dataset.target[splits.pool], splits.pool) if splits.regression else None,
    )


def observe(run: Run, splits: Splits, facts: DataFacts) -> Observation:
    """Return one training as the doctor sees it; for images the columns are the prepared channels."""
    inputs = run.preparation.transform(splits.dataset.features.take(sample(run.train)))
    if splits.dataset.schema.image:
        inputs = inputs.reshape(-1, splits.dataset.schema.image[2])
    means, deviations = (moment.astype(np.float64) for moment in (inputs.mean(axis=0), inputs.std(axis=0)))
    signals = Signals(run.history, run.health, run.outcome, run.best)
    return Observation(
        signals, run.plan, replace(facts.of_plan(run.plan), column_means=means, column_deviations=deviations)
    )


def shared_findings(measurement: Measurement, splits: Splits, facts: DataFacts) -> Findings:
    """Return the findings of more than half of a measurement's trainings, each from the training that is surest of it.

    A single seed's problem may be bad luck, which no change of plan would cure.

    Args:
        measurement: of the trainings.
        splits: the data.
        facts: of the data, with the recall of the final predictor; without it, that of the trainings is taken.
    """
    rows, outputs = measurement.rows, measurement.outputs
    with_noise = replace(
        facts,
        label_noise=label_noise(outputs, splits, rows),
        recall=facts.recall or class_recall(calibrate(splits, outputs.mean(axis=0), rows)[1], splits, rows),
        negative_predictions=negative_share(outputs, splits),
    )
    runs = [run for seed_runs in measurement.runs for run in seed_runs]
    findings = [finding for run in runs for finding in examine(observe(run, splits, with_noise))]
    counts = Counter(finding.id for finding in findings)
    surest: dict[str, Finding] = {}
    for finding in findings:
        if 2 * counts[finding.id] > len(runs):
            earlier = surest.setdefault(finding.id, finding)
            if finding.confidence > earlier.confidence:
                surest[finding.id] = finding
    return arranged(surest.values())


def with_curvature(findings: list[Finding], run: Run, splits: Splits, facts: DataFacts) -> list[Finding]:
    """Return the findings with the kind of a plateau, if there is one: saddle, minimum or flat.

    Only then is the curvature measured, since it takes dozens of passes over the examples.
    """
    if all(finding.id != plateau.ID for finding in findings):
        return findings
    network = open_network(run.plan, splits, run.seed, _CURVATURE_ROWS).without_dropout()
    observation = observe(run, splits, facts)
    shape = curvature(network.objective, {"layers": unflatten(run.best)[0]}).verdict
    return examine(replace(observation, signals=replace(observation.signals, curvature=shape)))


def class_recall(
    outputs: Float[np.ndarray, "rows classes"], splits: Splits, rows: Int[np.ndarray, "rows"]
) -> ClassRecall | None:
    """Return the judged examples of each class that probabilities find; None for a regression."""
    classes = splits.dataset.schema.classes
    if not classes:
        return None
    truth, count = splits.dataset.target[rows], len(classes)
    found = np.bincount(truth[outputs.argmax(axis=1) == truth], minlength=count)
    lower = None
    if count == 2:
        counts = np.bincount(splits.dataset.target[splits.train], minlength=2)
        rare = int(counts.argmin())
        predicted = outputs[:, rare] > counts[rare] / counts.sum()
        lower = int((predicted & (truth == rare)).sum()), int((predicted & (truth != rare)).sum())
    return ClassRecall(classes, tuple(found.tolist()), tuple(np.bincount(truth, minlength=count).tolist()), lower)


def negative_share(outputs: Float[np.ndarray, "seeds rows outputs"], splits: Splits) -> float:
    """Return the share of predictions that are negative, if no target is; 0 for classes."""
    is_positive = splits.regression and splits.dataset.target[splits.pool].min() >= 0
    return float((outputs < 0).mean()) if is_positive else 0.0


def label_noise(
    outputs: Float[np.ndarray, "seeds rows classes"], splits: Splits, rows: Int[np.ndarray, "rows"]
) -> float | None:
    """Estimate the share of wrong labels by the error among the answers that the networks are surest of.

    Where classes overlap, errors gather among unsure answers; wrong labels are everywhere.

    Args:
        outputs: probabilities of the judged rows, by seed.
        splits: the data.
        rows: the judged rows.

    Returns:
        The lower end of the interval, so that the estimate is careful. None for a regression, with few dev examples,
        and where little was learned.
    """
    if splits.regression:
        return None
    mean, truth = outputs.mean(axis=0), splits.dataset.target[rows]
    guess = 1 - np.bincount(truth).max() / len(truth)
    wrong = mean.argmax(axis=1) != truth
    if wrong.mean() > _LEARNED * guess:
        return None
    surest = np.argsort(-mean.max(axis=1), kind="stable")[: int(_SUREST_SHARE * len(rows))]
    if len(surest) < _FEWEST_SURE:
        return None
    sure_error = float(wrong[surest].mean())
    # Overlapping classes leave far fewer errors among the surest answers than among all.
    return max(0.0, wilson(sure_error, len(surest)).low) if 2 * sure_error >= wrong.mean() else 0.0
