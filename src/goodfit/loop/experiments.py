"""The step that runs proposals beside the incumbent, verifies their effects, and adopts the best."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from goodfit.data.dataset import groups_of
from goodfit.diagnosis.paired_test import holm, paired_test
from goodfit.engine.jobs import Job
from goodfit.loop.augmentation_worth import augmentation_removal
from goodfit.loop.learning_curve import AUGMENTATION_CURVE, measure_learning_curve
from goodfit.loop.prescription import Proposal
from goodfit.loop.round_diagnosis import measurement_findings
from goodfit.loop.state import Experiment, LoopContext, LoopState, Round
from goodfit.record.measurement import Entry, Measurement, pooled
from goodfit.wording import numbers

SIGNIFICANCE = 0.05
_SEEDS = 5  # of each experiment, with --rounds
_SEED_COUNTS = (5, 4, 3)  # by the clock, tried in this order; 2 where none fits
_FEW = 4  # experiments: where there is no time for so many, each gets fewer seeds
_ROUND_SHARE = 0.35  # of the time left, for one round's experiments
_SICK_SHARE = 0.6  # where the training hardly learns: without a cure, the time left is worth little


def run_experiments(state: LoopState, proposals: Sequence[Proposal], context: LoopContext) -> LoopState:
    """Run the proposals there is time for; adopt the best that measurably lowers the dev cost."""
    current_round = state.current_round
    plan = current_round.incumbent.plan
    possible = [proposal for proposal in proposals if context.laboratory.possible(plan.with_(**proposal.changes))]
    count = _choose_seed_count(current_round, possible, context)
    affordable = _choose_proposals(current_round, possible, count, context)
    if not affordable:
        return state
    state, rerun, results = _measure(state, affordable, count, context)
    complete = [
        (proposal, result) for proposal, result in zip(affordable, results, strict=True) if not result.cut_short
    ]
    if rerun.cut_short or len(complete) < len(results):
        context.journal.write(
            "note",
            f"{len(results) - len(complete)} of {len(results)} experiments were cut short; nothing follows from them.",
            round=current_round.number,
        )
    if rerun.cut_short or not complete:
        return state
    experiments = [_compare(proposal, rerun, result, context) for proposal, result in complete]
    verified = replace(current_round, experiments=_verified(state, experiments, context))
    _write_experiments(verified, context)
    state = state.with_current_round(verified)
    if augmentation_removal(verified.experiments) and not context.interrupted:
        state = measure_learning_curve(state, AUGMENTATION_CURVE, context)
    adopted = verified.adopted
    # An incumbent that stays has more seeds from now on: those of its rerun.
    return replace(state, incumbent=adopted.measurement if adopted else pooled(current_round.incumbent, rerun))


def _choose_seed_count(current_round: Round, proposals: Sequence[Proposal], context: LoopContext) -> int:
    """Return the number of seeds with which a few experiments fit the round's time."""
    few = proposals[:_FEW]
    all_of_them = 2 ** len(few) - 1
    counts = () if current_round.sick else _SEED_COUNTS  # a cure of a sick training shows with two seeds

    def by_clock(seconds_left: float) -> int:
        fitting = (
            count for count in counts if _fitting(current_round, few, count, seconds_left, context) == all_of_them
        )
        return next(fitting, 2)

    return context.clock.decide(f"round-{current_round.number}-seeds", by_clock, _SEEDS)


def _choose_proposals(
    current_round: Round, proposals: Sequence[Proposal], seed_count: int, context: LoopContext
) -> list[Proposal]:
    """Return the proposals that fit the round's time; the decision has a bit for each."""
    mask = context.clock.decide(
        f"round-{current_round.number}-proposals",
        lambda seconds_left: _fitting(current_round, proposals, seed_count, seconds_left, context),
        2 ** len(proposals) - 1,
    )
    return [proposal for place, proposal in enumerate(proposals) if mask >> place & 1]


def _fitting(
    current_round: Round, proposals: Sequence[Proposal], seed_count: int, seconds_left: float, context: LoopContext
) -> int:
    """Return a bit for each experiment that fits the round's share of the time; dear ones make room for later ones."""
    plan, laboratory, mask = current_round.incumbent.plan, context.laboratory, 0
    share = _SICK_SHARE if current_round.sick else _ROUND_SHARE
    # The incumbent's rerun comes first: without it no experiment has anything to be compared with.
    jobs = [Job(plan, 0, fold.train, fold.dev) for fold in laboratory.folds] * seed_count
    for place, proposal in enumerate(proposals):
        changed = plan.with_(**proposal.changes)
        longer = jobs + [Job(changed, 0, fold.train, fold.dev) for fold in laboratory.folds] * seed_count
        if laboratory.seconds(longer) <= share * seconds_left:
            jobs, mask = longer, mask | 1 << place
    return mask


def _measure(
    state: LoopState, proposals: Sequence[Proposal], seed_count: int, context: LoopContext
) -> tuple[LoopState, Measurement, list[Measurement]]:
    """Train the unchanged incumbent and each proposal with fresh seeds; returns the rerun and the results apart."""
    current_round = state.current_round
    incumbent = current_round.incumbent
    # The incumbent was chosen for its low cost, which is partly luck; fresh seeds leave that luck behind.
    plans = [(incumbent.name, incumbent.plan)]
    plans += [(proposal.name, incumbent.plan.with_(**proposal.changes)) for proposal in proposals]
    entries = []
    for name, plan in plans:
        seeds, state = state.draw_seeds(seed_count)
        entries.append(Entry(name, plan, seeds, current_round.number))
    rerun, *results = context.laboratory.measure(
        f"round-{current_round.number}-experiments",
        entries,
        title=f"experiments of round {current_round.number}",
        give_up=True,
    )
    return state.with_measured(rerun, *results), rerun, results


def _compare(proposal: Proposal, rerun: Measurement, result: Measurement, context: LoopContext) -> Experiment:
    """Return the proposal's effects beside the rerun incumbent, on the same examples."""
    groups, seed = groups_of(context.splits, context.laboratory.rows), context.settings.seed
    cost = paired_test(rerun.costs, result.costs, groups=groups, seed=seed)
    error = paired_test(rerun.errors, result.errors, groups=groups, seed=seed)
    return Experiment(proposal, result, cost, error)


def _verified(state: LoopState, experiments: Sequence[Experiment], context: LoopContext) -> tuple[Experiment, ...]:
    """Return the round's experiments with adjusted p-values and cures; the best that passes is adopted.

    Holm's correction counts the experiments of all rounds, since each was another chance to be lucky.
    """
    p_values = [experiment.cost.p for experiment in (*state.experiments, *experiments)]
    adjusted = holm(np.array(p_values))[-len(experiments) :]
    checked = [
        replace(experiment, p_holm=float(p), cured=_is_cured(experiment, context))
        for experiment, p in zip(experiments, adjusted, strict=True)
    ]
    passed = [
        experiment
        for experiment in checked
        if experiment.p_holm < SIGNIFICANCE and experiment.cost.effect < 0 and experiment.cured is not False
    ]
    best = min(passed, key=lambda experiment: experiment.cost.effect, default=None)
    return tuple(replace(experiment, adopted=experiment is best) for experiment in checked)


def _is_cured(experiment: Experiment, context: LoopContext) -> bool | None:
    """True if the finding that the experiment was aimed at is gone; None if it was aimed at none."""
    if experiment.proposal.against is None:
        return None
    findings = measurement_findings(experiment.measurement, context)
    return all(finding.id != experiment.proposal.against for finding in findings)


def _write_experiments(current_round: Round, context: LoopContext) -> None:
    """Write each experiment and the adoption into the journal."""
    for experiment in current_round.experiments:
        proposal, error = experiment.proposal, experiment.error
        change = numbers.change(error.effect, error.low, error.high)
        context.journal.write(
            "experiment",
            f"{proposal.name}: dev error {change}.",
            round=current_round.number,
            prescription=proposal.name,
            changes=proposal.changes,
            seeds=experiment.measurement.seeds,
            effect=vars(error),
            p=experiment.cost.p,
            p_holm=experiment.p_holm,
            against=proposal.against,
            cured=experiment.cured,
        )
    if current_round.adopted:
        name = current_round.adopted.proposal.name
        context.journal.write("adoption", f"Adopted: {name}.", round=current_round.number, prescription=name)
    else:
        sentence = "Nothing tried in this round helped beyond doubt."
        context.journal.write("no_adoption", sentence, round=current_round.number)
