"""What a search finds: the zoom sampler beside Optuna's random and TPE, on five real sets with real trainings.

    nice -n 19 .venv-bench/bin/python benchmarks/search_quality.py

Appends each search to `results/search_quality.jsonl` (what stands there is not run again) and writes
`results/search_quality.md`; takes about half an hour of two quiet cores. All samplers search the default space of 128
trials without decay, activation and batch size, and with fewer widths and depths, for every structure has to be
compiled: 8 in place of 1,620. All are asked for rounds of 32, as `goodfit tune` does, but for TPE one at a time, which
is told each trial before it is asked for the next. Every trial is trained to its end, on the same rows, from the same
seeds; what a search has found is the trial of least dev error, of those the one of least dev cost. Rows that no search
saw judge it too.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import optuna
from jaxtyping import Float
from sklearn.model_selection import train_test_split

from goodfit.data.dataset import Splits
from goodfit.data.open import open_data
from goodfit.engine.predictor import member_of
from goodfit.experiments.default_plans import default_plan
from goodfit.record.run import Run
from goodfit.search import notation
from goodfit.search.sampler import GoodfitZoomSampler
from goodfit.search.space import Space
from goodfit.search.trials import Search
from quality_data import TABLES
from search import FiguresRecord, Whole
from search_tables import interval, verdict

SETS = ("digits", "segment", "phoneme", "credit_data", "diabetes")
SEEDS = 5
AT = (32, 64, 128)  # trials
ROUND = 32  # a quarter of the trials, as in `goodfit tune`
EPOCHS = 12
FIT, HELD_OUT = 1200, 2000  # rows for training and dev, three to one; most rows that judge
SEARCHED = {"units": "power:16..128", "layers": "integer:1..2"}
LEFT_OUT = ("decay", "activation", "batch_size")
RESULTS = Path(__file__).parent / "results" / "search_quality.jsonl"
FIGURES = {"dev_error": "Dev error", "held_out": "Error on held-out rows"}

Make = Callable[[int, frozenset[str]], optuna.samplers.BaseSampler]
Errors = dict[str, Float[np.ndarray, "sets seeds counts"]]  # by sampler
SAMPLERS: dict[str, Make] = {
    "random": lambda seed, _: optuna.samplers.RandomSampler(seed),
    "TPE": lambda seed, _: optuna.samplers.TPESampler(seed=seed),
    "zoom, groups of 4": lambda seed, structural: GoodfitZoomSampler(seed, ROUND, structural),
    "TPE, one at a time": lambda seed, _: optuna.samplers.TPESampler(seed=seed),
    "zoom": lambda seed, _: GoodfitZoomSampler(seed, ROUND),
}
TUNE = "zoom, groups of 4"


def open_set(name: str, seed: int) -> Splits:
    """A real set's rows, drawn by the seed: in each part as many for every seed, so that programs are compiled once."""
    table = TABLES[name]()
    dataset, _ = open_data(table.features.assign(target=table.target), target="target")
    strata = dataset.target if dataset.schema.classes else None
    size = min(FIT, len(dataset) * 4 // 5)
    fit, held_out = train_test_split(np.arange(len(dataset)), train_size=size, stratify=strata, random_state=seed)
    strata = None if strata is None else strata[fit]
    train, dev = train_test_split(fit, test_size=0.25, stratify=strata, random_state=seed)
    return Splits(dataset, np.sort(train), np.sort(dev), np.sort(held_out[:HELD_OUT]), (), seed)


def space_of(splits: Splits) -> Space:
    """The default space, less what would be compiled too often."""
    base = default_plan(splits).with_(epochs=EPOCHS)
    dimensions = [each for each in Space.default(max(AT), base).dimensions if each.name not in LEFT_OUT]
    return Space.parse(
        [f"{each.name}={SEARCHED.get(each.name) or notation.written(each)}" for each in dimensions], base
    )


def judge(splits: Splits) -> Callable[[Run], dict[str, float]]:
    """The error of a run on held-out rows: of the wrong answers the share, or 1 − R²."""
    features, truth = splits.dataset.features.take(splits.test), splits.dataset.target[splits.test]
    variance = np.var(splits.dataset.target[splits.train])

    def held_out(run: Run) -> dict[str, float]:
        outputs = member_of(run, "").outputs(features, splits.dataset.schema)
        if splits.dataset.schema.task == "regression":
            return {"held_out": float(np.mean((outputs[:, 0] - truth) ** 2) / variance)}
        return {"held_out": float(np.mean(outputs.argmax(axis=1) != truth))}

    return held_out


def search(name: str, seed: int, sampler: str) -> dict[str, Any]:
    """One search: what it had found after so many trials."""
    splits = open_set(name, seed)
    space = space_of(splits)
    began = time.perf_counter()
    study = optuna.create_study(sampler=SAMPLERS[sampler](seed, space.structural))
    wave_size = 1 if sampler.endswith("one at a time") else ROUND
    workers = Whole(splits, judge(splits))
    Search(study, space, workers, max(AT), wave_size, seed, lambda done, best: None).run()
    records = [FiguresRecord.read(trial) for trial in study.trials]
    complete = [
        (record.dev_error, record.dev_cost, number, {"dev_error": record.dev_error, **record.figures})
        for number, record in enumerate(records)
        if record and record.dev_error is not None
    ]
    chosen = {count: min(key for key in complete if key[2] < count)[3] for count in AT}
    return {
        "set": name,
        "seed": seed,
        "sampler": sampler,
        "seconds": round(time.perf_counter() - began, 1),
        "structures": len({tuple(trial.params[each] for each in space.structural) for trial in study.trials}),
        **{figure: [chosen[count][figure] for count in AT] for figure in FIGURES},
    }


def known() -> dict[tuple[str, int, str], dict[str, Any]]:
    """The searches so far."""
    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    found = map(json.loads, lines)
    return {(one["set"], one["seed"], one["sampler"]): one for one in found}


def run_all() -> None:
    """Every search that is not known, one after another."""
    done = known()
    todo = [(name, seed, sampler) for name in SETS for seed in range(SEEDS) for sampler in SAMPLERS]
    todo = [key for key in todo if key not in done]
    began = time.perf_counter()
    for number, key in enumerate(todo, 1):
        if number > 1 and key[0] != todo[number - 2][0]:
            jax.clear_caches()  # 40 MB a program, and no other set's rows fit them
        found = search(*key)
        with RESULTS.open("a") as file:
            file.write(json.dumps(found) + "\n")
        left = (time.perf_counter() - began) / number * (len(todo) - number) / 60
        print(f"{key}: {found['seconds']} s; {len(todo) - number} left, {left:.0f} min", flush=True)


def errors_of(figure: str) -> Errors:
    """Of the choices, by sampler."""
    found = known()
    return {
        sampler: np.array([[found[name, seed, sampler][figure] for seed in range(SEEDS)] for name in SETS])
        for sampler in SAMPLERS
    }


def relative(errors: Errors) -> Errors:
    """In per cent of what random search comes to on the set after as many trials."""
    scale = errors["random"].mean(axis=1, keepdims=True)
    return {sampler: 100 * each / scale for sampler, each in errors.items()}


def compared(figure: str) -> Iterator[str]:
    """A table of one figure, and a sentence for each way of zooming after the middle number of trials."""
    errors = relative(errors_of(figure))
    rivals = [sampler for sampler in SAMPLERS if not sampler.startswith("zoom")]
    yield from (f"## {FIGURES[figure]}", "")
    for sampler in SAMPLERS:
        if sampler not in rivals:
            against = {rival: (errors[sampler] - errors[rival])[..., AT.index(64)] for rival in rivals}
            words = " and ".join(f"{verdict(*interval(one))} {rival}" for rival, one in against.items())
            yield f"- After 64 trials {sampler} is {words}."
    yield ""
    yield f"| trials | sampler | error | {' | '.join(f'minus {rival}' for rival in rivals)} |"
    yield "|---" * (3 + len(rivals)) + "|"
    for index, count in enumerate(AT):
        for sampler, error in errors.items():
            cells = [str(count), sampler, f"{error[..., index].mean():.1f}"]
            for rival in rivals:
                difference = (error - errors[rival])[..., index]
                low, high = interval(difference)
                cells.append(f"{difference.mean():+.1f} [{low:+.1f}, {high:+.1f}]" if sampler != rival else "")
            yield f"| {' | '.join(cells)} |"
    yield ""


def by_set(figure: str) -> Iterator[str]:
    """The mean error after the middle number of trials, as it is."""
    yield f"| {FIGURES[figure].lower()} after 64 trials | {' | '.join(SAMPLERS)} |"
    yield "|---" * (1 + len(SAMPLERS)) + "|"
    errors = errors_of(figure)
    for row, name in enumerate(SETS):
        cells = [f"{errors[sampler][row, :, AT.index(64)].mean():.4f}" for sampler in SAMPLERS]
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""


def written() -> str:
    """The comparison as it stands in `results/search_quality.md`."""
    found = known().values()
    spent = [
        f"{sampler} {np.mean([one['structures'] for one in found if one['sampler'] == sampler]):.0f}"
        for sampler in SAMPLERS
    ]
    lines = [
        f"{len(SETS)} sets, {SEEDS} seeds (of rows, sampler and trainings), {max(AT)} trials of {EPOCHS} epochs.",
        "Errors are those of the trial that a search would choose, in per cent of random search's mean on the same set",
        "after as many trials; brackets are 95 % intervals over sets and seeds. All were asked in rounds of",
        f"{ROUND}, but for TPE one at a time. `goodfit tune` uses {TUNE}.",
        "",
        *(line for figure in FIGURES for line in compared(figure)),
        *(line for figure in FIGURES for line in by_set(figure)),
        f"Structures compiled in {max(AT)} trials, of 8: {', '.join(spent)}.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Search, and leave the comparison in `results/search_quality.md`."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    run_all()
    RESULTS.with_suffix(".md").write_text(written())
    print(written())


if __name__ == "__main__":
    main()
