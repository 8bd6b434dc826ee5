"""What a prescription is: a change of plan that the basic recipe advises, to be run as an experiment."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from goodfit.plan import Plan

Gap = Literal["bias", "variance"]


class Case(NamedTuple):
    """What a prescription looks at: the incumbent plan, the training set's size, the task, the classes' balance.

    And, of images, whether left and right may change places: None of a table.
    """

    plan: Plan
    m: int
    task: str
    rarest_share: float
    flips: bool | None = None


@dataclass(frozen=True)
class Prescription:
    """One line of the recipe.

    Attributes:
        name: as it stands in the journal and the report.
        gaps: which gaps it is meant to close.
        why: the reason, in a sentence.
        changes: the plan's settings to change, or None where it does not apply.
    """

    name: str
    gaps: tuple[Gap, ...]
    why: str
    changes: Callable[[Case], dict[str, Any] | None]
