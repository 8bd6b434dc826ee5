"""Candidates for the ensemble: each plan's networks with their calibrated outputs on rows that they did not see."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Splits
from goodfit.engine.predictor import Member, member_of
from goodfit.experiments.calibration import calibrate
from goodfit.plan import Plan
from goodfit.record.measurement import Measurement, judge_outputs

_MOST_PLANS = 16  # that the selection considers


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


def plan_candidates(
    measured: Sequence[Measurement], splits: Splits, rows: Int[np.ndarray, "rows"], seed: int
) -> list[Candidate]:
    """Return a candidate for each plan and for each of its snapshots, judged by networks that did not see the rows."""
    by_plan: dict[Plan, list[Measurement]] = {}
    for measurement in sorted(measured, key=lambda measurement: measurement.dev_cost):
        if all(run.usable for runs in measurement.runs for run in runs):
            by_plan.setdefault(measurement.plan, []).append(measurement)
    candidates = []
    for measurements in list(by_plan.values())[:_MOST_PLANS]:
        candidates.append(_candidate(measurements, None, splits, rows, seed))
        all_runs = [run for measurement in measurements for runs in measurement.runs for run in runs]
        for moment in range(measurements[0].plan.snapshots):
            if all(moment < len(run.snapshots) for run in all_runs):  # a training that ended early has fewer
                candidates.append(_candidate(measurements, moment, splits, rows, seed))
    return candidates


def _candidate(
    measurements: Sequence[Measurement],
    moment: int | None,
    splits: Splits,
    rows: Int[np.ndarray, "rows"],
    seed: int,
) -> Candidate:
    """Return the networks of one plan's measurements, at their best or at a snapshot, each seed calibrated."""
    name = measurements[0].name
    members: list[Member] = []
    outputs = []
    for measurement in measurements:
        measured = measurement.outputs if moment is None else measurement.snapshots[moment]
        # Plans trained on folds of training and dev set have outputs on more rows than the judged ones.
        judged = measured[:, np.isin(measurement.rows, rows)]
        for runs, seed_outputs in zip(measurement.runs, judged, strict=True):
            calibration, calibrated = calibrate(splits, seed_outputs, rows, seed)
            outputs.append(calibrated)
            for run in runs:
                weights = None if moment is None else run.snapshots[moment]
                members.append(member_of(run, name, weights, calibration=calibration))
    title = name if moment is None else f"{name}, snapshot {moment + 1}"
    return Candidate(title, tuple(members), np.mean(outputs, axis=0))


def calibrated_costs(
    outputs: Float[np.ndarray, "seeds rows outputs"], splits: Splits, rows: Int[np.ndarray, "rows"], seed: int
) -> Float[np.ndarray, "seeds rows"]:
    """Return the cost of each example with calibrated outputs."""
    calibrated = np.stack([calibrate(splits, seed_outputs, rows, seed)[1] for seed_outputs in outputs])
    return judge_outputs(splits, calibrated, rows).costs


def single_network(measurement: Measurement) -> Candidate:
    """Return one network (or one for each fold) of a measurement."""
    members = tuple(member_of(run, measurement.name) for run in measurement.runs[0])
    return Candidate(measurement.name, members, measurement.outputs[0])


def weighted_members(candidates: Sequence[Candidate], weights: Float[np.ndarray, "candidates"]) -> tuple[Member, ...]:
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
