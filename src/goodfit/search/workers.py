"""A group of trials of one structure, trained as a stack wherever there is room: here, or on another machine."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from optuna.trial import FrozenTrial, Trial

from goodfit.data.dataset import Splits
from goodfit.diagnosis.data_facts import basic_data_facts
from goodfit.engine.control import Together
from goodfit.engine.fit import fit_many
from goodfit.engine.jobs import Job
from goodfit.errors import PlanError
from goodfit.plan import Plan
from goodfit.record.plain import PlainData
from goodfit.record.run import Outcome, Run
from goodfit.search.halving import Halving
from goodfit.search.hopeless import Hopeless

FAILED = "failed"  # the outcome of a trial whose plan does not work
_ATTRIBUTE = "goodfit"  # of an Optuna trial, which holds its record


@dataclass(frozen=True, kw_only=True)
class TrialRecord(PlainData):
    """The record of a trial's training, which the study keeps beside the trial's parameters.

    Attributes:
        outcome: an `Outcome`, or "failed" where the plan does not work.
        reason: of the outcome, in a few words.
        plan: the trained plan; None where there is none.
        epochs: number of epochs that it trained.
        best_epoch: epoch of the lowest dev cost, from 1.
        rungs: lowest dev error so far at each rung of halving that it reached, by percent of its epochs.
        dev_error: at the best epoch; None where no parameters are usable.
        dev_cost: at the best epoch, likewise.
        seconds: training time.
    """

    outcome: str
    reason: str = ""
    plan: Plan | None = None
    epochs: int | None = None
    best_epoch: int | None = None
    rungs: dict[str, float] = field(default_factory=dict)
    dev_error: float | None = None
    dev_cost: float | None = None
    seconds: float | None = None

    @classmethod
    def failed(cls, reason: str) -> Self:
        """Return the record of a trial whose plan does not work."""
        return cls(outcome=FAILED, reason=reason)

    @classmethod
    def read(cls, trial: FrozenTrial | Trial) -> Self | None:
        """Return the trial's record; None as long as it has none."""
        facts = trial.user_attrs.get(_ATTRIBUTE)
        return None if facts is None else cls.from_dict(facts)

    def save(self, trial: Trial) -> None:
        """Write the record into the study."""
        trial.set_user_attr(_ATTRIBUTE, self.to_dict())


@dataclass(frozen=True)
class Group:
    """Trials that share what is compiled.

    Attributes:
        plans: one for each trial.
        seeds: random seeds of their trainings.
        earlier_errors: dev errors of earlier waves at each rung of halving.
    """

    plans: tuple[Plan, ...]
    seeds: tuple[int, ...]
    earlier_errors: Mapping[int, Sequence[float]]


# Trains groups: yields the records of each group, in order; None for a group that Ctrl-C cut.
Workers = Callable[[Sequence[Group]], Iterator[list[TrialRecord] | None]]


@dataclass(frozen=True)
class LocalWorker:
    """Trains one group after another in this process.

    Attributes:
        splits: the data.
        memory: bytes that a stack may take; half of the free memory when None.
    """

    splits: Splits
    memory: int | None = None

    def __call__(self, groups: Sequence[Group]) -> Iterator[list[TrialRecord] | None]:
        """Yield each group's records; a group is trained when its records are asked for."""
        return (train(group, self.splits, self.memory) for group in groups)


def train(group: Group, splits: Splits, memory: int | None = None) -> list[TrialRecord] | None:
    """Train a group and return a record for each trial.

    None after Ctrl-C: a partial group would be pruned differently from the whole one, so it is trained again.
    """
    halving = Halving(group.earlier_errors, len(splits.dev), not splits.regression)
    hopeless = Hopeless(group.plans, basic_data_facts(splits))
    jobs = [Job(plan, seed) for plan, seed in zip(group.plans, group.seeds, strict=True)]
    try:
        runs = fit_many(jobs, splits, Together((hopeless, halving)), memory)
    except PlanError as error:  # such as a network that does not fit into memory
        return [TrialRecord.failed(str(error)) for _ in jobs]
    if any(run.outcome is Outcome.INTERRUPTED for run in runs):
        return None
    return [
        _record(plan, run, halving.errors.get(index, {}))
        for index, (plan, run) in enumerate(zip(group.plans, runs, strict=True))
    ]


def _record(plan: Plan, run: Run, rungs: Mapping[int, float]) -> TrialRecord:
    best = run.best_epoch - 1  # epochs count from 1, rows of the history from 0
    return TrialRecord(
        outcome=str(run.outcome),
        reason=run.reason,
        plan=plan,
        epochs=len(run.history["epoch"]),
        best_epoch=run.best_epoch,
        rungs={str(rung): error for rung, error in rungs.items()},
        dev_error=float(run.history["dev_error"][best]) if run.usable else None,
        dev_cost=float(run.history["dev_cost"][best]) if run.usable else None,
        seconds=round(run.seconds, 3),
    )
