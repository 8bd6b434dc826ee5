"""Findings of the doctor on a live training, from the records so far."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from goodfit.diagnosis.finding import DataFacts, Observation, Signals
from goodfit.diagnosis.findings import examine
from goodfit.monitor.sliders import can_nudge
from goodfit.plan import Hyperparameters, Plan, Structure
from goodfit.record.run import Health
from goodfit.run_folder.live_state import DataOverview
from goodfit.run_folder.records import Records

SECONDS = 2.0  # at least, between two examinations of one run: most symptoms take epochs to show


@dataclass
class LiveDoctor:
    """The doctor of one live run, with its last findings."""

    findings: list[dict[str, Any]] = field(default_factory=list)
    _examined: tuple[str, int] = ("", 0)
    _last_time: float = -math.inf

    def examine(
        self, records: Records, names: Sequence[str], layers: Sequence[str], plan: Plan, facts: DataFacts
    ) -> list[dict[str, Any]]:
        """Return the findings, examined anew if there are new epochs and the last time is long enough ago.

        Args:
            records: of the run itself.
            names: of their first columns.
            layers: "inputs", "layer 1", …, "output".
            plan: as nudged so far.
            facts: of the data.
        """
        version = (records.key, len(records.values))
        if version != self._examined and time.monotonic() - self._last_time >= SECONDS:
            self._examined, self._last_time = version, time.monotonic()
            history: dict[str, np.ndarray] = {
                name: records.values[:, column].astype(np.float64) for column, name in enumerate(names)
            }
            history["epoch"] = np.arange(1, len(records.values) + 1)
            health = health_from(records.looks, records.look_epochs, layers)
            case = Observation(Signals(history, health), plan, facts)
            self.findings = [finding.to_dict() for finding in examine(case)] if len(records.values) else []
        return self.findings


def health_from(
    looks: Float[np.ndarray, "looks seen"], epochs: Int[np.ndarray, "looks"], layers: Sequence[str]
) -> Health:
    """Return the looks of a file of records as the doctor takes them."""
    looks_by_layer = looks.astype(np.float64).reshape(len(looks), len(layers), -1)
    return Health(epochs.astype(np.int64), tuple(layers), looks_by_layer)


def facts_from(data: DataOverview) -> DataFacts:
    """Return the facts about the data as the doctor takes them."""
    return DataFacts(m=data.m, task=data.task, class_counts=data.class_counts, dev=data.dev)


def finding_views(findings: Sequence[Mapping[str, Any]], plan: Plan, compiled: Structure) -> list[dict[str, Any]]:
    """Return findings for the page; a remedy has `nudge`, changes that sliders can make, or else `branch`."""
    return [
        {name: finding.get(name) for name in ("id", "name", "severity", "layer", "epoch", "confidence", "sentence")}
        | {"remedies": [_remedy(remedy, plan, compiled) for remedy in finding.get("prescriptions") or []]}
        for finding in findings
    ]


def _remedy(remedy: Mapping[str, Any], plan: Plan, compiled: Structure) -> dict[str, Any]:
    changes = {name: list(value) if isinstance(value, tuple) else value for name, value in remedy["changes"].items()}
    numbers = bool(changes) and set(changes) <= set(Hyperparameters._fields) and can_nudge(plan, compiled, changes)
    return {
        "id": remedy.get("id"),
        "name": remedy["name"],
        "why": remedy["why"],
        "nudge": changes if numbers else None,
        "branch": None if numbers or not changes else changes,
    }
