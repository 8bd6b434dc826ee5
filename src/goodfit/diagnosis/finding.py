"""What the doctor looks at and what it finds: a sentence with numbers, how sure it is, and what to change."""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from goodfit.plan import Plan
from goodfit.record.run import Health, Outcome, Weights

Curvature = Literal["saddle", "minimum", "flat"]


class Remedy(NamedTuple):
    """Something to change.

    Attributes:
        id: stable identifier; the name may be reworded, the ID may not.
        name: what it is; where no plan can express it, what to do with the data.
        why: the reason, in a sentence.
        changes: of the plan's settings; empty where no plan can express it.
    """

    id: str
    name: str
    why: str
    changes: dict[str, Any]


class Plot(NamedTuple):
    """The evidence as plain data: lines over one axis.

    Attributes:
        title: what it shows.
        x_name: of the axis.
        y_name: of the other axis.
        x: places on the axis; layers count from 1.
        lines: by name, as long as `x`; NaN where nothing was measured.
        log: whether the y axis is logarithmic.
    """

    title: str
    x_name: str
    y_name: str
    x: Float[np.ndarray, "points"]
    lines: dict[str, Float[np.ndarray, "points"]]
    log: bool = False


@dataclass(frozen=True, eq=False)
class Finding:
    """One thing that is wrong with a training.

    Attributes:
        id: stable identifier of the symptom; the name may be reworded, the ID may not.
        name: of the symptom, as people read it.
        severity: 1 where nothing is learned or the errors deceive, 2 where learning is hampered, 3 where it wastes.
        confidence: how sure it is, 0 to 1.
        sentence: what was seen, with its numbers.
        evidence: these numbers by name.
        remedies: what to change, the most promising first.
        layer: where it is seen, as Health names it.
        epoch: when it is seen.
        plot: the evidence drawn.
    """

    id: str
    name: str
    severity: int
    confidence: float
    sentence: str
    evidence: dict[str, float]
    remedies: tuple[Remedy, ...]
    layer: str | None = None
    epoch: int | None = None
    plot: Plot | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON: what is infinite or undefined is null."""
        return {
            "id": self.id,
            "name": self.name,
            "severity": self.severity,
            "layer": self.layer,
            "epoch": self.epoch,
            "confidence": round(self.confidence, 3),
            "sentence": self.sentence,
            "evidence": {key: float(v) if np.isfinite(v) else None for key, v in self.evidence.items()},
            "prescriptions": [each._asdict() for each in self.remedies],
        }


@dataclass(frozen=True, eq=False)
class Signals:
    """What was recorded of a training.

    Attributes:
        history: by epoch, as `Run.history` names it. Names may be missing; NaN is a number not measured, or undefined
            where the outcome is divergence.
        health: looks inside the network, with the same meaning of NaN.
        outcome: how it ended; None while it goes on, or where nobody said.
        weights: the parameters, as `record.flatten` names them.
        curvature: of the cost where the training ended, where it was measured.
        activation: of the hidden layers, where no plan says it.
    """

    history: dict[str, np.ndarray]
    health: Health | None = None
    outcome: Outcome | None = None
    weights: Weights | None = None
    curvature: Curvature | None = None
    activation: str | None = None


@dataclass(frozen=True, eq=False)
class DataFacts:
    """What is known of the data.

    Attributes:
        m: training examples; 0 where unknown.
        task: "binary", "classes" or "regression".
        class_counts: training examples of each class.
        column_deviations: of the prepared training inputs, as the network sees them.
        column_means: of the same.
        dev: dev examples.
        duplicates: dev rows that stand in the training set too, features and target alike.
        shift: sentences of `data/shift.py`.
        leak: a column and how well it alone predicts the target (share of right answers, or R²; 1 is perfectly).
        label_noise: estimated share of wrong labels.
        target_values: different values of the target in the training set.
        guess_cost: cost of the best constant guess, where it is not the one of goodfit's own costs.
    """

    m: int
    task: str
    class_counts: tuple[int, ...] | None = None
    column_deviations: Float[np.ndarray, "columns"] | None = None
    column_means: Float[np.ndarray, "columns"] | None = None
    dev: int | None = None
    duplicates: int = 0
    shift: tuple[str, ...] = field(default=())
    leak: tuple[str, float] | None = None
    label_noise: float | None = None
    target_values: int | None = None
    guess_cost: float | None = None


@dataclass(frozen=True, eq=False)
class Observation:
    """All that a finding may look at; it says nothing where what it needs is missing."""

    signals: Signals
    plan: Plan | None = None
    data: DataFacts | None = None

    @property
    def activation(self) -> str | None:
        """Of the hidden layers; None where nobody says it."""
        return self.plan.activation if self.plan else self.signals.activation
