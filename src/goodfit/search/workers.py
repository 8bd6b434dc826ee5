"""A group of trials of one structure, trained as a stack wherever there is room: here, or on another machine."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from goodfit.data.dataset import Splits
from goodfit.diagnosis.data_facts import facts_of
from goodfit.engine.control import Together
from goodfit.engine.fit import fit_many
from goodfit.engine.jobs import Job
from goodfit.errors import PlanError
from goodfit.plan import Plan
from goodfit.record.run import Outcome, Run
from goodfit.search.halving import Halving
from goodfit.search.hopeless import Hopeless

TrialRecord = dict[str, Any]  # what a study keeps of a training beside its trial's parameters
FAILED = "failed"


@dataclass(frozen=True)
class Group:
    """Trials that share what is compiled.

    Attributes:
        plans: one a trial.
        seeds: of their trainings.
        earlier: dev errors at each rung in earlier rounds.
    """

    plans: tuple[Plan, ...]
    seeds: tuple[int, ...]
    earlier: Mapping[int, Sequence[float]]


# What trains groups: gives each group's trainings, in order; None for a group that Ctrl-C cut.
Workers = Callable[[Sequence[Group]], Iterator[list[TrialRecord] | None]]


@dataclass(frozen=True)
class Here:
    """Trains one group after another in this process.

    Attributes:
        splits: the data.
        memory: bytes that a stack may take; half of what is free when None.
    """

    splits: Splits
    memory: int | None = None

    def __call__(self, groups: Sequence[Group]) -> Iterator[list[TrialRecord] | None]:
        """Each group's trainings, trained when they are asked for."""
        return (train(group, self.splits, self.memory) for group in groups)


def train(group: Group, splits: Splits, memory: int | None = None) -> list[TrialRecord] | None:
    """Train a group; None where Ctrl-C cut it, for half a group would be halved otherwise than the whole."""
    halving = Halving(group.earlier, len(splits.dev), not splits.regression)
    hopeless = Hopeless(group.plans, facts_of(splits))
    jobs = [Job(plan, seed) for plan, seed in zip(group.plans, group.seeds, strict=True)]
    try:
        runs = fit_many(jobs, splits, Together((hopeless, halving)), memory)
    except PlanError as error:  # a network larger than memory, say
        return [failed(str(error)) for _ in jobs]
    if any(run.outcome is Outcome.INTERRUPTED for run in runs):
        return None
    return [
        _kept(plan, run, halving.values.get(place, {}))
        for place, (plan, run) in enumerate(zip(group.plans, runs, strict=True))
    ]


def failed(reason: str) -> TrialRecord:
    """What is kept of a trial whose plan does not work."""
    return {"outcome": FAILED, "reason": reason}


def _kept(plan: Plan, run: Run, rungs: dict[int, float]) -> TrialRecord:
    best = run.best_epoch - 1
    figures = ("dev_error", "dev_cost") if run.usable else ()
    return {
        "plan": plan.to_dict(),
        "outcome": str(run.outcome),
        "reason": run.reason,
        "epochs": len(run.history["epoch"]),
        "best_epoch": run.best_epoch,
        "rungs": {str(rung): value for rung, value in rungs.items()},
        **{name: float(run.history[name][best]) for name in figures},
        "seconds": round(run.seconds, 3),
    }
