"""The step that prescribes: cures of the findings, then the recipe, then larger doses of what looked promising."""

from collections.abc import Iterable, Sequence
from itertools import combinations, zip_longest

import numpy as np

from goodfit.data.dataset import Splits
from goodfit.diagnosis.finding import Finding
from goodfit.diagnosis.findings.remedies import DEFAULT_NETWORK, DEFAULT_NETWORK_NAME
from goodfit.diagnosis.target_tail import target_tail
from goodfit.loop.prescription import Changes, Gap, Prescription, Proposal, RecipeContext
from goodfit.loop.recipe import AUGMENTATION, BIGGER, FLIPS, RECIPE, WITHOUT_AUGMENTATION
from goodfit.loop.round_diagnosis import is_bias_shown
from goodfit.loop.state import Experiment, LoopContext, LoopState, Round
from goodfit.plan import Plan

_PROMISING = 4  # experiments of a round without adoption that are followed up
_REMEDIES = 6  # most remedies in a round


def prescribe(state: LoopState, gap: Gap, context: LoopContext) -> list[Proposal]:
    """Return what the round tries against the dominating gap; cures of a sick training come alone."""
    proposals = cures(state, context)
    if not (proposals and state.current_round.sick):
        proposals = proposals + _recipe_proposals(state, gap, context)
    context.journal.write(
        "prescription",
        f"Prescriptions against {gap}: {', '.join(proposal.name for proposal in proposals) or 'none are left'}.",
        round=state.current_round.number,
        gap=gap,
        names=[proposal.name for proposal in proposals],
    )
    return proposals


def _recipe_proposals(state: LoopState, gap: Gap, context: LoopContext) -> list[Proposal]:
    """Return the recipe's proposals against a gap; before them, larger doses of what looked promising last time."""
    current_round, measured_plans = state.current_round, state.measured_plans
    recipe_context = _recipe_context(context.splits, current_round.incumbent.plan, flips_allowed(state, context))
    proposals = prescribed(RECIPE, recipe_context, [gap], measured_plans)
    if _is_bias_hidden(state, context):
        proposals = prescribed([BIGGER], recipe_context, ["bias"], measured_plans) + proposals
    last_round = state.rounds[-2] if len(state.rounds) > 1 else None
    if last_round and last_round.experiments and not last_round.adopted:
        promising = [experiment.proposal for experiment in _promising(last_round)]
        proposals = followed_up(RECIPE, recipe_context, promising, measured_plans) + proposals
    return proposals


def _is_bias_hidden(state: LoopState, context: LoopContext) -> bool:
    """True if only a bigger network's train error can show if there is bias, and none was measured yet."""
    current_round = state.current_round
    if current_round.gaps.avoidable_bias is not None:
        return False
    return is_bias_shown(current_round.incumbent, state.measured, context) is None


def _promising(past_round: Round) -> list[Experiment]:
    """Return the experiments with a lower dev cost, the best first."""
    better = [experiment for experiment in past_round.experiments if experiment.cost.effect < 0]
    return sorted(better, key=lambda experiment: experiment.cost.effect)


def flips_allowed(state: LoopState, context: LoopContext) -> bool | None:
    """True if mirrored images keep their labels, False if they do not or were not tested; None for a table."""
    if context.splits.dataset.schema.image is None:
        return None
    return state.mirror_test is not None and state.mirror_test.allowed


def rest_of_recipe(splits: Splits, plan: Plan, measured_plans: set[Plan], flips: bool | None = None) -> list[Proposal]:
    """Return the recipe's proposals against both gaps; for images augmentation comes first, whose worth people ask."""
    context = _recipe_context(splits, plan, flips)
    augmentation = (WITHOUT_AUGMENTATION, AUGMENTATION, FLIPS)
    proposals = prescribed(augmentation, context, ["variance"], measured_plans)
    return proposals + prescribed(RECIPE, context, ("bias", "variance"), measured_plans)


def cures(state: LoopState, context: LoopContext) -> list[Proposal]:
    """Return remedies of the round's findings; beside a given plan also the default network."""
    current_round, measured_plans = state.current_round, state.measured_plans
    plan, default = current_round.incumbent.plan, context.default_plan
    proposals = remedies(current_round.findings, plan, measured_plans)
    replaced = any(proposal.id == DEFAULT_NETWORK for proposal in proposals)
    if context.settings.plan and default not in measured_plans and not replaced:
        proposals.append(replacement(plan, default))
    # The default network learns on most tables: it comes second, so that a tight budget does not drop it.
    return proposals[:1] + sorted(proposals[1:], key=lambda proposal: proposal.id != DEFAULT_NETWORK)


def _recipe_context(splits: Splits, plan: Plan, flips: bool | None) -> RecipeContext:
    schema = splits.dataset.schema
    shares = np.bincount(splits.dataset.target[splits.train]) / len(splits.train) if schema.classes else np.ones(1)
    rarest_share, tail = float(shares.min() * len(shares)), None
    if splits.regression:
        tail = target_tail(splits.dataset.target[splits.pool], splits.pool)
    return RecipeContext(plan, len(splits.train), schema.task, rarest_share, flips, tail and tail.transform)


def prescribed(
    recipe: Iterable[Prescription], context: RecipeContext, gaps: Sequence[Gap], measured_plans: set[Plan]
) -> list[Proposal]:
    """Return the prescriptions against all of these gaps that change the plan into one not measured yet."""
    proposals = [
        Proposal(prescription.id, prescription.name, prescription.why, changes)
        for prescription in recipe
        if set(gaps) <= set(prescription.gaps) and (changes := prescription.changes(context)) is not None
    ]
    return _without_measured(proposals, context.plan, measured_plans)


def _without_measured(proposals: Iterable[Proposal], plan: Plan, measured_plans: set[Plan]) -> list[Proposal]:
    return [proposal for proposal in proposals if plan.with_(**proposal.changes) not in measured_plans]


def remedies(findings: Sequence[Finding], plan: Plan, measured_plans: set[Plan]) -> list[Proposal]:
    """Return the findings' remedies as experiments: the first of each finding, then the second of each, and so on."""
    ranks = zip_longest(*([(finding, remedy) for remedy in finding.remedies] for finding in findings))
    proposals: dict[Plan, Proposal] = {}
    for finding, remedy in (pair for rank in ranks for pair in rank if pair):
        changed = plan.with_(**remedy.changes)
        if changed in measured_plans or changed == plan:
            continue
        # A remedy may share its ID with a prescription, which would be followed up by other doses.
        proposal_id = remedy.id if remedy.id == DEFAULT_NETWORK else f"{finding.id}/{remedy.id}"
        proposal = Proposal(proposal_id, remedy.name, remedy.why, remedy.changes, finding.id)
        proposals.setdefault(changed, proposal)
    return list(proposals.values())[:_REMEDIES]


def replacement(plan: Plan, default: Plan) -> Proposal:
    """Return the proposal of the default network in place of a given plan."""
    why = "goodfit starts from it where no plan is given"
    return Proposal(DEFAULT_NETWORK, DEFAULT_NETWORK_NAME, why, differences(plan, default))


def differences(plan: Plan, target: Plan) -> Changes:
    """Return the settings to change in a plan so that it becomes the target."""
    before = plan.to_dict()
    return {name: getattr(target, name) for name, value in target.to_dict().items() if value != before[name]}


def followed_up(
    recipe: Iterable[Prescription],
    context: RecipeContext,
    promising: Sequence[Proposal],
    measured_plans: set[Plan],
) -> list[Proposal]:
    """Return the most promising changes of a round without adoption, twice each, and two of them together.

    A small benefit that was not significant may become so in a larger dose.
    """
    prescriptions = {prescription.id: prescription for prescription in recipe}
    best = promising[:_PROMISING]
    proposals = []
    for proposal in best:
        prescription = prescriptions.get(proposal.id)
        changed = context._replace(plan=context.plan.with_(**proposal.changes))
        changes = prescription.changes(changed) if prescription else None
        if changes:
            twice = {**proposal.changes, **changes}
            proposals.append(Proposal(f"{proposal.id}-twice", f"{proposal.name}, twice", proposal.why, twice))
    for first, second in combinations(best, 2):
        if not set(first.changes) & set(second.changes):
            changes = {**first.changes, **second.changes}
            name = f"{first.name} and {second.name}"
            proposals.append(Proposal(f"{first.id}-and-{second.id}", name, "each alone looked promising", changes))
    return _without_measured(proposals, context.plan, measured_plans)
