"""Whether `improve --plan` repairs sick plans, beside random search with as many trainings.

    .venv/bin/python benchmarks/doctor_repair.py

A line of `results/doctor_repair.jsonl` a case; cases that stand there are not run again. The table goes to
`results/doctor_repair.md`. Errors are measured on thousands of rows that neither side ever sees. The budget of
`improve` is counted in processor time, so that what else the machine does counts little.
"""

import argparse
import json
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import polars as pl
from scipy import stats
from sklearn.datasets import load_digits

import goodfit
from doctor_cases import FAULTS, NETWORKS, healthy_plan
from doctor_data import LETTERS, MADE, Arrays, Table
from goodfit.data.dataset import Splits
from goodfit.data.splits import open_splits
from goodfit.diagnosis.intervals import wilson
from goodfit.engine.fit import fit_many
from goodfit.engine.jobs import Job
from goodfit.engine.predictor import member_of
from goodfit.plan import Plan

RESULTS = Path(__file__).resolve().parent / "results"
LINES, TABLE = RESULTS / "doctor_repair.jsonl", RESULTS / "doctor_repair.md"
CASES, BUDGET = 60, 30.0
BUSY = 1.6  # cores that a job keeps busy here: processor seconds in a second of the budget
GIVEN, HELD_OUT = 1000, 4000  # rows of a made table
TOLERATED = 0.1  # of the healthy plan's error
HEALTHY_SEEDS, AVERAGED = 3, 5
STRUCTURES = 12  # of random search, drawn once, so that compiling them is not its burden
TABLES = ("rings", "taught", "moons", "logistic", "halves", "friedman", "waves", "weak", "jittered digits")
SICK = (
    "vanishing gradient",
    "exploding gradient",
    "divergence",
    "dead ReLUs",
    "saturated units",
    "learning rate too high",
    "learning rate too low",
    "regularization too strong",
    "dropout too strong",
    "batch norm with small batches",
    "batch too small",
    "batch too large",
    "stopped too early",
    "training and evaluation disagree",
    "several at once",
)
assert set(SICK[:-1]) <= set(FAULTS)


class Sick(NamedTuple):
    """A sick plan, the healthy one it was made from, and its data."""

    number: int
    fault: str
    table: Table
    plan: Plan
    healthy: Plan


@dataclass(frozen=True)
class Repaired:
    """One case: errors on the held-out rows and on the dev set, seconds, and trainings."""

    number: int
    fault: str
    table: str
    sick: float
    healthy: float
    improved: float
    interval: float
    random: float
    random_averaged: float
    dev_improved: float
    dev_random: float
    dev_random_averaged: float
    trainings: int
    seconds: float
    random_seconds: float
    findings: tuple[str, ...]

    @property
    def repaired(self) -> bool:
        """Whether the error is the healthy plan's, but for 10 % or the half-width of the paired interval."""
        return self._within(self.improved)

    @property
    def was_sick(self) -> bool:
        """Whether the sick plan was not so already."""
        return not self._within(self.sick)

    def _within(self, error: float) -> bool:
        return error - self.healthy <= max(TOLERATED * self.healthy, self.interval)


# Data and plans.


@cache
def rows_of(table: Table) -> tuple[Arrays, Arrays]:
    """What is given for training and dev, and the rows held out."""
    rng = np.random.default_rng([table.seed, 11])
    if table.name != "jittered digits":
        features, target = MADE[table.name](rng, GIVEN + HELD_OUT)
        return (features[:GIVEN], target[:GIVEN]), (features[GIVEN:], target[GIVEN:])
    features, target = load_digits(return_X_y=True)
    order = rng.permutation(len(target))
    given, others = order[:GIVEN], np.repeat(order[GIVEN:], 4)
    noise = rng.normal(0, 1.5, (len(given) + len(others), features.shape[1]))
    parts = np.split(features[np.concatenate([given, others])] + noise, [GIVEN])
    return (parts[0], LETTERS[target[given]]), (parts[1], LETTERS[target[others]])


def sick_plan(number: int) -> Sick:
    """Case `number`: faults and tables in turn, the rest drawn."""
    fault = SICK[number % len(SICK)]
    rng = np.random.default_rng([zlib.crc32(b"repair"), number])
    table = Table(str(rng.choice(TABLES)), number)
    network = {
        "batch norm with small batches": "batch norm",
        "training and evaluation disagree": "batch norm",
        "dropout too strong": "silu",
        "dead ReLUs": "relu four",
        "saturated units": "tanh four",
        "exploding gradient": "deep relu",
        "divergence": "relu descent",
        "vanishing gradient": "tanh four",
    }.get(fault, str(rng.choice(["relu adam", "relu descent", "tanh momentum", "silu"])))
    known = Table("friedman" if table.name in ("friedman", "waves", "weak") else "rings", 0)  # of the same kind
    healthy = healthy_plan(rng, known, network)
    changes = _changes(fault, rng, healthy)
    return Sick(number, fault, table, healthy.with_(**changes), healthy)


def _changes(fault: str, rng: np.random.Generator, plan: Plan) -> dict[str, Any]:
    def power(low: float, high: float) -> float:
        return float(10 ** rng.uniform(low, high))

    def several() -> dict[str, Any]:
        two = rng.choice(["learning rate too low", "regularization too strong", "stopped too early"], 2, replace=False)
        return {key: value for each in two for key, value in _changes(str(each), rng, plan).items()}

    options: dict[str, Any] = {
        "vanishing gradient": lambda: {"hidden_units": (16,) * 8, "activation": "sigmoid"},
        "exploding gradient": lambda: {"learning_rate": power(0, 2)},
        "divergence": lambda: {"learning_rate": power(2, 5)},
        "dead ReLUs": lambda: {"learning_rate": power(-0.5, 1)},
        "saturated units": lambda: {"learning_rate": power(0.5, 2)},
        "learning rate too high": lambda: {"learning_rate": plan.learning_rate * power(2, 3.5)},
        "learning rate too low": lambda: {"learning_rate": plan.learning_rate * power(-5, -2)},
        "regularization too strong": lambda: {"l2": 800 * power(-0.2, 0.7)},
        "dropout too strong": lambda: {"keep_prob": float(rng.uniform(0.03, 0.2))},
        "batch norm with small batches": lambda: {"batch_size": 2, "epochs": 15},
        "batch too small": lambda: {"batch_size": 1, "epochs": 15, "learning_rate": plan.learning_rate * 4},
        "batch too large": lambda: {"batch_size": 0},
        "stopped too early": lambda: {"epochs": int(rng.integers(1, 4))},
        "training and evaluation disagree": lambda: {"batch_norm_beta": 1 - power(-4.5, -3.5), "epochs": 15},
        "several at once": several,
    }
    return options[fault]()


# Random search: plans from sensible ranges of every setting.


@cache
def structures() -> tuple[Plan, ...]:
    rng = np.random.default_rng(5)

    def draw() -> Plan:
        network = NETWORKS[str(rng.choice(["relu adam", "silu", "tanh momentum", "relu descent", "batch norm"]))]
        units = (int(rng.choice([32, 64, 128])),) * int(rng.integers(1, 5))
        dropout = rng.random() < 0.4
        return Plan(**network).with_(
            hidden_units=units,
            activation=str(rng.choice(["relu", "silu", "tanh", "leaky_relu"])),
            batch_norm=str(rng.choice(["none", "none", "before"])),
            optimizer=str(rng.choice(["adam", "adam", "momentum", "gradient_descent"])),
            decay=str(rng.choice(["constant", "one_cycle"])),
            batch_size=int(rng.choice([32, 64, 128, 0])),
            keep_prob=0.8 if dropout else 1.0,
        )

    return tuple(draw() for _ in range(STRUCTURES))


def random_plan(rng: np.random.Generator) -> Plan:
    """Rates on a log scale, 1 − keep_prob too; epochs from 20 to 200."""
    plan = structures()[rng.integers(STRUCTURES)]
    rate = 10 ** (rng.uniform(-4, -1.5) if plan.optimizer == "adam" else rng.uniform(-3, 0))
    keep = 1 - 10 ** rng.uniform(-1.3, -0.3)
    return plan.with_(
        learning_rate=float(rate),
        epochs=int(rng.choice([20, 40, 60, 100, 200])),
        weight_decay=float(10 ** rng.uniform(-4, -0.5)),
        l2=float(rng.choice([0.0, 10 ** rng.uniform(-2, 1)])),
        keep_prob=float(keep) if plan.structure.dropout else 1.0,
        preparation=str(rng.choice(["standard", "robust", "quantile"])),
    )


# Running.


def losses_of(outputs: np.ndarray, target: np.ndarray, classes: tuple[str, ...], scale: float) -> np.ndarray:
    """Wrong or not by row; for numbers the squared error over the variance given."""
    if not classes:
        return np.square(outputs[:, 0] - target) / scale**2
    return (np.array(classes)[outputs.argmax(axis=1)] != target).astype(float)


class Judge(NamedTuple):
    """The held-out rows and the dev set."""

    splits: Splits
    held_out: Splits
    target: np.ndarray

    @classmethod
    def of(cls, table: Table, seed: int) -> "Judge":
        """Of this table; the split as `improve` makes it with this seed."""
        given, others = rows_of(table)
        both = open_splits(given, test=others, seed=seed)
        return cls(open_splits(given, no_test=True, seed=seed), both, others[1])

    def outputs(self, run: Any) -> tuple[np.ndarray, np.ndarray]:
        """Of a training, on dev and held-out rows; its own constant where there is no usable network."""
        schema = self.splits.dataset.schema
        parts = [
            (self.splits.dataset.features, self.splits.dev),
            (self.held_out.dataset.features, self.held_out.test),
        ]
        dev, test = (member_of(run, "").outputs(features.take(rows), schema) for features, rows in parts)
        return dev, test


def search(judge: Judge, trainings: int, seed: int) -> dict[str, float]:
    """As many random plans; the best by dev cost, and the best five averaged."""
    rng = np.random.default_rng([seed, 13])
    plans = [random_plan(rng) for _ in range(trainings)]
    began = time.perf_counter()
    runs = fit_many([Job(plan, seed) for plan in plans], judge.splits)
    seconds = time.perf_counter() - began
    costs = [float(np.nanmin([*run.history["dev_cost"], np.inf])) for run in runs]
    best = [judge.outputs(runs[place]) for place in np.argsort(costs)[:AVERAGED]]
    figures = {"random_seconds": seconds}
    for name, some in (("random", best[:1]), ("random_averaged", best)):
        dev, test = (np.mean([each[part] for each in some], axis=0) for part in (0, 1))
        figures |= {f"dev_{name}": judge_dev(judge, dev), name: float(judge_test(judge, test).mean())}
    return figures


def judge_dev(judge: Judge, outputs: np.ndarray) -> float:
    """Mean error on the dev set."""
    schema, target = judge.splits.dataset.schema, judge.splits.dataset.target[judge.splits.dev]
    truth = np.array(schema.classes)[target] if schema.classes else target
    return float(losses_of(outputs, truth, schema.classes, judge.splits.spread or 1.0).mean())


def judge_test(judge: Judge, outputs: np.ndarray) -> np.ndarray:
    """Error of each held-out row."""
    return losses_of(outputs, judge.target, judge.splits.dataset.schema.classes, judge.splits.spread or 1.0)


def alone(judge: Judge, plan: Plan, seeds: int) -> np.ndarray:
    """Mean error over some seeds of each held-out row, of a plan as it is."""
    runs = fit_many([Job(plan, seed) for seed in range(seeds)], judge.splits)
    rows = [judge_test(judge, judge.outputs(run)[1]) for run in runs if run.usable]
    schema = judge.splits.dataset.schema
    if not rows:
        return np.ones(len(judge.target)) * (1 - 1 / len(schema.classes) if schema.classes else 1.0)
    return np.nan_to_num(np.mean(rows, axis=0), nan=1.0, posinf=1e6)


def repaired(case: Sick, budget: float) -> Repaired:
    """Run one case."""
    given, others = rows_of(case.table)
    seed = case.number
    judge = Judge.of(case.table, seed)
    healthy, sick = alone(judge, case.healthy, HEALTHY_SEEDS), alone(judge, case.plan, 1)
    with tempfile.TemporaryDirectory(prefix="goodfit-repair-") as folder:
        began = time.perf_counter()
        with patch("time.perf_counter", lambda: time.process_time() / BUSY):
            fit = goodfit.improve(given, plan=case.plan, budget=budget, no_test=True, seed=seed, out=folder)
        seconds = time.perf_counter() - began
        predicted = goodfit.predict(fit.run, others[0])
        history = pl.read_parquet(fit.run / "history.parquet")
        trainings = history.select("round", "experiment", "seed", "fold").n_unique()
    classes = judge.splits.dataset.schema.classes
    answers = predicted["prediction"].to_numpy()
    wrong = (answers.astype(str) != judge.target).astype(float)
    own = wrong if classes else np.square(answers - judge.target) / (judge.splits.spread or 1.0) ** 2
    found = tuple(finding.id for finding in fit.result.rounds[0].findings) if fit.result.rounds else ()
    return Repaired(
        case.number,
        case.fault,
        case.table.name,
        sick=float(sick.mean()),
        healthy=float(healthy.mean()),
        improved=float(own.mean()),
        interval=float(1.96 * stats.sem(own - healthy)),
        dev_improved=fit.dev_error,
        trainings=trainings,
        seconds=seconds,
        findings=found,
        **search(judge, trainings, seed),
    )


# The table.


def known() -> list[Repaired]:
    """The cases so far."""
    lines = LINES.read_text().splitlines() if LINES.exists() else []
    return [Repaired(**{**each, "findings": tuple(each["findings"])}) for each in map(json.loads, lines)]


def difference(name: str, ours: np.ndarray, theirs: np.ndarray) -> str:
    """Mean difference over the cases with its 95 % interval, and the same of the logarithms."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(ours), (10_000, len(ours)))
    plain, ratio = ours - theirs, np.log(np.maximum(ours, 1e-3) / np.maximum(theirs, 1e-3))
    low, high = np.quantile(plain[drawn].mean(axis=1), (0.025, 0.975))
    below, above = np.exp(np.quantile(ratio[drawn].mean(axis=1), (0.025, 0.975)))
    return (
        f"| {name} | {theirs.mean():.4f} | {ours.mean():.4f} | {plain.mean():+.4f} ({low:+.4f} to {high:+.4f}) | "
        f"{np.exp(ratio.mean()):.3f} ({below:.3f} to {above:.3f}) |"
    )


def table(cases: list[Repaired]) -> Iterator[str]:
    sick = [each for each in cases if each.was_sick]
    yield "| fault | cases | sick | repaired | error of the sick plan | healthy | repaired to | random search |"
    yield "|---|---|---|---|---|---|---|---|"
    for fault in SICK:
        own = [each for each in cases if each.fault == fault]
        if own:
            ill = [each for each in own if each.was_sick]
            figures = " | ".join(
                f"{np.mean([min(getattr(each, name), 9.99) for each in own]):.3f}"
                for name in ("sick", "healthy", "improved", "random")
            )
            yield f"| {fault} | {len(own)} | {len(ill)} | {sum(each.repaired for each in ill)} | {figures} |"
    yield ""
    done = sum(each.repaired for each in sick)
    interval = wilson(done / max(1, len(sick)), max(1, len(sick)))
    yield (
        f"Repaired: {done} of {len(sick)} sick plans, {done / max(1, len(sick)):.1%} "
        f"({interval.low:.1%} to {interval.high:.1%}); {len(cases) - len(sick)} plans were no worse than their healthy "
        "twins and are not counted."
    )
    by_search = sum(each._within(each.random) for each in sick)
    yield f"Random search came within the same bounds on {by_search} of them."
    yield ""
    yield "| error | random search | improve | difference (95 %) | ratio of errors (95 %) |"
    yield "|---|---|---|---|---|"

    def column(name: str) -> np.ndarray:
        return np.array([getattr(each, name) for each in cases])

    yield difference("dev set, best of random search", column("dev_improved"), column("dev_random"))
    yield difference("held-out rows, best of random search", column("improved"), column("random"))
    yield difference("dev set, its best five averaged", column("dev_improved"), column("dev_random_averaged"))
    yield difference("held-out rows, its best five averaged", column("improved"), column("random_averaged"))
    yield ""
    yield (
        f"{column('trainings').mean():.0f} trainings a case on both sides; {column('seconds').mean():.1f} s for "
        f"improve, {column('random_seconds').mean():.1f} s for random search."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--budget", type=float, default=BUDGET)
    arguments = parser.parse_args()
    have = {each.number for each in known()}
    for number in range(arguments.cases):
        if number not in have:
            one = repaired(sick_plan(number), arguments.budget)
            with LINES.open("a") as file:
                file.write(json.dumps(asdict(one)) + "\n")
            print(f"{number:2} {one.fault:34} {one.table:16} {one.repaired}", flush=True)
    text = "\n".join(table(known())) + "\n"
    TABLE.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
