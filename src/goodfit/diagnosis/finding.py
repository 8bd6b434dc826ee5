"""The doctor's input and output: an observation of a training, and the findings made of it."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from goodfit.diagnosis.program_facts import NonFinite, ProgramFacts
from goodfit.diagnosis.target_tail import TargetTail
from goodfit.plan import Plan
from goodfit.record.run import Health, Outcome, Weights

Curvature = Literal["saddle", "minimum", "flat"]


class Remedy(NamedTuple):
    """A change that should cure a finding.

    Attributes:
        id: stable identifier; the name may be reworded, the ID may not.
        name: a short phrase; if no plan can express the remedy, what to do with the data or the code.
        why: the reason, in a clause.
        changes: settings of the plan by name; empty if no plan can express the remedy.
    """

    id: str
    name: str
    why: str
    changes: dict[str, Any]


class Plot(NamedTuple):
    """The evidence as plain data: lines over one axis.

    Attributes:
        title: heading.
        x_name: label of the x axis.
        y_name: label of the y axis.
        x: places on the x axis; layers count from 1.
        lines: by name, each as long as `x`; NaN if nothing was measured.
        log: True if the y axis is logarithmic.
    """

    title: str
    x_name: str
    y_name: str
    x: Float[np.ndarray, "points"]
    lines: dict[str, Float[np.ndarray, "points"]]
    log: bool = False


@dataclass(frozen=True, eq=False)
class Finding:
    """A problem in a training or in its data.

    Attributes:
        id: stable identifier of the symptom; the name may be reworded, the ID may not.
        name: of the symptom, as people read it.
        severity: 1 if nothing is learned or the errors deceive, 2 if learning is hampered, 3 if time is wasted.
        confidence: 0 to 1.
        sentence: the symptom with its numbers.
        evidence: these numbers by name.
        remedies: suggested changes, the most promising first.
        layer: where the symptom shows, as Health names it; None if it is not in one layer.
        epoch: when it shows; None if it is not in one epoch.
        plot: the evidence drawn.
        explained_by: ID of the finding beside it that causes this one; None if no other does.
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
    explained_by: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the finding for JSON, without its plot; an infinite or undefined number becomes None."""
        return {
            "id": self.id,
            "name": self.name,
            "severity": self.severity,
            "layer": self.layer,
            "epoch": self.epoch,
            "confidence": round(self.confidence, 3),
            "sentence": self.sentence,
            "evidence": {
                name: float(number) if np.isfinite(number) else None for name, number in self.evidence.items()
            },
            "prescriptions": [remedy._asdict() for remedy in self.remedies],
            "explained_by": self.explained_by,
        }


class Findings(list[Finding]):
    """Findings in order: causes before what they explain. Printed, they are a short list for people.

    >>> leak = Finding("leak", "leaking column", 1, 0.9, "The column 'a' gives it away.", {}, ())
    >>> Findings([leak])
    1. The column 'a' gives it away.
    >>> Findings()
    No problems found.
    """

    def __repr__(self) -> str:
        """Return each finding's sentence and first remedy; what another finding explains stands under it."""
        lines: list[str] = []
        causes = 0
        for finding in self:
            causes += finding.explained_by is None
            mark, indent = (f"{causes}. ", "   ") if finding.explained_by is None else ("   It explains: ", "      ")
            lines.append(mark + finding.sentence)
            lines += [f"{indent}Try: {remedy.name}." for remedy in finding.remedies[:1]]
        return "\n".join(lines) or "No problems found."

    __str__ = __repr__


@dataclass(frozen=True, eq=False)
class Signals:
    """The record of a training.

    Attributes:
        history: numbers by epoch, named as in `Run.history`. Names may be missing. NaN means not measured; if the
            outcome is divergence, it means undefined.
        health: looks inside the network; NaN means the same there.
        outcome: how the training ended; None while it goes on.
        weights: the parameters, named as by `record.run.flatten`.
        curvature: of the cost at the last parameters; None if it was not measured.
        activation: of the hidden layers, if no plan names it.
    """

    history: dict[str, np.ndarray]
    health: Health | None = None
    outcome: Outcome | None = None
    weights: Weights | None = None
    curvature: Curvature | None = None
    activation: str | None = None


class ClassRecall(NamedTuple):
    """The dev examples of each class that the network finds.

    Attributes:
        classes: names.
        found: examples of the class that are predicted to be of it.
        totals: examples of the class.
        lower_threshold: of two classes: what is found of the rare one where its share of the training examples is
            enough to predict it, and the predictions of it that are wrong then; None for more classes.
    """

    classes: tuple[str, ...]
    found: tuple[int, ...]
    totals: tuple[int, ...]
    lower_threshold: tuple[int, int] | None = None

    @property
    def balanced_accuracy(self) -> float:
        """Mean share found, over the classes that occur."""
        shares = [found / total for found, total in zip(self.found, self.totals, strict=True) if total]
        return sum(shares) / len(shares)

    @property
    def error(self) -> float:
        """Share of the examples that are predicted wrongly."""
        return 1 - sum(self.found) / sum(self.totals)


class Leak(NamedTuple):
    """The column that alone predicts the target best, with cross-validated scores: accuracy, or R²; 1 is perfect.

    Attributes:
        column: its name.
        score: of a prediction from this column alone.
        runner_up: of one from the next best column.
        guess: of one from no column.
    """

    column: str
    score: float
    runner_up: float
    guess: float


@dataclass(frozen=True, eq=False)
class DataFacts:
    """Facts about the data that findings look at.

    Attributes:
        m: number of training examples; 0 if unknown.
        task: "binary", "classes" or "regression".
        class_counts: number of training examples of each class.
        column_deviations: standard deviations of the training inputs, as the network sees them.
        column_means: their means.
        dev: number of dev examples.
        duplicates: number of dev examples that are also in the training set, with the same features and target.
        shift: sentences on columns whose distribution differs between dev and test.
        leak: the column that alone predicts the target best.
        label_noise: estimated share of wrong labels.
        target_values: number of distinct values of the target in the training set.
        guess_cost: cost of the best constant guess, if it is not that of goodfit's own costs.
        recall: the dev examples of each class that the network finds; None if unknown.
        huber_guess_cost: the same for a plan with Huber's loss.
        by_time: True if the sets follow each other in time.
        target_tail: of a regression; None for classes, and for few examples.
        negative_predictions: share of dev predictions that are negative, although no target is.
        non_finite: inputs that are not finite numbers.
    """

    m: int
    task: str
    class_counts: tuple[int, ...] | None = None
    column_deviations: Float[np.ndarray, "columns"] | None = None
    column_means: Float[np.ndarray, "columns"] | None = None
    dev: int | None = None
    duplicates: int = 0
    shift: tuple[str, ...] = field(default=())
    leak: Leak | None = None
    label_noise: float | None = None
    target_values: int | None = None
    guess_cost: float | None = None
    recall: ClassRecall | None = None
    huber_guess_cost: float | None = None
    by_time: bool = False
    target_tail: TargetTail | None = None
    negative_predictions: float = 0.0
    non_finite: NonFinite | None = None

    def of_plan(self, plan: Plan) -> "DataFacts":
        """Return the facts as a training by this plan sees them."""
        return replace(self, guess_cost=self.huber_guess_cost) if plan.loss == "huber" else self


@dataclass(frozen=True, eq=False)
class Observation:
    """Everything that a finding may look at; a finding is not made if what it needs is missing.

    Attributes:
        signals: the record of the training.
        plan: its settings; None for programs elsewhere.
        data: facts about the data.
        program: facts about a program elsewhere, from a hook in it.
    """

    signals: Signals
    plan: Plan | None = None
    data: DataFacts | None = None
    program: ProgramFacts | None = None

    @property
    def activation(self) -> str | None:
        """Activation of the hidden layers; None if unknown."""
        return self.plan.activation if self.plan else self.signals.activation
