"""What a person types at a prompt of the terminal's view: the question, what it asks of a training, and the answer."""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from goodfit.errors import PlanError
from goodfit.wording import numbers
from goodfit.wording.key_value import read_pairs

Asked = tuple[str, dict[str, Any]]  # the name of an action, and what it is given


@dataclass(frozen=True)
class Prompt:
    """A question under the view.

    Attributes:
        question: what is shown before the place to type in.
        read: what the line asks; None where it asks nothing.
        one_key: whether the first key is the answer.
    """

    question: str
    read: Callable[[str], Asked | None]
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
        return shlex.split(re.sub(r"\[[^]]*\]", lambda found: found[0].replace(" ", "\\ "), text))
    except ValueError as error:
        raise PlanError(f"{text!r} cannot be read ({str(error).lower()})") from None


def _until(text: str) -> Asked | None:
    return ("unpause", {"to": _epoch(text)}) if text.strip() else None


def _nudge(text: str) -> Asked | None:
    return ("nudge", {"changes": read_pairs(_words(text))}) if text.strip() else None


def _back(text: str) -> Asked | None:
    return ("rewind", {"to": _epoch(text)}) if text.strip() else None


def _branch(text: str) -> Asked | None:
    """An epoch, or none, and changes, or none."""
    first, *rest = _words(text) or [""]
    if "=" in first or not first:
        return ("branch", {"changes": read_pairs(_words(text))}) if first else None
    epoch = {} if first == "best" else {"epoch": _epoch(first)}
    return "branch", epoch | {"changes": read_pairs(rest)}


def _stop(text: str) -> Asked | None:
    return ("stop", {}) if text.strip().lower() in ("y", "yes") else None


PROMPTS = {
    "r": Prompt("Run to epoch: ", _until),
    "n": Prompt("Nudge, as learning_rate=3e-4 l2=0.1: ", _nudge),
    "b": Prompt("Back to epoch: ", _back),
    "B": Prompt("Branch, as 12 optimizer=momentum (or best): ", _branch),
    "s": Prompt("Stop, keep the best network and diagnose it? y/n ", _stop, one_key=True),
}


def answer(action: str, told: Mapping[str, Any]) -> str:
    """What a training did, or that it has not answered yet."""
    if action == "branch":
        return f"A branch trains in a process of its own: goodfit watch {told['run']} --terminal"
    if not told["answered"]:
        over = "The training ended before it could answer."
        return "Asked, and not answered yet: it does so where it looks next." if told["training"] else over
    epoch = told["epoch"]
    if action == "nudge":
        made = ", ".join(
            f"{name} went from {numbers.setting(old)} to {numbers.setting(new)}" for name, old, new in told["changes"]
        )
        return f"{made}, from epoch {epoch + 1} on."
    if action == "rewind":
        return f"Went back from epoch {told['rewind'][0]} to {told['rewind'][1]}, where it pauses."
    said = {"pause": "Paused after", "unpause": "Goes on after", "stop": "Stopped after"}[action]
    return f"{said} epoch {epoch}" + ("; its best network is being diagnosed." if action == "stop" else ".")


def plan_changes(what: Sequence[Sequence[Any]]) -> str:
    """Changes of the plan in a line.

    >>> plan_changes([["l2", 0.0, 0.5]])
    'l2 0 → 0.5'
    """
    return ", ".join(f"{name} {numbers.setting(old)} → {numbers.setting(new)}" for name, old, new in what)
