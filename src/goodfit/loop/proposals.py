"""What a round tries: cures, the recipe, larger doses of what looked promising, and a zoom around the best."""

from collections.abc import Iterable, Sequence
from itertools import combinations, zip_longest
from typing import Any

import numpy as np

from goodfit.data.dataset import Splits
from goodfit.diagnosis.finding import Finding
from goodfit.diagnosis.findings.remedies import REPLACEMENT
from goodfit.loop.prescription import Gap, Prescription, Proposal, RecipeContext
from goodfit.loop.recipe import AUGMENTATION, BIGGER, FLIPS, RECIPE, WITHOUT_AUGMENTATION
from goodfit.loop.rounds import Round, Tried
from goodfit.plan import Plan
from goodfit.record.measurement import Measurement

_PROMISING = 4  # of a round without adoption are followed up
_REMEDIES = 6  # of a round
_ZOOMED = 6  # settings a round


def recipe(
    splits: Splits,
    turn: Round,
    gap: Gap,
    last: Sequence[Tried],
    known: set[Plan],
    bias_hidden: bool,
    flips: bool | None = None,
) -> list[Proposal]:
    """The recipe's lines for the dominating gap; before them, what looked promising last time, in larger doses.

    Args:
        splits: the data.
        turn: the round.
        gap: the one to close.
        last: what the round before tried.
        known: plans that were measured.
        bias_hidden: whether only a bigger network's train error can show if there is bias.
        flips: of images, whether left and right may change places; None of a table.
    """
    context = _context(splits, turn.incumbent.plan, flips)
    proposals = prescribed(RECIPE, context, [gap], known)
    if bias_hidden:
        proposals = prescribed([BIGGER], context, ["bias"], known) + proposals
    if last and not any(tried.adopted for tried in last):
        better = sorted((tried for tried in last if tried.cost.effect < 0), key=lambda tried: tried.cost.effect)
        proposals = followed_up(RECIPE, context, [tried.proposal for tried in better], known) + proposals
    return proposals


def rest_of_recipe(splits: Splits, plan: Plan, known: set[Plan], flips: bool | None = None) -> list[Proposal]:
    """The recipe's lines that help against both gaps; before them, of images, augmentation, whose worth people ask."""
    context = _context(splits, plan, flips)
    more = prescribed((WITHOUT_AUGMENTATION, AUGMENTATION, FLIPS), context, ["variance"], known)
    return more + prescribed(RECIPE, context, ("bias", "variance"), known)


def cures(turn: Round, known: set[Plan], default: Plan | None) -> list[Proposal]:
    """Remedies of what ails the training, and the default network beside a given plan (where `default` is not None)."""
    found = remedies(turn.findings, turn.incumbent.plan, known)
    if default and default not in known and all(each.name != REPLACEMENT for each in found):
        found.append(replacement(turn.incumbent.plan, default))
    # The network that learns on most tables is not to be what the time does not suffice for.
    return sorted(found, key=lambda each: 0 if each is found[0] else 1 if each.name == REPLACEMENT else 2)


def zoomed(plan: Plan, measured: Sequence[Measurement], number: int, seed: int) -> list[Proposal]:
    """Settings around the best that were measured (course notes: coarse to fine)."""
    from goodfit.search.refine import near  # brings Optuna, which takes half a second

    costs = [(each.plan, each.dev_cost) for each in measured if each.whole]
    plans = near(plan, costs, _ZOOMED, seed * 1_000_003 + number)
    return [
        Proposal(f"zoom {number}.{place}", "a setting near the best so far", differences(plan, each))
        for place, each in enumerate(plans, 1)
    ]


def _context(splits: Splits, plan: Plan, flips: bool | None) -> RecipeContext:
    schema = splits.dataset.schema
    shares = np.bincount(splits.dataset.target[splits.train]) / len(splits.train) if schema.classes else np.ones(1)
    return RecipeContext(plan, len(splits.train), schema.task, float(shares.min() * len(shares)), flips)


def prescribed(
    recipe: Iterable[Prescription], context: RecipeContext, gaps: Sequence[Gap], known: set[Plan]
) -> list[Proposal]:
    """The recipe's lines for all of these gaps that change the plan into one not measured yet."""
    proposals = [
        Proposal(each.name, each.why, changes)
        for each in recipe
        if set(gaps) <= set(each.gaps) and (changes := each.changes(context)) is not None
    ]
    return [each for each in proposals if context.plan.with_(**each.changes) not in known]


def remedies(findings: Sequence[Finding], plan: Plan, known: set[Plan]) -> list[Proposal]:
    """What the doctor's findings prescribe, as experiments: each one's first remedy, then each one's second, …"""
    in_turn = zip_longest(*([(finding, remedy) for remedy in finding.remedies] for finding in findings))
    proposals: dict[Plan, Proposal] = {}
    for finding, remedy in (each for several in in_turn for each in several if each):
        changed = plan.with_(**remedy.changes)
        if changed not in known and changed != plan:
            proposals.setdefault(changed, Proposal(remedy.name, remedy.why, remedy.changes, finding.id))
    return list(proposals.values())[:_REMEDIES]


def replacement(plan: Plan, default: Plan) -> Proposal:
    """The default network in place of a given plan."""
    return Proposal(REPLACEMENT, "what goodfit would begin with where no plan is given", differences(plan, default))


def differences(plan: Plan, other: Plan) -> dict[str, Any]:
    """The settings to change in a plan so that it becomes the other."""
    own = plan.to_dict()
    return {name: getattr(other, name) for name, value in other.to_dict().items() if value != own[name]}


def followed_up(
    recipe: Iterable[Prescription], context: RecipeContext, promising: Sequence[Proposal], known: set[Plan]
) -> list[Proposal]:
    """After a round without adoption: the most promising changes twice, and two of them together.

    What helps a little, but not beyond doubt, may do so in a larger dose.
    """
    by_name = {each.name: each for each in recipe}
    best = promising[:_PROMISING]
    proposals = []
    for each in best:
        line = by_name.get(each.name)
        again = line.changes(context._replace(plan=context.plan.with_(**each.changes))) if line else None
        if again:
            proposals.append(Proposal(f"{each.name}, twice", each.why, {**each.changes, **again}))
    for one, other in combinations(best, 2):
        if not set(one.changes) & set(other.changes):
            both = Proposal(
                f"{one.name} and {other.name}", "each alone looked promising", {**one.changes, **other.changes}
            )
            proposals.append(both)
    return [each for each in proposals if context.plan.with_(**each.changes) not in known]


def variations(plan: Plan, count: int, generator: np.random.Generator) -> list[Proposal]:
    """Settings near this plan (course notes: appropriate scale to pick hyperparameters)."""
    why = "a setting near the incumbent's"
    return [Proposal(f"variation {number + 1}", why, variation(plan, generator)) for number in range(count)]


def variation(plan: Plan, generator: np.random.Generator) -> dict[str, Any]:
    """A setting near this plan: each number on its own scale, log for rates, 1 − p on a log scale for keep_prob."""

    def around(value: float, factor: float) -> float:
        return float(f"{value * factor ** generator.uniform(-1, 1):.3g}")

    changes: dict[str, Any] = {
        "learning_rate": around(plan.learning_rate, 3),
        "weight_decay": around(max(plan.weight_decay, 0.003), 5),
    }
    dropped = [1 - keep_prob for keep_prob in plan.keep_probs]
    if dropped and max(dropped) > 0:
        changes["keep_prob"] = tuple(round(1 - min(0.7, around(max(drop, 0.02), 2)), 3) for drop in dropped)
    return changes
