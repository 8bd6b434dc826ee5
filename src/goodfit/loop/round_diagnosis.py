"""The first step of a round: gaps, verdict and findings of the incumbent."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from goodfit.data.dataset import groups_of
from goodfit.diagnosis.finding import Findings
from goodfit.diagnosis.gaps import Gaps, gaps_from_runs
from goodfit.diagnosis.intervals import rmse_parts
from goodfit.diagnosis.verdict import conclude
from goodfit.experiments.examination import class_recall, shared_findings
from goodfit.experiments.guess import guess_beside
from goodfit.loop.mirror_test import compare_mirrored
from goodfit.loop.prescription import Gap
from goodfit.loop.state import LoopContext, LoopState, Round
from goodfit.record.measurement import Measurement


def diagnose(state: LoopState, context: LoopContext) -> LoopState:
    """Begin a round with the incumbent's diagnosis."""
    incumbent = state.incumbent
    findings = tuple(measurement_findings(incumbent, context))
    guess = guess_beside(context.splits, incumbent.errors, incumbent.rows)
    gaps = conclude(_gaps(incumbent, state.measured, context), guess, findings)
    new_round = Round(len(state.rounds) + 1, gaps, incumbent, findings)
    context.journal.write(
        "diagnosis",
        f"Round {new_round.number}: {gaps.verdict}. {gaps.reason}",
        round=new_round.number,
        verdict=gaps.verdict,
        train_error=incumbent.train_error,
        dev_error=incumbent.dev_error,
        plan=incumbent.plan.to_dict(),
        seeds=incumbent.seeds,
        human_error=context.settings.human_error,
    )
    for finding in new_round.findings:
        facts = finding.to_dict()
        context.journal.write("finding", facts.pop("sentence"), round=new_round.number, **facts)
    return replace(state, rounds=(*state.rounds, new_round))


def dominating_gap(current_round: Round) -> Gap:
    """Return the larger gap, which the round's prescriptions are to close."""
    bias = current_round.gaps.avoidable_bias
    if bias is None:  # a regression without a human error: only the verdict says if a bias was shown
        return "bias" if current_round.gaps.verdict == "high bias" else "variance"
    return "bias" if bias.value > current_round.gaps.variance.value else "variance"


def measure_mirroring(state: LoopState, context: LoopContext) -> LoopState:
    """For images, test once if left and right may be swapped, with networks that never saw a mirrored image."""
    if context.splits.dataset.schema.image is None or state.mirror_test is not None or state.incumbent.plan.flip > 0:
        return state
    mirror_test = compare_mirrored(state.incumbent, context.splits)
    if mirror_test:
        context.journal.write("flips", mirror_test.sentence, **mirror_test._asdict())
    return replace(state, mirror_test=mirror_test)


def measurement_findings(
    measurement: Measurement, context: LoopContext, outputs: Float[np.ndarray, "rows outputs"] | None = None
) -> Findings:
    """Return the problems found in a measurement's trainings, and in the outputs of the predictor made of them."""
    facts = context.data_facts
    if outputs is not None:
        facts = replace(facts, recall=class_recall(outputs, context.splits, measurement.rows))
    return shared_findings(measurement, context.splits, facts)


def is_bias_shown(measurement: Measurement, measured: Sequence[Measurement], context: LoopContext) -> bool | None:
    """True if a bigger network lowered the train RMSE by more than `min_gap` spreads, False if none did.

    None where the question does not arise (classes, or a human error is given) or no bigger network was measured. A
    regression without a human error shows its bias only in this way.
    """
    if not context.splits.regression or context.settings.human_error is not None:
        return None
    units = measurement.plan.hidden_units
    # Bigger is what has more units and no fewer layers; wide and shallow is another network, not a bigger one.
    train_levels = [
        _train_level(larger)
        for larger in measured
        if larger.is_complete
        and len(larger.plan.hidden_units) >= len(units)
        and sum(larger.plan.hidden_units) > sum(units)
    ]
    return _train_level(measurement) - min(train_levels) > context.settings.min_gap if train_levels else None


def _train_level(measurement: Measurement) -> float:
    """Return the train RMSE over the target's spread."""
    return float(rmse_parts(measurement.train_misses).mean())


def _gaps(measurement: Measurement, measured: Sequence[Measurement], context: LoopContext) -> Gaps:
    return gaps_from_runs(
        measurement.train_misses,
        measurement.misses,
        spread=context.splits.spread,
        human_error=context.settings.human_error,
        min_gap=context.settings.min_gap,
        bias_shown=is_bias_shown(measurement, measured, context),
        fit_share=measurement.fit_share,
        by_time=context.splits.by_time,
        train_groups=groups_of(context.splits, measurement.train_rows),
        dev_groups=groups_of(context.splits, measurement.rows),
    )
