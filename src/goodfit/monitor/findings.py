"""The doctor at the side of a live training: its findings on the records so far, asked now and then."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from goodfit.diagnosis.finding import DataFacts, Observation, Signals
from goodfit.diagnosis.findings import examine
from goodfit.monitor.sliders import moves
from goodfit.plan import Hyperparameters, Plan, Structure
from goodfit.record.run import Health
from goodfit.run_folder.records import Records

SECONDS = 2.0  # at least, between two examinations of one run: most of their symptoms take epochs to show


@dataclass
class Examined:
    """What the doctor last said of one run."""

    found: list[dict[str, Any]] = field(default_factory=list)
    _of: tuple[str, int] = ("", 0)
    _at: float = -math.inf

    def again(
        self, records: Records, names: Sequence[str], layers: Sequence[str], plan: Plan, facts: DataFacts
    ) -> list[dict[str, Any]]:
        """The findings, asked again where there are new epochs and the last time is long enough ago.

        Args:
            records: of the run itself.
            names: of their first columns.
            layers: "inputs", "layer 1", …, "output".
            plan: as nudged so far.
            facts: of the data.
        """
        state = (records.key, len(records.values))
        if state != self._of and time.monotonic() - self._at >= SECONDS:
            self._of, self._at = state, time.monotonic()
            history: dict[str, np.ndarray] = {
                name: records.values[:, column].astype(np.float64) for column, name in enumerate(names)
            }
            history["epoch"] = np.arange(1, len(records.values) + 1)
            health = health_from(records.looks, records.look_epochs, layers)
            case = Observation(Signals(history, health), plan, facts)
            self.found = [each.to_dict() for each in examine(case)] if len(records.values) else []
        return self.found


def health_from(
    looks: Float[np.ndarray, "looks seen"], epochs: Int[np.ndarray, "looks"], layers: Sequence[str]
) -> Health:
    """The looks of a file of records as the doctor has them."""
    seen = looks.astype(np.float64).reshape(len(looks), len(layers), -1)
    return Health(epochs.astype(np.int64), tuple(layers), seen)


def facts_from(told: Mapping[str, Any]) -> DataFacts:
    """What a training says of its data; what this version does not know is passed over."""
    known = {each.name for each in fields(DataFacts)}
    given = {name: value for name, value in told.items() if name in known}
    if given.get("class_counts") is not None:
        given["class_counts"] = tuple(given["class_counts"])
    return DataFacts(**given)


def shown(found: Sequence[Mapping[str, Any]], plan: Plan, begun: Structure) -> list[dict[str, Any]]:
    """Findings for the page: each remedy with `turns`, what it changes where knobs can do that, or else `branches`."""
    return [
        {name: finding.get(name) for name in ("id", "name", "severity", "layer", "epoch", "confidence", "sentence")}
        | {"remedies": [_remedy(each, plan, begun) for each in finding.get("prescriptions") or []]}
        for finding in found
    ]


def _remedy(remedy: Mapping[str, Any], plan: Plan, begun: Structure) -> dict[str, Any]:
    changes = {name: list(value) if isinstance(value, tuple) else value for name, value in remedy["changes"].items()}
    numbers = bool(changes) and set(changes) <= set(Hyperparameters._fields) and moves(plan, begun, changes)
    return {
        "id": remedy.get("id"),
        "name": remedy["name"],
        "why": remedy["why"],
        "turns": changes if numbers else None,
        "branches": None if numbers or not changes else changes,
    }
