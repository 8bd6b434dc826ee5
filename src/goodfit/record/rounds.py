"""A round of the improve loop and its experiments, as values."""

from dataclasses import dataclass
from typing import Any

from goodfit.plan import Plan
from goodfit.record.figures import GapFigures
from goodfit.record.findings import FindingResult
from goodfit.record.plain import PlainData
from goodfit.record.values import EffectEstimate


@dataclass(frozen=True, kw_only=True)
class ExperimentResult(PlainData):
    """A prescription that was run as an experiment, and its measured effect.

    Attributes:
        id: stable identifier of the prescription.
        prescription: its name.
        why: its reason, in a sentence.
        changes: settings that it changed in the incumbent's plan.
        error_effect: change of the dev error; negative is better.
        cost_effect: change of the dev cost, which decides; negative is better.
        p_holm: the cost effect's p value, corrected for all experiments of the round (Holm).
        train_error: with the change.
        dev_error: with the change.
        adopted: True if the changed plan became the incumbent.
        against: ID of the finding that it should cure; None for the recipe's own.
        cured: True if that finding was gone; None if it was against none.
        outcome: the worst ending of its trainings.
        seconds: training time.
    """

    id: str
    prescription: str
    why: str
    changes: dict[str, Any]
    error_effect: EffectEstimate
    cost_effect: EffectEstimate
    p_holm: float
    train_error: float
    dev_error: float
    adopted: bool
    against: str | None
    cured: bool | None
    outcome: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class RoundResult(GapFigures):
    """One turn of the improve loop: the incumbent, its diagnosis, and the experiments.

    Attributes:
        number: of the round, from 1.
        train_error: of the incumbent.
        dev_error: of the incumbent.
        plan: of the incumbent.
        seeds: number of trainings behind the incumbent's errors.
        findings: problems in the incumbent's training.
        experiments: in the order in which they were proposed.
    """

    number: int
    train_error: float
    dev_error: float
    plan: Plan
    seeds: int
    findings: tuple[FindingResult, ...]
    experiments: tuple[ExperimentResult, ...]
