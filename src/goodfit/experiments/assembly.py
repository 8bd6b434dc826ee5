"""The final predictor: an ensemble of trained plans where it is better than one network, and how it did."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Splits
from goodfit.diagnosis.paired_test import PairedEffect, paired_test
from goodfit.engine.predictor import Member, Predictor, member_of, tempered
from goodfit.experiments.calibration import Calibration, calibrate, fairly_tempered
from goodfit.experiments.ensemble import crossed, select
from goodfit.plan import Plan
from goodfit.record.measurement import Measurement, judge_outputs, sample
from goodfit.run_folder.journal import Journal
from goodfit.run_folder.summary import interval
from goodfit.wording import numbers
from goodfit.wording.text import count

_MOST_CANDIDATES = 16  # plans that the selection considers


@dataclass(frozen=True)
class Candidate:
    """One plan as a possible part of the ensemble.

    The outputs are calibrated, each seed's on its own: label smoothing makes a network modest, and by raw log-loss it
    would lose to one that is surer and wrong more often.

    Attributes:
        name: of the plan.
        members: its networks.
        outputs: mean of the networks' outputs on rows that they did not see.
    """

    name: str
    members: tuple[Member, ...]
    outputs: Float[np.ndarray, "rows outputs"]


@dataclass(frozen=True)
class Part:
    """A plan's part of the final predictor.

    Attributes:
        name: of the plan.
        weight: share of the prediction.
        networks: number of its networks.
    """

    name: str
    weight: float
    networks: int


@dataclass(frozen=True)
class Assembly:
    """The final predictor, and how the ensemble did.

    Attributes:
        predictor: calibrated.
        kept: True if the predictor is the ensemble, False if it is one network.
        parts: the plans in it.
        single_error: dev error of one network of the best plan.
        ensemble_error: dev error of the ensemble, each half of the rows with weights chosen on the other half.
        error_change: the ensemble's change of the dev error; negative is better.
        cost_change: the ensemble's change of the calibrated dev cost.
        calibration: of the probabilities; None for a regression.
        rows: the rows it was judged on.
        outputs: calibrated outputs on those rows, by networks that did not see them.
        dev_errors: errors of these outputs.
        train_rows: training rows, or a sample of them.
        train_outputs: the predictor's outputs on them.
        train_errors: errors of these outputs.
    """

    predictor: Predictor
    kept: bool
    parts: tuple[Part, ...]
    single_error: float
    ensemble_error: float
    error_change: PairedEffect
    cost_change: PairedEffect
    calibration: Calibration | None
    rows: Int[np.ndarray, "rows"]
    outputs: Float[np.ndarray, "rows outputs"]
    dev_errors: Float[np.ndarray, "1 dev"]
    train_rows: Int[np.ndarray, "train"]
    train_outputs: Float[np.ndarray, "train outputs"]
    train_errors: Float[np.ndarray, "1 train"]


def assemble(
    measured: Sequence[Measurement],
    incumbent: Measurement,
    splits: Splits,
    rows: Int[np.ndarray, "rows"],
    groups: Int[np.ndarray, "rows"] | None,
    seed: int,
) -> Assembly:
    """Choose, judge and calibrate an ensemble of all that was measured; keep one network where that is as good.

    Args:
        measured: trained plans, each with outputs on the rows.
        incumbent: the best single plan.
        splits: the data.
        rows: the judged rows.
        groups: group of each row, where the user named them.
        seed: random seed of the choice.
    """
    truth, task = splits.dataset.target[rows], splits.dataset.schema.task
    candidates = _candidates(measured, splits, rows, seed) or [_single(incumbent)]
    stacked = np.stack([candidate.outputs for candidate in candidates])
    weights = select(stacked, truth, task, seed).weights
    mean = crossed(stacked, truth, task, seed, groups)
    error = judge_outputs(splits, mean[None], rows)[1]
    costs = [_costs(outputs, splits, rows, seed) for outputs in (incumbent.outputs, mean[None])]
    error_change = paired_test(incumbent.errors, error, groups=groups, seed=seed)
    # The cost decides, since it tells more from few examples; the error must not get worse beyond chance.
    kept = bool(costs[1].mean() < costs[0].mean()) and error_change.low <= 0
    if not kept:
        candidates, weights, mean = [_single(incumbent)], np.ones(1), incumbent.outputs[0]
    calibration = None if splits.regression else calibrate(mean, truth, seed=seed)
    temperature = calibration.temperature if calibration else 1.0
    predictor = Predictor(splits.dataset.schema, _weighted(candidates, weights), temperature)
    outputs = mean if calibration is None else tempered(mean, temperature)
    train_rows = sample(splits.train)
    train_outputs = predictor.outputs(splits.dataset.features, train_rows)
    return Assembly(
        predictor=predictor,
        kept=kept,
        parts=tuple(
            Part(candidate.name, float(weight), len(candidate.members))
            for candidate, weight in zip(candidates, weights, strict=True)
            if weight > 0
        ),
        single_error=incumbent.dev_error,
        ensemble_error=float(error.mean()),
        error_change=error_change,
        cost_change=paired_test(*costs, groups=groups, seed=seed),
        calibration=calibration,
        rows=rows,
        outputs=outputs,
        dev_errors=judge_outputs(splits, outputs[None], rows)[1],
        train_rows=train_rows,
        train_outputs=train_outputs,
        train_errors=judge_outputs(splits, train_outputs[None], train_rows)[1],
    )


def _candidates(
    measured: Sequence[Measurement], splits: Splits, rows: Int[np.ndarray, "rows"], seed: int
) -> list[Candidate]:
    """Return a candidate for each plan and for each of its snapshots, judged by networks that did not see the rows."""
    by_plan: dict[Plan, list[Measurement]] = {}
    for measurement in sorted(measured, key=lambda measurement: measurement.dev_cost):
        if all(run.usable for runs in measurement.runs for run in runs):
            by_plan.setdefault(measurement.plan, []).append(measurement)
    candidates = []
    for measurements in list(by_plan.values())[:_MOST_CANDIDATES]:
        candidates.append(_candidate(measurements, None, splits, rows, seed))
        all_runs = [run for measurement in measurements for runs in measurement.runs for run in runs]
        for moment in range(measurements[0].plan.snapshots):
            if all(moment < len(run.snapshots) for run in all_runs):
                candidates.append(_candidate(measurements, moment, splits, rows, seed))
    return candidates


def _candidate(
    measurements: Sequence[Measurement],
    moment: int | None,
    splits: Splits,
    rows: Int[np.ndarray, "rows"],
    seed: int,
) -> Candidate:
    """Return the networks of one plan's measurements, at their best or at a snapshot, each seed with a temperature."""
    name = measurements[0].name
    members: list[Member] = []
    outputs = []
    for measurement in measurements:
        measured = measurement.outputs if moment is None else measurement.snapshots[moment]
        judged = measured[:, np.isin(measurement.rows, rows)]
        for runs, seed_outputs in zip(measurement.runs, judged, strict=True):
            temperature, calibrated = _calibrated(seed_outputs, splits, rows, seed)
            outputs.append(calibrated)
            for run in runs:
                weights = None if moment is None else run.snapshots[moment]
                members.append(member_of(run, name, weights, temperature=temperature))
    title = name if moment is None else f"{name}, snapshot {moment + 1}"
    return Candidate(title, tuple(members), np.mean(outputs, axis=0))


def _calibrated(
    outputs: Float[np.ndarray, "rows outputs"], splits: Splits, rows: Int[np.ndarray, "rows"], seed: int
) -> tuple[float, Float[np.ndarray, "rows outputs"]]:
    """Return the temperature of these outputs, and the outputs with temperatures fitted on other rows."""
    if splits.regression:
        return 1.0, outputs
    return fairly_tempered(outputs, splits.dataset.target[rows], seed)


def _costs(
    outputs: Float[np.ndarray, "seeds rows outputs"], splits: Splits, rows: Int[np.ndarray, "rows"], seed: int
) -> Float[np.ndarray, "seeds rows"]:
    """Return the cost of each example with calibrated outputs."""
    calibrated = np.stack([_calibrated(seed_outputs, splits, rows, seed)[1] for seed_outputs in outputs])
    return judge_outputs(splits, calibrated, rows)[0]


def _single(measurement: Measurement) -> Candidate:
    """Return one network (or one for each fold) of a measurement."""
    members = tuple(member_of(run, measurement.name) for run in measurement.runs[0])
    return Candidate(measurement.name, members, measurement.outputs[0])


def _weighted(candidates: list[Candidate], weights: Float[np.ndarray, "candidates"]) -> tuple[Member, ...]:
    """Return every member with its share of its candidate's weight.

    Of a candidate trained on eight folds, one network judges a dev row but all eight a new row: the dev error is a
    little pessimistic.
    """
    return tuple(
        replace(member, weight=float(weight) / len(candidate.members))
        for candidate, weight in zip(candidates, weights, strict=True)
        if weight > 0
        for member in candidate.members
    )


def write_assembly(journal: Journal, assembly: Assembly) -> None:
    """Write into the journal if an ensemble was kept, and the temperature of the probabilities."""
    journal.write(
        "ensemble",
        ensemble_sentence(assembly),
        kept=assembly.kept,
        parts=[asdict(part) for part in assembly.parts],
        models=len(assembly.predictor.members),
    )
    if assembly.calibration:
        temperature = assembly.calibration.temperature
        sentence = f"Probabilities were calibrated with temperature {numbers.number(temperature, 3)}."
        journal.write("calibration", sentence, temperature=temperature)


def ensemble_sentence(assembly: Assembly) -> str:
    """Return a sentence that says what was kept and why; it claims a lower error only where that is significant."""
    if not assembly.kept:
        return "Kept a single network: no ensemble had a lower dev cost without a higher dev error."
    error, cost = assembly.error_change, assembly.cost_change
    subject = f"Kept an ensemble of {count(len(assembly.predictor.members), 'network')}"
    error_text = numbers.change(error.effect, error.low, error.high)
    if error.significant:
        return f"{subject}: its dev error is lower (change {error_text})."
    if assembly.calibration is None:  # of a regression, cost and error are the same
        return f"{subject}: its dev error is lower, but the change of {error_text} is not significant."
    if cost.significant:
        reason = f"its dev cost is lower (change {numbers.cost_change(cost.effect, cost.low, cost.high)})"
        return f"{subject}: {reason}; the error's change of {error_text} is not significant."
    return f"{subject}: its dev cost is lower, but neither this change nor the error's of {error_text} is significant."


def calibration_facts(assembly: Assembly) -> dict[str, float] | None:
    """Return what calibration changed, for JSON."""
    return None if assembly.calibration is None else asdict(assembly.calibration)


def ensemble_facts(assembly: Assembly) -> dict[str, Any]:
    """Return what the ensemble was worth, for JSON."""
    return {
        "kept": assembly.kept,
        "sentence": ensemble_sentence(assembly),
        "models": len(assembly.predictor.members),
        "single_dev_error": assembly.single_error,
        "dev_error": assembly.ensemble_error,
        "gain": interval(assembly.error_change),
        "error_significant": assembly.error_change.significant,
        "cost_change": interval(assembly.cost_change),
        "cost_significant": assembly.cost_change.significant,
        "members": [asdict(part) for part in assembly.parts],
    }
