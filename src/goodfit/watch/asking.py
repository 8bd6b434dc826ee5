"""What a person types at a prompt of the terminal's view: the question, what it asks of a training, and the answer."""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from goodfit.errors import PlanError
from goodfit.report import words

Asked = tuple[str, dict[str, Any]]  # the name of an action, and what it is given


def read_pairs(given: Sequence[str], option: str = "") -> dict[str, Any]:
    """The names and values in `key=value` words, which come after an option or alone.

    Raises:
        PlanError: a word is not `key=value`.
    """
    changes: dict[str, Any] = {}
    for word in given:
        key, equals, value = word.partition("=")
        if not equals:
            raise PlanError(f"{option}{word!r} is not key=value, as in {option}learning_rate=0.01")
        try:
            changes[key.strip()] = yaml.safe_load(value)
        except yaml.YAMLError:
            wanted = f"write it as in {option}'hidden_units=[64, 64]'"
            raise PlanError(f"{option}{word!r} has a value that is not valid YAML; {wanted}") from None
    return changes


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
    return ("continue", {"to": _epoch(text)}) if text.strip() else None


def _nudge(text: str) -> Asked | None:
    return ("nudge", {"changes": read_pairs(_words(text))}) if text.strip() else None


def _back(text: str) -> Asked | None:
    return ("back", {"to": _epoch(text)}) if text.strip() else None


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
    "B": Prompt("Branch, as 12 optimiser=momentum (or best): ", _branch),
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
        made = ", ".join(f"{name} went from {shown(old)} to {shown(new)}" for name, old, new in told["made"])
        return f"{made}, from epoch {epoch + 1} on."
    if action == "back":
        return f"Went back from epoch {told['back'][0]} to {told['back'][1]}, where it pauses."
    said = {"pause": "Paused after", "continue": "Goes on after", "stop": "Stopped after"}[action]
    return f"{said} epoch {epoch}" + ("; its best network is being diagnosed." if action == "stop" else ".")


def shown(value: Any) -> str:
    """A value of the plan as people would type it.

    >>> shown(0.0003), shown(30), shown([0.5, 0.8]), shown(3e-7)
    ('0.0003', '30', '[0.5, 0.8]', '3e-07')
    """
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(shown, value))}]"
    return f"{value:.6g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def change(what: Sequence[Sequence[Any]]) -> str:
    """Changes of the plan in a line.

    >>> change([["l2", 0.0, 0.5]])
    'l2 0 → 0.5'
    """
    return ", ".join(f"{name} {shown(old)} → {shown(new)}" for name, old, new in what)


def left(seconds: float | None) -> str:
    """Time left, to whole seconds."""
    if seconds is None:
        return ""
    return f"{words.duration(float(round(seconds))).replace('.0', '')} left".replace("\u00a0", " ")
