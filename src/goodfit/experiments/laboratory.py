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
from goodfit.experiments.clock import Clock, stopped_models
from goodfit.experiments.progress import Notify, ProgressReporter, Stopwatch
from goodfit.experiments.training_cache import TrainingCache, TrainingResult
from goodfit.plan import Plan
from goodfit.record.measurement import Entry, Measurement, constant_outputs, judge_outputs, sample
from goodfit.record.run import Outcome, Run
from goodfit.search.hopeless import Hopeless

_LEAST_WORK = 0.3  # seconds of estimated work; shorter trainings say little about this machine's speed
_LEAST_RATIO = 0.4  # models that a GPU trains side by side would make a single one look too fast
_COMPILE_SECONDS = 1.5  # of the first program, measured on 2 cores; convolutions take longer, a warm cache less


@dataclass
class Speed:
    """Speed of training and compilation on this machine, learned from every training.

    Attributes:
        work: estimated seconds of the trainings so far, each weighted half as much as the next.
        seconds: measured seconds, weighted in the same way.
        compiling: recent seconds to compile a program; None before it was measured.
        compiled: programs compiled so far, with their number of inputs.
    """

    work: float = 0.0
    seconds: float = 0.0
    compiling: float | None = None
    compiled: set[tuple[Program, int]] = field(default_factory=set)

    @property
    def ratio(self) -> float:
        """Measured over estimated training time; long and late trainings count most."""
        return max(self.seconds / self.work, _LEAST_RATIO) if self.work else 1.0


@dataclass
class Laboratory:
    """Trains plans on the cuts of the data and judges them on the rows held out.

    Attributes:
        splits: the data.
        cuts: training and dev rows: the split itself, or K folds of training and dev set together.
        clock: stops trainings when the budget is spent.
        notify: receives the progress of the trainings.
        speed: learned from every training.
        cache: the job's earlier trainings, where it can be resumed.
    """

    splits: Splits
    cuts: Sequence[Cut]
    clock: Clock
    notify: Notify
    speed: Speed = field(default_factory=Speed)
    cache: TrainingCache | None = None

    @property
    def rows(self) -> Int[np.ndarray, "rows"]:
        """The judged rows: every cut's dev rows."""
        return np.sort(np.concatenate([cut.dev for cut in self.cuts]))

    def jobs(self, entries: Sequence[Entry]) -> list[Job]:
        """Return one job for each entry, seed and cut."""
        return [
            Job(entry.plan, seed, cut.train, cut.dev) for entry in entries for seed in entry.seeds for cut in self.cuts
        ]

    def seconds(self, jobs: Sequence[Job]) -> float:
        """Return about how long these jobs would take: compilation, and training spread over the devices."""
        _, programs = self._work(jobs)
        compiling = _COMPILE_SECONDS if self.speed.compiling is None else self.speed.compiling
        return self.training_seconds(jobs) + compiling * len(programs - self.speed.compiled)

    def possible(self, plan: Plan) -> bool:
        """True if the plan suits the data and fits into memory."""
        try:
            self._work(self.jobs([Entry("", plan, (0,))]))
        except PlanError:
            return False
        return True

    def training_seconds(self, jobs: Sequence[Job]) -> float:
        """Return about how long these jobs would train, without compilation."""
        return self._work(jobs)[0] * self.speed.ratio

    def _work(
        self, jobs: Sequence[Job], epoch_counts: Sequence[int] | None = None
    ) -> tuple[float, set[tuple[Program, int]]]:
        """Return estimated seconds of training, for all epochs or these counts; and the programs."""
        work, programs = 0.0, set()
        for place, job in enumerate(jobs):
            active_job, program = enter(0, job, self.splits)
            inputs = width(job.plan.preparation, self.splits.dataset.schema)
            programs.add((program, inputs))
            epochs = active_job.plan.epochs if epoch_counts is None else epoch_counts[place]
            work += epochs * seconds_per_epoch(program, len(active_job.train), len(active_job.dev), inputs)
        return work / len(machine.devices()), programs

    def measure(
        self, training_id: str, entries: Sequence[Entry], *, title: str | None = None, give_up: bool = False
    ) -> list[Measurement]:
        """Train and judge these plans as stacks.

        Args:
            training_id: identifies the training in a replay and in the cache.
            entries: plans with their seeds.
            title: shown as progress; the ID where it is not given.
            give_up: stop hopeless models early.
        """
        jobs = self.jobs(entries)
        runs, _, seconds = self._train(training_id, jobs, title=title, give_up=give_up)
        measurements, cut_count = [], len(self.cuts)
        for entry in entries:
            count = cut_count * len(entry.seeds)
            by_seed = tuple(tuple(runs[start : start + cut_count]) for start in range(0, count, cut_count))
            runs = runs[count:]
            measurements.append(self.judge(entry, by_seed, seconds * count / len(jobs)))
        return measurements

    def train(self, training_id: str, jobs: Sequence[Job], control: Control | None = None) -> list[Run]:
        """Train these jobs under the clock's deadline and a control."""
        return self._train(training_id, jobs, control=control).runs

    def _train(
        self,
        training_id: str,
        jobs: Sequence[Job],
        *,
        title: str | None = None,
        give_up: bool = False,
        control: Control | None = None,
    ) -> TrainingResult:
        """Train these jobs, or read them from the cache of a resumed job."""
        cache = None if self.clock.interrupted else self.cache  # trainings after Ctrl-C would differ when resumed
        deadline = self.clock.deadline(training_id)
        result = cache.find(training_id, jobs) if cache else None
        if result is None:
            hopeless = Hopeless([job.plan for job in jobs], facts_of(self.splits)) if give_up else None
            stopwatch = Stopwatch()
            controls = Together([part for part in (hopeless, deadline, control, stopwatch) if part])
            started = time.perf_counter()
            reporter = ProgressReporter(title or training_id, len(jobs), self.notify, controls)
            runs = fit_many(jobs, self.splits, reporter)
            result = TrainingResult(runs, stopped_models(deadline), time.perf_counter() - started)
            if cache:
                cache.save(result)
            self._learn(jobs, result, stopwatch)
        self.clock.write_stops(training_id, result.stopped)
        return result

    def _learn(self, jobs: Sequence[Job], result: TrainingResult, stopwatch: Stopwatch) -> None:
        """Learn this machine's speed from a training.

        If programs were compiled, the speed is that after compilation, and the rest of the time is the compiler's.
        """
        speed = self.speed
        all_work, programs = self._work(jobs, [len(run.history["epoch"]) for run in result.runs])
        work, seconds, new = all_work, result.seconds, len(programs - speed.compiled)
        if new:
            work, _ = self._work(jobs, [stopwatch.epochs[place] for place in range(len(jobs))])
            seconds = stopwatch.seconds
        if work > _LEAST_WORK:
            speed.work, speed.seconds = speed.work / 2 + work, speed.seconds / 2 + seconds
        if new:
            unexplained = result.seconds - seconds - (all_work - work) * speed.ratio
            compiling = max(0.0, unexplained) / new
            speed.compiling = compiling if speed.compiling is None else (speed.compiling + compiling) / 2
        speed.compiled |= programs

    def measure_errors(
        self, training_id: str, jobs: Sequence[Job], *, title: str | None = None
    ) -> Float[np.ndarray, "jobs rows"] | None:
        """Return errors on the dev rows of jobs that bring their own training rows; None where one was cut short."""
        runs = self._train(training_id, jobs, title=title).runs
        if any(run.outcome in (Outcome.STOPPED, Outcome.INTERRUPTED) for run in runs):
            return None
        return np.stack([judge_outputs(self.splits, self._outputs(run, None, run.dev), run.dev)[1] for run in runs])

    def judge(self, entry: Entry, runs: tuple[tuple[Run, ...], ...], seconds: float) -> Measurement:
        """Return the measurement of trained runs.

        Each judged row is predicted by the network that did not train on it, training rows by those that did.

        Args:
            entry: the plan and its seeds.
            runs: by seed, then by cut.
            seconds: of training.
        """
        rows, pool = self.rows, self.splits.pool
        outputs, train_errors, snapshots = [], [], []
        train_rows = pool[:0]
        for seed_runs in runs:
            held_out = np.zeros((1 + entry.plan.snapshots, len(rows), self.outputs))
            error_sum, trained_count = np.zeros(len(pool)), np.zeros(len(pool))
            for run in seed_runs:
                judged, trained = np.searchsorted(rows, run.dev), sample(run.train)
                held_out[0, judged] = self._outputs(run, None, run.dev)
                for moment in range(entry.plan.snapshots):
                    held_out[moment + 1, judged] = self._outputs(run, moment, run.dev)
                errors = judge_outputs(self.splits, self._outputs(run, None, trained), trained)[1]
                places = np.searchsorted(pool, trained)
                error_sum[places] += errors
                trained_count[places] += 1
            outputs.append(held_out[0])
            snapshots.append(held_out[1:])
            was_trained = trained_count > 0
            train_errors.append(error_sum[was_trained] / trained_count[was_trained])
            train_rows = pool[was_trained]  # the same for every seed
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
        """Return outputs as calibration would leave them, so that the modesty of label smoothing counts neither way."""
        schema = self.splits.dataset.schema
        if not schema.classes:
            return outputs
        truth = self.splits.dataset.target[self.rows]
        return np.stack([cross_calibrated(seed_outputs, truth) for seed_outputs in outputs])

    @property
    def outputs(self) -> int:
        """Columns of the outputs: one for each class, or one."""
        return max(1, len(self.splits.dataset.schema.classes))

    def _outputs(
        self, run: Run, moment: int | None, rows: Int[np.ndarray, "rows"]
    ) -> Float[np.ndarray, "rows outputs"]:
        """Return a run's outputs, at its end or at a snapshot; a constant guess where it gave no usable network."""
        weights = run.best if moment is None or moment >= len(run.snapshots) else run.snapshots[moment]
        if run.usable:
            dataset = self.splits.dataset
            outputs = member_of(run, "", weights).outputs(dataset.features, dataset.schema, rows)
            if np.isfinite(outputs).all():
                return outputs
        return constant_outputs(self.splits, run.train, len(rows))
