"""Search hyperparameters: many trials as stacks, the best of them trained again, the winner as a plan and a model."""

import hashlib
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any, Unpack

import optuna
from optuna.trial import TrialState

from goodfit.api import results
from goodfit.api.advice import AdviceContext
from goodfit.api.options import Data, DataOptions, image_cache, quiet, read_plan
from goodfit.api.results import finish, header
from goodfit.api.test_set import FinalTest
from goodfit.data.dataset import Cut, Splits, groups_of
from goodfit.data.splits import open_splits
from goodfit.diagnosis.intervals import wilson
from goodfit.diagnosis.paired_test import paired_test
from goodfit.engine.machine import prepare_jax
from goodfit.errors import InputError
from goodfit.experiments import assembly
from goodfit.experiments.clock import Clock
from goodfit.experiments.default_plans import default_plan
from goodfit.experiments.examination import data_facts, findings_of
from goodfit.experiments.laboratory import Laboratory, Notify
from goodfit.plan import Plan
from goodfit.record.measurement import Entry, Measurement
from goodfit.run_folder import archive, summary
from goodfit.run_folder.journal import Journal
from goodfit.search import space_input
from goodfit.search import summary as search_summary
from goodfit.search.cluster import cluster
from goodfit.search.sampler import GoodfitZoomSampler
from goodfit.search.space import Space
from goodfit.search.space_input import SpaceLike
from goodfit.search.storage import begun_with, open_study, shown
from goodfit.search.trials import ABOUT, Search, SpaceFunction
from goodfit.search.workers import Here, Workers
from goodfit.wording.numbers import percent

_FINALISTS, _SEEDS = 4, 3
_ROUNDS = 4  # of a search; each draws around the best of those before
_LEAST_ROUND = 8
_FRESH = 2_000_003  # seeds of the finalists, which no trial had


def tune(
    data: Data,
    *,
    trials: int = 64,
    space: SpaceLike | None = None,
    plan: Plan | str | Path | None = None,
    sampler: optuna.samplers.BaseSampler | None = None,
    storage: str | None = None,
    study: str | None = None,
    memory: float | None = None,
    ray: str | None = None,
    human_error: float | None = None,
    min_gap: float = 0.02,
    out: str | Path = "runs",
    progress: Notify | None = None,
    **options: Unpack[DataOptions],
) -> dict[str, Any]:
    """Search hyperparameters, coarse to fine, many models at once; the best are trained again before one wins.

    Run again with the same data and question it goes on where it was stopped, or shows what was found.

    Args:
        data: a table (CSV, TSV, Parquet, NPZ), a folder of images, a built-in name, arrays (X, y) or a data frame.
        trials: how many the study has in the end.
        space: lines such as `learning_rate=log:1e-4..1e-1`, a YAML file of them, or a function from an Optuna trial to
            a Plan; the most important hyperparameters when not given.
        plan: what the trials differ from; the default network for this data when not given.
        sampler: an Optuna sampler in place of GoodfitZoomSampler.
        storage: the URL of an Optuna storage; `goodfit.db` in the folder of the runs when not given.
        study: its name; made of the data and the question when not given.
        memory: GiB that a stack of trainings may take; half of what is free when not given. Trials in a stack of their
            own are halved beside those that were trained before them alone.
        ray: HOST:PORT of a Ray cluster that trains the trials, a stack on a node; "local" starts one on this machine.
        human_error: the human or Bayes error; 0 is assumed for classes, unknown for regression.
        min_gap: the smallest gap between errors that matters.
        out: the folder of the runs.
        progress: told what is being done, how much of it is done, and the seconds left.
        options: target, task, group, time, dev, test, no_test, seed, as_: see DataOptions.

    Returns:
        What `goodfit tune --json` prints and the run's `result.json` holds.

    Raises:
        GoodfitError: bad input, with one sentence that says what to do.
    """
    began, started = time.perf_counter(), datetime.now().astimezone()
    tell, seed = progress or quiet, options.get("seed", 0)
    if trials < 1:
        raise InputError(f"a search of {trials} trials finds nothing; give 1 or more")
    if memory is not None and not memory > 0:
        raise InputError(f"a memory of {memory:g} GiB holds nothing; give more than 0")
    given = read_plan(plan)
    archive.check_writable(out)
    prepare_jax()
    splits = open_splits(data, **options, cache=image_cache(out))
    base = given or default_plan(splits)
    asked = space_input.read(space, trials, base)
    with _workers(splits, int(memory * 2**30) if memory else None, ray) as workers:
        opened = _open(splits, space_input.identity(asked, base, sampler, seed), sampler, storage, study, out)
        round_size = _rounds(opened, sampler, asked, trials, seed)
        searched = Search(opened, asked, workers, trials, round_size, seed, _told(tell, trials, splits)).run()
    finalists = _finalists(splits, _found(opened, searched), seed, tell)
    winner = min(finalists, key=lambda each: each.dev_cost)
    facts = {
        "outcome": "finished" if searched else "interrupted",
        "seed": seed,
        "human_error": human_error,
        "min_gap": min_gap,
        "baseline": {},
        "rounds": [],
        "finalists": [_finalist(each, winner, seed) for each in finalists],
        "plan": winner.plan.to_dict(),
    }
    facts |= _of_search(opened, asked, storage or _beside(out))
    settings = options | {"trials": trials, "plan": plan, "storage": storage and shown(storage), "study": study}
    settings |= {
        "memory": memory,
        "ray": ray,
        "human_error": human_error,
        "min_gap": min_gap,
        "space": space_input.lines(space),
    }
    with archive.fresh_folder(out, splits.dataset.name) as folder:
        facts |= _end(folder, splits, finalists, winner, AdviceContext("tune", folder, min_gap), human_error, seed)
        return finish(folder, header("tune", folder, started, splits, data, settings) | facts, began)


def _workers(splits: Splits, memory: int | None, ray: str | None) -> AbstractContextManager[Workers]:
    """This process, or the nodes of a cluster."""
    return nullcontext(Here(splits, memory)) if ray is None else cluster(ray, splits, memory)


def _open(
    splits: Splits,
    question: tuple[str, ...],
    sampler: optuna.samplers.BaseSampler | None,
    storage: str | None,
    study: str | None,
    out: str | Path,
) -> optuna.Study:
    """The study of this name, or of this data and question."""
    of_data = _digest(splits.dataset.fingerprint, *(getattr(splits, part).tolist() for part in ("train", "dev")))
    if not storage:
        Path(out).mkdir(parents=True, exist_ok=True)
    name = study or f"{splits.dataset.name}-{_digest(*question)}-{of_data}"
    return open_study(storage or _beside(out), name, of_data, sampler)


def _rounds(
    study: optuna.Study, sampler: optuna.samplers.BaseSampler | None, asked: SpaceFunction, trials: int, seed: int
) -> int:
    """Give the study its sampler; returns the size of its rounds, which is that with which it was begun."""
    own = sampler.round_size if isinstance(sampler, GoodfitZoomSampler) else max(_LEAST_ROUND, -(-trials // _ROUNDS))
    size = begun_with(study, "goodfit round", own)
    structural = asked.structural if isinstance(asked, Space) else frozenset()
    study.sampler = sampler or GoodfitZoomSampler(seed, size, structural)
    return size


def _of_search(study: optuna.Study, asked: SpaceFunction, storage: str) -> dict[str, Any]:
    """What the result holds of the search."""
    return {
        "study": {"name": study.study_name, "storage": shown(storage), "space": space_input.words(asked)},
        "search": search_summary.of_study(study),
        "trials": search_summary.of_trials(study, asked.values if isinstance(asked, Space) else dict),
    }


def _beside(out: str | Path) -> str:
    return f"sqlite:///{Path(out, 'goodfit.db')}"


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:8]


def _told(tell: Notify, trials: int, splits: Splits) -> Any:
    began = time.perf_counter()
    first: list[int] = []

    def shown_error(best: float) -> str:
        if splits.regression:
            return percent(best)
        interval = wilson(best, len(splits.dev))
        return percent(best, interval.low, interval.high)

    def told(done: int, best: float | None) -> None:
        first.append(done)
        passed, here = time.perf_counter() - began, done - first[0]
        left = passed * (trials - done) / here if here else None
        error = "" if best is None else f", best dev error {shown_error(best)}"
        tell(f"trial {done} of {trials}{error}", done / trials, left)

    return told


def _found(study: optuna.Study, searched: bool) -> list[Plan]:
    """The plans of the best finished trials, the best first.

    Raises:
        InputError: there are none.
    """
    trials = study.get_trials(deepcopy=False)
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if not complete and not searched:
        raise InputError("stopped before the first trials had ended; the same command goes on")
    if not complete:
        raise InputError(f"none of {len(trials)} trials gave a network; widen the space or lower its rates")
    cost = {trial.number: trial.user_attrs[ABOUT]["dev_cost"] for trial in complete}
    ordered = sorted(complete, key=lambda trial: (trial.value, cost[trial.number]))
    plans = dict.fromkeys(Plan.from_dict(trial.user_attrs[ABOUT]["plan"]) for trial in ordered)
    return list(plans)[:_FINALISTS]


def _finalists(splits: Splits, plans: Sequence[Plan], seed: int, tell: Notify) -> list[Measurement]:
    """Each with fresh seeds: the luckiest seed among many trials is no proof."""
    laboratory = Laboratory(splits, [Cut(splits.train, splits.dev)], Clock(Journal(None), None), tell)
    seeds = tuple(_FRESH * (seed + 1) + number for number in range(_SEEDS))
    entries = [Entry(f"finalist {place}", plan, seeds, round=1) for place, plan in enumerate(plans, 1)]
    return laboratory.measure("training the finalists again", entries)


def _finalist(measured: Measurement, winner: Measurement, seed: int) -> dict[str, Any]:
    against = None if measured is winner else paired_test(winner.errors, measured.errors, groups=None, seed=seed)
    return {
        "plan": measured.plan.to_dict(),
        "dev_error": measured.dev_error,
        "dev_cost": measured.dev_cost,
        "seeds": len(measured.seeds),
        "against_the_winner": None if against is None else summary.interval(against),
    }


def _end(
    folder: Path,
    splits: Splits,
    finalists: Sequence[Measurement],
    winner: Measurement,
    asked: AdviceContext,
    human_error: float | None,
    seed: int,
) -> dict[str, Any]:
    """The finalists as an ensemble, where that is better than the winner; its model in the folder; its diagnosis."""
    closed = assembly.assemble(finalists, winner, splits, splits.dev, groups_of(splits, splits.dev), seed)
    untested = FinalTest(None, "the test set stays closed until `goodfit open-test` opens it")
    results.leave(folder, splits, winner.plan, finalists, closed, untested)
    final = results.final(splits, closed, asked, human_error, untested)
    journal = Journal(folder)
    best = f"The best trials were trained again; {winner.name} is the winner."
    journal.write("finalists", best, errors={each.name: each.dev_error for each in finalists})
    assembly.write_assembly(journal, closed)
    journal.write("diagnosis", f"{final['verdict']}. {final['reason']}", verdict=final["verdict"])
    findings = [summary.of_finding(each) for each in findings_of(winner, splits, data_facts(splits))]
    return {
        "ensemble": assembly.ensemble_facts(closed),
        "calibration": assembly.calibration_facts(closed),
        "final": final | {"findings": findings},
    }
