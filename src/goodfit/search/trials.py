"""A search: trials drawn a round at a time, trained as stacks of one structure, and told to the study."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.trial import Trial, TrialState

from goodfit.data.dataset import Splits
from goodfit.errors import PlanError
from goodfit.plan import Plan, PreparationKind, Structure
from goodfit.record import Outcome, Run
from goodfit.search.halving import RUNGS, Halving
from goodfit.search.hopeless import Hopeless, facts_of
from goodfit.search.storage import claim, orphans
from goodfit.train.control import Together
from goodfit.train.fit import fit_many, interruptible
from goodfit.train.jobs import Job

SpaceFunction = Callable[[optuna.trial.BaseTrial], Plan]
Tell = Callable[[int, float | None], None]  # trials done, best dev error
ABOUT = "goodfit"  # the trial's attribute with plan, epochs and how it ended
_SEEDS_APART = 1_000_003
_PRUNED = (Outcome.HOPELESS, Outcome.STOPPED)


@dataclass(frozen=True)
class Search:
    """What is searched, and how.

    Attributes:
        study: where trials are drawn and told.
        space: a trial's plan.
        splits: the data.
        trials: in the study when it is done, those of earlier or other processes included.
        round_size: trials drawn before any of them is trained.
        seed: of the trainings.
        tell: is told how far it is.
    """

    study: optuna.Study
    space: SpaceFunction
    splits: Splits
    trials: int
    round_size: int
    seed: int
    tell: Tell

    def run(self) -> bool:
        """Search to the end; false after Ctrl-C, which leaves the study for another run to go on with."""
        with interruptible(threading.Event()) as asked:
            trials = orphans(self.study)
            while not asked.is_set():
                trials = sorted([*trials, *self._ask()], key=lambda trial: trial.number)
                if not trials:
                    return True
                self._train(trials, asked)
                trials = []
        return False

    def _ask(self) -> list[Trial]:
        """The rest of the round, or of the trials."""
        begun = len(self.study.get_trials(deepcopy=False))
        end = min((begun // self.round_size + 1) * self.round_size, self.trials)
        return [claim(self.study.ask()) for _ in range(begun, end)]

    def _train(self, trials: Sequence[Trial], asked: threading.Event) -> None:
        """Train these in groups of one structure, and tell each group as it ends."""
        earlier = self._earlier(min(trial.number for trial in trials))
        groups: dict[tuple[Structure, PreparationKind], list[tuple[Trial, Plan]]] = {}
        for trial in trials:
            try:
                plan = self.space(trial)
            except PlanError as error:
                self._fail(trial, str(error))
                continue
            groups.setdefault((plan.structure, plan.preparation), []).append((trial, plan))
        for group in groups.values():
            if asked.is_set():
                return
            self._train_group(group, earlier)

    def _earlier(self, first: int) -> dict[int, list[float]]:
        """Errors at the rungs in earlier rounds."""
        round_start = first - first % self.round_size
        known = [trial for trial in self.study.get_trials(deepcopy=False) if trial.number < round_start]
        return {
            rung: [trial.intermediate_values[rung] for trial in known if rung in trial.intermediate_values]
            for rung in RUNGS
        }

    def _train_group(self, group: Sequence[tuple[Trial, Plan]], earlier: dict[int, list[float]]) -> None:
        plans = [plan for _, plan in group]
        classes = self.splits.dataset.schema.task != "regression"
        halving = Halving(earlier, len(self.splits.dev), classes)
        hopeless = Hopeless(plans, facts_of(self.splits))
        jobs = [Job(plan, self.seed * _SEEDS_APART + trial.number) for trial, plan in group]
        try:
            runs = fit_many(jobs, self.splits, Together((hopeless, halving)))
        except PlanError as error:  # a network larger than memory, say
            for trial, _ in group:
                self._fail(trial, str(error))
            return
        for place, ((trial, plan), run) in enumerate(zip(group, runs, strict=True)):
            if run.outcome is not Outcome.INTERRUPTED:
                self._finish(trial, plan, run, halving.values.get(place, {}))
        self._told()

    def _finish(self, trial: Trial, plan: Plan, run: Run, rungs: dict[int, float]) -> None:
        for rung, value in rungs.items():
            trial.report(value, rung)
        trial.set_user_attr(ABOUT, about(plan, run))
        if run.outcome in _PRUNED or not run.usable:
            self.study.tell(trial, state=TrialState.PRUNED)
        else:
            self.study.tell(trial, float(run.history["dev_error"][run.best_epoch - 1]))

    def _fail(self, trial: Trial, reason: str) -> None:
        trial.set_user_attr(ABOUT, {"reason": reason})
        self.study.tell(trial, state=TrialState.FAIL)

    def _told(self) -> None:
        trials = self.study.get_trials(deepcopy=False)
        values = [trial.value for trial in trials if trial.state == TrialState.COMPLETE and trial.value is not None]
        self.tell(sum(trial.state.is_finished() for trial in trials), min(values, default=None))


def about(plan: Plan, run: Run) -> dict[str, Any]:
    """What the study keeps of a training beside its parameters and its error."""
    cost = float(run.history["dev_cost"][run.best_epoch - 1]) if run.usable else None
    return {
        "plan": plan.to_dict(),
        "outcome": str(run.outcome),
        "reason": run.reason,
        "epochs": len(run.history["epoch"]),
        "best_epoch": run.best_epoch,
        "dev_cost": cost,
        "seconds": round(run.seconds, 3),
    }
