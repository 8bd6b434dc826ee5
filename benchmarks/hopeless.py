"""What giving hopeless trainings up saves, and whether a good one is ever lost: random plans trained with and without.

    .venv/bin/python benchmarks/hopeless.py

Takes a few minutes; writes `results/hopeless.md`. Plans are those of `doctor_repair.py`'s random search.
"""

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from doctor_data import Table
from doctor_repair import Judge, random_plan
from goodfit.diagnosis.data_facts import basic_data_facts
from goodfit.engine.fit import fit_many
from goodfit.engine.jobs import Job
from goodfit.record.run import Outcome
from goodfit.search.hopeless import Hopeless

TABLES = ("rings", "taught", "logistic", "friedman", "jittered digits")
PLANS = 40


class Saved(NamedTuple):
    """On one table: each stopped plan's rank by final dev cost had it gone on, and what was spent without and with."""

    ranks: list[int]
    epochs: tuple[int, int]
    seconds: tuple[float, float]


def saved(name: str, seed: int) -> Saved:
    """Train the same plans to their ends, then with the control; programs are compiled before the clock runs."""
    splits = Judge.of(Table(name, seed), seed).splits
    rng = np.random.default_rng([seed, 14])
    plans = [random_plan(rng) for _ in range(PLANS)]
    jobs = [Job(plan, seed) for plan in plans]
    fit_many([Job(plan.with_(epochs=1), seed) for plan in plans], splits)
    began = time.perf_counter()
    whole = fit_many(jobs, splits)
    between = time.perf_counter()
    stopped = fit_many(jobs, splits, Hopeless(plans, basic_data_facts(splits)))
    ended = time.perf_counter()
    ranks = rankdata([np.nanmin([*run.history["dev_cost"], np.inf]) for run in whole], method="max")
    given_up = [place for place, run in enumerate(stopped) if run.outcome is Outcome.HOPELESS]
    epochs = [sum(len(run.history["epoch"]) for run in runs) for runs in (whole, stopped)]
    seconds = (between - began, ended - between)
    return Saved(sorted(int(ranks[place]) for place in given_up), (epochs[0], epochs[1]), seconds)


def main() -> None:
    """Measure every table, and leave the comparison."""
    lines = [
        "| table | stopped | their ranks, had they gone on | epochs | with the control | seconds | with the control |",
        "|---|---|---|---|---|---|---|",
    ]
    found = []
    for seed, name in enumerate(TABLES):
        one = saved(name, seed)
        found.append(one)
        ranks = ", ".join(map(str, one.ranks)) or "–"
        times = [f"{seconds:.1f}" for seconds in one.seconds]
        cells = [name, f"{len(one.ranks)} of {PLANS}", ranks, *map(str, one.epochs), *times]
        lines.append(f"| {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    epochs, seconds = (np.array([getattr(one, kind) for one in found]).sum(axis=0) for kind in ("epochs", "seconds"))
    stopped = [rank for one in found for rank in one.ranks]
    share, spent = 1 - epochs[1] / epochs[0], 1 - seconds[1] / seconds[0]
    best = f"; the best of them would have been number {min(stopped)} of {PLANS}" if stopped else ""
    count = f"Stopped: {len(stopped)} of {PLANS * len(TABLES)}{best}."
    lines += ["", f"{count} Saved: {share:.1%} of the epochs, {spent:.1%} of the seconds."]
    text = "\n".join(lines) + "\n"
    (Path(__file__).resolve().parent / "results" / "hopeless.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
