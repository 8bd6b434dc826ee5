"""Actions on a live run that the page and the terminal offer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goodfit.record.plain import PlainData


@dataclass(frozen=True, kw_only=True)
class Reply(PlainData):
    """The reply to an action.

    Attributes:
        run: name of a run that was begun; otherwise the folder of the run.
        answered: True if the training answered within a few seconds.
        training: True if it is still training.
        epoch: after which the action took effect, or the epoch so far; None before the first.
        changes: name, old and new value of each number that a nudge changed.
        rewind: epochs that a rewind went from and to.
    """

    run: str
    answered: bool = True
    training: bool = True
    epoch: int | None = None
    changes: tuple[tuple[Any, ...], ...] = ()
    rewind: tuple[int, ...] | None = None


# The run's folder and a JSON object of arguments in, the reply out
Action = Callable[[Path, Mapping[str, Any]], Reply]
