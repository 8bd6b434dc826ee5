"""An ensemble of trained plans: its members, what it predicts on rows they did not see, and whether it is kept."""

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

_MOST_CANDIDATES = 16  # plans that the selection looks at


@dataclass(frozen=True)
class Candidate:
    """One plan as a possible part of the ensemble: its networks, and their mean output on rows they did not see.

    The outputs are calibrated, for each seed by itself: label smoothing makes a network modest, and by raw log-loss it
    would lose to one that is surer and wrong more often.
    """

    name: str
    members: tuple[Member, ...]
    outputs: Float[np.ndarray, "rows outputs"]


@dataclass(frozen=True)
class Assembled:
    """The final predictor and how it did.

    Attributes:
        predictor: calibrated.
        kept: whether the ensemble was kept.
        parts: the plans in it, with their weights.
        single: dev error of one network of the best plan.
        ensemble: dev error of the ensemble, each half of the rows with weights chosen on the other half.
        gain: the ensemble's change of dev error, negative is better.
        calibration: of the probabilities; None for regression.
        rows: the rows it was judged on.
        outputs: calibrated outputs on those rows, by networks that did not see them.
        dev_errors: their errors.
        train_rows: (a sample of) the training rows.
        train_outputs: the predictor's outputs on them.
        train_errors: their errors.
    """

    predictor: Predictor
    kept: bool
    parts: list[dict[str, Any]]
    single: float
    ensemble: float
    gain: PairedEffect
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
) -> Assembled:
    """Choose, judge and calibrate an ensemble of all that was measured; one network where that is as good.

    Args:
        measured: trained plans, each with outputs on the rows.
        incumbent: the best single plan.
        splits: the data.
        rows: judged rows.
        groups: of these rows, where the user named them.
        seed: of the choice.
    """
    candidates = _candidates(measured, splits, rows, seed) or [_single(incumbent)]
    truth, schema = splits.dataset.target[rows], splits.dataset.schema
    stacked = np.stack([candidate.outputs for candidate in candidates])
    weights = select(stacked, truth, schema.task, seed).weights
    mean = crossed(stacked, truth, schema.task, seed, groups)
    error = judge_outputs(splits, mean[None], rows)[1]
    gain = paired_test(incumbent.errors, error, groups=groups, seed=seed)
    cheaper = _cost(mean[None], splits, rows, seed) < _cost(incumbent.outputs, splits, rows, seed)
    kept = cheaper and gain.low <= 0
    if not kept:
        candidates, weights, mean = [_single(incumbent)], np.ones(1), incumbent.outputs[0]
    calibration = None if schema.task == "regression" else calibrate(mean, truth, seed=seed)
    temperature = calibration.temperature if calibration else 1.0
    predictor = Predictor(schema, _weighted(candidates, weights), temperature)
    outputs = mean if calibration is None else tempered(mean, temperature)
    train_rows = sample(splits.train)
    train_outputs = predictor.outputs(splits.dataset.features, train_rows)
    return Assembled(
        predictor=predictor,
        kept=kept,
        parts=[
            {"name": candidate.name, "weight": float(weight), "networks": len(candidate.members)}
            for candidate, weight in zip(candidates, weights, strict=True)
            if weight > 0
        ],
        single=incumbent.dev_error,
        ensemble=float(error.mean()),
        gain=gain,
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
    """One candidate a plan, and one a snapshot: all its networks, judged on the rows by those that did not see them."""
    by_plan: dict[Plan, list[Measurement]] = {}
    for measurement in sorted(measured, key=lambda each: each.dev_cost):
        if all(run.usable for runs in measurement.runs for run in runs):
            by_plan.setdefault(measurement.plan, []).append(measurement)
    candidates = []
    for same in list(by_plan.values())[:_MOST_CANDIDATES]:
        candidates.append(_candidate(same, None, splits, rows, seed))
        for moment in range(same[0].plan.snapshots):
            if all(moment < len(run.snapshots) for each in same for runs in each.runs for run in runs):
                candidates.append(_candidate(same, moment, splits, rows, seed))
    return candidates


def _candidate(
    same: Sequence[Measurement], moment: int | None, splits: Splits, rows: Int[np.ndarray, "rows"], seed: int
) -> Candidate:
    """The networks of a plan's measurements, at their best or at a snapshot, with a temperature for each seed."""
    name = same[0].name
    members: list[Member] = []
    outputs = []
    for measurement in same:
        measured = measurement.outputs if moment is None else measurement.snapshots[moment]
        for runs, own in zip(measurement.runs, measured[:, np.isin(measurement.rows, rows)], strict=True):
            temperature, calibrated = _calibrated(own, splits, rows, seed)
            outputs.append(calibrated)
            for run in runs:
                weights = None if moment is None else run.snapshots[moment]
                members.append(member_of(run, name, weights, temperature=temperature))
    called = name if moment is None else f"{name}, snapshot {moment + 1}"
    return Candidate(called, tuple(members), np.mean(outputs, axis=0))


def _calibrated(
    outputs: Float[np.ndarray, "rows outputs"], splits: Splits, rows: Int[np.ndarray, "rows"], seed: int
) -> tuple[float, Float[np.ndarray, "rows outputs"]]:
    """The temperature of these outputs, and them as they are on rows that it was not fitted on."""
    if splits.regression:
        return 1.0, outputs
    return fairly_tempered(outputs, splits.dataset.target[rows], seed)


def _cost(
    outputs: Float[np.ndarray, "seeds rows outputs"], splits: Splits, rows: Int[np.ndarray, "rows"], seed: int
) -> float:
    """Mean cost of calibrated outputs."""
    calibrated = np.stack([_calibrated(own, splits, rows, seed)[1] for own in outputs])
    return float(judge_outputs(splits, calibrated, rows)[0].mean())


def _single(measurement: Measurement) -> Candidate:
    """One network (or one a fold) of a measurement."""
    return Candidate(
        measurement.name,
        tuple(member_of(run, measurement.name) for run in measurement.runs[0]),
        measurement.outputs[0],
    )


def _weighted(candidates: list[Candidate], weights: Float[np.ndarray, "candidates"]) -> tuple[Member, ...]:
    """Every member with its share of its candidate's weight.

    A dev row is judged by one network of each eight folds, a new row by all: the dev figure is a little pessimistic.
    """
    return tuple(
        replace(member, weight=float(weight) / len(candidate.members))
        for candidate, weight in zip(candidates, weights, strict=True)
        if weight > 0
        for member in candidate.members
    )


def tell(journal: Journal, closed: Assembled) -> None:
    """Write down what the ensemble and the calibration were worth."""
    networks = len(closed.predictor.members)
    change = numbers.change(closed.gain.effect, closed.gain.low, closed.gain.high)
    sentence = (
        f"An ensemble of {count(networks, 'network')} has a dev error of {numbers.percent(closed.ensemble)} where one "
        f"network has {numbers.percent(closed.single)}, a change of {change}."
        if closed.kept
        else "No ensemble was better than the single network, which is kept."
    )
    journal.write("ensemble", sentence, kept=closed.kept, parts=closed.parts, models=networks)
    if closed.calibration:
        told = f"Probabilities were calibrated with temperature {numbers.number(closed.calibration.temperature, 3)}."
        journal.write("calibration", told, temperature=closed.calibration.temperature)


def of_calibration(closed: Assembled) -> dict[str, float] | None:
    """What calibration changed."""
    return None if closed.calibration is None else asdict(closed.calibration)


def of_ensemble(closed: Assembled) -> dict[str, Any]:
    """What the ensemble was worth."""
    networks = len(closed.predictor.members)
    return {
        "kept": closed.kept,
        "models": networks,
        "single_dev_error": closed.single,
        "dev_error": closed.ensemble,
        "gain": interval(closed.gain),
        "members": closed.parts,
    }
