"""The result of a hyperparameter search, as values with named fields."""

from dataclasses import dataclass
from typing import Any

from goodfit.plan import Plan
from goodfit.record.plain import PlainData
from goodfit.record.values import Estimate


@dataclass(frozen=True, kw_only=True)
class StudyFacts(PlainData):
    """The Optuna study behind a search.

    Attributes:
        name: of the study.
        storage: its address, without a password.
        space: what was searched, in a sentence or two.
    """

    name: str
    storage: str
    space: str


@dataclass(frozen=True, kw_only=True)
class SearchParameter(PlainData):
    """A searched hyperparameter and its range.

    Attributes:
        scale: `linear`, `log`, `one-minus-log` or `choice`.
        low: lower end; None for a choice.
        high: upper end; None for a choice.
        choices: of a choice.
    """

    scale: str
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class SearchRegion(PlainData):
    """The region in which one wave drew a hyperparameter.

    Attributes:
        low: lower end; None for a choice.
        high: upper end; None for a choice.
        widened: True if the best value lay on an edge, which was moved outward.
        shares: of the draws that each choice got.
    """

    low: float | None = None
    high: float | None = None
    widened: bool | None = None
    shares: dict[str, float] | None = None


@dataclass(frozen=True, kw_only=True)
class SearchResult(PlainData):
    """The space of a search, and its course.

    Attributes:
        wave_size: number of trials that were drawn together.
        parameters: by the name that people read.
        regions: of each wave, by parameter.
        notes: ranges to widen.
        importance: share of the variance of the error between trials, by parameter (functional ANOVA; Hutter, Hoos &
            Leyton-Brown 2014); empty with too few trials.
    """

    wave_size: int
    parameters: dict[str, SearchParameter]
    regions: tuple[dict[str, SearchRegion], ...]
    notes: tuple[str, ...]
    importance: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class TrialResult(PlainData):
    """One trial of a search.

    Attributes:
        number: from 0, in the order in which trials were drawn.
        state: `complete`, `pruned`, `fail`, `running` or `waiting`.
        parameters: by the name that people read.
        dev_error: None if it did not train to the end.
        end_seconds: seconds from the first trial's start; None if it has not ended.
        reason: of its end, in words.
        epochs: that it trained.
        dev_cost: calibrated.
    """

    number: int
    state: str
    parameters: dict[str, Any]
    dev_error: float | None
    end_seconds: float | None
    reason: str | None
    epochs: int | None
    dev_cost: float | None


@dataclass(frozen=True, kw_only=True)
class FinalistResult(PlainData):
    """One of the best plans of a search, trained again with fresh seeds.

    Attributes:
        plan: all settings.
        dev_error: mean over the seeds.
        dev_cost: mean over the seeds.
        seeds: number of fresh trainings.
        against_the_winner: its dev error − the winner's; None for the winner.
    """

    plan: Plan
    dev_error: float
    dev_cost: float
    seeds: int
    against_the_winner: Estimate | None
