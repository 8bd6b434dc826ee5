"""Depth, and what a way around each block is worth: plain and residual networks of 8 to 110 layers on small images.

    .venv/bin/python benchmarks/depth.py

Takes about a quarter of an hour, much of it compilation; writes `results/depth.md`. The images are scikit-learn's
digits (8×8), the networks are without batch norm, which would hide what depth does, and everything else is as
`default_plan` has it, at a learning rate of 0.003; once without dropout and once with it, which drops feature maps in
every block. Three seeds each. What the doctor says of each training is what `improve` would hear. At last what it
prescribes first for the deepest plain networks is trained.
"""

import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np

from goodfit.data.dataset import Splits
from goodfit.data.splits import open_splits
from goodfit.diagnosis.finding import DataFacts
from goodfit.diagnosis.findings import examine, vanishing
from goodfit.diagnosis.findings.layers import backward_growth
from goodfit.engine.fit import fit, fit_many
from goodfit.engine.jobs import Job
from goodfit.experiments.default_plans import default_plan
from goodfit.experiments.examination import data_facts, observe
from goodfit.plan import Architecture, Plan
from goodfit.record.run import Run

DEPTHS, ARCHITECTURES, SEEDS = (8, 20, 56, 110), get_args(Architecture), (0, 1, 2)
EPOCHS, MAPS = 15, (16, 32)
DROPOUT = {1.0: "Without dropout", 0.9: "With dropout (keep_prob 0.9)"}
HEAD = (
    "| layers | network | train error | dev error | dJ/dz, times a block | the doctor | seconds |",
    "|---|---|---|---|---|---|---|",
)


class Seen(NamedTuple):
    """One training: its errors after the last epoch, dJ/dz's factor a layer at the first look, and what was found."""

    train: float
    dev: float
    back: float
    findings: tuple[str, ...]


def plan_of(splits: Splits, depth: int, architecture: Architecture, keep_prob: float) -> Plan:
    """The network, with everything but its shape, regularization and learning rate as by default."""
    shape = {"layer": "convolutional", "hidden_units": MAPS, "depth": depth, "architecture": architecture}
    numbers = {"batch_norm": "none", "epochs": EPOCHS, "keep_prob": keep_prob, "learning_rate": 3e-3}
    return default_plan(splits).with_(**numbers, **shape)


def seen(run: Run, splits: Splits, facts: DataFacts) -> Seen:
    """What is left of a run."""
    case = observe(run, splits, facts)
    first = next((each.rate for each in backward_growth(case) if each is not None), np.nan)
    train, dev = (float(run.history[name][-1]) for name in ("train_error", "dev_error"))
    return Seen(train, dev, first, tuple(finding.name for finding in examine(case)))


def row(depth: int, architecture: str, found: list[Seen], seconds: float) -> str:
    """A line of the table: means over the seeds, the lowest and the highest, and how many had each finding."""
    errors = []
    for name in ("train", "dev"):
        values = [getattr(each, name) for each in found]
        errors.append(f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})")
    back = ", ".join("none left" if each.back == 0 else f"{each.back:.2f}" for each in found)
    counts = Counter(name for each in found for name in each.findings)
    named = "; ".join(f"{count} × {name}" for name, count in counts.most_common()) or "–"
    return f"| {depth} | {architecture} | {errors[0]} | {errors[1]} | {back} | {named} | {seconds:.0f} |"


def trained(splits: Splits, facts: DataFacts, plan: Plan, architecture: str) -> str:
    """The plan trained with every seed, as a line of the table."""
    began = time.perf_counter()
    runs = fit_many([Job(plan, seed) for seed in SEEDS], splits)
    found = [seen(run, splits, facts) for run in runs]
    return row(plan.depth, architecture, found, time.perf_counter() - began)


def table(splits: Splits, facts: DataFacts, keep_prob: float) -> Iterator[str]:
    """Every network of every depth, a line each."""
    yield from HEAD
    for depth in DEPTHS:
        for architecture in ARCHITECTURES:
            yield trained(splits, facts, plan_of(splits, depth, architecture, keep_prob), architecture)


def cured(splits: Splits, facts: DataFacts) -> Iterator[str]:
    """The deepest plain networks, without dropout, with the first remedy for the vanishing gradient of one of them."""
    yield from HEAD
    for depth in DEPTHS[2:]:
        plain = plan_of(splits, depth, "plain", 1.0)
        finding = vanishing.find(observe(fit(Job(plain, SEEDS[0]), splits), splits, facts))
        if finding is not None:
            remedy = finding.remedies[0]
            yield trained(splits, facts, plain.with_(**remedy.changes), remedy.name)


def main() -> None:
    """Leave a table without dropout, one with it, and one of the cures."""
    splits = open_splits("digits", as_="images")
    facts, lines = data_facts(splits), []
    tables = {f"{words}:": table(splits, facts, keep_prob) for keep_prob, words in DROPOUT.items()}
    tables["What the doctor prescribes first for the plain ones, without dropout:"] = cured(splits, facts)
    for words, rows in tables.items():
        for each in chain((words, ""), rows, ("",)):
            lines.append(each)
            print(each, flush=True)
    (Path(__file__).resolve().parent / "results" / "depth.md").write_text("\n".join(lines[:-1]) + "\n")


if __name__ == "__main__":
    main()
