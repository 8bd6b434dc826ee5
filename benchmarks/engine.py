"""Speed of training: goodfit beside eager PyTorch and scikit-learn, on the same network, weights, batches and Adam.

Run it in the environment of the rivals (`make bench`). Prints a table and writes `results/engine.json`. Every contender
trains from the same first weights on the same rows in the same order; before anything is timed their cost curves are
held equal. Times are the best of several rounds in which the contenders take turns, so that a disturbance hits all.
"""

import itertools
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import numpy as np

from engine_rivals import Rival, ScikitLearn, Torch, matmul_of_torch
from goodfit.data.dataset import Column, Dataset, Features, Origin, Schema, Splits
from goodfit.engine import machine
from goodfit.engine.active_job import enter
from goodfit.engine.jobs import Job
from goodfit.engine.packing import stacks
from goodfit.engine.pool import Pool
from goodfit.engine.stack import Stack
from goodfit.engine.step import RECORDED, epoch_order
from goodfit.plan import Plan

SLOWING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # where set they hold NumPy to an old, slow kernel
TRAIN, DEV = 4096, 1024
ROUNDS = 9
SECONDS = 0.25  # of work in one timing, at least
TARGETS = {  # issue 2, "Speed and size": times as fast as eager PyTorch, or the share of the peak
    "13-32-32-3": {"one model": 6.0, "stack of 64": 18.0},
    "64-128-128-10": {"one model": 2.0, "stack of 16": 5.0},
    "784-512-512-10": {},
}
SHARE_TARGET = 0.9  # of the machine's matrix-product peak, by the largest network


@dataclass(frozen=True)
class Network:
    """One of the three networks of the issue."""

    widths: tuple[int, ...]
    batch: int
    models: tuple[int, ...]

    @property
    def name(self) -> str:
        """Its widths."""
        return "-".join(map(str, self.widths))

    @property
    def plan(self) -> Plan:
        """What everyone can do: ReLU, and Adam at one rate."""
        return Plan(
            hidden_units=self.widths[1:-1],
            activation="relu",
            batch_size=self.batch,
            epochs=10**6,
            decay="constant",
            learning_rate=1e-3,
            weight_decay=0.0,
            keep_prob=1.0,
            preparation="standard",
        )

    @property
    def flops(self) -> int:
        """Of the matrix products of a step: forward, weights, and inputs of every layer but the first."""
        products = [before * after for before, after in pairwise(self.widths)]
        return 2 * self.batch * (3 * sum(products) - products[0])


NETWORKS = (
    Network((13, 32, 32, 3), 32, (1, 16, 64)),
    Network((64, 128, 128, 10), 64, (1, 16, 64)),
    Network((784, 512, 512, 10), 256, (1, 16)),
)


def make_splits(network: Network) -> Splits:
    """Rows whose class leans on the features."""
    generator = np.random.default_rng(0)
    numbers = generator.standard_normal((TRAIN + DEV, network.widths[0]))
    target = (numbers @ generator.standard_normal((network.widths[0], network.widths[-1]))).argmax(axis=1)
    columns = tuple(Column(f"x{i}", "number") for i in range(network.widths[0]))
    classes = tuple(map(str, range(network.widths[-1])))
    schema = Schema(columns, "target", "classes", classes, ())
    features = Features(numbers, np.zeros((len(numbers), 0), np.int32))
    data = Dataset("made", features, target.astype(np.int64), schema, (), Origin())
    return Splits(data, np.arange(TRAIN), np.arange(TRAIN, TRAIN + DEV), np.zeros(0, np.int64), (), 0)


class Goodfit:
    """So many models of one plan, in as many stacks as they need."""

    def __init__(self, network: Network, models: int, evaluation: bool) -> None:
        splits = make_splits(network)
        jobs = [Job(network.plan, seed) for seed in range(models)]
        entered = [enter(i, job, splits) for i, job in enumerate(jobs)]
        self.program = entered[0][1]
        if not evaluation:  # a look at one row of each set costs nothing
            self.program = replace(self.program, evaluation_chunk=1)
        self.stacks, self.counts, self.tasks = [], [], []
        portions = list(stacks(self.program, [member for member, _ in entered], Pool(splits)))
        for loaded in portions:
            tasks = loaded.tasks
            if not evaluation:
                one = np.int32(1)
                tasks = [task._replace(watched_train=one, watched_dev=one) for task in tasks]  # pyright: ignore
            self.stacks.append(Stack(self.program, loaded.data, tasks, loaded.states, loaded.places))
            self.counts.append(len(tasks))
            self.tasks += tasks
        self.data, self.first = portions[0].data, portions[0].states[0]
        self.models, self.per_epoch, self.epoch = models, TRAIN // network.batch, 0

    def train(self, epochs: int) -> list[float]:
        """Mean objective of each epoch, of the first model."""
        self.epoch += epochs
        until = self.epoch * self.per_epoch
        records = [
            stack.advance(dict.fromkeys(range(count), until))
            for stack, count in zip(self.stacks, self.counts, strict=True)
        ]
        return records[0][0][:epochs, RECORDED.index("objective")].tolist()

    def orders(self) -> Iterator[np.ndarray]:
        """The rows of each epoch, as the first model sees them."""
        order_of = jax.jit(lambda task, epoch: epoch_order(self.program, task, epoch))
        visited = self.per_epoch * self.program.structure.batch_size
        for epoch in itertools.count():
            yield np.asarray(order_of(self.tasks[0], np.int32(epoch)))[:visited]


def best(work: Callable[[], object], rounds: int = 20) -> float:
    """Seconds of the quickest round."""
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def peak() -> dict[str, float]:
    """Floating-point operations a second of a large float32 matrix product, with all cores: JAX's and PyTorch's."""
    found = {}
    for size in (1024, 2048):
        a = np.random.default_rng(0).standard_normal((size, size)).astype(np.float32)
        product = jax.jit(lambda a, b: a @ b)
        mine = jax.device_put((a, a))
        works = {"JAX": lambda: product(*mine).block_until_ready(), "PyTorch": matmul_of_torch(a)}  # noqa: B023
        for name, work in works.items():
            found[name] = max(found.get(name, 0.0), 2 * size**3 / best(work))
    return found


def name_of(models: int) -> str:
    return "one model" if models == 1 else f"stack of {models}"


def contenders(network: Network) -> dict[str, Goodfit | Rival]:
    """All that is timed, the rivals with goodfit's first weights and batches."""
    found: dict[str, Any] = {
        f"{name_of(models)}{ending}": Goodfit(network, models, evaluation)
        for models in network.models
        for evaluation, ending in ((False, ""), (True, ", evaluated"))
    }
    one = found["one model"]
    weights = [(np.array(layer["W"]), np.array(layer["b"])) for layer in one.first.model.params]
    inputs, targets = one.data.inputs[0], one.data.targets[0]
    rate = network.plan.learning_rate
    for threads in {1, os.cpu_count() or 1}:
        for fused in (False, True):
            name = f"PyTorch{', fused Adam' if fused else ''}, threads: {threads}"
            found[name] = Torch(weights, inputs, targets, network.batch, rate, one.orders(), fused, threads)
    found["scikit-learn"] = ScikitLearn(weights, inputs, targets, network.batch, rate, one.orders())
    return found


def hold_equal(network: Network, found: dict[str, Goodfit | Rival]) -> tuple[list[float], dict[str, float]]:
    """Three epochs of each: their cost curves must be one. Goodfit's first call is the compilation, and is timed."""
    curves, compiling = {}, {}
    for name, contender in found.items():
        began = time.perf_counter()
        curves[name] = contender.train(1)
        compiling[name] = time.perf_counter() - began
        curves[name] += contender.train(2)
    expected = curves["one model"]
    for name, curve in curves.items():
        if not np.allclose(curve, expected, rtol=2e-3):
            raise SystemExit(f"{network.name}: {name} has the costs {curve}, goodfit {expected}: not the same training")
    return expected, compiling


def measure(network: Network) -> dict[str, Any]:
    """Microseconds a step a model of every contender, on one network."""
    found = contenders(network)
    curve, compiling = hold_equal(network, found)
    per_epoch, times = TRAIN // network.batch, {}
    epochs = {name: max(1, round(SECONDS / best(lambda c=c: c.train(1), 3))) for name, c in found.items()}
    for _ in range(ROUNDS):
        for name, contender in found.items():
            steps = epochs[name] * per_epoch * contender.models
            times.setdefault(name, []).append(best(lambda c=contender, n=name: c.train(epochs[n]), 1) / steps * 1e6)
    quickest = {name: min(each) for name, each in times.items()}
    plain = min(value for name, value in quickest.items() if name.startswith("PyTorch, threads"))
    fused = min(value for name, value in quickest.items() if name.startswith("PyTorch, fused"))
    return {
        "network": network.name,
        "batch": network.batch,
        "gflop_a_step": network.flops / 1e9,
        "cost_of_epochs_1_to_3": curve,
        "compile_seconds": compiling["one model"],
        "microseconds": quickest | {"PyTorch": plain, "PyTorch, fused Adam": fused},
        "spread": {name: max(each) / min(each) for name, each in times.items()},
    }


def rows_of(result: dict[str, Any], top: float) -> list[dict[str, Any]]:
    """The table's rows of one network."""
    microseconds = result["microseconds"]
    rows = []
    for name in ("one model", "stack of 16", "stack of 64", "PyTorch", "PyTorch, fused Adam", "scikit-learn"):
        if name not in microseconds:
            continue
        time_of = microseconds[name]
        evaluated = microseconds.get(f"{name}, evaluated")
        rows.append(
            {
                "network": f"{result['network']}, batch {result['batch']}",
                "contender": name,
                "microseconds": time_of,
                "ratio": microseconds["PyTorch"] / time_of,
                "share": result["gflop_a_step"] * 1e9 / (time_of / 1e6) / top,
                "evaluated": evaluated,
                "evaluation": evaluated / time_of - 1 if evaluated else None,
                "target": TARGETS[result["network"]].get(name),
            }
        )
    return rows


def print_table(rows: list[dict[str, Any]]) -> None:
    print("| network | trained by | µs a step a model | × PyTorch | asked | share of peak | with evaluation | costs |")
    print("|---|---|--:|--:|--:|--:|--:|--:|")
    for row in rows:
        asked = f"≥ {row['target']:g}" if row["target"] else ""
        evaluated = f"{row['evaluated']:.1f} | {row['evaluation']:+.0%}" if row["evaluated"] else " | "
        figures = f"{row['microseconds']:.1f} | {row['ratio']:.1f} | {asked} | {row['share']:.2f}"
        print(f"| {row['network']} | {row['contender']} | {figures} | {evaluated} |")


def main() -> None:
    if any(name in os.environ for name in SLOWING):
        kept = {name: value for name, value in os.environ.items() if name not in SLOWING}
        os.execve(sys.executable, [sys.executable, *sys.argv], kept)
    os.environ["GOODFIT_CACHE"] = tempfile.mkdtemp(prefix="goodfit-bench-")  # empty, so that compiling is timed
    machine.prepare_jax()
    command = [str(Path(sys.executable).parent / "goodfit"), "--help"]
    help_seconds = best(lambda: subprocess.run(command, check=True, capture_output=True), 5)
    peaks = [peak()]
    results = []
    for network in NETWORKS:
        results.append(measure(network))
        peaks.append(peak())
    top = max(value for each in peaks for value in each.values())
    rows = [row for result in results for row in rows_of(result, top)]
    print_table(rows)
    share = max(row["share"] for row in rows if row["network"].startswith("784") and row["evaluated"])
    own = max(each["JAX"] for each in peaks)
    print(f"\nmatrix products: {top / 1e9:.0f} GFLOP/s, JAX's own {own / 1e9:.0f}; the largest network reaches")
    print(f"{share:.2f} of the first and {share * top / own:.2f} of the second (asked: {SHARE_TARGET})")
    print(f"goodfit --help: {help_seconds:.2f} s; compiling: {[round(r['compile_seconds'], 1) for r in results]} s")
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    facts = {
        "machine": {"cores": os.cpu_count(), "processor": platform.processor(), "load": os.getloadavg()},
        "peak": peaks,
        "help_seconds": help_seconds,
        "rows": rows,
        "networks": results,
    }
    (folder / "engine.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
