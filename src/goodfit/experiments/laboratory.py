"""The laboratory: plans trained over several seeds and cuts of the data, and judged on the rows held out."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Cut, Splits
from goodfit.data.preparation import width
from goodfit.diagnosis.data_facts import facts_of
from goodfit.engine import machine
from goodfit.engine.active_job import enter
from goodfit.engine.control import Control, Together
from goodfit.engine.fit import fit_many, seconds_per_epoch
from goodfit.engine.jobs import Job
from goodfit.engine.predictor import member_of
from goodfit.engine.task import Program
from goodfit.errors import PlanError
from goodfit.experiments.calibration import cross_calibrated
from goodfit.experiments.clock import Clock, stops_of
from goodfit.experiments.progress import Notify, Stopwatch, Telling
from goodfit.experiments.training_cache import Trained, TrainingCache
from goodfit.plan import Plan
from goodfit.record.measurement import Entry, Measurement, constant_outputs, judge_outputs, sample
from goodfit.record.run import Outcome, Run
from goodfit.search.hopeless import Hopeless

_LEAST_WORK = 0.3  # seconds of estimated work that tell something of this machine's speed
_LEAST_RATIO = 0.4  # models that a GPU trains side by side are no measure of one alone
_COMPILE_SECONDS = 1.5  # of the first program, measured on 2 cores; convolutions take longer, a warm cache less


@dataclass
class Speed:
    """How fast this machine trains and compiles.

    Attributes:
        work: estimated seconds of the trainings so far, half as much of each before the last.
        seconds: that these took, likewise.
        compiling: seconds that a program took to compile, of late; None before it was measured.
        seen: programs compiled so far, with their number of inputs.
    """

    work: float = 0.0
    seconds: float = 0.0
    compiling: float | None = None
    seen: set[tuple[Program, int]] = field(default_factory=set)

    @property
    def ratio(self) -> float:
        """Measured over estimated training time: long trainings tell more than short ones, late ones too."""
        return max(self.seconds / self.work, _LEAST_RATIO) if self.work else 1.0


@dataclass
class Laboratory:
    """Trains plans on the cuts of the data and judges them on the rows held out.

    Attributes:
        splits: the data.
        cuts: training and dev rows: the split itself, or K folds of training and dev set together.
        pace: tells when to stop.
        tell: is told what is being done.
        speed: learned from every training.
        trainings: of this job so far, where it can be resumed.
    """

    splits: Splits
    cuts: Sequence[Cut]
    pace: Clock
    tell: Notify
    speed: Speed = field(default_factory=Speed)
    trainings: TrainingCache | None = None

    @property
    def rows(self) -> Int[np.ndarray, "rows"]:
        """The judged rows: every cut's dev rows."""
        return np.sort(np.concatenate([cut.dev for cut in self.cuts]))

    def jobs(self, entries: Sequence[Entry]) -> list[Job]:
        """One job an entry, seed and cut."""
        return [
            Job(entry.plan, seed, cut.train, cut.dev) for entry in entries for seed in entry.seeds for cut in self.cuts
        ]

    def seconds(self, jobs: Sequence[Job]) -> float:
        """About how long these would take: compilation, and training spread over the devices."""
        _, programs = self._work(jobs)
        compiling = _COMPILE_SECONDS if self.speed.compiling is None else self.speed.compiling
        return self.training_seconds(jobs) + compiling * len(programs - self.speed.seen)

    def possible(self, plan: Plan) -> bool:
        """Whether the plan fits the data and the memory."""
        try:
            self._work(self.jobs([Entry("", plan, (0,))]))
        except PlanError:
            return False
        return True

    def training_seconds(self, jobs: Sequence[Job]) -> float:
        """The same without compilation."""
        return self._work(jobs)[0] * self.speed.ratio

    def _work(self, jobs: Sequence[Job], had: Sequence[int] | None = None) -> tuple[float, set[tuple[Program, int]]]:
        """Estimated seconds of training, all epochs or those that each job had; and the programs."""
        work, programs = 0.0, set()
        for place, job in enumerate(jobs):
            member, program = enter(0, job, self.splits)
            inputs = width(job.plan.preparation, self.splits.dataset.schema)
            programs.add((program, inputs))
            epochs = member.plan.epochs if had is None else had[place]
            work += epochs * seconds_per_epoch(program, len(member.train), len(member.dev), inputs)
        return work / len(machine.devices()), programs

    def measure(self, what: str, entries: Sequence[Entry], give_up: bool = False) -> list[Measurement]:
        """Train and judge these plans; all trainings run as stacks, hopeless ones to their end unless given up."""
        jobs = self.jobs(entries)
        runs, _, seconds = self._trained(what, jobs, give_up)
        per_entry = []
        for entry in entries:
            count = len(self.cuts)
            own = [tuple(runs[i * count : (i + 1) * count]) for i in range(len(entry.seeds))]
            runs = runs[count * len(entry.seeds) :]
            per_entry.append(self.judge(entry, tuple(own), seconds * len(own) * count / len(jobs)))
        return per_entry

    def train(self, what: str, jobs: Sequence[Job], give_up: bool = False, control: Control | None = None) -> list[Run]:
        """Train these jobs under the pace's deadline and a control; what was trained before is read again."""
        return self._trained(what, jobs, give_up, control).runs

    def _trained(
        self, what: str, jobs: Sequence[Job], give_up: bool = False, control: Control | None = None
    ) -> Trained:
        trainings = None if self.pace.interrupted else self.trainings  # what comes after Ctrl-C is not of the job
        deadline = self.pace.control(what)
        trained = trainings.find(what, jobs) if trainings else None
        if trained is None:
            hopeless = Hopeless([job.plan for job in jobs], facts_of(self.splits)) if give_up else None
            stopwatch = Stopwatch()
            controls = Together([each for each in (hopeless, deadline, control, stopwatch) if each])
            began = time.perf_counter()
            runs = fit_many(jobs, self.splits, Telling(what, len(jobs), self.tell, controls))
            trained = Trained(runs, stops_of(deadline), time.perf_counter() - began)
            if trainings:
                trainings.keep(trained)
            self._learn(jobs, trained, stopwatch)
        self.pace.write_stops(what, trained.stopped)
        return trained

    def _learn(self, jobs: Sequence[Job], trained: Trained, stopwatch: Stopwatch) -> None:
        """Learn from a training how fast this machine is; where programs were compiled, from what came after that."""
        speed = self.speed
        whole, programs = self._work(jobs, [len(run.history["epoch"]) for run in trained.runs])
        work, seconds, new = whole, trained.seconds, len(programs - speed.seen)
        if new:
            work, _ = self._work(jobs, [stopwatch.epochs[place] for place in range(len(jobs))])
            seconds = stopwatch.seconds
        if work > _LEAST_WORK:
            speed.work, speed.seconds = speed.work / 2 + work, speed.seconds / 2 + seconds
        if new:
            rest = trained.seconds - seconds - (whole - work) * speed.ratio
            compiling = max(0.0, rest) / new
            speed.compiling = compiling if speed.compiling is None else (speed.compiling + compiling) / 2
        speed.seen |= programs

    def errors_of(self, what: str, jobs: Sequence[Job]) -> Float[np.ndarray, "jobs rows"] | None:
        """Errors on the dev rows of jobs that bring their own training rows; None where any of them was cut short."""
        runs = self.train(what, jobs)
        if any(run.outcome in (Outcome.STOPPED, Outcome.INTERRUPTED) for run in runs):
            return None
        return np.stack([judge_outputs(self.splits, self._outputs(run, None, run.dev), run.dev)[1] for run in runs])

    def judge(self, entry: Entry, runs: tuple[tuple[Run, ...], ...], seconds: float) -> Measurement:
        """Predict each judged row by the network that did not train on it, and training rows by those that did."""
        rows, pool = self.rows, self.splits.pool
        outputs, train_errors, snapshots = [], [], []
        train_rows = pool[:0]
        for of_seed in runs:
            held_out = np.zeros((1 + entry.plan.snapshots, len(rows), self.outputs))
            seen_sum, seen_count = np.zeros(len(pool)), np.zeros(len(pool))
            for run in of_seed:
                judged, trained = np.searchsorted(rows, run.dev), sample(run.train)
                held_out[0, judged] = self._outputs(run, None, run.dev)
                for moment in range(entry.plan.snapshots):
                    held_out[moment + 1, judged] = self._outputs(run, moment, run.dev)
                of_train = judge_outputs(self.splits, self._outputs(run, None, trained), trained)[1]
                seen_sum[np.searchsorted(pool, trained)] += of_train
                seen_count[np.searchsorted(pool, trained)] += 1
            outputs.append(held_out[0])
            snapshots.append(held_out[1:])
            train_errors.append(seen_sum[seen_count > 0] / seen_count[seen_count > 0])
            train_rows = pool[seen_count > 0]  # the same for every seed
        stacked = np.stack(outputs)
        _, errors = judge_outputs(self.splits, stacked, rows)
        costs, _ = judge_outputs(self.splits, self._calibrated(stacked), rows)
        moments = tuple(np.stack(snapshots, axis=1)) if entry.plan.snapshots else ()
        return Measurement(
            name=entry.name,
            plan=entry.plan,
            seeds=entry.seeds,
            runs=runs,
            rows=rows,
            outputs=stacked,
            costs=costs,
            errors=errors,
            train_rows=train_rows,
            train_errors=np.stack(train_errors),
            seconds=seconds,
            snapshots=moments,
            round=entry.round,
        )

    def _calibrated(self, outputs: Float[np.ndarray, "seeds rows outputs"]) -> Float[np.ndarray, "seeds rows outputs"]:
        """Outputs as calibration would leave them, so that label smoothing's modesty counts neither way."""
        schema = self.splits.dataset.schema
        if not schema.classes:
            return outputs
        truth = self.splits.dataset.target[self.rows]
        return np.stack([cross_calibrated(of_seed, truth) for of_seed in outputs])

    @property
    def outputs(self) -> int:
        """Columns of the outputs: one a class, or one."""
        return max(1, len(self.splits.dataset.schema.classes))

    def _outputs(
        self, run: Run, moment: int | None, rows: Int[np.ndarray, "rows"]
    ) -> Float[np.ndarray, "rows outputs"]:
        """A run's outputs, now or at a snapshot; the constant baseline's where training gave no usable network."""
        weights = run.best if moment is None or moment >= len(run.snapshots) else run.snapshots[moment]
        if run.usable:
            dataset = self.splits.dataset
            outputs = member_of(run, "", weights).outputs(dataset.features, dataset.schema, rows)
            if np.isfinite(outputs).all():
                return outputs
        return constant_outputs(self.splits, run.train, len(rows))
