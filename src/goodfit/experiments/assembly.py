"""The final predictor: an ensemble of trained plans where it is better than one network, and how it did."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Splits
from goodfit.diagnosis.paired_test import PairedEffect, paired_test
from goodfit.engine.predictor import Predictor
from goodfit.experiments.calibration import calibrate, calibration_result
from goodfit.experiments.candidates import (
    Candidate,
    calibrated_costs,
    plan_candidates,
    single_network,
    weighted_members,
)
from goodfit.experiments.ensemble import cross_select, select
from goodfit.record.ensemble import CalibrationResult, EnsemblePart, EnsembleResult
from goodfit.record.measurement import Judgment, Measurement, judge_outputs, sample
from goodfit.run_folder.journal import Journal
from goodfit.run_folder.summary import effect_estimate
from goodfit.wording import numbers
from goodfit.wording.text import count


@dataclass(frozen=True, kw_only=True)
class JudgedPredictor:
    """A calibrated predictor, with its outputs and errors.

    Attributes:
        predictor: calibrated.
        rows: the rows it was judged on.
        outputs: calibrated outputs on those rows, by networks that did not see them, each half as the other half says.
        dev: judgment on these outputs.
        train_rows: training rows, or a sample of them.
        train_outputs: the predictor's outputs on them.
        train: judgment on these outputs.
    """

    predictor: Predictor
    rows: Int[np.ndarray, "rows"]
    outputs: Float[np.ndarray, "rows outputs"]
    dev: Judgment
    train_rows: Int[np.ndarray, "train"]
    train_outputs: Float[np.ndarray, "train outputs"]
    train: Judgment


def judge_predictor(
    predictor: Predictor,
    splits: Splits,
    rows: Int[np.ndarray, "rows"],
    outputs: Float[np.ndarray, "rows outputs"],
    train_rows: Int[np.ndarray, "train"],
) -> JudgedPredictor:
    """Return a predictor with its outputs on training rows, and the errors of these and of the judged rows."""
    train_outputs = predictor.outputs(splits.dataset.features, train_rows)
    return JudgedPredictor(
        predictor=predictor,
        rows=rows,
        outputs=outputs,
        dev=judge_outputs(splits, outputs[None], rows),
        train_rows=train_rows,
        train_outputs=train_outputs,
        train=judge_outputs(splits, train_outputs[None], train_rows),
    )


@dataclass(frozen=True, kw_only=True)
class Assembly(JudgedPredictor):
    """The final predictor, and how the ensemble did.

    Attributes:
        adopted: True if the predictor is the ensemble, False if it is one network.
        parts: the plans in it.
        single_error: dev error of one network of the best plan.
        ensemble_error: dev error of the ensemble, each half of the rows with weights chosen on the other half.
        error_change: the ensemble's change of the dev error; negative is better.
        cost_change: the ensemble's change of the calibrated dev cost.
        calibration: of the probabilities; None for a regression.
    """

    adopted: bool
    parts: tuple[EnsemblePart, ...]
    single_error: float
    ensemble_error: float
    error_change: PairedEffect
    cost_change: PairedEffect
    calibration: CalibrationResult | None


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
    candidates = plan_candidates(measured, splits, rows, seed) or [single_network(incumbent)]
    stacked = np.stack([candidate.outputs for candidate in candidates])
    # The predictor gets weights chosen on all rows; it is judged as if they had been chosen without the row at hand.
    weights = select(stacked, truth, task, seed).weights
    mean = cross_select(stacked, truth, task, seed, groups)
    error = judge_outputs(splits, mean[None], rows).errors
    costs = [calibrated_costs(outputs, splits, rows, seed) for outputs in (incumbent.outputs, mean[None])]
    error_change = paired_test(incumbent.errors, error, groups=groups, seed=seed)
    # The cost decides, since it tells more from few examples; the error must not get worse beyond chance.
    adopted = bool(costs[1].mean() < costs[0].mean()) and error_change.low <= 0
    if not adopted:
        candidates, weights, mean = [single_network(incumbent)], np.ones(1), incumbent.outputs[0]
    calibration, outputs = calibrate(splits, mean, rows, seed)
    predictor = Predictor(splits.dataset.schema, weighted_members(candidates, weights), calibration)
    judged = judge_predictor(predictor, splits, rows, outputs, sample(splits.train))
    return Assembly(
        **vars(judged),
        adopted=adopted,
        parts=_parts(candidates, weights),
        single_error=incumbent.dev_error,
        ensemble_error=float(error.mean()),
        error_change=error_change,
        cost_change=paired_test(*costs, groups=groups, seed=seed),
        calibration=None if splits.regression else calibration_result(calibration, mean, truth),
    )


def _parts(candidates: Sequence[Candidate], weights: Float[np.ndarray, "candidates"]) -> tuple[EnsemblePart, ...]:
    """Return the candidates that have a weight."""
    return tuple(
        EnsemblePart(name=candidate.name, weight=float(weight), networks=len(candidate.members))
        for candidate, weight in zip(candidates, weights, strict=True)
        if weight > 0
    )


def write_assembly(journal: Journal, assembly: Assembly) -> None:
    """Write into the journal if an ensemble was kept, and the calibration of the probabilities."""
    journal.write(
        "ensemble",
        ensemble_sentence(assembly),
        kept=assembly.adopted,
        parts=[part.to_dict() for part in assembly.parts],
        models=len(assembly.predictor.members),
    )
    if assembly.calibration:
        temperature, offsets = assembly.calibration.temperature, assembly.calibration.offsets
        sentence = f"Probabilities were calibrated with temperature {numbers.number(temperature, 3)}"
        sentence += " and an offset of each class." if offsets else "."
        journal.write("calibration", sentence, temperature=temperature, offsets=offsets)


def ensemble_sentence(assembly: Assembly) -> str:
    """Return a sentence that says what was kept and why; it claims a lower error only where that is significant."""
    if not assembly.adopted:
        return "Kept a single network: no ensemble had a lower dev cost without a higher dev error."
    error, cost = assembly.error_change, assembly.cost_change
    members = len(assembly.predictor.members)
    subject = "Kept another network" if members == 1 else f"Kept an ensemble of {count(members, 'network')}"
    error_text = numbers.change(error.effect, error.low, error.high)
    if error.significant:
        return f"{subject}: its dev error is lower (change {error_text})."
    if assembly.calibration is None:  # of a regression, cost and error are the same
        return f"{subject}: its dev error is lower, but the change of {error_text} is not significant."
    if cost.significant:
        reason = f"its dev cost is lower (change {numbers.cost_change(cost.effect, cost.low, cost.high)})"
        return f"{subject}: {reason}; the error's change of {error_text} is not significant."
    return f"{subject}: its dev cost is lower, but neither that nor the change in error of {error_text} is significant."


def ensemble_result(assembly: Assembly) -> EnsembleResult:
    """Return the ensemble and its effect as a result holds them."""
    return EnsembleResult(
        adopted=assembly.adopted,
        models=len(assembly.predictor.members),
        single_dev_error=assembly.single_error,
        dev_error=assembly.ensemble_error,
        error_effect=effect_estimate(assembly.error_change),
        cost_effect=effect_estimate(assembly.cost_change),
        parts=assembly.parts,
        sentence=ensemble_sentence(assembly),
    )
