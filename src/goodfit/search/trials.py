"""A search: trials are drawn a wave at a time, trained in groups of one structure, and reported to the study."""

import threading
import time
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
from goodfit.search.storage import are_running, claim, exclusive, heartbeat, orphans, still_owned
from goodfit.search.workers import FAILED, Group, TrialRecord, Workers

SpaceFunction = Callable[[optuna.trial.BaseTrial], Plan]
NotifyTrials = Callable[[int, float | None], None]  # takes the number of finished trials and the best dev error
_OTHERS_SECONDS = 0.5  # between two looks at the trials of other processes
_SEED_STRIDE = 1_000_003  # a prime above any number of trials, so that two searches share no seed


ORIGIN = "goodfit space"  # the attribute of a trial that identifies the space that it was drawn from


@dataclass(frozen=True)
class Search:
    """A search in one study.

    Attributes:
        study: draws the trials and keeps them.
        space: makes a trial's plan.
        workers: train the groups.
        trials: number of trials in the study at its end, those of earlier or other processes included.
        wave_size: trials that are drawn before any of them is trained.
        seed: random seed of the trainings.
        notify: called as each group ends.
        origin: identifies the space; trials that are drawn here are marked with it.
    """

    study: optuna.Study
    space: SpaceFunction
    workers: Workers
    trials: int
    wave_size: int
    seed: int
    notify: NotifyTrials
    origin: str = ""

    def run(self) -> bool:
        """Search to the end; return False after Ctrl-C, which leaves the study for another run to continue.

        The study at its end does not depend on how often the search was stopped or killed: a wave is finished before
        the next one is drawn, and a group is reported only once the records of all its trials are saved.
        """
        with interruptible(threading.Event()) as interrupted, heartbeat(self.study):
            wave = orphans(self.study)
            while not interrupted.is_set():
                with exclusive(self.study):
                    count = len(self.study.get_trials(deepcopy=False))
                    # Orphans of a wave that was cut while it was drawn need its remaining trials beside them.
                    if not wave or count % self.wave_size:
                        wave = sorted([*wave, *self._draw(count)], key=lambda trial: trial.number)
                if not wave:
                    if not are_running(self.study):
                        return True
                    # Another process trains the last ones: they may win, or be left behind should it die.
                    time.sleep(_OTHERS_SECONDS)
                    wave = orphans(self.study)
                    continue
                self._train(wave)
                wave = []
        return False

    def _draw(self, count: int) -> list[Trial]:
        """Return new trials up to the end of the wave, or of the search; `count` were drawn before."""
        end = min((count // self.wave_size + 1) * self.wave_size, self.trials)
        trials = [claim(self.study.ask()) for _ in range(count, end)]
        for trial in trials:
            trial.set_user_attr(ORIGIN, self.origin)
        return trials

    def _train(self, wave: Sequence[Trial]) -> None:
        """Train these in groups of one structure, none larger than a stack, and report each group as it ends."""
        earlier_errors = self._earlier_errors(min(trial.number for trial in wave))
        untrained = []
        for pairs in self._grouped(wave):
            trials = [trial for trial, _ in pairs]
            saved = [TrialRecord.read(trial) for trial in trials]
            if all(saved):  # trained by a process that died before it had reported them all
                self._finish(trials, [record for record in saved if record])
            else:
                seeds = tuple(self.seed * _SEED_STRIDE + trial.number for trial in trials)
                untrained.append((trials, Group(tuple(plan for _, plan in pairs), seeds, earlier_errors)))
        results = self.workers([group for _, group in untrained])
        for (trials, _), records in zip(untrained, results, strict=True):
            if records is None:
                return
            self._finish(trials, records)

    def _grouped(self, wave: Sequence[Trial]) -> list[list[tuple[Trial, Plan]]]:
        """Group trials by what is compiled; a trial whose plan does not work is finished at once.

        Groups depend on the trials' numbers and plans alone, so that a continued search trains the same groups.
        """
        groups: dict[tuple[Structure, PreparationKind, int], list[tuple[Trial, Plan]]] = {}
        for trial in wave:
            try:
                plan = self.space(trial)
            except PlanError as error:
                self._finish([trial], [TrialRecord.failed(str(error))])
                continue
            # By number, not by how many are there: a continued search must not fill gaps with other trials.
            portion = trial.number % self.wave_size // CAPACITY
            groups.setdefault((plan.structure, plan.preparation, portion), []).append((trial, plan))
        return list(groups.values())

    def _earlier_errors(self, first: int) -> dict[int, list[float]]:
        """Return the errors at each rung in the waves before the one of trial number `first`."""
        start = first - first % self.wave_size
        earlier = [trial for trial in self.study.get_trials(deepcopy=False) if trial.number < start]
        return {
            rung: [trial.intermediate_values[rung] for trial in earlier if rung in trial.intermediate_values]
            for rung in RUNGS
        }

    def _finish(self, trials: Sequence[Trial], records: Sequence[TrialRecord]) -> None:
        """Save the records of a whole group, then report each trial to the study."""
        owned = still_owned(trials)
        pairs = [pair for pair, is_owned in zip(zip(trials, records, strict=True), owned, strict=True) if is_owned]
        # All records before any report: a process that dies in between leaves a group that needs no training.
        for trial, record in pairs:
            record.save(trial)
        reported = {trial.number: trial.intermediate_values for trial in self.study.get_trials(deepcopy=False)}
        for trial, record in pairs:
            for rung, error in record.rungs.items():
                if int(rung) not in reported[trial.number]:  # else by a process that died before it ended the trial
                    trial.report(error, int(rung))
            state = _state(record)
            self.study.tell(trial, record.dev_error if state == TrialState.COMPLETE else None, state)
        finished = [trial for trial in self.study.get_trials(deepcopy=False) if trial.state.is_finished()]
        errors = [trial.value for trial in finished if trial.state == TrialState.COMPLETE and trial.value is not None]
        self.notify(len(finished), min(errors, default=None))


def _state(record: TrialRecord) -> TrialState:
    """Return Optuna's word for the outcome: a trial that was stopped early is pruned, whatever its error was then."""
    if record.outcome == FAILED:
        return TrialState.FAIL
    complete = record.dev_error is not None and record.outcome not in (Outcome.HOPELESS, Outcome.STOPPED)
    return TrialState.COMPLETE if complete else TrialState.PRUNED
