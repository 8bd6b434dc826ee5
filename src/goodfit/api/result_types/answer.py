"""The answer of a training to a message."""

from dataclasses import dataclass
from typing import Any

from goodfit.record.plain import PlainData


@dataclass(frozen=True, kw_only=True)
class Answer(PlainData):
    """The answer of a training to `nudge`, `pause`, `unpause`, `rewind` or `stop`.

    Attributes:
        run: folder of the run.
        answered: True if it answered within a few seconds.
        training: True if it is still training.
        epoch: after which the message took effect, or the epoch so far; None before the first.
        changes: name, old and new value of each number that a nudge changed.
        rewind: epochs that a rewind went from and to.
    """

    run: str
    answered: bool
    training: bool
    epoch: int | None
    changes: tuple[tuple[Any, ...], ...] = ()
    rewind: tuple[int, ...] | None = None
