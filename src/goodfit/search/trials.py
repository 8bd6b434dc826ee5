"""A search: trials drawn a round at a time, trained in groups of one structure, and told to the study."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import optuna
from optuna.trial import Trial, TrialState

from goodfit.engine.stack import CAPACITY
from goodfit.errors import PlanError
from goodfit.interrupt import interruptible
from goodfit.plan import Plan, PreparationKind, Structure
from goodfit.record.run import Outcome
from goodfit.search.halving import RUNGS
from goodfit.search.storage import alone, beating, claim, orphans, ours
from goodfit.search.workers import FAILED, Group, TrialRecord, Workers, failed

SpaceFunction = Callable[[optuna.trial.BaseTrial], Plan]
Tell = Callable[[int, float | None], None]  # trials done, best dev error
ABOUT = "goodfit"  # the trial's attribute that holds what is kept of its training
_SEEDS_APART = 1_000_003


@dataclass(frozen=True)
class Search:
    """What is searched, and how.

    Attributes:
        study: where trials are drawn and told.
        space: a trial's plan.
        workers: train the groups.
        trials: in the study when it is done, those of earlier or other processes included.
        round_size: trials drawn before any of them is trained.
        seed: of the trainings.
        tell: is told how far it is.
    """

    study: optuna.Study
    space: SpaceFunction
    workers: Workers
    trials: int
    round_size: int
    seed: int
    tell: Tell

    def run(self) -> bool:
        """Search to the end; false after Ctrl-C, which leaves the study for another run to go on with.

        What a study holds at its end does not depend on how often it was stopped, or killed: a round that was drawn is
        ended before the next is drawn, and a group is told only when all of it is kept.
        """
        with interruptible(threading.Event()) as asked, beating(self.study):
            trials = orphans(self.study)
            while not asked.is_set():
                with alone(self.study):
                    begun = len(self.study.get_trials(deepcopy=False))
                    if not trials or begun % self.round_size:
                        trials = sorted([*trials, *self._ask(begun)], key=lambda trial: trial.number)
                if not trials:
                    return True
                self._train(trials)
                trials = []
        return False

    def _ask(self, begun: int) -> list[Trial]:
        """The rest of the round, or of the trials."""
        end = min((begun // self.round_size + 1) * self.round_size, self.trials)
        return [claim(self.study.ask()) for _ in range(begun, end)]

    def _train(self, trials: Sequence[Trial]) -> None:
        """Train these in groups of one structure, none larger than a stack, and tell each group as it ends."""
        earlier = self._earlier(min(trial.number for trial in trials))
        groups: dict[tuple[Structure, PreparationKind, int], list[tuple[Trial, Plan]]] = {}
        for trial in trials:
            try:
                plan = self.space(trial)
            except PlanError as error:
                self._end([trial], [failed(str(error))])
                continue
            portion = trial.number % self.round_size // CAPACITY  # which trials are together depends on nothing else
            groups.setdefault((plan.structure, plan.preparation, portion), []).append((trial, plan))
        todo = []
        for pairs in groups.values():
            group = [trial for trial, _ in pairs]
            known = [trial.user_attrs.get(ABOUT) for trial in group]
            if all(known):  # trained and kept by a process that died before it had told them all
                self._end(group, [kept for kept in known if kept])
            else:
                seeds = tuple(self.seed * _SEEDS_APART + trial.number for trial in group)
                todo.append((group, Group(tuple(plan for _, plan in pairs), seeds, earlier)))
        for (group, _), kept in zip(todo, self.workers([each for _, each in todo]), strict=True):
            if kept is None:
                return
            self._end(group, kept)

    def _earlier(self, first: int) -> dict[int, list[float]]:
        """Errors at the rungs in earlier rounds."""
        round_start = first - first % self.round_size
        known = [trial for trial in self.study.get_trials(deepcopy=False) if trial.number < round_start]
        return {
            rung: [trial.intermediate_values[rung] for trial in known if rung in trial.intermediate_values]
            for rung in RUNGS
        }

    def _end(self, trials: Sequence[Trial], kept: Sequence[TrialRecord]) -> None:
        """Keep what is known of a whole group before any of it is told."""
        pairs = [pair for pair, our in zip(zip(trials, kept, strict=True), ours(trials), strict=True) if our]
        for trial, one in pairs:
            trial.set_user_attr(ABOUT, one)
        reported = {trial.number: trial.intermediate_values for trial in self.study.get_trials(deepcopy=False)}
        for trial, one in pairs:
            for rung, value in one.get("rungs", {}).items():
                if int(rung) not in reported[trial.number]:  # by a process that died before it had told the trial
                    trial.report(value, int(rung))
            state = _state(one)
            self.study.tell(trial, one["dev_error"] if state == TrialState.COMPLETE else None, state)
        ended = [trial for trial in self.study.get_trials(deepcopy=False) if trial.state.is_finished()]
        whole = [trial.value for trial in ended if trial.state == TrialState.COMPLETE and trial.value is not None]
        self.tell(len(ended), min(whole, default=None))


def _state(kept: TrialRecord) -> TrialState:
    if kept["outcome"] == FAILED:
        return TrialState.FAIL
    whole = "dev_error" in kept and kept["outcome"] not in (Outcome.HOPELESS, Outcome.STOPPED)
    return TrialState.COMPLETE if whole else TrialState.PRUNED
