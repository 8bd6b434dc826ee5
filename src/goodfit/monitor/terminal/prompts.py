"""Prompts of the terminal's view: the question, the request that a typed line makes, and the answer in words."""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from goodfit.errors import PlanError
from goodfit.monitor.actions import Reply
from goodfit.wording import numbers
from goodfit.wording.key_value import read_pairs


class ActionRequest(NamedTuple):
    """A request to a training.

    Attributes:
        action: its name, such as "nudge".
        arguments: as the page sends them in JSON.
    """

    action: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Prompt:
    """A question under the view.

    Attributes:
        question: shown before the cursor.
        read: returns the request of a line; None if it makes none.
        one_key: True if the first key is the answer.
    """

    question: str
    read: Callable[[str], ActionRequest | None]
    one_key: bool = False


def _epoch(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text.strip()):
        raise PlanError(f"{text.strip()!r} is no epoch; give a whole number of at least 0")
    return int(text)


def _words(text: str) -> list[str]:
    """The words of a line; a list needs no quotes, though there are spaces in it.

    >>> _words("l2=0.1 hidden_units=[64, 32]")
    ['l2=0.1', 'hidden_units=[64, 32]']
    """
    try:
        return shlex.split(re.sub(r"\[[^]]*\]", lambda match: match[0].replace(" ", "\\ "), text))
    except ValueError as error:
        raise PlanError(f"{text!r} cannot be read ({str(error).lower()})") from None


def _until(text: str) -> ActionRequest | None:
    return ActionRequest("unpause", {"to": _epoch(text)}) if text.strip() else None


def _nudge(text: str) -> ActionRequest | None:
    return ActionRequest("nudge", {"changes": read_pairs(_words(text))}) if text.strip() else None


def _rewind(text: str) -> ActionRequest | None:
    return ActionRequest("rewind", {"to": _epoch(text)}) if text.strip() else None


def _branch(text: str) -> ActionRequest | None:
    """Read an optional epoch and optional changes."""
    first, *words = _words(text) or [""]
    if "=" in first or not first:
        return ActionRequest("branch", {"changes": read_pairs(_words(text))}) if first else None
    epoch = {} if first == "best" else {"epoch": _epoch(first)}
    return ActionRequest("branch", epoch | {"changes": read_pairs(words)})


def _stop(text: str) -> ActionRequest | None:
    return ActionRequest("stop", {}) if text.strip().lower() in ("y", "yes") else None


PROMPTS = {
    "r": Prompt("Run to epoch: ", _until),
    "n": Prompt("Nudge, as learning_rate=3e-4 l2=0.1: ", _nudge),
    "b": Prompt("Rewind to epoch: ", _rewind),
    "B": Prompt("Branch, as 12 optimizer=momentum (or best): ", _branch),
    "s": Prompt("Stop, keep the best network and diagnose it? y/n ", _stop, one_key=True),
}


def answer(action: str, reply: Reply, folder: Path) -> str:
    """Return the reply of a training in words.

    Args:
        action: that was requested.
        reply: of the training in `folder`.
        folder: of the run.
    """
    if action == "branch":
        return f"The branch trains in its own process: goodfit watch {folder.parent / reply.run} --terminal"
    if not reply.answered:
        over = "The training ended before it could answer."
        return "Request sent; waiting for a reply." if reply.training else over
    epoch = reply.epoch or 0
    if action == "nudge":
        changes = ", ".join(
            f"{name} went from {numbers.setting(old)} to {numbers.setting(new)}" for name, old, new in reply.changes
        )
        return f"{changes}, from epoch {numbers.number(epoch + 1)} on."
    if action == "rewind" and reply.rewind:
        start, end = map(numbers.number, reply.rewind)
        return f"Rewound from epoch {start} to {end}, where it is paused."
    verb = {"pause": "Paused after", "unpause": "Continues after", "stop": "Stopped after"}[action]
    diagnosis = "; its best network is being diagnosed" if action == "stop" else ""
    return f"{verb} epoch {numbers.number(epoch)}{diagnosis}."
