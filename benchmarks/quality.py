"""Test errors of goodfit and of what people use today, on the same rows, with the seconds each took to fit.

Run it in the environment of the rivals, for example `python benchmarks/quality.py --methods realmlp`.
Each result is a line of `results/quality.jsonl`; what stands there is not run again, except by
`--again METHOD`. `--table` prints what is known so far. The error is the error rate, or for a
regression the mean squared test error over the variance of the target in the rows given for fitting.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from quality_data import TABLES, Result, Split, append, forget, loss_file, read, split_table

ROOT = Path(__file__).resolve().parent.parent
SEEDS = (0, 1, 2)
PROC_STAT = Path("/proc/stat")
SLOWING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""Where these are set they hold NumPy to an old, slow kernel, which would be unfair to every method."""


@dataclass(frozen=True)
class Answer:
    """What a method says of the test rows: codes of classes or numbers, and how long it fitted."""

    predictions: np.ndarray
    seconds: float
    details: dict[str, Any]


def timed(work: Callable[[], object]) -> tuple[float, dict[str, Any]]:
    """Seconds that the work took, with what tells whether the clock can be trusted.

    `cpu_seconds` is what this process and its children used; `elsewhere` is the share of the machine that
    was busy with something else meanwhile.
    """
    started, used, busy = time.perf_counter(), _used(), _busy()
    work()
    seconds = time.perf_counter() - started
    used, busy = _used() - used, _busy() - busy
    elsewhere = max(0.0, busy - used) / ((os.cpu_count() or 1) * seconds)
    return seconds, {"cpu_seconds": round(used, 2), "elsewhere": round(elsewhere, 3)}


def _used() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _busy() -> float:
    """Seconds that the machine's cores have worked since it started (Linux; elsewhere 0, so nothing is told)."""
    if not PROC_STAT.exists():
        return 0.0
    user, nice, system, _idle, _wait, irq, softirq = map(int, PROC_STAT.read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


# The methods. Each takes a split and a budget in seconds (which only goodfit heeds).


def fit_mlp(split: Split, budget: float | None) -> Answer:
    """scikit-learn's perceptron behind the preparation that its users' guide recommends."""
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = [column for column in split.fit.features if column not in split.table.categories]
    preparation = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            (
                "categories",
                OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                split.table.categories,
            ),
        ]
    )
    settings: dict[str, Any] = {"early_stopping": True, "max_iter": 2000, "random_state": split.seed}
    if split.table.classes:
        model: Any = make_pipeline(preparation, MLPClassifier(**settings))
    else:
        network = make_pipeline(preparation, MLPRegressor(**settings))
        model = TransformedTargetRegressor(network, transformer=StandardScaler())
    seconds, details = timed(lambda: model.fit(split.fit.features, split.fit.target))
    return Answer(model.predict(split.test.features), seconds, details)


def fit_lightgbm(split: Split, budget: float | None) -> Answer:
    """LightGBM with its own categories; a fifth of the rows tells it when to stop."""
    from lightgbm import LGBMClassifier, LGBMRegressor, early_stopping
    from sklearn.model_selection import train_test_split

    features, test = _as_categories(split)
    kind = LGBMClassifier if split.table.classes else LGBMRegressor
    model = kind(n_estimators=2000, learning_rate=0.05, random_state=split.seed, verbose=-1)
    train_x, dev_x, train_y, dev_y = train_test_split(
        features,
        split.fit.target,
        test_size=0.2,
        random_state=split.seed,
        stratify=split.fit.target if split.table.classes else None,
    )
    stop = early_stopping(100, verbose=False)
    seconds, details = timed(lambda: model.fit(train_x, train_y, eval_set=[(dev_x, dev_y)], callbacks=[stop]))
    return Answer(np.asarray(model.predict(test)), seconds, details | {"rounds": model.best_iteration_})


def fit_realmlp(split: Split, budget: float | None) -> Answer:
    """RealMLP with its tuned defaults; it divides the rows itself.

    It takes no missing numbers: they become the mean, with an indicator column, as TabArena runs it.
    """
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    kind = RealMLP_TD_Classifier if split.table.classes else RealMLP_TD_Regressor
    model = kind(device="cpu", random_state=split.seed)
    features, test = _with_means(split)
    categories = split.table.categories
    seconds, details = timed(lambda: model.fit(features, split.fit.target, cat_col_names=categories))
    return Answer(np.asarray(model.predict(test)).reshape(-1), seconds, details)


def fit_goodfit(split: Split, budget: float | None) -> Answer:
    """`goodfit improve` and `goodfit predict`, run as a person would run them."""
    with tempfile.TemporaryDirectory(prefix="goodfit-quality-") as name:
        folder = Path(name)
        target = str(split.table.target.name)
        for part, file in ((split.fit, "train.parquet"), (split.test, "test.parquet")):
            part.features.assign(**{target: part.labels}).to_parquet(folder / file, index=False)
        split.test.features.to_parquet(folder / "features.parquet", index=False)
        what = ("improve", folder / "train.parquet", "--target", target, "--test", folder / "test.parquet")
        how = ("--budget", budget, "--seed", split.seed, "--json", "--out", folder / "out")
        out: list[str] = []
        wall, clock = timed(lambda: out.append(run_goodfit(*what, *how)))
        said = json.loads(out[0])
        run_goodfit("predict", said["run"], folder / "features.parquet", "--out", folder / "predictions.csv")
        kind = str if split.table.classes else float
        predictions = pd.read_csv(folder / "predictions.csv", dtype={"prediction": kind}, keep_default_na=False)
    final = said["final"]
    details = clock | {"wall": round(wall, 2), "reported_error": final["test_error"] and final["test_error"]["value"]}
    details |= {name: final.get(name) for name in ("verdict", "models")} | {"rounds": len(said["rounds"])}
    return Answer(_codes(predictions["prediction"].to_numpy(), split), said["seconds"], details)


def _as_categories(split: Split) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pandas categories, those of the fitting rows in both frames; a new one in the test rows is missing."""
    fit, test = split.fit.features, split.test.features
    kinds = {c: pd.CategoricalDtype(sorted(fit[c].dropna().unique())) for c in split.table.categories}
    return fit.astype(kinds), test.astype(kinds)


def _with_means(split: Split) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Missing numbers filled with the mean of the fitting rows and marked in a column of their own."""
    fit, test = split.fit.features, split.test.features
    numbers = [column for column in fit if column not in split.table.categories]
    whole = set(pd.concat([fit, test])[numbers].dropna(axis="columns").columns)
    holed = [column for column in numbers if column not in whole]
    means = fit[holed].mean()

    def filled(frame: pd.DataFrame) -> pd.DataFrame:
        marks = frame[holed].isna().astype(float).add_prefix("missing_")
        return pd.concat([frame.assign(**frame[holed].fillna(means)), marks], axis=1)

    return filled(fit), filled(test)


def _codes(predictions: np.ndarray, split: Split) -> np.ndarray:
    if not split.table.classes:
        return predictions
    codes = {name: code for code, name in enumerate(np.unique(split.table.target))}
    return np.array([codes.get(name, -1) for name in predictions])  # -1, no such class, is always an error


def run_goodfit(verb: str, *arguments: object) -> str:
    """What the command prints, with nothing compiled before."""
    command = [_goodfit_python(), "-m", "goodfit", verb, *map(str, arguments)]
    with tempfile.TemporaryDirectory(prefix="goodfit-cache-") as cache:  # every run compiles all, as a first one does
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"GOODFIT_CACHE": cache})
    if done.returncode:
        raise RuntimeError(f"goodfit {verb} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout


def _goodfit_python() -> str:
    own = ROOT / ".venv" / "bin" / "python"
    return str(own) if own.exists() else sys.executable


@cache
def _goodfit_versions() -> dict[str, str]:
    code = "from importlib.metadata import version as v; print(v('goodfit'), v('jax'), v('numpy'))"
    said = subprocess.run([_goodfit_python(), "-c", code], capture_output=True, text=True, check=True)
    names = dict(zip(("goodfit", "jax", "numpy"), said.stdout.split(), strict=True))
    describe = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    return names | {"commit": subprocess.run(describe, capture_output=True, text=True).stdout.strip()}


@dataclass(frozen=True)
class Method:
    """A competitor: how it fits, and which packages' versions belong to its results."""

    fit: Callable[[Split, float | None], Answer]
    packages: tuple[str, ...] = ()

    def versions(self) -> dict[str, str]:
        """Of the packages that made the result, and of Python."""
        own = {name: version(name) for name in self.packages} if self.packages else _goodfit_versions()
        return own | {"python": sys.version.split()[0]}


METHODS = {
    "realmlp": Method(fit_realmlp, ("pytabkit", "torch", "pytorch-lightning", "scikit-learn", "numpy")),
    "lightgbm": Method(fit_lightgbm, ("lightgbm", "numpy")),
    "mlp": Method(fit_mlp, ("scikit-learn", "numpy")),
    "goodfit60": Method(fit_goodfit),
    "goodfit_t": Method(fit_goodfit),
}
LEAST_BUDGET = 10.0


def budget_of(method: str, dataset: str, known: list[Result]) -> float | None:
    """A minute, or the least time that RealMLP took on a split of this set (10 s at least)."""
    if method == "goodfit60":
        return 60.0
    if method != "goodfit_t":
        return None
    taken = [r.seconds for r in known if (r.dataset, r.method) == (dataset, "realmlp")]
    if not taken:
        raise RuntimeError(f"run realmlp on {dataset} first: its time is the budget")
    return max(LEAST_BUDGET, round(min(taken), 1))  # the least: other work on the machine lengthens the rest


# Running, and what is kept.


def losses(predictions: np.ndarray, split: Split) -> np.ndarray:
    """One loss a test row; their mean is the error."""
    truth = split.test.target
    if split.table.classes:
        return (predictions != truth).astype(np.float32)
    return ((predictions - truth) ** 2 / np.var(split.fit.target)).astype(np.float32)


def run(method: str, split: Split, budget: float | None) -> Result:
    """Fit, measure, keep the loss of each test row beside the results."""
    answer = METHODS[method].fit(split, budget)
    loss = losses(answer.predictions, split)
    np.savez_compressed(loss_file(split.table.name, split.seed, method), rows=split.test.rows, loss=loss)
    return Result(
        dataset=split.table.name,
        seed=split.seed,
        method=method,
        error=round(float(loss.mean(dtype=np.float64)), 6),
        seconds=round(answer.seconds, 3),
        budget=budget,
        n_fit=len(split.fit.rows),
        n_test=len(split.test.rows),
        versions=METHODS[method].versions(),
        details=answer.details,
    )


def run_all(methods: list[str], datasets: list[str], seeds: list[int]) -> int:
    """Run what is missing, one after another; the number of failures."""
    failures = 0
    for method, dataset, seed in product(methods, datasets, seeds):
        known = read()
        if any(r.key == (dataset, seed, method) for r in known):
            continue
        try:
            budget = budget_of(method, dataset, known)
            result = run(method, split_table(TABLES[dataset](), seed), budget)
        except Exception:  # one that fails must not cost the hours of the others
            failures += 1
            print(f"{method} {dataset} seed {seed} failed:\n{traceback.format_exc()}", flush=True)
            continue
        append(result)
        print(f"{method:10} {dataset:14} {seed}  {result.error:.4f}  {result.seconds:7.1f} s", flush=True)
    return failures


# The table.

PLACES = ("mlp", "lightgbm", "realmlp", "goodfit60")
RESAMPLES = 2000


def by_set(results: list[Result]) -> dict[str, dict[str, list[Result]]]:
    """Results by data set and method."""
    sets: dict[str, dict[str, list[Result]]] = {}
    for name in TABLES:
        for result in results:
            if result.dataset == name:
                sets.setdefault(name, {}).setdefault(result.method, []).append(result)
    return sets


def mean_error(results: list[Result]) -> float:
    """Over the seeds."""
    return float(np.mean([r.error for r in results]))


def paired_interval(dataset: str, method: str, rival: str, seeds: list[int]) -> tuple[float, float] | None:
    """The 95 % interval of how much more error the method has than the rival.

    The bootstrap draws test rows; a row that was tested under several seeds is drawn with all its losses.
    It needs the losses of each row: None where they are not here.
    """
    files = [(loss_file(dataset, seed, method), loss_file(dataset, seed, rival)) for seed in seeds]
    if not all(file.exists() for pair in files for file in pair):
        return None
    frames = []
    for pair in files:
        with np.load(pair[0]) as ours, np.load(pair[1]) as theirs:
            assert (ours["rows"] == theirs["rows"]).all(), "the splits differ"
            more = ours["loss"].astype(float) - theirs["loss"].astype(float)
            frames.append(pd.DataFrame({"row": ours["rows"], "more": more}))
    totals, counts = np.asarray(pd.concat(frames).groupby("row")["more"].agg(["sum", "count"]), float).T
    if not totals.any():
        return 0.0, 0.0
    interval = stats.bootstrap(
        (totals, counts),
        lambda total, count, axis: total.sum(axis) / count.sum(axis),
        n_resamples=RESAMPLES,
        batch=100,
        paired=True,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(interval.low), float(interval.high)


def shared(*methods: list[Result]) -> list[list[Result]]:
    """Each method's results on the splits that all of them have run on."""
    seeds = set.intersection(*({r.seed for r in found} for found in methods))
    return [[r for r in found if r.seed in seeds] for found in methods]


def table_of_errors(results: list[Result]) -> Iterator[str]:
    """A row a set, a column a method: mean error over the seeds and mean seconds."""
    yield "| set | " + " | ".join(METHODS) + " |"
    yield "|---|" + "---|" * len(METHODS)
    for name, methods in by_set(results).items():
        best = min(mean_error(found) for found in methods.values())
        cells = [_cell(methods.get(method, []), best) for method in METHODS]
        yield f"| {name} | " + " | ".join(cells) + " |"


def _cell(found: list[Result], best: float) -> str:
    if not found:
        return "–"
    error = mean_error(found)
    text = f"**{error:.4f}**" if error == best else f"{error:.4f}"
    seeds = "" if len(found) == len(SEEDS) else f", {len(found)} of {len(SEEDS)} seeds"
    return f"{text} ({np.mean([r.seconds for r in found]):.1f} s{seeds})"


def table_of_differences(results: list[Result], method: str, rival: str) -> Iterator[str]:
    """Where the method is ahead of the rival and where it is behind, with intervals."""
    lower, worse, compared = [], [], []
    yield f"| set | {method} − {rival} | 95 % interval | |"
    yield "|---|---|---|---|"
    for name, methods in by_set(results).items():
        if method not in methods or rival not in methods:
            continue
        own, others = shared(methods[method], methods[rival])
        more = mean_error(own) - mean_error(others)
        interval = paired_interval(name, method, rival, [r.seed for r in own])
        compared.append(name)
        lower += [name] if more < 0 else []
        worse += [name] if interval and interval[0] > 0 else []
        yield f"| {name} | {more:+.4f} | {_in_words(interval)} |"
    yield ""
    yield f"{method} has a lower mean error than {rival} on {len(lower)} of {len(compared)} sets."
    yield f"Worse beyond the interval: {', '.join(worse) or 'none'}."


def _in_words(interval: tuple[float, float] | None) -> str:
    if interval is None:
        return "– | the losses of each row are not here"
    low, high = interval
    word = "better" if high < 0 else "worse" if low > 0 else "cannot be told apart"
    return f"{low:+.4f} to {high:+.4f} | {word}"


def mean_ranks(results: list[Result], places: tuple[str, ...]) -> str:
    """Mean rank over the sets on which all of the methods have run (1 is best)."""
    sets = {name: found for name, found in by_set(results).items() if all(p in found for p in places)}
    if not sets:
        return f"No set has results of all of {', '.join(places)} yet."
    errors = [[mean_error(each) for each in shared(*(found[place] for place in places))] for found in sets.values()]
    ranks = stats.rankdata(errors, axis=1).mean(axis=0)
    said = ", ".join(f"{place} {rank:.2f}" for rank, place in sorted(zip(ranks, places, strict=True)))
    return f"Mean rank over {len(sets)} sets (1 is best): {said}."


def print_table(results: list[Result]) -> None:
    """All that is known so far, as Markdown."""
    lines = [*table_of_errors(results), ""]
    for goodfit in ("goodfit60", "goodfit_t"):
        if any(r.method == goodfit for r in results):
            lines += [*table_of_differences(results, goodfit, "mlp"), ""]
            lines += [mean_ranks(results, (*PLACES[:-1], goodfit)), ""]
    print("\n".join(lines))


# The command line.


def listed(known: list[str]) -> Callable[[str], list[str]]:
    """An argument that is a list of known names, with commas between them."""

    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := [name for name in names if name not in known]:
            said = f"no such name: {', '.join(unknown)}; there are {', '.join(known)}"
            raise argparse.ArgumentTypeError(said)
        return names

    return parse


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    methods, tables = list(METHODS), list(TABLES)
    parser.add_argument("--methods", type=listed(methods), default=methods, help=", ".join(methods))
    parser.add_argument("--datasets", type=listed(tables), default=tables, help=", ".join(tables))
    parser.add_argument("--seeds", type=lambda text: [int(s) for s in text.split(",")], default=list(SEEDS))
    parser.add_argument("--again", type=listed(methods), default=[], help="methods to run anew")
    parser.add_argument("--table", action="store_true", help="print what is known, run nothing")
    return parser.parse_args()


def start_without(names: tuple[str, ...]) -> None:
    """Start this program anew where such a variable is set: NumPy has read it by now."""
    if any(name in os.environ for name in names):
        clean = {name: value for name, value in os.environ.items() if name not in names}
        os.execve(sys.executable, [sys.executable, *sys.argv], clean)


def quieten() -> None:
    """Keep the log to a line a result, as far as the rivals let us."""
    warnings.filterwarnings("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)


def main() -> None:
    arguments = parse_arguments()
    failures = 0
    if not arguments.table:
        start_without(SLOWING)
        quieten()
        forget(arguments.again, arguments.datasets, arguments.seeds)
        failures = run_all(arguments.methods, arguments.datasets, arguments.seeds)
    print_table(read())
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
