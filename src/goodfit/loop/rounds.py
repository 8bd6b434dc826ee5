"""What the loop is asked, and what a round of it holds and tells. Plain data."""

from dataclasses import dataclass, field

from goodfit.data.dataset import Splits
from goodfit.diagnosis.finding import Finding
from goodfit.diagnosis.gaps import Gaps
from goodfit.diagnosis.paired_test import PairedEffect
from goodfit.loop.prescription import Proposal
from goodfit.plan import Plan
from goodfit.record.measurement import Measurement


@dataclass
class Question:
    """What the user asked of `improve`.

    Attributes:
        splits: the data.
        seed: of everything random.
        human_error: the human or Bayes level; None where not given.
        min_gap: the smallest gap that matters.
        rounds: at most so many rounds, in place of a budget.
        folds: judge by K-fold cross-validation over training and dev set; None by the dev set.
        plan: where to start; None is the default network.
    """

    splits: Splits
    seed: int = 0
    human_error: float | None = None
    min_gap: float = 0.02
    rounds: int | None = None
    folds: int | None = None
    plan: Plan | None = None


@dataclass
class Tried:
    """One experiment of a round, with its verified effect."""

    proposal: Proposal
    measurement: Measurement
    cost: PairedEffect
    error: PairedEffect
    p_holm: float = 1.0
    adopted: bool = False
    cured: bool | None = None  # of the finding that it is against; None where it is against none


@dataclass
class Round:
    """One turn of the loop: the incumbent, its diagnosis, what ails its training, and what was tried."""

    number: int
    gaps: Gaps
    incumbent: Measurement
    findings: list[Finding] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)

    @property
    def sick(self) -> bool:
        """Whether the training hardly learns for a reason that a change of plan may mend."""
        return any(
            finding.severity == 1 and any(each.changes for each in finding.remedies) for finding in self.findings
        )
