"""Settings of a plan as `KEY=VALUE` words."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from goodfit.plan import Plan
from goodfit.wording.key_value import read_pairs


def read_settings(words: Sequence[str]) -> dict[str, Any]:
    """Return the settings in the `key=value` words of `--set`; a value is written as in YAML.

    >>> read_settings(["hidden_units=[64, 64]", "activation=relu"])
    {'hidden_units': [64, 64], 'activation': 'relu'}

    Raises:
        PlanError: a word is not `key=value`, or no plan could take it.
    """
    changes = read_pairs(words, "--set ")
    # Refused before any data is read. A depth is for images, whose default plan is convolutional.
    Plan(layer="convolutional" if "depth" in changes else "dense").with_(**changes)
    return changes


def settings_words(changes: Mapping[str, Any]) -> list[str] | None:
    """Return settings as `--set` takes them; None if there are none.

    >>> settings_words({"hidden_units": [64, 64], "l2": 0.1})
    ['hidden_units=[64, 64]', 'l2=0.1']
    """
    words = {key: yaml.safe_dump(value, default_flow_style=True, width=10**6) for key, value in changes.items()}
    return [f"{key}={word.removesuffix('...' + chr(10)).strip()}" for key, word in words.items()] or None
