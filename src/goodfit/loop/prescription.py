"""A prescription is a change of plan that the basic recipe advises; a proposal is one such change to be tried."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from goodfit.plan import Plan, TransformKind

Gap = Literal["bias", "variance"]
Changes = dict[str, Any]  # settings of a plan by name


class RecipeContext(NamedTuple):
    """Everything a prescription may look at.

    Attributes:
        plan: the incumbent's.
        m: number of training examples.
        task: `binary`, `classes` or `regression`.
        rarest_share: share of the rarest class, as a multiple of its share in a balanced set; 1 for a regression.
        flips: True if images keep their labels when left and right are swapped; None for a table.
        target_transform: that would tame a regression's target with a heavy tail; None for others.
    """

    plan: Plan
    m: int
    task: str
    rarest_share: float
    flips: bool | None = None
    target_transform: TransformKind | None = None


@dataclass(frozen=True)
class Prescription:
    """One entry of the recipe.

    Attributes:
        id: stable identifier; the name may be reworded, the ID may not.
        name: shown in the journal and the report.
        gaps: the gaps it is meant to close.
        why: the reason, in a sentence.
        changes: returns the settings of the plan to change, or None where it does not apply.
    """

    id: str
    name: str
    gaps: tuple[Gap, ...]
    why: str
    changes: Callable[[RecipeContext], Changes | None]


class Proposal(NamedTuple):
    """One experiment to run.

    Attributes:
        id: the prescription's, where it is one of the recipe as it stands; otherwise made of where it comes from.
        name: shown in the journal and the report.
        why: the reason, in a sentence.
        changes: settings of the incumbent's plan to change.
        against: ID of the finding that it should cure; None if it comes from the recipe.
    """

    id: str
    name: str
    why: str
    changes: Changes
    against: str | None = None
