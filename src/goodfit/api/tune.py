"""Search hyperparameters: many trials as stacks, the best of them trained again, the winner as a plan and a model."""

import hashlib
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import optuna
from optuna.trial import TrialState

from goodfit.api import results
from goodfit.api.advice import AdviceContext
from goodfit.api.data import check_human_error, open_data, read_plan
from goodfit.api.requests.data import quiet
from goodfit.api.requests.request import takes
from goodfit.api.requests.search import TuneRequest
from goodfit.api.result_types import fit
from goodfit.api.results import finish, run_facts
from goodfit.api.test_set import FinalTest
from goodfit.api.training_job import job_request
from goodfit.data.dataset import Fold, Splits, groups_of
from goodfit.diagnosis.intervals import wilson
from goodfit.diagnosis.paired_test import paired_test
from goodfit.engine.machine import prepare_jax
from goodfit.errors import InputError
from goodfit.experiments import assembly
from goodfit.experiments.assembly import Assembly
from goodfit.experiments.clock import Clock
from goodfit.experiments.default_plans import default_plan
from goodfit.experiments.examination import class_recall, data_facts, shared_findings
from goodfit.experiments.laboratory import Laboratory, Notify
from goodfit.plan import Plan
from goodfit.record.figures import FinalFigures
from goodfit.record.measurement import Entry, Measurement
from goodfit.record.result import RunResult
from goodfit.record.search_result import FinalistResult, StudyFacts
from goodfit.record.values import Estimate
from goodfit.run_folder.folders import check_writable, fresh_folder
from goodfit.run_folder.journal import Journal
from goodfit.run_folder.names import STUDIES_FILE
from goodfit.search import space_input
from goodfit.search import summary as search_summary
from goodfit.search.cluster import cluster
from goodfit.search.sampler import GoodfitZoomSampler
from goodfit.search.space import Space
from goodfit.search.storage import open_study, safe_address, set_once
from goodfit.search.trials import Search, SpaceFunction
from goodfit.search.workers import LocalWorker, TrialRecord, Workers
from goodfit.wording.numbers import percent

_FINALISTS, _SEEDS = 4, 3  # plans that are trained again, and fresh seeds of each
_WAVES = 4  # of a search; each draws around the best of those before
_LEAST_WAVE = 8  # trials
_FRESH = 2_000_003  # start of the finalists' seeds, so far up that no trial of the search had them


@takes(TuneRequest)
def tune(request: TuneRequest) -> fit.Search:
    """Search hyperparameters, coarse to fine, many models at once; the best are trained again before one wins.

    The same call goes on where an earlier one was stopped, or shows what that one found.

    Returns:
        The search: a fit by the best plan, with all trials.

    Raises:
        GoodfitError: bad input, with one sentence that says what to do.
    """
    start, started = time.perf_counter(), datetime.now().astimezone()
    notify, seed, out = request.progress or quiet, request.seed, request.out
    given_plan = read_plan(request.plan)
    check_writable(out)
    prepare_jax()
    splits = open_data(request, out)
    check_human_error(request.human_error, splits)
    base = given_plan or default_plan(splits)
    if request.target_transform is not None:
        base = base.with_(target_transform=request.target_transform)
    space = space_input.read(request.space, request.trials, base)
    memory = int(request.memory * 2**30) if request.memory else None
    with _workers(splits, memory, request.ray) as workers:
        study = _open(splits, space_input.identity(space, base, request.sampler, seed), request)
        origin = _digest(*space_input.identity(space, base, None, 0)[:2])
        wave_size = _wave_size(study, request.sampler, space, request.trials, seed)
        report_trial = _trial_reporter(notify, request.trials, splits)
        completed = Search(study, space, workers, request.trials, wave_size, seed, report_trial, origin).run()
    finalists = _finalists(splits, _best_plans(study, completed), seed, notify)
    winner = min(finalists, key=lambda finalist: finalist.dev_cost)
    job = job_request("tune", request, None, started)
    if request.storage:
        job = replace(job, options=job.options | {"storage": safe_address(request.storage)})
    with fresh_folder(out, splits.dataset.name) as folder:
        context = AdviceContext("tune", folder, request.min_gap)
        ensemble, final = _end(folder, splits, finalists, winner, context, request.human_error, seed)
        result = RunResult(
            **run_facts(folder, job, splits, TuneRequest).field_values(),
            outcome="finished" if completed else "interrupted",
            seed=seed,
            human_error=request.human_error,
            min_gap=request.min_gap,
            baseline={},
            finalists=tuple(_finalist(finalist, winner, seed) for finalist in finalists),
            study=StudyFacts(
                name=study.study_name,
                storage=safe_address(request.storage or _study_file_address(out)),
                space=space_input.description(space),
            ),
            search=search_summary.search_result(study, origin),
            trials=search_summary.trial_results(study, space.values if isinstance(space, Space) else dict),
            ensemble=assembly.ensemble_result(ensemble),
            calibration=ensemble.calibration,
            final=final,
            plan=winner.plan,
            seconds=0.0,  # filled in when it is written
        )
        return fit.Search(finish(folder, result, start))


def _workers(splits: Splits, memory: int | None, ray: str | None) -> AbstractContextManager[Workers]:
    """Return this process, or the nodes of a cluster."""
    return nullcontext(LocalWorker(splits, memory)) if ray is None else cluster(ray, splits, memory)


def _open(splits: Splits, question: tuple[str, ...], request: TuneRequest) -> optuna.Study:
    """Open the study of the requested name, or that of this data and question."""
    # Train and dev rows only: an error of a trial means the same whatever the test set is.
    of_data = _digest(splits.dataset.fingerprint, *(getattr(splits, part).tolist() for part in ("train", "dev")))
    if not request.storage:
        Path(request.out).mkdir(parents=True, exist_ok=True)
    name = request.study or f"{splits.dataset.name}-{_digest(*question)}-{of_data}"
    return open_study(request.storage or _study_file_address(request.out), name, of_data, request.sampler)


def _wave_size(
    study: optuna.Study, sampler: optuna.samplers.BaseSampler | None, space: SpaceFunction, trials: int, seed: int
) -> int:
    """Give the study its sampler; return its number of trials in a wave, which never changes once it has begun."""
    new_size = sampler.wave_size if isinstance(sampler, GoodfitZoomSampler) else max(_LEAST_WAVE, -(-trials // _WAVES))
    # Trials are grouped by their number within a wave: with another size a continued search would train other groups.
    size = set_once(study, "goodfit wave", new_size)
    structural = space.structural if isinstance(space, Space) else frozenset()
    study.sampler = sampler or GoodfitZoomSampler(seed, size, structural)
    return size


def _study_file_address(out: str | Path) -> str:
    return f"sqlite:///{Path(out, STUDIES_FILE)}"


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:8]


def _trial_reporter(notify: Notify, trials: int, splits: Splits) -> Callable[[int, float | None], None]:
    """Return a function that reports the number of trials that have ended and the lowest dev error."""
    start = time.perf_counter()
    counts: list[int] = []

    def error_text(best: float) -> str:
        if splits.regression:
            return percent(best)
        interval = wilson(best, len(splits.dev))
        return percent(best, interval.low, interval.high)

    def report_trial(count: int, best: float | None) -> None:
        # A study may have begun in an earlier process: only the trials of this one tell how long a trial takes.
        counts.append(count)
        seconds, new_count = time.perf_counter() - start, count - counts[0]
        seconds_left = seconds * (trials - count) / new_count if new_count else None
        error = "" if best is None else f", best dev error {error_text(best)}"
        notify(f"trial {count} of {trials}{error}", count / trials, seconds_left)

    return report_trial


def _best_plans(study: optuna.Study, completed: bool) -> list[Plan]:
    """Return the plans of the best finished trials, the best first.

    Raises:
        InputError: there are none.
    """
    trials = study.get_trials(deepcopy=False)
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if not complete and not completed:
        raise InputError("stopped before the first trials had ended; the same command goes on")
    if not complete:
        raise InputError(f"none of {len(trials)} trials gave a network; widen the space or lower its rates")
    pairs = [(trial, TrialRecord.read(trial)) for trial in complete]
    # The cost breaks the ties that the error rate leaves on a small dev set.
    ordered = sorted(pairs, key=lambda pair: (pair[0].value, pair[1].dev_cost if pair[1] else None))
    plans = dict.fromkeys(record.plan for _, record in ordered if record and record.plan)
    return list(plans)[:_FINALISTS]


def _finalists(splits: Splits, plans: Sequence[Plan], seed: int, notify: Notify) -> list[Measurement]:
    """Train each plan again with fresh seeds: the luckiest seed among many trials is no proof."""
    laboratory = Laboratory(splits, [Fold(splits.train, splits.dev)], Clock(Journal(None), None), notify)
    seeds = tuple(_FRESH * (seed + 1) + number for number in range(_SEEDS))
    entries = [Entry(f"finalist {place}", plan, seeds, round=1) for place, plan in enumerate(plans, 1)]
    return laboratory.measure("training the finalists again", entries)


def _finalist(measured: Measurement, winner: Measurement, seed: int) -> FinalistResult:
    against = None if measured is winner else paired_test(winner.errors, measured.errors, groups=None, seed=seed)
    return FinalistResult(
        plan=measured.plan,
        dev_error=measured.dev_error,
        dev_cost=measured.dev_cost,
        seeds=len(measured.seeds),
        against_the_winner=None if against is None else Estimate(against.effect, against.low, against.high),
    )


def _end(
    folder: Path,
    splits: Splits,
    finalists: Sequence[Measurement],
    winner: Measurement,
    context: AdviceContext,
    human_error: float | None,
    seed: int,
) -> tuple[Assembly, FinalFigures]:
    """Return the ensemble of the finalists, or the winner if that is as good, and its diagnosis; its model is saved."""
    ensemble = assembly.assemble(finalists, winner, splits, splits.dev, groups_of(splits, splits.dev), seed)
    untested = FinalTest(None, "the test set stays closed until `goodfit open-test` opens it")
    results.leave(folder, splits, winner.plan, finalists, ensemble, untested)
    findings = shared_findings(
        winner, splits, replace(data_facts(splits), recall=class_recall(ensemble.outputs, splits, ensemble.rows))
    )
    final = results.final_figures(
        splits, ensemble, context, human_error, untested, findings=findings, fit_share=winner.fit_share
    )
    journal = Journal(folder)
    best = f"The best trials were trained again; {winner.name} is the winner."
    journal.write("finalists", best, errors={finalist.name: finalist.dev_error for finalist in finalists})
    assembly.write_assembly(journal, ensemble)
    journal.write("diagnosis", f"{final.verdict}. {final.reason}", verdict=final.verdict)
    return ensemble, final
