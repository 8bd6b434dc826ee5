"""What the doctor finds in trainings with one planted fault each, and in healthy ones.

    .venv/bin/python benchmarks/doctor.py

Half of the cases, those held out, make the table; thresholds may be set on the others (`--half tuning`). What each case
found is a line of `results/doctor_detection.jsonl`; the table goes to `results/doctor_detection.md`.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from doctor_cases import FAULTS, HARM, HEALTHY_RUNS, MORE, PER_FAULT, Patch, Setting, held_out, setting
from doctor_data import (
    misread,
    splits_of,
    with_duplicates,
    with_heavy_tail,
    with_label_noise,
    with_leak,
    with_outliers,
    with_shift,
)
from goodfit.api.requests.data import quiet
from goodfit.data.dataset import Fold, Splits
from goodfit.data.preparation import Preparation
from goodfit.diagnosis.finding import Observation
from goodfit.diagnosis.findings import NAMES, examine
from goodfit.diagnosis.intervals import wilson
from goodfit.engine import active_job, health, stack, step
from goodfit.engine.task import Model, State
from goodfit.experiments.clock import Clock
from goodfit.experiments.examination import data_facts, label_noise, observe
from goodfit.experiments.laboratory import Laboratory
from goodfit.nets.losses import losses
from goodfit.record.measurement import Entry
from goodfit.run_folder.journal import Journal

RESULTS = Path(__file__).resolve().parent / "results"
LINES, TABLE = RESULTS / "doctor_detection.jsonl", RESULTS / "doctor_detection.md"
HEALTHY = "healthy"


@dataclass(frozen=True)
class Result:
    """One case: the fault that was planted, and the IDs of the findings, the most important first."""

    fault: str
    number: int
    table: str
    patch: Patch | None
    found: tuple[str, ...]
    train_error: float
    dev_error: float
    dev_cost: float
    twin_cost: float | None

    @property
    def harmed(self) -> bool:
        """Whether the fault did harm, or always counts."""
        return self.twin_cost is None or not self.dev_cost < HARM * self.twin_cost

    @property
    def hit(self) -> bool:
        """Whether the fault or its cause is among what was found."""
        return bool(FAULTS[self.fault].right & set(self.found))

    def true(self, finding: str) -> bool:
        """True if this finding is right here, or a true consequence."""
        return self.fault != HEALTHY and finding in FAULTS[self.fault].right | FAULTS[self.fault].also


# Planting.


Change = Callable[[int, int, dict[str, Any]], dict[str, Any]]


def _first_weights(patch: Patch) -> Change:
    """What becomes of layer `place` of `count`."""

    def change(place: int, count: int, layer: dict[str, Any]) -> dict[str, Any]:
        hidden = place < count - 1
        if patch.kind == "biases":
            return {**layer, "b": layer["b"] - np.float32(patch.strength)} if hidden else layer
        weights = {
            "zero": lambda w: np.zeros_like(w),
            "alike": lambda w: np.full_like(w, 1 / len(w)),
            "scaled": lambda w: w * np.float32(patch.strength),
            "hidden": lambda w: w * np.float32(patch.strength if hidden else 1),
        }[patch.how]
        return {**layer, "W": weights(layer["W"])}

    return change


def _inputs(patch: Patch, inputs: np.ndarray) -> np.ndarray:
    """As a table looks that nobody normalized."""
    columns = inputs.shape[1]
    scales = {
        "scaled": np.geomspace(1, patch.strength, columns)[np.random.default_rng(columns).permutation(columns)],
        "shifted": np.ones(columns),
        "bytes": np.full(columns, patch.strength / 3),
    }[patch.how]
    return (inputs * scales + (0 if patch.how == "scaled" else patch.strength)).astype(np.float32)


def _wrong_losses(how: str, output: Any, logits: Any, targets: Any, smoothing: Any = 0.0) -> Any:
    """A softmax taken twice, or the squared error of the probabilities."""
    if output == "softmax" and how == "softmax twice":
        return losses(output, jax.nn.softmax(logits, axis=1), targets, smoothing)
    if output == "softmax":
        truth = jax.nn.one_hot(targets.astype(jnp.int32), logits.shape[1])
        return jnp.square(jax.nn.softmax(logits, axis=1) - truth).sum(axis=1) / 2
    return jnp.square(jax.nn.sigmoid(logits[:, 0]) - targets) / 2


def _uncorrected(state: State) -> Model:
    """The model with batch norm's running averages as they are, their bias from the start left in."""
    return state.model


@contextmanager
def planted(patch: Patch | None) -> Iterator[None]:
    """The engine with this fault in it."""
    kind, old = patch.kind if patch else "", (active_job.init, Preparation.transform, step.settled)
    compiled = kind in ("loss", "averages")
    if patch and kind in ("weights", "biases"):
        change = _first_weights(patch)

        def init(*arguments: Any) -> Any:
            params, averages = old[0](*arguments)
            return tuple(change(place, len(params), dict(layer)) for place, layer in enumerate(params)), averages

        active_job.init = init
    if patch and kind == "inputs":
        Preparation.transform = lambda self, features: _inputs(patch, old[1](self, features))
    if patch and kind == "loss":
        step.losses = health.losses = lambda *arguments: _wrong_losses(patch.how, *arguments)
    if kind == "averages":
        step.settled = _uncorrected
    if compiled:
        stack._compiled.cache_clear()
    try:
        yield
    finally:
        active_job.init, Preparation.transform, step.settled = old
        step.losses = health.losses = losses
        if compiled:
            stack._compiled.cache_clear()


def data_of(one: Setting) -> Splits:
    """The table's splits, with what is planted in the data."""
    patch = one.patch
    if patch and patch.kind == "target":
        return misread(one.table)
    if not patch or patch.kind != "data":
        return splits_of(one.table)
    change = {
        "duplicates": with_duplicates,
        "heavy tail": with_heavy_tail,
        "leak": with_leak,
        "label noise": with_label_noise,
        "outliers": with_outliers,
        "shift": with_shift,
    }[patch.how]
    return change(splits_of(one.table), patch.strength, np.random.default_rng(one.seed))


# Training and judging.


Numbered = tuple[str, int, Setting]


def all_cases(faults: Iterable[str]) -> list[Numbered]:
    """Every case of these faults."""
    counts = {name: HEALTHY_RUNS if name == HEALTHY else MORE.get(name, PER_FAULT) for name in faults}
    return [(name, number, setting(name, number)) for name, count in counts.items() for number in range(count)]


def trained(cases: list[Numbered]) -> Iterator[tuple[Numbered, Observation]]:
    """Each case as the doctor sees it; trainings that share patch and data run as one stack."""

    def key(case: Numbered) -> tuple[Any, ...]:
        patch = case[2].patch or Patch("", "")
        alone = case[:2] if patch.kind == "data" else ()
        return (
            patch.kind,
            patch.how,
            0.0 if patch.kind in ("loss", "target") else patch.strength,
            case[2].table,
            alone,
        )

    for _, group in groupby(sorted(cases, key=lambda case: tuple(map(str, key(case)))), key):
        some = list(group)
        splits = data_of(some[0][2])
        laboratory = Laboratory(splits, [Fold(splits.train, splits.dev)], Clock(Journal(None), None), quiet)
        facts = facts_of(splits)
        with planted(some[0][2].patch):
            entries = [Entry(case[0], case[2].plan, (case[2].seed,)) for case in some]
            for case, measured in zip(some, laboratory.measure("cases", entries), strict=True):
                noise = label_noise(measured.outputs, splits, measured.rows)
                yield case, observe(measured.runs[0][0], splits, replace(facts, label_noise=noise))


facts_of = lru_cache(maxsize=64)(data_facts)


def best_cost(seen: Observation) -> float:
    """The lowest dev cost; infinite where no epoch had one."""
    return float(np.nanmin([*seen.signals.history["dev_cost"], np.inf]))


def twins(cases: list[Numbered]) -> dict[tuple[str, int], float]:
    """Best dev cost of each case without its fault."""
    without = [(fault, number, replace(one, plan=one.twin, patch=None)) for fault, number, one in cases if one.twin]
    return {(fault, number): best_cost(seen) for (fault, number, _), seen in trained(without)}


def judged(case: Numbered, seen: Observation, twin: float | None) -> Result:
    """What is found in it."""
    fault, number, one = case
    train, dev = (float(seen.signals.history[name][-1:].sum()) for name in ("train_error", "dev_error"))
    found = tuple(finding.id for finding in examine(seen))
    return Result(
        fault, number, f"{one.table.name} {one.table.seed}", one.patch, found, train, dev, best_cost(seen), twin
    )


# The table.


def share(hits: int, of: int) -> str:
    """A share with its 95 % interval."""
    if of == 0:
        return "–"
    interval = wilson(hits / of, of)
    return f"{hits / of:.2f} ({interval.low:.2f} to {interval.high:.2f})"


def table(results: list[Result]) -> Iterator[str]:
    """Recall and precision of every finding, and of all together."""
    harmless = Counter(each.fault for each in results if not each.harmed)
    results = [each for each in results if each.harmed]
    sick = [each for each in results if each.fault != HEALTHY]
    healthy = [each for each in results if each.fault == HEALTHY]
    yield "| finding | cases | recall | by this name | first | told | precision | missed, found instead |"
    yield "|---|---|---|---|---|---|---|---|"
    for name in sorted(FAULTS):
        own = [each for each in sick if each.fault == name]
        finding = FAULTS[name].finding
        told = [each for each in results if finding in each.found]
        right = [each for each in told if each.true(finding)]
        named = sum(finding in each.found for each in own)
        first = sum(each.found[:1] != () and each.found[0] in FAULTS[name].right for each in own)
        instead = Counter(_named(each.found) or "nothing" for each in own if not each.hit)
        cells = [name, len(own), share(sum(each.hit for each in own), len(own)), f"{named / max(1, len(own)):.2f}"]
        cells += [f"{first / max(1, len(own)):.2f}", len(told), share(len(right), len(told))]
        cells.append("; ".join(f"{count} × {what}" for what, count in instead.most_common(3)) or "–")
        yield "| " + " | ".join(map(str, cells)) + " |"
    told = [(each, finding) for each in results for finding in each.found]
    alarms = sum(each.found != () for each in healthy)
    yield ""
    yield f"Recall over all {len(sick)} planted faults: {share(sum(each.hit for each in sick), len(sick))}."
    yield f"Precision over all {len(told)} findings: {share(sum(e.true(n) for e, n in told), len(told))}."
    yield f"False alarms: {alarms} of {len(healthy)} healthy runs, {share(alarms, len(healthy))}."
    false = Counter((each.fault, NAMES[finding]) for each, finding in told if not each.true(finding))
    yield "Did no harm, not counted: " + "; ".join(f"{n} × {name}" for name, n in harmless.most_common()) + "."
    yield "Findings told falsely: " + "; ".join(f"{n} × {what} ({f})" for (f, what), n in false.most_common()) + "."


def _named(findings: Iterable[str]) -> str:
    """Return the names of these findings."""
    return ", ".join(NAMES[finding] for finding in findings)


def right_table() -> Iterator[str]:
    """What was fixed beforehand."""
    yield "| planted | right | true consequences |"
    yield "|---|---|---|"
    for fault in FAULTS.values():
        yield f"| {fault.name} | {_named(sorted(fault.right))} | {_named(sorted(fault.also)) or '–'} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=lambda text: text.split(","), default=[*FAULTS, HEALTHY])
    parser.add_argument("--half", choices=("held out", "tuning"), default="held out")
    arguments = parser.parse_args()
    assert {fault.finding for fault in FAULTS.values()} <= set(NAMES), "a fault has a finding that is no more"
    began = time.perf_counter()
    cases = all_cases(arguments.faults)
    without = twins(cases)
    results = [judged(case, seen, without.get(case[:2])) for case, seen in trained(cases)]
    results.sort(key=lambda each: (each.fault, each.number))
    kept = [each for each in results if held_out(each.number) == (arguments.half == "held out")]
    text = "\n".join([*table(kept), "", f"{time.perf_counter() - began:.0f} s for {len(results)} trainings.", ""])
    if set(arguments.faults) == {*FAULTS, HEALTHY} and arguments.half == "held out":
        LINES.write_text("".join(json.dumps(asdict(each)) + "\n" for each in results))
        TABLE.write_text(text + "\n" + "\n".join(right_table()) + "\n")
    print(text)


if __name__ == "__main__":
    main()
