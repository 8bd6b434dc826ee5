"""`key=value` words as people type them."""

from collections.abc import Sequence
from typing import Any

import yaml

from goodfit.errors import PlanError


def read_pairs(words: Sequence[str], option: str = "") -> dict[str, Any]:
    """The names and values in `key=value` words, which come after an option or alone.

    Raises:
        PlanError: a word is not `key=value`.
    """
    changes: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise PlanError(f"{option}{word!r} is not key=value, as in {option}learning_rate=0.01")
        try:
            changes[key.strip()] = yaml.safe_load(value)
        except yaml.YAMLError:
            advice = f"write it as in {option}'hidden_units=[64, 64]'"
            raise PlanError(f"{option}{word!r} has a value that is not valid YAML; {advice}") from None
    return changes
