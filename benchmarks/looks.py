"""What looking inside the networks costs: a stack of 16 trained with and without, in turns, in one run.

Run it as `python benchmarks/looks.py`. The share is that of the epochs' time, end-of-epoch evaluation included.
"""

import functools
import time
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import polars as pl

from goodfit.data.dataset import Splits
from goodfit.data.splits import open_splits
from goodfit.engine import stack, step
from goodfit.engine.fit import fit_many
from goodfit.engine.jobs import Job
from goodfit.engine.machine import prepare_jax
from goodfit.plan import Plan

ROUNDS = 3
CASES = {
    "wine, 13-32-32-3, batch 32": ("wine", Plan(hidden_units=(32, 32), batch_size=32, epochs=600)),
    "digits, 64-128-128-10, batch 64": ("digits", Plan(hidden_units=(128, 128), batch_size=64, epochs=60)),
    "digits, default network, whole batch": ("digits", Plan(batch_size=0, epochs=60)),
    "3,000 rows made, default network": ("made", Plan(epochs=24)),
}


def main() -> None:
    """Print the table and leave it in `results/looks.md`."""
    prepare_jax()
    lines = ["| | with looks | without | share |", "|---|---|---|---|"]
    for name, (data, plan) in CASES.items():
        looking, blind = seconds(opened(data), plan)
        lines.append(f"| {name} | {looking:.2f} s | {blind:.2f} s | {looking / blind - 1:+.1%} |")
    text = "\n".join(lines)
    print(text)
    (Path(__file__).parent / "results" / "looks.md").write_text(text + "\n")


def opened(data: str) -> Splits:
    """A built-in set, or a made one."""
    if data != "made":
        return open_splits(data)
    x = np.random.default_rng(0).normal(size=(5_000, 12))
    frame = pl.DataFrame(x, schema=[f"x{i}" for i in range(12)])
    return open_splits(frame.with_columns(kind=pl.Series(np.where(x[:, 0] * x[:, 1] > 0, "a", "b"))), target="kind")


def seconds(splits: Splits, plan: Plan) -> tuple[float, float]:
    """The best of the rounds with looks and without; compilation is not in them."""
    jobs = [Job(plan, seed) for seed in range(16)]
    look_due = step.look_due
    kinds = {"looking": look_due, "blind": lambda task, epoch: jnp.bool_(False)}
    best = dict.fromkeys(kinds, float("inf"))
    compilers = {kind: functools.cache(stack._compiled.__wrapped__) for kind in kinds}
    for turn in range(ROUNDS + 1):
        for kind, when in kinds.items():
            step.look_due = when
            stack._compiled = compilers[kind]
            began = time.perf_counter()
            fit_many(jobs, splits)
            if turn:
                best[kind] = min(best[kind], time.perf_counter() - began)
    step.look_due = look_due
    return best["looking"], best["blind"]


if __name__ == "__main__":
    main()
