"""Findings on a training, as values: what was seen, its evidence, and the changes that it suggests."""

from dataclasses import dataclass
from typing import Any

from goodfit.record.plain import PlainData


@dataclass(frozen=True, kw_only=True)
class PlotData(PlainData):
    """The evidence of a finding, as lines over one axis.

    Attributes:
        title: heading of the plot.
        x_name: label of the x axis.
        y_name: label of the y axis.
        x: places on the x axis.
        lines: values by the line's name, as long as `x`; None where nothing was measured.
        log: True if the y axis is logarithmic.
    """

    title: str
    x_name: str
    y_name: str
    x: tuple[float | None, ...]
    lines: dict[str, tuple[float | None, ...]]
    log: bool = False


@dataclass(frozen=True, kw_only=True)
class RemedyResult(PlainData):
    """A change that a finding suggests.

    Attributes:
        id: stable identifier; the name may be reworded, the ID may not.
        name: short name.
        why: the reason, in a sentence.
        changes: settings of the plan; empty if no plan can express the change.
    """

    id: str
    name: str
    why: str
    changes: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class FindingResult(PlainData):
    """A problem that was found in a training.

    Attributes:
        id: stable identifier; the name may be reworded, the ID may not.
        name: of the symptom.
        severity: 1 if nothing is learned or the errors deceive, 2 if learning is hampered, 3 if time is wasted.
        layer: where it was seen; None for the network as a whole.
        epoch: when it was seen; None for the training as a whole.
        confidence: 0 to 1.
        sentence: what was seen, with its numbers.
        evidence: these numbers by name; None where one is undefined.
        prescriptions: suggested changes, the most promising first.
        plot: the evidence drawn.
        explained_by: ID of the finding that causes this one; None if no other does.
    """

    id: str
    name: str
    severity: int
    layer: str | None
    epoch: int | None
    confidence: float
    sentence: str
    evidence: dict[str, float | None]
    prescriptions: tuple[RemedyResult, ...]
    plot: PlotData | None
    explained_by: str | None = None
