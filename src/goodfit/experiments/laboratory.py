"""The laboratory: plans trained over several seeds and folds of the data, and judged on the rows held out."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Fold, Splits
from goodfit.data.preparation import width
from goodfit.diagnosis.data_facts import basic_data_facts
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
from goodfit.experiments.speed import Speed, Timing
from goodfit.experiments.training_cache import TrainingCache, TrainingResult
from goodfit.plan import Plan
from goodfit.record.measurement import Entry, Measurement, constant_outputs, errors_of, judge_outputs, sample
from goodfit.record.run import Outcome, Run
from goodfit.search.hopeless import Hopeless


@dataclass
class Laboratory:
    """Trains plans on the folds of the data and judges them on the rows held out.

    Attributes:
        splits: the data.
        folds: training and dev rows: the split itself, or K folds of training and dev set together.
        clock: stops trainings when the budget is spent.
        notify: receives the progress of the trainings.
        speed: learned from every training.
        cache: the job's earlier trainings, where it can be resumed.
    """

    splits: Splits
    folds: Sequence[Fold]
    clock: Clock
    notify: Notify
    speed: Speed = field(default_factory=Speed)
    cache: TrainingCache | None = None

    @property
    def rows(self) -> Int[np.ndarray, "rows"]:
        """The judged rows: the dev rows of every fold."""
        return np.sort(np.concatenate([fold.dev for fold in self.folds]))

    def jobs(self, entries: Sequence[Entry]) -> list[Job]:
        """Return one job for each entry, seed and fold."""
        return [
            Job(entry.plan, seed, fold.train, fold.dev)
            for entry in entries
            for seed in entry.seeds
            for fold in self.folds
        ]

    def seconds(self, jobs: Sequence[Job]) -> float:
        """Return about how long these jobs would take: compilation, and training spread over the devices."""
        _, programs = self._work(jobs)
        return self.training_seconds(jobs) + self.speed.compile_seconds(programs)

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
        measurements, fold_count = [], len(self.folds)
        for entry in entries:
            count = fold_count * len(entry.seeds)
            by_seed = tuple(tuple(runs[start : start + fold_count]) for start in range(0, count, fold_count))
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
            hopeless = Hopeless([job.plan for job in jobs], basic_data_facts(self.splits)) if give_up else None
            stopwatch = Stopwatch()
            controls = Together([part for part in (hopeless, deadline, control, stopwatch) if part])
            started = time.perf_counter()
            reporter = ProgressReporter(title or training_id, len(jobs), self.notify, controls)
            runs = fit_many(jobs, self.splits, reporter)
            result = TrainingResult(runs, stopped_models(deadline), time.perf_counter() - started)
            if cache:
                cache.save(result)
            self._learn(jobs, result, stopwatch)
        # Also of a training from the cache: the journal is written anew, and a replay reads the stops from it.
        self.clock.write_stops(training_id, result.stopped)
        return result

    def _learn(self, jobs: Sequence[Job], result: TrainingResult, stopwatch: Stopwatch) -> None:
        """Learn this machine's speed from a training."""
        work, programs = self._work(jobs, [len(run.history["epoch"]) for run in result.runs])
        timed_work, _ = self._work(jobs, [stopwatch.epochs[place] for place in range(len(jobs))])
        self.speed.learn(programs, Timing(work, result.seconds), Timing(timed_work, stopwatch.seconds))

    def measure_errors(
        self, training_id: str, jobs: Sequence[Job], *, title: str | None = None
    ) -> Float[np.ndarray, "jobs rows"] | None:
        """Return errors on the dev rows of jobs that bring their own training rows; None where one was cut short."""
        runs = self._train(training_id, jobs, title=title).runs
        if any(run.outcome in (Outcome.STOPPED, Outcome.INTERRUPTED) for run in runs):
            return None
        return np.stack([judge_outputs(self.splits, self._outputs(run, None, run.dev), run.dev).errors for run in runs])

    def judge(self, entry: Entry, runs: tuple[tuple[Run, ...], ...], seconds: float) -> Measurement:
        """Return the measurement of trained runs.

        Each judged row is predicted by the network that did not train on it, training rows by those that did.

        Args:
            entry: the plan and its seeds.
            runs: by seed, then by fold.
            seconds: of training.
        """
        judged = [self._judge_seed(seed_runs, entry.plan.snapshots) for seed_runs in runs]
        held_out, train_misses, train_rows = zip(*judged, strict=True)
        by_moment = np.stack(held_out, axis=1)  # moments × seeds × rows × outputs; the first moment is the end
        outputs = by_moment[0]
        rows = self.rows
        judgment, misses = judge_outputs(self.splits, outputs, rows), np.stack(train_misses)
        return Measurement(
            name=entry.name,
            plan=entry.plan,
            seeds=entry.seeds,
            runs=runs,
            rows=rows,
            outputs=outputs,
            costs=judge_outputs(self.splits, self._calibrated(outputs), rows).costs,
            errors=judgment.errors,
            misses=judgment.misses,
            train_rows=train_rows[0],  # the same for every seed
            train_errors=errors_of(self.splits, misses, train_rows[0]),
            train_misses=misses,
            seconds=seconds,
            snapshots=tuple(by_moment[1:]),
            round=entry.round,
            untouched_since=entry.untouched_since,
        )

    def _judge_seed(
        self, runs: Sequence[Run], moments: int
    ) -> tuple[Float[np.ndarray, "moments rows outputs"], Float[np.ndarray, "train"], Int[np.ndarray, "train"]]:
        """Return one seed's outputs on the judged rows, at the end and at each snapshot, its train misses and rows."""
        rows, pool = self.rows, self.splits.pool  # both sorted, so that searchsorted finds places
        held_out = np.zeros((1 + moments, len(rows), self.outputs))
        miss_sum, trained_count = np.zeros(len(pool)), np.zeros(len(pool))
        for run in runs:
            judged = np.searchsorted(rows, run.dev)
            for place, moment in enumerate((None, *range(moments))):
                held_out[place, judged] = self._outputs(run, moment, run.dev)
            train = sample(run.train)
            places = np.searchsorted(pool, train)
            miss_sum[places] += judge_outputs(self.splits, self._outputs(run, None, train), train).misses
            trained_count[places] += 1
        trained = trained_count > 0  # of folds, a row was trained on by several networks: their mean miss counts
        return held_out, miss_sum[trained] / trained_count[trained], pool[trained]

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
