"""Speed of a search: goodfit's beside Optuna driving an eager PyTorch loop, and Ray Tune driving the same loop.

    .venv-bench/bin/python benchmarks/search.py

Writes `results/search_speed.md`; takes about a quarter of an hour of a quiet machine. All train the same trials, drawn
once by Optuna's random sampler, for all of their epochs: goodfit's halving and its early stop of hopeless trials are
off (`Whole`), but for one row that says so. Beside it stands goodfit with its own sampler in the same space, whose
groups of 4 share a structure. Everyone is a process of its own. The clock runs from the first trial asked to the last
one told: goodfit's compilation is inside, with an empty cache, as is the start of Ray's workers; imports and reading
the data are not. Optuna's contenders train the first trials only and Ray half of the longer list; their rate is taken
for the rest. They take turns, and the best of the rounds counts.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from goodfit.data.dataset import Splits
from goodfit.data.preparation import Preparation
from goodfit.data.splits import open_splits
from goodfit.engine.fit import fit_many
from goodfit.engine.jobs import Job
from goodfit.record.run import Run
from goodfit.search.sampler import GoodfitZoomSampler
from goodfit.search.storage import open_study
from goodfit.search.trials import Search
from goodfit.search.workers import Group, LocalWorker, TrialRecord
from search_cases import BASE, NUMBERS, SEED, STRUCTURES, Case, Listed, draw, told

ROUNDS = 2
SAME, OWN, HALVED = "same trials", "own sampler", "own sampler, halving"
MEMORY, SQLITE = "memory", "SQLite"


@dataclass(frozen=True)
class Compared:
    """One search that all contenders do, and how many of its trials the slow ones train."""

    name: str
    lines: tuple[str, ...]
    trials: int
    by_optuna: int
    by_ray: int
    asked: float


SEARCHES = (
    Compared("1-3 hidden layers of 16-128 units", STRUCTURES, 64, 24, 64, 5.0),
    Compared("Two hidden layers of 64 units", NUMBERS, 256, 32, 128, 15.0),
)


@dataclass(frozen=True, kw_only=True)
class FiguresRecord(TrialRecord):
    """A trial's record with further figures, by name."""

    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Whole:
    """Workers that train every trial to its end: nothing is halved, nothing given up.

    Attributes:
        splits: the data.
        more: further figures of a run, by name.
    """

    splits: Splits
    more: Any = None

    def __call__(self, groups: Sequence[Group]) -> Iterator[list[TrialRecord] | None]:
        """Each group's trainings."""
        for group in groups:
            jobs = [Job(plan, seed) for plan, seed in zip(group.plans, group.seeds, strict=True)]
            yield [self._record(run) for run in fit_many(jobs, self.splits)]

    def _record(self, run: Run) -> TrialRecord:
        best = run.best_epoch - 1
        return FiguresRecord(
            outcome=str(run.outcome),
            epochs=len(run.history["epoch"]),
            dev_error=float(run.history["dev_error"][best]) if run.usable else None,
            dev_cost=float(run.history["dev_cost"][best]) if run.usable else None,
            figures=self.more(run) if self.more and run.usable else {},
        )


def goodfit(case: Case, kind: str) -> None:
    """Search as `goodfit tune` does, in its waves."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    splits = open_splits("digits")
    wave_size = max(8, -(-case.trials // 4))
    own = GoodfitZoomSampler(SEED, wave_size, case.space.structural)
    sampler = Listed(case.drawn) if kind == SAME else own
    began = time.perf_counter()
    if case.storage:
        study = open_study(case.storage, "search", "digits", sampler)
    else:
        study = optuna.create_study(sampler=sampler)
    workers = LocalWorker(splits) if kind == HALVED else Whole(splits)
    Search(study, case.space, workers, case.trials, wave_size, SEED, lambda done, best: None).run()
    seconds = time.perf_counter() - began
    records = [record for trial in study.trials if (record := TrialRecord.read(trial))]
    errors = [1.0 if record.dev_error is None else record.dev_error for record in records]
    told(f"goodfit, {kind}", seconds, errors, [record.epochs or 0 for record in records])


def write_data(path: Path) -> None:
    """The rows as goodfit prepares them, for the rivals."""
    splits = open_splits("digits")
    preparation = Preparation.fit(BASE.preparation, splits.dataset, splits.train)
    arrays: dict[str, Any] = {}
    for part in ("train", "dev"):
        rows = getattr(splits, part)
        arrays[part] = preparation.transform(splits.dataset.features.take(rows)).astype(np.float32)
        arrays[f"{part}_target"] = splits.dataset.target[rows].astype(np.int64)
    np.savez(path, **arrays)


def contenders(search: Compared) -> Iterator[tuple[str, int, list[str]]]:
    """Storage, trials trained and command of everyone."""
    folder = Path(__file__).parent
    for kind, storage in ((SAME, MEMORY), (OWN, MEMORY), (HALVED, MEMORY), (SAME, SQLITE), (OWN, SQLITE)):
        yield storage, search.trials, [str(folder / "search.py"), "CASE", kind]
    rivals = str(folder / "search_rivals.py")
    for storage in (MEMORY, SQLITE):
        for threads, jobs in (("1", "1"), ("1", "2")):
            yield storage, search.by_optuna, [rivals, "optuna", "CASE", threads, jobs]
    yield MEMORY, search.by_optuna, [rivals, "optuna", "CASE", "2", "1"]
    yield MEMORY, search.by_ray, [rivals, "ray", "CASE"]


def timed(case: Case, storage: str, command: list[str]) -> dict[str, Any]:
    """What a contender tells in the last line of its process, which begins with an empty cache and no study."""
    with tempfile.TemporaryDirectory(prefix="goodfit-bench-") as folder:
        url = f"sqlite:///{folder}/study.db" if storage == SQLITE else None
        path = Path(folder, "case.json")
        replace(case, storage=url).write(path)
        words = [str(path) if word == "CASE" else word for word in command]
        environment = os.environ | {"GOODFIT_CACHE": f"{folder}/xla"}
        done = subprocess.run([sys.executable, *words], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    facts = json.loads(done.stdout.strip().splitlines()[-1])
    return facts | {"storage": storage, "rate": 60 * facts["trials"] / facts["seconds"]}


def measure(search: Compared, data: str) -> list[dict[str, Any]]:
    """Everyone's best round."""
    drawn = draw(search.lines, search.trials)
    best: dict[tuple[str, str], dict[str, Any]] = {}
    for number in range(1, ROUNDS + 1):
        for storage, trials, command in contenders(search):
            facts = timed(Case(search.lines, drawn, data, trials), storage, command)
            key = facts["name"], storage
            best[key] = max(best.get(key, facts), facts, key=lambda one: one["rate"])
            print(f"round {number}: {search.name}: {key}: {facts['rate']:.1f} trials a minute", flush=True)
    return list(best.values())


def written(search: Compared, found: list[dict[str, Any]]) -> list[str]:
    """A table of one search, and what came of what was asked."""
    rate = {(one["name"], one["storage"]): one["rate"] for one in found}
    lines = [
        f"## {search.name}, {search.trials} trials",
        "",
        f"| system | storage | trained | trials a minute | goodfit, {SAME} | goodfit, {OWN} | mean, best dev error |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    least = {kind: float("inf") for kind in (SAME, OWN)}
    for one in found:
        ratios = []
        for kind in (SAME, OWN):
            ratio = rate[f"goodfit, {kind}", one["storage"]] / one["rate"]
            ratios.append("" if one["name"].startswith("goodfit") else f"{ratio:.1f} ×")
            if ratios[-1] and one["storage"] == MEMORY:
                least[kind] = min(least[kind], ratio)
        cells = [one["name"], one["storage"], str(one["trials"]), f"{one['rate']:.1f}", *ratios]
        lines.append(f"| {' | '.join(cells)} | {one['mean']:.4f}, {one['best']:.4f} |")
    words = " and ".join(f"{ratio:.1f} × ({kind})" for kind, ratio in least.items())
    asked = f"Asked: ≥ {search.asked:g} ×. Over the quickest rival in memory: {words}."
    epochs = {one["name"]: one["epochs"] / one["trials"] for one in found}
    spent = ", ".join(f"{name} {each:.1f}" for name, each in epochs.items() if each != BASE.epochs)
    shortened = f"Epochs a trial, where they are not {BASE.epochs}: {spent or 'nobody'}."
    return [*lines, "", asked, shortened.replace(": nobody", " for all"), ""]


def main() -> None:
    if len(sys.argv) > 1:
        goodfit(Case.read(sys.argv[1]), sys.argv[2])
        return
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    lines = [
        f"Digits, mini-batches of {BASE.batch_size}, {BASE.epochs} epochs, Adam, dropout, L2; load before: "
        f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.",
        f"The best of {ROUNDS} rounds. Ratios are goodfit's trials a minute over the system's, with the same storage.",
        "",
    ]
    with tempfile.TemporaryDirectory(prefix="goodfit-bench-") as folder:
        data = Path(folder, "digits.npz")
        write_data(data)
        for search in SEARCHES:
            lines += written(search, measure(search, str(data)))
    text = "\n".join(lines)
    (Path(__file__).parent / "results" / "search_speed.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
