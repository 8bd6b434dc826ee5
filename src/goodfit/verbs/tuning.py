"""Search hyperparameters: many trials as stacks, the best of them trained again, the winner as a plan and a model."""

import hashlib
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import optuna
from optuna.trial import TrialState

from goodfit.data.dataset import Cut, Splits
from goodfit.data.splits import open_splits
from goodfit.diagnose.gaps import gaps_from_runs
from goodfit.errors import InputError
from goodfit.improve import archive, summary
from goodfit.improve.examination import data_facts, findings_of
from goodfit.improve.journal import Journal
from goodfit.improve.laboratory import Laboratory, Tell
from goodfit.improve.measurement import Entry, Measurement
from goodfit.improve.pace import Pace
from goodfit.improve.verify import paired_test
from goodfit.plan import Plan
from goodfit.search import told
from goodfit.search.space import Space
from goodfit.search.storage import open_study, shown
from goodfit.search.trials import ABOUT, Search, SpaceFunction
from goodfit.search.zoom import GoodfitZoomSampler
from goodfit.train.defaults import default_plan
from goodfit.train.machine import prepare_jax
from goodfit.verbs.common import Data, DataOptions, finish, groups_of, header, quiet, read_plan
from goodfit.verbs.training import write_trained

SpaceLike = SpaceFunction | Sequence[str] | str | Path
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
    human_error: float | None = None,
    min_gap: float = 0.02,
    out: str | Path = "runs",
    progress: Tell | None = None,
    **options: Unpack[DataOptions],
) -> dict[str, Any]:
    """Search hyperparameters, coarse to fine, many models at once; the best are trained again before one wins.

    Run again with the same data and question it goes on where it was stopped, or shows what was found.

    Args:
        data: a CSV, TSV, Parquet or NPZ file, a built-in name, arrays (X, y) or a pandas or Polars frame.
        trials: how many the study has in the end.
        space: lines such as `learning_rate=log:1e-4..1e-1`, a YAML file of them, or a function from an Optuna trial to
            a Plan; the most important hyperparameters when not given.
        plan: what the trials differ from; the default network for this data when not given.
        sampler: an Optuna sampler in place of GoodfitZoomSampler.
        storage: the URL of an Optuna storage; `goodfit.db` in the folder of the runs when not given.
        study: its name; made of the data and the question when not given.
        human_error: the human or Bayes error; 0 is assumed for classes, unknown for regression.
        min_gap: the smallest gap between errors that matters.
        out: the folder of the runs.
        progress: told what is being done, how much of it is done, and the seconds left.
        options: target, task, group, time, dev, test, no_test, seed: see DataOptions.

    Returns:
        What `goodfit tune --json` prints and the run's `result.json` holds.

    Raises:
        GoodfitError: bad input, with one sentence that says what to do.
    """
    began, started = time.perf_counter(), datetime.now().astimezone()
    tell, seed = progress or quiet, options.get("seed", 0)
    if trials < 1:
        raise InputError(f"a search of {trials} trials finds nothing; give 1 or more")
    given = read_plan(plan)
    archive.check_writable(out)
    prepare_jax()
    splits = open_splits(data, **options)
    base = given or default_plan(splits)
    asked = read_space(space, trials, base)
    round_size = max(_LEAST_ROUND, -(-trials // _ROUNDS))
    structural = asked.structural if isinstance(asked, Space) else frozenset()
    sampler = sampler or GoodfitZoomSampler(seed, round_size, structural)
    Path(out).mkdir(parents=True, exist_ok=True)
    url = storage or f"sqlite:///{Path(out, 'goodfit.db')}"
    name = study or f"{splits.dataset.name}-{_digest(_question(asked), base.to_yaml(), type(sampler).__name__, seed)}"
    of_data = _digest(splits.dataset.fingerprint, *(getattr(splits, part).tolist() for part in ("train", "dev")))
    opened = open_study(url, f"{name}-{of_data}" if study is None else study, of_data, sampler)
    searched = Search(opened, asked, splits, trials, round_size, seed, _told(tell, trials)).run()
    found = _found(opened)
    if not found:
        raise InputError(f"none of {len(opened.trials)} trials gave a network; widen the space or lower its rates")
    words = asked.told() if isinstance(asked, Space) else "Searched: what the given function asks for."
    laboratory = Laboratory(splits, [Cut(splits.train, splits.dev)], Pace(Journal(None), None), tell)
    finalists = _finalists(laboratory, found, seed)
    winner = min(finalists, key=lambda each: each.dev_cost)
    facts = {
        "outcome": "finished" if searched else "interrupted",
        "seed": seed,
        "human_error": human_error,
        "min_gap": min_gap,
        "baseline": {},
        "rounds": [],
        "study": {"name": opened.study_name, "storage": shown(url), "space": words},
        "search": told.of_study(opened),
        "trials": told.of_trials(opened, asked.values if isinstance(asked, Space) else dict),
        "finalists": [_finalist(each, winner, seed) for each in finalists],
        "plan": winner.plan.to_dict(),
    }
    settings = options | {"trials": trials, "plan": plan, "storage": storage and shown(storage), "study": study}
    settings |= {"human_error": human_error, "min_gap": min_gap, "space": _lines(space)}
    with archive.fresh_folder(out, splits.dataset.name) as folder:
        final = _final(folder, splits, winner, human_error, min_gap)
        return finish(folder, header("tune", folder, started, splits, data, settings) | facts | {"final": final}, began)


def read_space(space: SpaceLike | None, trials: int, base: Plan) -> SpaceFunction:
    """The space as it is given: nothing, lines, a YAML file, or a function.

    Raises:
        InputError: a file that cannot be read, or a space that is wrong.
    """
    if space is None:
        return Space.default(trials, base)
    if callable(space):
        return space
    if isinstance(space, str | Path):
        try:
            text = Path(space).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"cannot read the space {space} ({error}); give a YAML file") from None
        return Space.from_yaml(text, base)
    return Space.parse(space, base)


def _question(space: SpaceFunction) -> str:
    """The same for the same space: its lines, or the code of a function."""
    if isinstance(space, Space):
        return space.to_yaml()
    code = getattr(space, "__code__", None)
    return repr((code.co_code, code.co_consts, code.co_names)) if code else repr(type(space))


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:8]


def _lines(space: SpaceLike | None) -> list[str] | None:
    return list(space) if isinstance(space, Sequence) and not isinstance(space, str) else None


def _told(tell: Tell, trials: int) -> Any:
    began = time.perf_counter()
    first: list[int] = []

    def told(done: int, best: float | None) -> None:
        first.append(done)
        passed, here = time.perf_counter() - began, done - first[0]
        left = passed * (trials - done) / here if here else None
        error = "" if best is None else f", best dev error {best:.3g}"
        tell(f"trial {done} of {trials}{error}", done / trials, left)

    return told


def _found(study: optuna.Study) -> list[Plan]:
    """The plans of the best finished trials, the best first."""
    complete = [trial for trial in study.get_trials(deepcopy=False) if trial.state == TrialState.COMPLETE]
    cost = {trial.number: trial.user_attrs[ABOUT]["dev_cost"] for trial in complete}
    ordered = sorted(complete, key=lambda trial: (trial.value, cost[trial.number]))
    plans = dict.fromkeys(Plan.from_dict(trial.user_attrs[ABOUT]["plan"]) for trial in ordered)
    return list(plans)[:_FINALISTS]


def _finalists(laboratory: Laboratory, plans: Sequence[Plan], seed: int) -> list[Measurement]:
    """Each with fresh seeds: the luckiest seed among many trials is no proof."""
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


def _final(
    folder: Path, splits: Splits, winner: Measurement, human_error: float | None, min_gap: float
) -> dict[str, Any]:
    """Leave the winner's model in the folder and diagnose it."""
    gaps = gaps_from_runs(
        winner.train_errors,
        winner.errors,
        human_error=human_error,
        min_gap=min_gap,
        train_groups=groups_of(splits, winner.train_rows),
        dev_groups=groups_of(splits, winner.rows),
    )
    final = write_trained(folder, splits, winner, gaps, summary.Told("train", folder, min_gap))
    final["dev_error"] = float(np.mean(winner.errors))
    final["findings"] = [summary.of_finding(each) for each in findings_of(winner, splits, data_facts(splits))]
    return final
