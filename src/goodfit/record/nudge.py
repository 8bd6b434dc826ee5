"""A nudge: a number of a plan that was changed while its model trained."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from goodfit.record.plain import PlainData
from goodfit.record.values import EffectEstimate

REWIND = "rewind"


@dataclass(frozen=True)
class Nudge(PlainData):
    """A change that was made, or a rewind, which cancels the changes from an epoch on.

    Attributes:
        setting: name of the number in the plan; `rewind` for a rewind.
        old: value before; of a rewind, the epoch that the training had reached.
        new: value from the next epoch on; of a rewind, the epoch that it returned to.
        epoch: after which it was made; 0 is before the first.
        sender: of the request, in words.
        when: in ISO's form.
        request: ID of the request; None for a replayed nudge.
    """

    setting: str
    old: Any
    new: Any
    epoch: int
    sender: str
    when: str
    request: str | None = None

    @property
    def sentence(self) -> str:
        """The change in words."""
        if self.setting == REWIND:
            return f"After epoch {self.old} the training went back to epoch {self.new} ({self.sender})"
        return f"After epoch {self.epoch} `{self.setting}` went from {self.old} to {self.new} ({self.sender})"


def standing(nudges: Iterable[Nudge]) -> list[Nudge]:
    """Return the nudges that no later rewind cancelled, in the order of their epochs."""
    remaining: list[Nudge] = []
    for nudge in nudges:
        if nudge.setting == REWIND:
            remaining = [earlier for earlier in remaining if earlier.epoch < nudge.new]
        else:
            remaining.append(nudge)
    return sorted(remaining, key=lambda nudge: nudge.epoch)


@dataclass(frozen=True, kw_only=True)
class NudgeEffect(PlainData):
    """The measured effect of the nudges of one epoch.

    Attributes:
        epoch: after which they were made.
        changes: name, old and new value of each.
        compared_epoch: epoch of the last comparison; None before the first.
        pairs: number of pairs of a nudged model and its untouched copy.
        error: change of the dev error, nudged − untouched.
        cost: change of the calibrated dev cost.
        sentence: the conclusion; empty before the first comparison.
        is_closed: True once a later nudge or the end of the training closed the comparison.
    """

    epoch: int
    changes: tuple[tuple[Any, ...], ...]
    compared_epoch: int | None
    pairs: int
    error: EffectEstimate | None
    cost: EffectEstimate | None
    sentence: str
    is_closed: bool
