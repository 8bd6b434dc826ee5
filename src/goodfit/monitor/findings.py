"""Findings of the doctor on a live training, from the records so far, and as a page shows them."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from goodfit.diagnosis.finding import DataFacts, Finding, Observation, Remedy, Signals
from goodfit.diagnosis.findings import examine
from goodfit.monitor.sliders import can_nudge
from goodfit.plan import Hyperparameters, Plan, Structure
from goodfit.record.findings import FindingResult, RemedyResult
from goodfit.record.plain import PlainData
from goodfit.record.run import Health
from goodfit.run_folder.live_state import About, DataOverview
from goodfit.run_folder.records import Records
from goodfit.wording import numbers
from goodfit.wording.text import no_break

SECONDS = 2.0  # at least, between two examinations of one run: most symptoms take epochs to show


@dataclass(frozen=True, kw_only=True)
class RemedyView(PlainData):
    """A suggested change.

    Attributes:
        id: stable identifier.
        name: short name.
        why: the reason, in a clause.
        nudge: changes that sliders can make in this run; None if there are none.
        branch: changes that take a branch; None if there are none.
    """

    id: str
    name: str
    why: str
    nudge: dict[str, Any] | None = None
    branch: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class FindingView(PlainData):
    """A problem in a training.

    Attributes:
        id: stable identifier of the symptom.
        name: of the symptom.
        severity: 1 if nothing is learned or the errors deceive, 2 if learning is hampered, 3 if time is wasted.
        layer: where it shows; None for the network as a whole.
        confidence: in words.
        sentence: the symptom with its numbers.
        remedies: the most promising first.
        explained_by: name of the finding that causes this one; None if no other does.
    """

    id: str
    name: str
    severity: int
    layer: str | None
    confidence: str
    sentence: str
    remedies: tuple[RemedyView, ...]
    explained_by: str | None = None


@dataclass
class LiveDoctor:
    """The doctor of one live run, with its last findings."""

    findings: tuple[Finding, ...] = ()
    _examined: tuple[str, int] = ("", 0)
    _last_time: float = field(default=-math.inf)

    def examine(self, records: Records, about: About, plan: Plan) -> tuple[Finding, ...]:
        """Return the findings, examined anew if there are new epochs and the last time is long enough ago.

        Args:
            records: of the run itself.
            about: the layout of the records, and facts of the data.
            plan: as nudged so far.
        """
        # With the key, because after a rewind as many epochs as before may hold other numbers.
        version = (records.key, len(records.values))
        if version != self._examined and time.monotonic() - self._last_time >= SECONDS:
            self._examined, self._last_time = version, time.monotonic()
            history: dict[str, np.ndarray] = {
                name: records.values[:, column].astype(np.float64) for column, name in enumerate(about.recorded)
            }
            history["epoch"] = np.arange(1, len(records.values) + 1)
            health = health_from(records.looks, records.look_epochs, about.layers)
            observation = Observation(Signals(history, health), plan, _data_facts(about.data))
            self.findings = tuple(examine(observation)) if len(records.values) else ()
        return self.findings


def health_from(
    looks: Float[np.ndarray, "looks seen"], epochs: Int[np.ndarray, "looks"], layers: Sequence[str]
) -> Health:
    """Return the looks of a file of records as the doctor takes them."""
    looks_by_layer = looks.astype(np.float64).reshape(len(looks), len(layers), -1)
    return Health(epochs.astype(np.int64), tuple(layers), looks_by_layer)


def _data_facts(data: DataOverview) -> DataFacts:
    return DataFacts(m=data.m, task=data.task, class_counts=data.class_counts, dev=data.dev, guess_cost=data.guess_cost)


def finding_views(
    findings: Sequence[Finding | FindingResult], plan: Plan, compiled: Structure
) -> tuple[FindingView, ...]:
    """Return findings for the page, with the remedies that this run can take.

    Args:
        findings: live ones, or those of a result.
        plan: as nudged so far.
        compiled: the structure that the program was compiled for.
    """
    names = {finding.id: finding.name for finding in findings}
    return tuple(
        FindingView(
            id=finding.id,
            name=finding.name,
            severity=finding.severity,
            layer=finding.layer,
            confidence=numbers.rough_percent(finding.confidence),
            sentence=no_break(finding.sentence),
            remedies=tuple(
                _remedy(remedy, plan, compiled)
                for remedy in (finding.remedies if isinstance(finding, Finding) else finding.prescriptions)
            ),
            explained_by=names.get(finding.explained_by or ""),
        )
        for finding in findings
    )


def _remedy(remedy: Remedy | RemedyResult, plan: Plan, compiled: Structure) -> RemedyView:
    changes = remedy.changes
    numeric = bool(changes) and set(changes) <= set(Hyperparameters._fields) and can_nudge(plan, compiled, changes)
    return RemedyView(
        id=remedy.id,
        name=remedy.name,
        why=no_break(remedy.why),
        nudge=changes if numeric else None,
        branch=changes if changes and not numeric else None,
    )
