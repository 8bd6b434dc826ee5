"""Run directories as the loop writes them: predictions from small real networks, made-up but consistent histories."""

import json
import warnings
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from goodfit.plan import Plan
from goodfit.run_folder.version import write_version

TRIALS: list[tuple[Any, ...]] = [
    ("more dropout", "High variance: hide more units in training.", {"keep_prob": 0.7}, -0.011, -0.052, True),
    ("stronger L2", "High variance: keep the weights small.", {"l2": 1.0}, -0.003, -0.008, False),
    ("label smoothing", "High variance: be less sure of each label.", {"label_smoothing": 0.1}, 0.002, 0.004, False),
    ("wider network", "Another architecture.", {"hidden_units": [512, 512, 512]}, -0.004, -0.011, False),
    ("quantile preparation", "Another scale for the inputs.", {"preparation": "quantile"}, 0.006, 0.021, False),
    ("unchanged, fresh seeds", "The control: what chance alone does.", {}, 0.001, 0.001, False),
]


def trial(name: str, why: str, changes: Any, effect: float, cost: float, adopted: bool) -> dict[str, Any]:
    return {
        "id": name.replace(" ", "-"),
        "prescription": name,
        "why": why,
        "changes": changes,
        "error_effect": {"value": effect, "low": effect - 0.008, "high": effect + 0.007, "p": 0.01 if adopted else 0.4},
        "cost_effect": {"value": cost, "low": cost - 0.019, "high": cost + 0.018, "p": 0.0004 if adopted else 0.31},
        "p_holm": 0.0024 if adopted else 0.93,
        "train_error": 0.004,
        "dev_error": 0.031 + effect,
        "adopted": adopted,
        "against": None,
        "cured": None,
        "outcome": "finished",
        "seconds": 6.1,
    }


def interval(value: float, half: float) -> dict[str, float]:
    return {"value": value, "low": value - half, "high": value + half}


def history(rounds: list[tuple[int, str, int]], scale: float = 1.0) -> pl.DataFrame:
    """Costs and errors that fall as they do in life, with the dev cost rising a little at the end."""
    random = np.random.default_rng(7)
    rows = []
    for number, experiment, seeds in rounds:
        for seed in range(seeds):
            epochs = np.arange(1, 61)
            wobble = np.exp(random.normal(0, 0.05, (4, 60)).cumsum(axis=1) * 0.3)
            train = scale * (1.6 * np.exp(-epochs / 7) + 0.008) * wobble[0]
            dev = scale * (1.6 * np.exp(-epochs / 7) + 0.09 + 0.0007 * np.maximum(epochs - 30, 0)) * wobble[1]
            rows.append(
                pl.DataFrame(
                    {
                        "round": number,
                        "experiment": experiment,
                        "seed": seed,
                        "epoch": epochs,
                        "step": epochs * 8,
                        "train_cost": train,
                        "dev_cost": dev,
                        "train_error": np.round((0.5 * np.exp(-epochs / 5) + 0.002) * wobble[2] * 1078) / 1078,
                        "dev_error": np.round((0.5 * np.exp(-epochs / 5) + 0.028) * wobble[3] * 359) / 359,
                        "objective": train * 1.1,
                        "learning_rate": 3e-3 * (1 - (epochs - 1) / 60),
                    }
                )
            )
    return pl.concat(rows)


class Predicted(NamedTuple):
    frame: pl.DataFrame
    errors: dict[str, float]
    losses: dict[str, float]
    sizes: dict[str, int]


def class_predictions(bunch: Any, names: list[str]) -> Predicted:
    """The predictions of a small network."""
    order = np.random.default_rng(0).permutation(len(bunch.target))
    cuts = np.split(order, [round(0.6 * len(order)), round(0.8 * len(order))])
    inputs: Any = StandardScaler().fit(bunch.data[cuts[0]]).transform(bunch.data)
    net = MLPClassifier((32,), learning_rate_init=0.01, max_iter=25, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net.fit(inputs[cuts[0]], bunch.target[cuts[0]])
    frames, errors, losses, sizes = [], {}, {}, {}
    for name, rows in zip(("train", "dev", "test"), cuts, strict=True):
        chances: Any = net.predict_proba(inputs[rows])
        truth, guess = bunch.target[rows], chances.argmax(axis=1)
        errors[name], sizes[name] = float((guess != truth).mean()), len(rows)
        losses[name] = float(log_loss(truth, chances, labels=range(len(names))))
        columns = {
            "set": name,
            "row": rows,
            "truth": [names[i] for i in truth],
            "prediction": [names[i] for i in guess],
            "cost": -np.log(chances[np.arange(len(rows)), truth]),
        }
        frames.append(pl.DataFrame(columns | {f"p:{one}": chances[:, i] for i, one in enumerate(names)}))
    return Predicted(pl.concat(frames), errors, losses, sizes)


def base(run: Path, task: str, name: str, classes: list[str], sizes: dict[str, int]) -> dict[str, Any]:
    return {
        "goodfit": "0.1.0",
        "versions": {"python": "3.12.1", "jax": "0.10.0"},
        "command": "improve",
        "opened_from": name,
        "options": {},
        "baseline": {},
        "run": str(run),
        "report": str(run / "report.html"),
        "started": "2025-03-04T10:20:30",
        "seconds": 118.4,
        "outcome": "budget spent",
        "data": {"name": name, "source": name, "rows": sum(sizes.values()), "columns": 64, "fingerprint": "ab12" * 16},
        "task": task,
        "target": "target",
        "classes": classes,
        "metric": "1-r2" if task == "regression" else "error_rate",
        "seed": 0,
        "budget": 120.0,
        "rounds_asked": None,
        "folds": None,
        "human_error": None,
        "min_gap": 0.02,
        "notes": [
            {"text": text, "severity": "info"}
            for text in ("Left out: 3 columns are constant.", "split 60/20/20", "Left out: 3 columns are constant.")
        ],
        "sizes": sizes,
        "plan": Plan(keep_prob=0.7).to_dict(),
        "command_line": f"goodfit improve {name} --budget 120 --seed 0",
    }


def rounds_of(verdict: str, train: float, dev: float) -> list[dict[str, Any]]:
    second = [trial(one, why, what, 0.3 * error, 0.3 * cost, False) for one, why, what, error, cost, _ in TRIALS]
    common = {"avoidable_bias": interval(train, 0.004), "plan": Plan().to_dict(), "seeds": 4}
    common |= {"findings": [], "dev_overfitting": None}
    return [
        {
            "number": 1,
            "verdict": verdict,
            "reason": "Dev error is 2.9 points above training error, beyond its interval.",
        }
        | {"train_error": 0.002, "dev_error": 0.031, "variance": interval(0.029, 0.009)}
        | {"experiments": [trial(*one) for one in TRIALS]}
        | common,
        {"number": 2, "verdict": verdict, "reason": "Dev error is still 2.2 points above training error."}
        | {"train_error": train, "dev_error": dev, "variance": interval(dev - train, 0.008), "experiments": second}
        | common,
    ]


def journal_lines() -> list[dict[str, Any]]:
    sentences = [
        ("note", "Opened the data: 1,797 rows, 64 columns, target target."),
        ("baseline", "Guessing the majority class is wrong on 89.9 % of dev."),
        ("baseline", "Softmax regression is wrong on 4.2 % of dev."),
        ("diagnosis", "Round 1: high variance."),
        ("experiment", "More dropout changed dev cost by −0.052."),
        ("adoption", "More dropout is kept."),
        ("test", "Opened the test set once."),
    ]
    lines = [
        {"n": i + 1, "seconds": 1.7 * i, "event": event, "round": 1, "sentence": sentence}
        for i, (event, sentence) in enumerate(sentences)
    ]
    return [*lines, {"n": len(lines) + 1, "seconds": 13.0, "event": "decision", "what": "folds", "value": 4}]


def save(run: Path, result: dict[str, Any], frame: pl.DataFrame | None, curves: pl.DataFrame | None) -> Path:
    run.mkdir(parents=True)
    result["run"], result["report"] = str(run), str(run / "report.html")
    (run / "result.json").write_text(json.dumps(result))
    (run / "plan.yaml").write_text(Plan.from_dict(result["plan"]).to_yaml())
    schema = {"columns": [], "target": result["target"], "task": result["task"], "left_out": ["id"]}
    schema |= {"classes": result["classes"]}
    rows = {name: list(range(size)) for name, size in result["sizes"].items()}
    source = {
        "name": "made",
        "origin": {},
        "fingerprint": "ab12",
        "schema": schema,
        "rows": rows,
        "seed": 0,
        "notes": [],
    }
    (run / "source.json").write_text(json.dumps(source))
    write_version(run)
    (run / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in journal_lines()))
    if frame is not None:
        frame.write_parquet(run / "predictions.parquet")
    if curves is not None:
        curves.write_parquet(run / "history.parquet")
    return run


EXPERIMENTS = [(0, "softmax regression", 1), (0, "default network", 4), (1, "incumbent", 4), (1, "more dropout", 4)]
EXPERIMENTS += [(1, "stronger L2", 4), (2, "incumbent", 4), (2, "wider network", 4), (-1, "incumbent", 6)]


def classes_run(run: Path, bunch: Any, names: list[str], task: str = "classes") -> Path:
    frame, errors, losses, sizes = class_predictions(bunch, names)
    train, dev, test = errors.values()
    measured = binomtest(round(test * sizes["test"]), sizes["test"]).proportion_ci(method="wilson")
    metrics = {
        f"{name}_metrics": {"error_rate": errors[name], "log_loss": losses[name], "auc": 0.99812}
        | {"balanced_accuracy": 1 - errors[name]}
        for name in errors
    }
    result = base(run, task, "digits" if task == "classes" else "breast_cancer", names, sizes) | {
        "baseline": {"majority class": 0.8997, "softmax regression": dev + 0.02, "default network": dev + 0.011},
        "rounds": rounds_of("high variance", train, dev),
        "learning_curve": {
            "sizes": [108, 216, 431, 647, 862, 1078],
            "dev_error": [dev * share for share in (4.1, 2.7, 1.9, 1.5, 1.2, 1)],
            "low": [dev * share for share in (3.4, 2.2, 1.6, 1.2, 1.0, 0.8)],
            "high": [dev * share for share in (4.9, 3.2, 2.3, 1.8, 1.5, 1.3)],
            "doubled": {"value": 0.75 * dev, "low": 0.5 * dev, "high": 0.9 * dev},
            "gain": interval(0.25 * dev, 0.1 * dev),
            "floor": 0.5 * dev,
            "slope": 0.5 * dev,
            "power": 0.5,
            "sentence": "Twice the data should lower the dev error by about a quarter.",
        },
        "ensemble": {
            "adopted": True,
            "sentence": "Kept an ensemble of 6 networks: its dev error is lower (change −0.6 points [−1.1, −0.1]).",
            "models": 6,
            "single_dev_error": dev + 0.006,
            "dev_error": dev,
            "error_effect": interval(-0.006, 0.005) | {"p": 0.02},
            "cost_effect": interval(-0.02, 0.01) | {"p": 0.01},
            "parts": [{"name": f"plan {i + 1}", "weight": w, "networks": 2} for i, w in enumerate((0.5, 0.3, 0.2))],
        },
        "calibration": {"temperature": 1.31, "log_loss_before": losses["dev"] * 1.06, "log_loss_after": losses["dev"]}
        | {"ece_before": 0.021, "ece_after": 0.012},
        "final": {
            "verdict": "high variance",
            "reason": "Dev error is above train error by more than the smallest gap, beyond its interval.",
            "train_error": train,
            "dev_error": dev,
            "test_error": {"value": test, "low": float(measured.low), "high": float(measured.high)},
            "models": 6,
            "test_note": None,
            "avoidable_bias": interval(train, 0.004),
            "variance": interval(dev - train, 0.012),
            "dev_overfitting": interval(test - dev, 0.02),
            "next_steps": ["Collect more examples.", "Use it: `goodfit predict` takes the run and a file of new rows."],
            "findings": [],
            **metrics,
        },
    }
    return save(run, result, frame, history(EXPERIMENTS))


def regression_run(run: Path) -> Path:
    bunch: Any = load_diabetes()
    order = np.random.default_rng(0).permutation(442)
    cuts = dict(zip(("train", "dev", "test"), np.split(order, [264, 353]), strict=True))
    net = Ridge(0.1).fit(bunch.data[cuts["train"]], bunch.target[cuts["train"]])
    lower, upper = np.quantile(bunch.target[cuts["train"]], [0.25, 0.75])
    spread = float((upper - lower) / 1.349)
    frames, error, metrics = [], {}, {}
    for name, rows in cuts.items():
        guess, truth = net.predict(bunch.data[rows]), bunch.target[rows]
        misses = truth - guess
        error[name] = float((misses**2).mean() / truth.var())
        metrics[name] = {
            "1-r2": error[name],
            "rmse": float((misses**2).mean() ** 0.5),
            "mae": float(abs(misses).mean()),
        }
        columns = {"set": name, "row": rows, "truth": truth, "prediction": guess, "cost": misses**2 / spread**2}
        frames.append(pl.DataFrame(columns))
    result = base(run, "regression", "diabetes", [], {name: len(rows) for name, rows in cuts.items()}) | {
        "target": "disease progression",
        "baseline": {"mean": 1.01, "linear regression": error["dev"] + 0.01, "default network": error["dev"] + 0.04},
        "rounds": rounds_of("too few examples to tell", error["train"], error["dev"]),
        "learning_curve": None,
        "ensemble": {
            "adopted": False,
            "sentence": "Kept a single network: no ensemble had a lower dev cost without a higher dev error.",
            "models": 1,
            "single_dev_error": error["dev"],
            "dev_error": error["dev"],
            "error_effect": interval(0.0, 0.01) | {"p": 0.5},
            "cost_effect": interval(0.0, 0.01) | {"p": 0.5},
            "parts": [{"name": "incumbent", "weight": 1.0, "networks": 1}],
        },
        "calibration": None,
        "final": {
            "verdict": "too few examples to tell",
            "reason": "Variance lies between −9 and +13 points: 89 dev examples cannot say on which side of 2 it is.",
            "train_error": error["train"],
            "dev_error": error["dev"],
            "test_error": {"value": error["test"], "low": error["test"] * 0.8, "high": error["test"] * 1.22},
            "models": 1,
            "test_note": None,
            "avoidable_bias": None,
            "variance": interval((metrics["dev"]["rmse"] - metrics["train"]["rmse"]) / spread, 0.11),
            "dev_overfitting": interval((metrics["test"]["rmse"] - metrics["dev"]["rmse"]) / spread, 0.14),
            "spread": spread,
            "next_steps": ["Measure the gap by cross-validation: add --folds 5."],
            "findings": [],
            **{f"{name}_metrics": metrics[name] for name in cuts},
        },
    }
    return save(run, result, pl.concat(frames), history(EXPERIMENTS, 0.4))


def train_run(run: Path) -> Path:
    """What `goodfit train` leaves: one plan, no rounds, no test set, no ensemble."""
    bunch: Any = load_digits()
    classes = [str(i) for i in range(10)]
    frame, errors, losses, sizes = class_predictions(bunch, classes)
    train, dev = errors["train"], errors["dev"]
    result = base(run, "classes", "digits", classes, sizes)
    for key in ("budget", "rounds_asked", "folds"):
        del result[key]
    result |= {
        "command": "train",
        "outcome": "stopped early",
        "baseline": {},
        "rounds": [],
        "final": {
            "verdict": "good fit",
            "reason": "Both gaps are below 2 points.",
            "train_error": train,
            "dev_error": dev,
            "test_error": None,
            "test_note": "the test set stays closed until `goodfit open-test` opens it",
            "models": 1,
            "avoidable_bias": interval(train, 0.004),
            "variance": interval(dev - train, 0.01),
            "dev_overfitting": None,
            "next_steps": [],
            "findings": [],
            "test_metrics": None,
            "train_metrics": {"error_rate": train, "log_loss": losses["train"]},
            "dev_metrics": {"error_rate": dev, "log_loss": losses["dev"]},
        },
        "command_line": "goodfit train digits --seed 0",
    }
    return save(run, result, frame.filter(pl.col("set") != "test"), history([(1, "plan", 1)]))


def tried(number: int, rate: float, beta1: float, state: str, error: float | None, reason: str, **more: Any) -> Any:
    parameters = {"learning_rate": rate, "beta1": beta1, "units": 32 * (1 + number % 2), **more}
    parameters["activation"] = ("relu", "tanh")[number % 2]
    return {
        "number": number,
        "state": state,
        "parameters": parameters,
        "dev_error": error,
        "end_seconds": 10.0 * number + 5,
    } | {
        "reason": reason,
        "epochs": 20 if state == "complete" else 5,
        "dev_cost": None if error is None else 3 * error,
    }


def tune_facts() -> dict[str, Any]:
    """Two rounds of four trials: one was stopped, one failed, the last was cut off."""
    everywhere = {
        "learning_rate": {"low": 1e-4, "high": 1.0, "widened": False},
        "beta1": {"low": 0.9, "high": 0.999, "widened": False},
        "units": {"low": 32, "high": 64, "widened": False},
        "activation": {"shares": {"relu": 0.5, "tanh": 0.5}},
    }
    closer = everywhere | {
        "learning_rate": {"low": 0.01, "high": 1.0, "widened": True},
        "activation": {"shares": {"relu": 0.25, "tanh": 0.75}},
    }
    parameters = {name: {"scale": "log", "low": 1e-4, "high": 1.0} for name in ("learning_rate",)}
    parameters |= {"beta1": {"scale": "one-minus-log", "low": 0.9, "high": 0.999}}
    parameters |= {"units": {"scale": "log", "low": 32, "high": 64}}
    parameters |= {"activation": {"scale": "choice", "choices": ["relu", "tanh"]}}
    plans = [Plan(learning_rate=rate) for rate in (0.012345, 0.1, 0.5)]
    against = [None, interval(0.002, 0.004), interval(0.03, 0.01)]
    return {
        "study": {"name": "digits-1a2b", "storage": "sqlite:///runs/goodfit.db", "space": "Searched: `learning_rate`."},
        "search": {
            "wave_size": 4,
            "parameters": parameters,
            "regions": [everywhere, closer],
            "importance": {"units": 0.05, "learning_rate": 0.75, "beta1": 0.2},
            "notes": ["learning_rate's best values lie at the upper end of its range (1): widen it"],
        },
        "trials": [
            tried(0, 1e-4, 0.9, "pruned", 0.8, "halving: a dev error of 0.8 after 5 epochs; the median was 0.1"),
            tried(1, 1e-3, 0.99, "complete", 0.1, "all 20 epochs done"),
            tried(2, 1e-2, 0.999, "complete", 0.05, "all 20 epochs done"),
            tried(3, 1.0, 0.9, "fail", None, "diverged"),
            tried(4, 0.1, 0.99, "complete", 0.02, "all 20 epochs done"),
            tried(5, 0.2, 0.99, "complete", 0.04, "all 20 epochs done"),
            tried(6, 0.3, 0.99, "pruned", None, "no progress: nothing was learned in 5 of 20 epochs"),
            tried(7, 0.4, 0.99, "running", None, "") | {"end_seconds": None, "epochs": None},
        ],
        "finalists": [
            {"plan": plan.to_dict(), "dev_error": error, "dev_cost": cost, "seeds": 3, "against_the_winner": apart}
            for plan, error, cost, apart in zip(plans, (0.03, 0.032, 0.06), (0.1, 0.12, 0.3), against, strict=True)
        ],
    }


def tune_run(run: Path) -> Path:
    """What `goodfit tune` leaves: a trained winner, and the search that led to it."""
    made = train_run(run)
    result = json.loads((made / "result.json").read_text()) | tune_facts()
    result |= {"command": "tune", "outcome": "interrupted", "command_line": "goodfit tune digits --trials 8"}
    (made / "result.json").write_text(json.dumps(result))
    return made


def interrupted_run(run: Path) -> Path:
    """Stopped by Ctrl-C in the first round, with data from memory: no predictions, a journal cut in mid-line."""
    result = base(run, "classes", "digits", ["a", "b"], {"train": 60, "dev": 20, "test": 20})
    result |= {"outcome": "interrupted", "baseline": {"majority class": 0.5}, "rounds": [], "opened_from": None}
    result["final"] = {
        "verdict": "too few examples to tell",
        "reason": "20 dev examples cannot say on which side of 2 points variance is.",
        "train_error": 0.1,
        "dev_error": 0.15,
        "test_error": None,
        "test_note": "the job was interrupted, so the test set stays closed",
        "models": 1,
        "avoidable_bias": interval(0.1, 0.08),
        "variance": interval(0.05, 0.17),
        "dev_overfitting": None,
        "next_steps": [],
        "findings": [],
        "train_metrics": {"error_rate": 0.1},
        "dev_metrics": {"error_rate": 0.15},
        "test_metrics": None,
    }
    save(run, result, None, history([(0, "softmax regression", 1)]))
    with (run / "journal.jsonl").open("a") as file:
        file.write('{"n": 8, "seconds": 12.0, "ev')
    return run


HOSTILE = ["</script><script>alert(1)</script>", '<img src="x" onerror="alert(2)">', "@train & 'co' {{ 7 * 7 }}"]


def hostile_run(run: Path) -> Path:
    """Names that would harm a careless page."""
    bunch: Any = load_digits()
    bunch.target = bunch.target % 3
    made = classes_run(run, bunch, HOSTILE)
    result = json.loads((made / "result.json").read_text())
    result["target"] = result["data"]["name"] = HOSTILE[0]
    result["rounds"][0]["experiments"][0]["prescription"] = HOSTILE[1]
    result["notes"] = [{"text": text, "severity": "info"} for text in HOSTILE]
    result["final"]["next_steps"] = list(HOSTILE)
    result["final"]["reason"] = HOSTILE[0]
    (made / "result.json").write_text(json.dumps(result))
    frame = pl.read_parquet(made / "history.parquet")
    frame.with_columns(pl.lit(HOSTILE[0]).alias("experiment")).write_parquet(made / "history.parquet")
    return made


MAKERS: dict[str, Callable[[Path], Path]] = {
    "classes": lambda run: classes_run(run, load_digits(), [str(i) for i in range(10)]),
    "binary": lambda run: classes_run(run, load_breast_cancer(), ["malignant", "benign"], "binary"),
    "regression": regression_run,
    "train": train_run,
    "tune": tune_run,
    "interrupted": interrupted_run,
    "hostile": hostile_run,
}


class Page(HTMLParser):
    """What a page says: its text outside scripts, the links in it, its figures, what has an id."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.data = ""
        self.feed(source)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def figures(self) -> dict[str, Any]:
        return json.loads(self.data) if self.data else {}

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] or "" for _, attributes in self.tags if "id" in attributes]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.open.append("figures" if dict(attrs).get("id") == "figures" else tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open:
            self.words.append(data)
        elif self.open[-1] == "figures":
            self.data += data


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The run directory of a kind, made once."""
    folder, runs = tmp_path_factory.mktemp("runs"), {}

    def make(kind: str) -> Path:
        if kind not in runs:
            runs[kind] = MAKERS[kind](folder / kind)
        return runs[kind]

    return make


@pytest.fixture(scope="session")
def page(made: Callable[[str], Path]) -> Callable[[str], Page]:
    """The parsed report of a kind, written once."""
    from goodfit.reports.page import write_report

    pages: dict[str, Page] = {}

    def read(kind: str) -> Page:
        if kind not in pages:
            pages[kind] = Page(write_report(made(kind)).read_text(encoding="utf-8"))
        return pages[kind]

    return read


@pytest.fixture
def facts() -> dict[str, Any]:
    """What a result of `tune` tells of its search."""
    return tune_facts()
