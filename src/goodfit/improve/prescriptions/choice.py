"""Which experiments a round runs: the recipe's lines for the gap, larger doses of what looked promising, variations."""

from collections.abc import Iterable, Sequence
from itertools import combinations, zip_longest
from typing import Any, NamedTuple

import numpy as np

from goodfit.diagnose.finding import Finding
from goodfit.diagnose.findings.remedies import REPLACEMENT
from goodfit.improve.prescriptions.prescription import Case, Gap, Prescription
from goodfit.plan import Plan

_PROMISING = 4  # of a round without adoption are followed up
_REMEDIES = 6  # of a round


class Proposal(NamedTuple):
    """One experiment: its name, the reason, the settings to change in the incumbent's plan, and the finding to cure."""

    name: str
    why: str
    changes: dict[str, Any]
    against: str | None = None


def prescribed(recipe: Iterable[Prescription], case: Case, gaps: Sequence[Gap], known: set[Plan]) -> list[Proposal]:
    """The recipe's lines for all of these gaps that change the plan into one not measured yet."""
    proposals = [
        Proposal(each.name, each.why, changes)
        for each in recipe
        if set(gaps) <= set(each.gaps) and (changes := each.changes(case)) is not None
    ]
    return [each for each in proposals if case.plan.with_(**each.changes) not in known]


def remedies(findings: Sequence[Finding], plan: Plan, known: set[Plan]) -> list[Proposal]:
    """What the doctor's findings prescribe, as experiments: each one's first remedy, then each one's second, …"""
    in_turn = zip_longest(*([(finding, remedy) for remedy in finding.remedies] for finding in findings))
    proposals: dict[Plan, Proposal] = {}
    for finding, remedy in (each for several in in_turn for each in several if each):
        changed = plan.with_(**remedy.changes)
        if changed not in known and changed != plan:
            proposals.setdefault(changed, Proposal(remedy.name, remedy.why, remedy.changes, finding.name))
    return list(proposals.values())[:_REMEDIES]


def replacement(plan: Plan, default: Plan) -> Proposal:
    """The default network in place of a given plan."""
    return Proposal(REPLACEMENT, "what goodfit would begin with where no plan is given", differences(plan, default))


def differences(plan: Plan, other: Plan) -> dict[str, Any]:
    """The settings to change in a plan so that it becomes the other."""
    own = plan.to_dict()
    return {name: getattr(other, name) for name, value in other.to_dict().items() if value != own[name]}


def followed_up(
    recipe: Iterable[Prescription], case: Case, promising: Sequence[Proposal], known: set[Plan]
) -> list[Proposal]:
    """After a round without adoption: the most promising changes twice, and two of them together.

    What helps a little, but not beyond doubt, may do so in a larger dose.
    """
    by_name = {each.name: each for each in recipe}
    best = promising[:_PROMISING]
    proposals = []
    for each in best:
        line = by_name.get(each.name)
        again = line.changes(case._replace(plan=case.plan.with_(**each.changes))) if line else None
        if again:
            proposals.append(Proposal(f"{each.name}, twice", each.why, {**each.changes, **again}))
    for one, other in combinations(best, 2):
        if not set(one.changes) & set(other.changes):
            both = Proposal(
                f"{one.name} and {other.name}", "each alone looked promising", {**one.changes, **other.changes}
            )
            proposals.append(both)
    return [each for each in proposals if case.plan.with_(**each.changes) not in known]


def variations(plan: Plan, count: int, generator: np.random.Generator) -> list[Proposal]:
    """Settings near this plan (seed: appropriate scale to pick hyperparameters)."""
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
