"""What a round tries: cures, the recipe, larger doses of what looked promising, and a zoom around the best."""

from collections.abc import Sequence

import numpy as np

from goodfit.data.dataset import Splits
from goodfit.diagnose.findings.remedies import REPLACEMENT
from goodfit.improve.measurement import Measurement
from goodfit.improve.prescriptions import (
    AUGMENTATION,
    BIGGER,
    FLIPS,
    RECIPE,
    WITHOUT_AUGMENTATION,
    Case,
    Gap,
    Proposal,
    differences,
    followed_up,
    prescribed,
    remedies,
    replacement,
)
from goodfit.improve.rounds import Round, Tried
from goodfit.plan import Plan

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
    case = _case(splits, turn.incumbent.plan, flips)
    proposals = prescribed(RECIPE, case, [gap], known)
    if bias_hidden:
        proposals = prescribed([BIGGER], case, ["bias"], known) + proposals
    if last and not any(tried.adopted for tried in last):
        better = sorted((tried for tried in last if tried.cost.effect < 0), key=lambda tried: tried.cost.effect)
        proposals = followed_up(RECIPE, case, [tried.proposal for tried in better], known) + proposals
    return proposals


def rest_of_recipe(splits: Splits, plan: Plan, known: set[Plan], flips: bool | None = None) -> list[Proposal]:
    """The recipe's lines that help against both gaps; before them, of images, augmentation, whose worth people ask."""
    case = _case(splits, plan, flips)
    more = prescribed((WITHOUT_AUGMENTATION, AUGMENTATION, FLIPS), case, ["variance"], known)
    return more + prescribed(RECIPE, case, ("bias", "variance"), known)


def cures(turn: Round, known: set[Plan], default: Plan | None) -> list[Proposal]:
    """Remedies of what ails the training, and the default network beside a given plan (where `default` is not None)."""
    found = remedies(turn.findings, turn.incumbent.plan, known)
    if default and default not in known and all(each.name != REPLACEMENT for each in found):
        found.append(replacement(turn.incumbent.plan, default))
    # The network that learns on most tables is not to be what the time does not suffice for.
    return sorted(found, key=lambda each: 0 if each is found[0] else 1 if each.name == REPLACEMENT else 2)


def zoomed(plan: Plan, measured: Sequence[Measurement], number: int, seed: int) -> list[Proposal]:
    """Settings around the best that were measured (seed: coarse to fine)."""
    from goodfit.search.near import near  # brings Optuna, which takes half a second

    costs = [(each.plan, each.dev_cost) for each in measured if each.whole]
    plans = near(plan, costs, _ZOOMED, seed * 1_000_003 + number)
    return [
        Proposal(f"zoom {number}.{place}", "a setting near the best so far", differences(plan, each))
        for place, each in enumerate(plans, 1)
    ]


def _case(splits: Splits, plan: Plan, flips: bool | None) -> Case:
    schema = splits.dataset.schema
    shares = np.bincount(splits.dataset.target[splits.train]) / len(splits.train) if schema.classes else np.ones(1)
    return Case(plan, len(splits.train), schema.task, float(shares.min() * len(shares)), flips)
